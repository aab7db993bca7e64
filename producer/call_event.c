/* A repeat under the same Idempotency-Key gets the same id, whichever producer it reaches, and so is one
 * event to the worker.  Where Redis is there and a worker has begun the first, another body is told so at
 * once; where Redis does not answer, the worker tells (audit `denied`, id_reused).
 *
 * The clocks: a 202 is for an event that a worker will take as timely.  Where Kafka's own timestamp of this
 * very event says otherwise, the caller hears 503. */
#include "producer/call_event.h"

#include "io/clock.h"

#define CLOCKS_DIFFER "the clocks of this service and of Kafka differ too much"

void call_event_name(const struct http_call *call, struct text word, char id[static UUID_LENGTH + 1])
{
    struct uuid uuid = call->idempotency_key.bytes
                           ? uuid_of_idempotency_key(call->key->id, call->idempotency_key)
                           : process_uuid(clock_realtime_ms());
    uuid_print(&uuid, id);
    if (call->idempotency_key.bytes && word.size > 0) {
        uuid = uuid_derived(text_of(id), word);
        uuid_print(&uuid, id);
    }
}

bool call_event_is_same(struct http_call **call, const struct request *request,
                        const struct reset_answer *answer)
{
    unsigned char digest[EVENT_DIGEST_SIZE];
    if (answer->status != STATUS_OK || answer->verdict != VERDICT_OK || !answer->request)
        return true;
    request_digest(request, digest);
    if (memcmp(digest, answer->request->digest, sizeof digest) == 0)
        return true;
    http_call_problem(
        call, &(struct http_problem){.status = 422,
                                     .detail = "this Idempotency-Key was used with another body: take a new "
                                               "one"});
    return false;
}

enum status call_event_publish(const struct http_call *call, const struct request *request, const char *id,
                               bool bulk, kafka_delivered *delivered, void *context, struct error *error)
{
    struct serve *serve = call->serve;
    const struct publication publication = {
        .request = request,
        .id = id,
        .asserted_by = {.channel = CHANNEL_HTTP, .key_id = call->key->id, .bulk = bulk},
        .traceparent = call->traceparent,
    };
    if (!kafka_clock_admits(&serve->kafka_clock, clock_monotonic_ms()))
        return error_set(error, STATUS_UNAVAILABLE, CLOCKS_DIFFER);
    enum status status = event_publisher_send(serve->publisher, &publication, delivered, context, error);
    if (status == STATUS_OK || status == STATUS_INVALID)
        return status;
    serve_count_kafka_error(serve, status);
    return error_set(error, status,
                     "Kafka takes nothing at the moment: ask again with the same Idempotency-Key");
}

const char *call_event_delivered(const struct http_call *call, const struct kafka_delivery *delivery)
{
    struct serve *serve = call->serve;
    serve_note_delivery(serve, delivery);
    if (delivery->status != STATUS_OK)
        return "Kafka has not acknowledged it: ask again with the same Idempotency-Key";
    if (delivery->broker_timestamp && !kafka_clock_agrees(&serve->kafka_clock, clock_monotonic_ms()))
        return CLOCKS_DIFFER;
    return NULL;
}
