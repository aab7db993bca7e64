/* Kafka is probed on a helper thread, more often while it does not answer.  Not being ready sends traffic
 * elsewhere; a request that comes all the same is still tried. */
#include "producer/serve_health.h"

#include <stdio.h>
#include <string.h>

#include "io/clock.h"
#include "io/log.h"
#include "io/redis.h"

enum { PROBE_DEADLINE_MS = 5000, GOOD_S = 10, BAD_S = 1, CLOCK_TEXT = 160 };

static void next_probe(struct serve *serve)
{
    struct timeval pause = {.tv_sec = serve->kafka_fault[0] ? BAD_S : GOOD_S};
    event_add(serve->health, &pause);
}

static void on_probed(void *context, enum status status, int partitions, const struct error *error)
{
    (void)partitions;
    struct serve *serve = context;
    bool was_well = !serve->kafka_fault[0];
    bool news = was_well || (status == STATUS_CONFIG && strcmp(serve->kafka_fault, error->text) != 0);
    snprintf(serve->kafka_fault, sizeof serve->kafka_fault, "%s", status == STATUS_OK ? "" : error->text);
    if (news && status != STATUS_OK)
        log_write(LOG_LEVEL_WARNING, "Kafka does not answer as it should", LOG_ERROR(error));
    else if (!was_well && status == STATUS_OK)
        log_write(LOG_LEVEL_INFO, "Kafka is ready");
    next_probe(serve);
}

static void on_health(evutil_socket_t unused, short what, void *context)
{
    (void)unused, (void)what;
    struct serve *serve = context;
    struct error error = {0};
    enum status status =
        kafka_producer_probe(serve->kafka, config_text(serve->config, CONFIG_TOPICS_REQUESTED),
                             PROBE_DEADLINE_MS, on_probed, serve, &error);
    if (status != STATUS_OK)
        on_probed(serve, status, 0, &error);
}

/* Kafka's clock decides, as its last report told it.  Where none counts, Redis's does, which a producer with
 * a wrong clock has heard before anybody asks it for anything. */
static bool judge_clock(const struct serve *serve, char *text, size_t size)
{
    int64_t monotonic_ms = clock_monotonic_ms(), redis_ms = serve->redis ? redis_now_ms(serve->redis) : 0;
    struct kafka_clock clock = serve->kafka_clock;
    bool by_redis = redis_ms && !kafka_clock_counts(&clock, monotonic_ms);
    if (by_redis)
        kafka_clock_note(&clock, clock_realtime_ms(), redis_ms, monotonic_ms);
    bool agrees = kafka_clock_agrees(&clock, monotonic_ms);
    if (!agrees)
        snprintf(text, size, "our clock and %s differ by %lld s: set the clocks",
                 by_redis ? "Redis's" : "Kafka's", (long long)(clock.difference_ms / 1000));
    return agrees;
}

static void on_ready(void *context, struct admin_checks *checks)
{
    struct serve *serve = context;
    char clock[CLOCK_TEXT] = "";
    bool agrees = judge_clock(serve, clock, sizeof clock);
    admin_checks_add(checks, "draining", !serve->draining, serve->draining ? "the process is ending" : NULL);
    admin_checks_add(checks, "kafka", !serve->kafka_fault[0], serve->kafka_fault);
    admin_checks_add(checks, "clock", agrees, clock);
    if (serve->redis)
        admin_checks_add(checks, "redis", redis_is_ready(serve->redis), serve->redis_fault);
}

static void on_collect(void *context)
{
    struct serve *serve = context;
    struct kafka_producer_figures figures = kafka_producer_figures(serve->kafka);
    metrics_set(serve->metrics, METRIC_EVENTS_IN_FLIGHT, NO_LABELS, (double)figures.in_flight);
    if (figures.handles > serve->kafka_handles)
        metrics_add(serve->metrics, METRIC_KAFKA_PRODUCER_RESTARTS, NO_LABELS,
                    (double)(figures.handles - serve->kafka_handles));
    serve->kafka_handles = figures.handles;
    if (serve->kafka_clock.known)
        metrics_set(serve->metrics, METRIC_CLOCK_DIFFERENCE, LABELS("kafka"),
                    (double)serve->kafka_clock.difference_ms / 1000);
    int64_t redis_ms = serve->redis ? redis_now_ms(serve->redis) : 0;
    if (redis_ms)
        metrics_set(serve->metrics, METRIC_CLOCK_DIFFERENCE, LABELS("redis"),
                    (double)(clock_realtime_ms() - redis_ms) / 1000);
}

enum status serve_health_start(struct serve *serve, struct error *error)
{
    const struct admin_http_callbacks callbacks = {
        .ready = on_ready, .collect = on_collect, .context = serve};
    struct config_address address = config_address(serve->config, CONFIG_ADMIN_LISTEN);
    serve->health = event_new(serve->base, -1, 0, on_health, serve);
    if (!serve->health)
        return error_set(error, STATUS_MEMORY, "no memory for a timer");
    serve->kafka_handles = 1;
    snprintf(serve->kafka_fault, sizeof serve->kafka_fault, "not asked yet");
    if (serve->redis)
        snprintf(serve->redis_fault, sizeof serve->redis_fault, "not connected yet");
    event_active(serve->health, EV_TIMEOUT, 0);
    return admin_http_new(serve->base, address.host, address.port, serve->metrics, &callbacks, &serve->admin,
                          error);
}

void serve_health_stop(struct serve *serve)
{
    admin_http_free(&serve->admin);
    if (serve->health)
        event_free(serve->health);
    serve->health = NULL;
}
