/* Encode, sign, produce.  The buffers are kept from one event to the next: an event costs no allocation of
 * ours.
 *
 * A decoy (`user: null`) has no user to make a key of.  It gets one of the same shape with random letters for
 * the user, so that it takes the same path to some partition as any other request of the tenant. */
#include "producer/publisher.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "io/clock.h"
#include "io/process.h"

enum { KEY_LIMIT = 4096, HEADER_LIMIT = 256, DECOY_BYTES = 12 };

static const struct text source = {"/reset-relay/producer", sizeof "/reset-relay/producer" - 1};

struct event_publisher {
    struct kafka_producer *producer; /* not owned */
    const char *topic;               /* not owned */
    char name[SIGNATURE_PUBLISHER_MOST + 1];
    struct signature_key key; /* a copy; wiped */
    struct buffer event, record_key, signature;
};

enum status event_publisher_new(struct kafka_producer *producer, const char *topic,
                                struct event_publisher **publisher, struct error *error)
{
    struct event_publisher *made = calloc(1, sizeof *made);
    if (!made)
        return error_set(error, STATUS_MEMORY, "no memory for publishing");
    made->producer = producer;
    made->topic = topic;
    buffer_init(&made->event, EVENT_MAXIMUM_SIZE);
    buffer_init(&made->record_key, KEY_LIMIT);
    buffer_init(&made->signature, HEADER_LIMIT);
    *publisher = made;
    return STATUS_OK;
}

void event_publisher_sign_as(struct event_publisher *publisher, const struct publisher *entry)
{
    snprintf(publisher->name, sizeof publisher->name, "%.*s", (int)entry->name.size, entry->name.bytes);
    publisher->key = entry->key;
}

static void write_key(struct event_publisher *publisher, const struct request *request)
{
    struct buffer *key = &publisher->record_key;
    buffer_reset(key);
    if (request->user_known) {
        request_key(request, key);
        return;
    }
    unsigned char random[DECOY_BYTES];
    char letters[sodium_base64_ENCODED_LEN(DECOY_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    process_random(random, sizeof random);
    sodium_bin2base64(letters, sizeof letters, random, sizeof random,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    buffer_append_text(key, request->tenant);
    buffer_append_byte(key, '/');
    buffer_append_string(key, letters);
}

static enum status write_event(struct event_publisher *publisher, const struct publication *publication,
                               struct error *error)
{
    const struct event_stamp stamp = {
        .id = publication->id,
        .time_ms = clock_realtime_ms(),
        .source = source,
        .traceparent = publication->traceparent,
        .asserted_by = publication->asserted_by,
    };
    buffer_reset(&publisher->event);
    enum status status = reset_event_encode(publication->request, &stamp, &publisher->event, error);
    if (status == STATUS_FULL)
        return error_set(error, STATUS_INVALID, "the event of this request is larger than %d bytes",
                         EVENT_MAXIMUM_SIZE);
    return status;
}

enum status event_publisher_send(struct event_publisher *publisher, const struct publication *publication,
                                 kafka_delivered *delivered, void *context, struct error *error)
{
    enum status status = write_event(publisher, publication, error);
    if (status != STATUS_OK)
        return status;
    write_key(publisher, publication->request);
    buffer_reset(&publisher->signature);
    signature_make(&publisher->key, text_of(publisher->name), buffer_text(&publisher->event),
                   &publisher->signature);
    if (publisher->record_key.failed || publisher->signature.failed)
        return error_set(error, STATUS_MEMORY, "no memory for an event");
    const struct kafka_header headers[] = {
        {"content-type", TEXT("application/cloudevents+json")},
        {SIGNATURE_HEADER, buffer_text(&publisher->signature)},
    };
    const struct kafka_message message = {
        .topic = publisher->topic,
        .key = buffer_text(&publisher->record_key),
        .value = buffer_text(&publisher->event),
        .headers = headers,
        .header_count = sizeof headers / sizeof *headers,
    };
    return kafka_producer_send(publisher->producer, &message, delivered, context, error);
}

void event_publisher_free(struct event_publisher **publisher)
{
    struct event_publisher *gone = *publisher;
    *publisher = NULL;
    if (!gone)
        return;
    signature_key_clear(&gone->key);
    buffer_clear(&gone->event);
    buffer_clear(&gone->record_key);
    buffer_clear(&gone->signature);
    free(gone);
}
