/* Every wait turns the loop until what is waited for has come, with a guard that fails the test; nothing
 * sleeps. */
#include "support/redis_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "support.h"

enum { GUARD_SECONDS = 20 };

static void on_ready(void *context)
{
    ((struct redis_scene *)context)->readies++;
}

static void on_down(void *context, enum redis_fault fault, const char *reason)
{
    struct redis_scene *scene = context;
    scene->downs++;
    scene->fault = fault;
    snprintf(scene->reason, sizeof scene->reason, "%s", reason);
}

static void on_answer(void *context, const struct record_store_reply *reply)
{
    struct redis_scene *scene = context;
    assert_true(scene->answered < REDIS_SCENE_ANSWERS_MOST);
    struct redis_scene_answer *answer = &scene->answers[scene->answered++];
    *answer =
        (struct redis_scene_answer){.status = reply->status, .now_ms = reply->now_ms, .count = reply->count};
    for (size_t i = 0; i < reply->count; i++)
        snprintf(answer->values[i], sizeof answer->values[i], "%.*s",
                 reply->values[i].bytes ? (int)reply->values[i].size : 6,
                 reply->values[i].bytes ? reply->values[i].bytes : "(none)");
    if (reply->error)
        snprintf(answer->error, sizeof answer->error, "%s", reply->error->text);
}

void redis_scene_on_plain(void *context, const struct redis_answer *answer)
{
    struct redis_scene *scene = context;
    scene->last = *answer;
    scene->last.reply = NULL;
    scene->answered++;
}

void redis_scene_wait(struct redis_scene *scene, const int *number, int wanted, const char *what)
{
    time_t end = time(NULL) + GUARD_SECONDS;
    while (*number < wanted) {
        event_base_loopexit(scene->base, &(struct timeval){.tv_usec = 20000});
        event_base_dispatch(scene->base);
        if (time(NULL) > end)
            fail_msg("waited in vain for: %s; the last reason was \"%s\"", what, scene->reason);
    }
}

void redis_scene_wait_answers(struct redis_scene *scene, size_t wanted)
{
    time_t end = time(NULL) + GUARD_SECONDS;
    while (scene->answered < wanted) {
        event_base_loop(scene->base, EVLOOP_ONCE);
        if (time(NULL) > end)
            fail_msg("%zu answers came instead of %zu", scene->answered, wanted);
    }
}

void redis_scene_connect(struct redis_scene *scene, const char *url, int64_t timeout_ms, size_t most_pending)
{
    struct redis_script scripts[REDIS_RECORD_STORE_SCRIPTS];
    struct error error;
    redis_record_store_scripts(scripts);
    const struct redis_options options = {.url = url,
                                          .prefix = "pwreset",
                                          .client_name = "test",
                                          .plaintext_trusted = true,
                                          .connect_timeout_ms = timeout_ms,
                                          .command_timeout_ms = timeout_ms,
                                          .most_pending = most_pending,
                                          .scripts = scripts,
                                          .script_count = REDIS_RECORD_STORE_SCRIPTS};
    const struct redis_events events = {on_ready, on_down, scene};
    assert_ok(redis_new(scene->base, &options, &events, &scene->redis, &error), &error);
    assert_ok(redis_record_store_new(scene->redis, &scene->store, &error), &error);
    scene->port = redis_record_store_port(scene->store);
}

int redis_scene_set_up(void **state)
{
    struct redis_scene *scene = calloc(1, sizeof *scene);
    scene->base = event_base_new();
    *state = scene;
    return 0;
}

int redis_scene_tear_down(void **state)
{
    struct redis_scene *scene = *state;
    redis_free(&scene->redis);
    redis_record_store_free(&scene->store);
    if (scene->server.folder[0])
        redis_server_stop(&scene->server);
    event_base_free(scene->base);
    free(scene);
    return 0;
}

struct redis_scene *redis_scene_ready(void **state, const char *const arguments[])
{
    struct redis_scene *scene = *state;
    redis_server_start(&scene->server, arguments);
    redis_scene_connect(scene, scene->server.url, 10000, 100);
    redis_scene_wait(scene, &scene->readies, 1, "ready");
    return scene;
}

void redis_scene_ask_read(struct redis_scene *scene, const char *key)
{
    const struct text keys[] = {text_of(key), TEXT("user:nothing")};
    scene->port.operations->read(scene->port.context, keys, 2, on_answer, scene);
}

const struct redis_scene_answer *redis_scene_read(struct redis_scene *scene, const char *key)
{
    size_t before = scene->answered;
    redis_scene_ask_read(scene, key);
    redis_scene_wait_answers(scene, before + 1);
    return &scene->answers[before];
}

struct record_store_change redis_scene_set(const char *key, const char *expected, const char *value,
                                           int64_t expires_at_ms)
{
    return (struct record_store_change){.key = text_of(key),
                                        .compared = true,
                                        .expected = text_of(expected),
                                        .action = RECORD_STORE_SET,
                                        .value = text_of(value),
                                        .expires_at_ms = expires_at_ms};
}

void redis_scene_ask_swap(struct redis_scene *scene, const struct record_store_change *changes, size_t count,
                          bool allow_oom)
{
    scene->port.operations->swap(scene->port.context, changes, count, allow_oom, on_answer, scene);
}

const struct redis_scene_answer *redis_scene_swap(struct redis_scene *scene,
                                                  const struct record_store_change *changes, size_t count,
                                                  bool allow_oom)
{
    size_t before = scene->answered;
    redis_scene_ask_swap(scene, changes, count, allow_oom);
    redis_scene_wait_answers(scene, before + 1);
    return &scene->answers[before];
}

void assert_answer(const struct redis_scene_answer *answer, enum status status)
{
    if (answer->status != status)
        fail_msg("expected %s, got %s: %s", status_name(status), status_name(answer->status), answer->error);
}

void redis_scene_assert_held(struct redis_scene *scene, const char *key, const char *value)
{
    redisReply *reply = redis_server_ask(&scene->server, "GET pwreset:%s", key);
    assert_string_equal(reply->type == REDIS_REPLY_NIL ? "(none)" : reply->str, value);
    freeReplyObject(reply);
}
