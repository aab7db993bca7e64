/* The body that tells of a changed password: what is accepted becomes one event for each address, which the
 * worker takes and reads as the same change. */
#include "core/event.h"
#include "core/mail/address.h"
#include "fuzz.h"

static void publish(const struct request *request)
{
    struct buffer out;
    struct error error;
    struct reset_event *event = NULL;
    enum reason reason;
    unsigned char told[EVENT_DIGEST_SIZE], taken[EVENT_DIGEST_SIZE];
    buffer_init(&out, EVENT_MAXIMUM_SIZE);
    struct event_stamp stamp = {.id = "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7",
                                .time_ms = INT64_C(1763788200000),
                                .source = TEXT("/fuzz"),
                                .asserted_by = {.channel = CHANNEL_HTTP, .key_id = TEXT("k1")}};
    HOLDS(request->method == METHOD_PASSWORD_CHANGED && request->user_known && !request->password.bytes);
    HOLDS(address_check(request->user_email, &error) == STATUS_OK);
    HOLDS(reset_event_encode(request, &stamp, &out, &error) == STATUS_OK);
    HOLDS(reset_event_decode(buffer_text(&out), &event, &reason, &error) == STATUS_OK);
    request_digest(request, told);
    request_digest(&event->request, taken);
    HOLDS(memcmp(told, taken, sizeof told) == 0);
    HOLDS(event->request.address == request->address &&
          strcmp(event->request.completes, request->completes) == 0);
    HOLDS(text_equal(event->request.user_email, request->user_email));
    reset_event_free(&event);
    buffer_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text body = fuzz_own(bytes, size);
    struct password_change *change = NULL;
    struct error error = {0};
    enum reason reason = REASON_NONE;
    if (password_change_decode(body, &change, &reason, &error) == STATUS_OK) {
        publish(&change->request);
        if (change->previous_email.bytes) {
            struct request previous = password_change_previous(change);
            HOLDS(previous.address == ADDRESS_PREVIOUS);
            HOLDS(!text_equal(previous.user_email, change->request.user_email));
            publish(&previous);
        }
    } else {
        HOLDS(!change && reason != REASON_NONE && error.text[0]);
    }
    password_change_free(&change);
    fuzz_disown(&body);
    return 0;
}
