/* The event that a call of the intake makes, from its id to Kafka's answer: what requests for a reset and
 * changes that are told have in common. */
#ifndef PRODUCER_CALL_EVENT_H
#define PRODUCER_CALL_EVENT_H

#include "core/uuid.h"
#include "producer/http_call.h"

/* The event's id: of the Idempotency-Key, and of `word` where that is not "", so that one key names another
 * event of each kind; a fresh one without key. */
void call_event_name(const struct http_call *call, struct text word, char id[static UUID_LENGTH + 1]);

/* 422, where the store's answer says that a worker has begun another body under this id: false, and the call
 * is ended. */
bool call_event_is_same(struct http_call **call, const struct request *request,
                        const struct reset_answer *answer) WARN_UNUSED;

/* Gives it to Kafka in the name of the call's key.  OK: `delivered` comes once.  INVALID: never; else the
 * sentence is for a 503. */
enum status call_event_publish(const struct http_call *call, const struct request *request, const char *id,
                               bool bulk, kafka_delivered *delivered, void *context,
                               struct error *error) WARN_UNUSED;

/* Takes note of its delivery; NULL, or the sentence for a 503. */
const char *call_event_delivered(const struct http_call *call, const struct kafka_delivery *delivery);

#endif
