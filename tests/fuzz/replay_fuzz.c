/* A dead letter as anybody could have written it: judged whatever it is, told in one line of JSON, and
 * replayed only as the next generation of a request that is not over.
 *
 * An input is a row of headers (a byte for the name, one for the value's size, the value) up to a name of
 * 0xFF, and the record's value. */
#include <jansson.h>

#include "core/policy.h"
#include "fuzz.h"
#include "producer/replay_verdict.h"

enum { HEADERS_MOST = 32 };

#define NOW_MS INT64_C(1763788200000)
#define DAY_MS INT64_C(86400000)

static const char *const names[] = {
    "generation", "copy", "attempt", "t0", "retry-at", "reason", "reset-relay-signature", "content-type"};
enum { NAMES = sizeof names / sizeof *names };

static size_t read_headers(struct text input, struct kafka_record_header *headers, size_t *at)
{
    size_t count = 0;
    while (*at + 2 <= input.size && count < HEADERS_MOST) {
        unsigned char name = (unsigned char)input.bytes[*at], wanted = (unsigned char)input.bytes[*at + 1];
        size_t left = input.size - *at - 2;
        if (name == 0xFF) {
            *at += 1;
            break;
        }
        headers[count].name = names[name % NAMES];
        headers[count].value = (struct text){input.bytes + *at + 2, wanted < left ? wanted : left};
        *at += 2 + headers[count++].value.size;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct text roles[] = {{"admin", 5}, {"manager", 7}};
    struct policy policy = {.admin_roles = roles, .admin_role_count = 2};
    struct kafka_record_header headers[HEADERS_MOST];
    struct text input = fuzz_own(bytes, size);
    size_t at = 0, count = read_headers(input, headers, &at);
    struct kafka_record record = {.topic = "t",
                                  .timestamp_ms = NOW_MS,
                                  .headers = headers,
                                  .header_count = count,
                                  .value = {input.bytes + at, size - at}};
    struct replay_rules rules = {.policy = &policy, .accept_unsigned = true, .now_ms = NOW_MS};
    struct replay_letter letter;
    struct buffer line;
    replay_judge(&rules, &record, &letter);
    HOLDS(letter.verdict != REPLAY_FAILED && letter.verdict != REPLAY_UNPICKED &&
          letter.verdict != REPLAY_DROPPED);
    if (letter.verdict == REPLAY_REPLAYED) {
        HOLDS(letter.position.generation == letter.generation + 1 && letter.position.copy == 0);
        HOLDS(letter.position.t0_ms + DAY_MS > NOW_MS && letter.request_id[0]);
    } else {
        HOLDS(letter.why[0]);
    }
    buffer_init(&line, 16384);
    replay_write(&letter, &record, false, &line);
    HOLDS(!line.failed && memchr(line.bytes, '\n', line.size) == line.bytes + line.size - 1);
    json_t *told = json_loadb(line.bytes, line.size, JSON_REJECT_DUPLICATES, NULL);
    HOLDS(json_is_object(told));
    json_decref(told);
    buffer_clear(&line);
    fuzz_disown(&input);
    return 0;
}
