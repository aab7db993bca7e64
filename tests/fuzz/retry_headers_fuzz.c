/* The relay's own headers on a copy, as anybody who may write the retry topics could forge them.
 *
 * An input is a row of headers: each a byte for the name, a byte for the value's size, the value. */
#include "core/duration.h"
#include "fuzz.h"
#include "io/retry_copy.h"

static const char *const names[] = {
    "generation", "copy", "attempt", "t0", "retry-at", "reason", "reset-relay-signature", "content-type"};
enum { NAMES = sizeof names / sizeof *names, HEADERS_MOST = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct kafka_record_header headers[HEADERS_MOST];
    size_t count = 0;
    struct text input = fuzz_own(bytes, size);
    for (size_t at = 0; at + 2 <= size && count < HEADERS_MOST;) {
        size_t wanted = bytes[at + 1], left = size - at - 2;
        headers[count].name = names[bytes[at] % NAMES];
        headers[count].value = (struct text){input.bytes + at + 2, wanted < left ? wanted : left};
        at += 2 + headers[count++].value.size;
    }
    struct kafka_record record = {.topic = "t",
                                  .timestamp_ms = INT64_C(1763788200000),
                                  .headers = headers,
                                  .header_count = count,
                                  .value = {"{}", 2}};
    struct retry_position position;
    struct error error = {0};
    if (retry_position_read(&record, &position, &error) == STATUS_OK) {
        struct retry_copy copy;
        HOLDS(position.t0_ms >= 0 && position.retry_at_ms >= 0);
        retry_copy_init(&copy, &record, &position, &(struct retry_fault){.stage = "fuzz", .message = "x"});
        HOLDS(copy.count <= RETRY_COPY_HEADERS + 16);
    } else {
        HOLDS(error.text[0]);
    }
    fuzz_disown(&input);
    return 0;
}
