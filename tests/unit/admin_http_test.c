/* The admin port over a real socket. */
#include "support.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "io/admin_http.h"
#include "io/metrics.h"

struct world {
    struct event_base *base;
    struct metrics *metrics;
    struct admin_http *admin;
    bool redis_well;
    int collected;
};

static void ready(void *context, struct admin_checks *checks)
{
    const struct world *world = context;
    admin_checks_add(checks, "kafka", true, NULL);
    admin_checks_add(checks, "redis", world->redis_well, world->redis_well ? "" : "it says \"LOADING\"");
}

static void collect(void *context)
{
    struct world *world = context;
    world->collected++;
    metrics_set(world->metrics, METRIC_EVENTS_IN_FLIGHT, NO_LABELS, 42);
}

static int start(void **state)
{
    static struct world world;
    struct error error;
    world =
        (struct world){.base = event_base_new(), .metrics = metrics_new("reset-worker"), .redis_well = true};
    const struct admin_http_callbacks callbacks = {ready, collect, &world};
    assert_ok(admin_http_new(world.base, "127.0.0.1", 0, world.metrics, &callbacks, &world.admin, &error),
              &error);
    assert_int_not_equal(admin_http_port(world.admin), 0);
    *state = &world;
    return 0;
}

static int stop(void **state)
{
    struct world *world = *state;
    admin_http_free(&world->admin);
    metrics_free(&world->metrics);
    event_base_free(world->base);
    return 0;
}

/* One request on a connection of its own, the loop turning meanwhile; the whole answer. */
static const char *ask(struct world *world, const char *head)
{
    static char answer[262144];
    char request[512];
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(admin_http_port(world->admin)),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (const struct sockaddr *)&address, sizeof address), 0);
    int size = snprintf(request, sizeof request,
                        "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", head);
    assert_int_equal(send(client, request, (size_t)size, 0), size);
    size_t filled = 0;
    for (;;) {
        event_base_loop(world->base, EVLOOP_NONBLOCK);
        ssize_t got = recv(client, answer + filled, sizeof answer - 1 - filled, MSG_DONTWAIT);
        if (got == 0)
            break;
        if (got > 0)
            filled += (size_t)got;
    }
    answer[filled] = 0;
    close(client);
    return answer;
}

static void assert_answer(const char *answer, const char *status, const char *part)
{
    if (strncmp(answer, status, strlen(status)) != 0 || !strstr(answer, part))
        fail_msg("expected \"%s\" and \"%s\" in:\n%s", status, part, answer);
}

static void livez_answers_whatever_the_dependencies_do(void **state)
{
    struct world *world = *state;
    world->redis_well = false;
    assert_answer(ask(world, "GET /livez"), "HTTP/1.1 200 ", "\r\n\r\nalive\n");
}

static void readyz_names_each_check_and_why_it_fails(void **state)
{
    struct world *world = *state;
    assert_answer(
        ask(world, "GET /readyz"), "HTTP/1.1 200 ",
        "{\"ready\":true,\"checks\":[{\"name\":\"kafka\",\"ok\":true},{\"name\":\"redis\",\"ok\":true}]}");
    assert_int_equal(metrics_value(world->metrics, METRIC_READY, NO_LABELS), 1);
    world->redis_well = false;
    const char *answer = ask(world, "GET /readyz?verbose");
    assert_answer(answer, "HTTP/1.1 503 ",
                  "{\"name\":\"redis\",\"ok\":false,\"reason\":\"it says \\\"LOADING\\\"\"}");
    assert_answer(answer, "HTTP/1.1 503 ", "\r\nContent-Type: application/json\r\n");
    assert_int_equal(metrics_value(world->metrics, METRIC_READY, NO_LABELS), 0);
}

static void metrics_are_collected_when_asked_for(void **state)
{
    struct world *world = *state;
    const char *answer = ask(world, "GET /metrics");
    assert_answer(answer, "HTTP/1.1 200 ", "\nreset_relay_events_in_flight 42\n");
    assert_answer(answer, "HTTP/1.1 200 ", "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
    assert_answer(answer, "HTTP/1.1 200 ", "\nreset_relay_ready 1\n");
    assert_int_equal(world->collected, 1);
}

static void nothing_else_is_served(void **state)
{
    struct world *world = *state;
    assert_answer(ask(world, "GET /"), "HTTP/1.1 404 ", "");
    assert_answer(ask(world, "GET /livez/x"), "HTTP/1.1 404 ", "");
    assert_answer(ask(world, "POST /livez"), "HTTP/1.1 405 ", "\r\nAllow: GET, HEAD\r\n");
    assert_answer(ask(world, "DELETE /metrics"), "HTTP/1.1 405 ", "");
    const char *answer = ask(world, "HEAD /livez");
    assert_answer(answer, "HTTP/1.1 200 ", "\r\nContent-Length: 6\r\n");
    assert_string_equal(strstr(answer, "\r\n\r\n") + 4, "");
}

static void a_taken_address_is_named(void **state)
{
    struct world *world = *state;
    struct admin_http *second = NULL;
    struct error error;
    const struct admin_http_callbacks callbacks = {NULL, NULL, NULL};
    assert_int_equal(admin_http_new(world->base, "127.0.0.1", admin_http_port(world->admin), world->metrics,
                                    &callbacks, &second, &error),
                     STATUS_UNAVAILABLE);
    assert_null(second);
    assert_non_null(strstr(error.text, "127.0.0.1"));
    assert_string_equal(error.field, "admin.listen");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(livez_answers_whatever_the_dependencies_do, start, stop),
        cmocka_unit_test_setup_teardown(readyz_names_each_check_and_why_it_fails, start, stop),
        cmocka_unit_test_setup_teardown(metrics_are_collected_when_asked_for, start, stop),
        cmocka_unit_test_setup_teardown(nothing_else_is_served, start, stop),
        cmocka_unit_test_setup_teardown(a_taken_address_is_named, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
