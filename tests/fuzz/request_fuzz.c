/* A request's body: what is accepted becomes an event that the worker takes, and asks for the same there. */
#include "core/event.h"
#include "fuzz.h"

static void publish(const struct request *request)
{
    struct buffer out;
    struct error error;
    struct reset_event *event = NULL;
    enum reason reason;
    unsigned char asked[EVENT_DIGEST_SIZE], taken[EVENT_DIGEST_SIZE];
    buffer_init(&out, EVENT_MAXIMUM_SIZE);
    struct event_stamp stamp = {.id = "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7",
                                .time_ms = INT64_C(1763788200000),
                                .source = TEXT("/fuzz"),
                                .asserted_by = {.channel = CHANNEL_HTTP, .key_id = TEXT("k1")}};
    HOLDS(reset_event_encode(request, &stamp, &out, &error) == STATUS_OK);
    HOLDS(reset_event_decode(buffer_text(&out), &event, &reason, &error) == STATUS_OK);
    request_digest(request, asked);
    request_digest(&event->request, taken);
    HOLDS(memcmp(asked, taken, sizeof asked) == 0);
    HOLDS(event->request.password.bytes == NULL);
    reset_event_free(&event);
    buffer_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text body = fuzz_own(bytes, size);
    struct request *request = NULL;
    struct error error = {0};
    enum reason reason = REASON_NONE;
    if (request_decode(body, &request, &reason, &error) == STATUS_OK)
        publish(request);
    else
        HOLDS(!request && error.text[0]);
    request_free(&request);
    fuzz_disown(&body);
    return 0;
}
