/* An event is decoded whatever comes; what is accepted encodes again and means the same. */
#include "core/event.h"
#include "fuzz.h"

static void encode_again(const struct reset_event *event)
{
    struct buffer out;
    struct error error;
    struct reset_event *again = NULL;
    unsigned char digest[EVENT_DIGEST_SIZE], second[EVENT_DIGEST_SIZE];
    buffer_init(&out, (size_t)2 * EVENT_MAXIMUM_SIZE);
    struct event_stamp stamp = {.id = event->id,
                                .time_ms = event->time_ms,
                                .source = TEXT("/fuzz"),
                                .traceparent = text_of(event->traceparent),
                                .asserted_by = event->asserted_by};
    HOLDS(reset_event_encode(&event->request, &stamp, &out, &error) == STATUS_OK);
    if (out.size <= EVENT_MAXIMUM_SIZE) {
        enum reason reason;
        HOLDS(reset_event_decode(buffer_text(&out), &again, &reason, &error) == STATUS_OK);
        request_digest(&event->request, digest);
        request_digest(&again->request, second);
        HOLDS(memcmp(digest, second, sizeof digest) == 0);
        HOLDS(again->time_ms == event->time_ms && strcmp(again->id, event->id) == 0);
    }
    reset_event_free(&again);
    buffer_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text value = fuzz_own(bytes, size);
    struct reset_event *event = NULL;
    struct error error = {0};
    enum reason reason = REASON_NONE;
    if (reset_event_decode(value, &event, &reason, &error) == STATUS_OK) {
        HOLDS(event->request.password.bytes == NULL);
        encode_again(event);
    } else {
        HOLDS(!event && reason != REASON_NONE && error.text[0]);
    }
    reset_event_free(&event);
    fuzz_disown(&value);
    return 0;
}
