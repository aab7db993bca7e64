/* A test's scene: a real Redis, a client, its record store, and what they answered. */
#ifndef TESTS_UNIT_SUPPORT_REDIS_SCENE_H
#define TESTS_UNIT_SUPPORT_REDIS_SCENE_H

#include <event2/event.h>

#include "io/redis_record_store.h"
#include "support/redis_server.h"

enum { REDIS_SCENE_ANSWERS_MOST = 64 };

struct redis_scene_answer {
    enum status status;
    int64_t now_ms;
    size_t count;
    char values[RECORD_STORE_KEYS_MOST][64]; /* "(none)" for no such key */
    char error[320];
};

struct redis_scene {
    struct event_base *base;
    struct redis_server server;
    struct redis *redis;
    struct redis_record_store *store;
    struct record_store port;
    int readies, downs;
    enum redis_fault fault;
    char reason[512];
    struct redis_scene_answer answers[REDIS_SCENE_ANSWERS_MOST];
    size_t answered;
    struct redis_answer last; /* of a plain command; without its reply */
};

void redis_scene_on_plain(void *context, const struct redis_answer *answer);

/* Turns the loop until `*number` is at least `wanted`. */
void redis_scene_wait(struct redis_scene *scene, const int *number, int wanted, const char *what);

void redis_scene_wait_answers(struct redis_scene *scene, size_t wanted);

void redis_scene_connect(struct redis_scene *scene, const char *url, int64_t timeout_ms, size_t most_pending);

int redis_scene_set_up(void **state);

int redis_scene_tear_down(void **state);

/* A server with these arguments, and a client that is ready. */
struct redis_scene *redis_scene_ready(void **state, const char *const arguments[]);

void redis_scene_ask_read(struct redis_scene *scene, const char *key);

const struct redis_scene_answer *redis_scene_read(struct redis_scene *scene, const char *key);

/* `expected` NULL: there must be no such key. */
struct record_store_change redis_scene_set(const char *key, const char *expected, const char *value,
                                           int64_t expires_at_ms);

void redis_scene_ask_swap(struct redis_scene *scene, const struct record_store_change *changes, size_t count,
                          bool allow_oom);

const struct redis_scene_answer *redis_scene_swap(struct redis_scene *scene,
                                                  const struct record_store_change *changes, size_t count,
                                                  bool allow_oom);

void assert_answer(const struct redis_scene_answer *answer, enum status status);

void redis_scene_assert_held(struct redis_scene *scene, const char *key, const char *value);

/* A test with a scene of its own. */
#define SCENE(test) cmocka_unit_test_setup_teardown(test, redis_scene_set_up, redis_scene_tear_down)

#endif
