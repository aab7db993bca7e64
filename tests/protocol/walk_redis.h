/* The production's own way to Redis for a walk: client, record store and a loop that runs while an answer is
 * awaited. */
#ifndef TESTS_PROTOCOL_WALK_REDIS_H
#define TESTS_PROTOCOL_WALK_REDIS_H

#include "core/protocol/record_store.h"

struct walk_redis;

/* Ends the program with a sentence when Redis is not ready within its deadline. */
struct walk_redis *walk_redis_open(const char *url, const char *prefix);
void walk_redis_close(struct walk_redis **redis);
struct record_store walk_redis_port(struct walk_redis *redis);

/* Runs the loop until *answered; for desk->wait. */
void walk_redis_wait(void *redis, const bool *answered);

#endif
