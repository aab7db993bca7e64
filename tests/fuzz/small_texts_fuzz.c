/* The small readers: durations, rates, times, ids, addresses, signatures, traces, colours, scopes, networks.
 * What is accepted is written back and read as the same; an address that is accepted is safe on the wire. */
#include "core/base64url.h"
#include "core/duration.h"
#include "core/event.h"
#include "core/mail/address.h"
#include "core/mail/colour.h"
#include "core/mail/link.h"
#include "core/scope.h"
#include "core/signature.h"
#include "core/smtp/content.h"
#include "core/timestamp.h"
#include "core/token.h"
#include "core/uuid.h"
#include "fuzz.h"
#include "producer/client_address.h"

static void durations(struct text text)
{
    struct error error;
    struct rate rate;
    int64_t ms, again;
    char printed[DURATION_TEXT_SIZE];
    if (duration_parse(text, &ms, &error) == STATUS_OK) {
        HOLDS(ms >= 0 && ms <= DURATION_MOST_MS);
        duration_print(ms, printed);
        HOLDS(duration_parse(text_of(printed), &again, &error) == STATUS_OK && again == ms);
    }
    if (rate_parse(text, &rate, &error) == STATUS_OK)
        HOLDS(rate.period_ms > 0);
}

static void times(struct text text)
{
    int64_t time_ms, again;
    char printed[TIMESTAMP_SIZE];
    if (timestamp_parse(text, &time_ms)) {
        timestamp_format(time_ms, printed);
        HOLDS(timestamp_parse(text_of(printed), &again) && again == time_ms);
    }
}

static void ids(struct text text)
{
    struct uuid uuid;
    char printed[UUID_LENGTH + 1];
    if (uuid_parse(text, &uuid)) {
        uuid_print(&uuid, printed);
        HOLDS(uuid_is_text(text_of(printed)));
    }
    char canonical[EVENT_ID_SIZE];
    if (uuid_read(text, canonical))
        HOLDS(uuid_is_text(text_of(canonical)) && strncasecmp(canonical, text.bytes, text.size) == 0);
    if (token_is_text(text))
        HOLDS(text.size == TOKEN_LENGTH && link_token_valid(text));
}

/* Only what encoding would write is taken. */
static void encodings(struct text text)
{
    unsigned char bytes[64];
    char again[BASE64URL_LENGTH(64)];
    for (size_t size = 1; size <= sizeof bytes; size++)
        if (base64url_decode(text, bytes, size)) {
            (void)base64url_encode(bytes, size, again);
            HOLDS(text_equal(text, (struct text){again, BASE64URL_LENGTH(size)}));
        }
}

static void words(struct text text)
{
    char colour[COLOUR_SIZE], same[COLOUR_SIZE];
    unsigned char network[CLIENT_NETWORK_SIZE];
    enum scope scope;
    if (colour_parse(text, colour)) {
        HOLDS(colour_parse(text_of(colour), same) && strcmp(colour, same) == 0);
        HOLDS(colour_contrast(colour, colour_readable_on(colour)) >= 4.5);
    }
    if (scope_of_name(text, &scope))
        HOLDS(text_equal(text_of(scope_name(scope)), text));
    (void)client_network(text, network);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text text = fuzz_own(bytes, size);
    struct error error;
    struct signature signature;
    struct link_pattern link;
    durations(text);
    times(text);
    ids(text);
    encodings(text);
    words(text);
    if (address_check(text, &error) == STATUS_OK)
        HOLDS(smtp_address_is_safe(text) && memchr(text.bytes, '@', text.size));
    if (smtp_content_is_safe(text))
        HOLDS(!memchr(text.bytes, 0, text.size));
    if (signature_parse(text, &signature, &error) == STATUS_OK)
        HOLDS(text.size > 64);
    if (link_parse(text, &link, &error) == STATUS_OK)
        HOLDS(link.host.size > 0 && link.before.size + link.after.size + sizeof "{token}" - 1 == text.size);
    (void)traceparent_is_valid(text);
    fuzz_disown(&text);
    return 0;
}
