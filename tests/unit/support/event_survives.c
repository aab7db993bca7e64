/* Compared by digest, which covers every field that a request and an event share; the stamp is compared by
 * hand. */
#include "support.h"

#include "support/event_survives.h"

#define ID    "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7"
#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static struct buffer encode(const struct request *request, enum status *status)
{
    const struct event_stamp stamp = {.id = ID,
                                      .time_ms = 1763788200123,
                                      .source = TEXT("/reset-producer"),
                                      .traceparent = TEXT(TRACE),
                                      .asserted_by = {CHANNEL_CLI, TEXT("k1"), true}};
    struct buffer out;
    struct error error;
    buffer_init(&out, EVENT_MAXIMUM_SIZE);
    *status = reset_event_encode(request, &stamp, &out, &error);
    return out;
}

void assert_event_survives(const struct request *request)
{
    enum status status;
    struct buffer out = encode(request, &status);
    assert_int_equal(status, STATUS_OK);
    struct reset_event *event = NULL;
    struct error error;
    assert_ok(reset_event_decode(buffer_text(&out), &event, NULL, &error), &error);
    unsigned char before[EVENT_DIGEST_SIZE], after[EVENT_DIGEST_SIZE];
    request_digest(request, before);
    request_digest(&event->request, after);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(event->request.name_unusable, request->name_unusable);
    assert_int_equal(event->request.user_known, request->user_known);
    assert_int_equal(event->request.password.size, 0);
    assert_string_equal(event->id, ID);
    assert_string_equal(event->traceparent, TRACE);
    assert_int_equal(event->asserted_by.channel, CHANNEL_CLI);
    assert_true(text_equal(event->asserted_by.key_id, TEXT("k1")));
    assert_true(event->asserted_by.bulk);
    reset_event_free(&event);
    buffer_clear(&out);
}
