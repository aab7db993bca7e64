#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/timestamp.h"
#include "producer/replay_verdict.h"

#define HOUR_MS INT64_C(3600000)
#define NOW_MS  INT64_C(1770000000000)
#define ID      "018f2c3e-0000-7000-8000-000000000001"

static struct publishers *publishers;
static struct text roles[] = {{"admin", 5}};
static struct policy policy = {.admin_roles = roles, .admin_role_count = 1};

static int open_publishers(void **state)
{
    (void)state;
    static const char file[] = "portal 0123456789abcdef0123456789abcdef request:admin acme\n"
                               "intake 00112233445566778899aabbccddeeff request:admin,assert:key acme\n"
                               "kiosk fedcba9876543210fedcba9876543210 request:self acme\n";
    struct error error = {0};
    return publishers_parse(text_of(file), "publishers", &publishers, &error) != STATUS_OK;
}

static int close_publishers(void **state)
{
    (void)state;
    publishers_free(&publishers);
    return 0;
}

/* A dead letter and what is done to it before it is judged. */
struct letter {
    const char *name;
    int64_t age_ms;        /* of t0 */
    int64_t time_ahead_ms; /* of the event before t0 */
    const char *not_after; /* as JSON, or NULL */
    const char *publisher; /* NULL: unsigned */
    const char *value;     /* instead of an event */
    const char *actor_tenant;
    const char *stamp;           /* asserted_by, as JSON with a comma before it */
    const char *generation, *t0; /* instead of good ones; "" leaves the header out */
    bool accept_unsigned, drop, mutated;
    const char *picked_id, *picked_reason;
    enum replay_verdict expected;
    const char *why; /* part of it */
};

#define STAMP ",\"asserted_by\":{\"channel\":\"http\",\"key_id\":\"k1\"}"

static const struct letter cases[] = {
    {.name = "a good one", .publisher = "portal", .expected = REPLAY_REPLAYED, .why = ""},
    {.name = "just unexpired",
     .publisher = "portal",
     .age_ms = 24 * HOUR_MS - 1,
     .expected = REPLAY_REPLAYED},
    {.name = "expired",
     .publisher = "portal",
     .age_ms = 24 * HOUR_MS,
     .expected = REPLAY_EXPIRED,
     .why = "24 hours"},
    {.name = "expired and forged",
     .publisher = "portal",
     .mutated = true,
     .age_ms = 24 * HOUR_MS,
     .expected = REPLAY_EXPIRED},
    {.name = "past its own end",
     .publisher = "portal",
     .not_after = "2020-01-01T00:00:00Z",
     .expected = REPLAY_EXPIRED,
     .why = "not_after"},
    {.name = "before its own end",
     .publisher = "portal",
     .not_after = "2090-01-01T00:00:00Z",
     .expected = REPLAY_REPLAYED},
    {.name = "dated ahead",
     .publisher = "portal",
     .time_ahead_ms = HOUR_MS,
     .expected = REPLAY_SKIPPED,
     .why = "/time"},
    {.name = "old when it came",
     .publisher = "portal",
     .time_ahead_ms = -25 * HOUR_MS,
     .expected = REPLAY_EXPIRED},
    {.name = "unsigned", .expected = REPLAY_SKIPPED, .why = "reset-relay-signature"},
    {.name = "unsigned where that is accepted", .accept_unsigned = true, .expected = REPLAY_REPLAYED},
    {.name = "changed after signing", .publisher = "portal", .mutated = true, .expected = REPLAY_SKIPPED},
    {.name = "no event",
     .publisher = "portal",
     .value = "{\"specversion\":\"1.0\"}",
     .expected = REPLAY_SKIPPED},
    {.name = "not JSON", .publisher = "portal", .value = "]", .expected = REPLAY_SKIPPED},
    {.name = "a tombstone",
     .publisher = "portal",
     .value = "",
     .expected = REPLAY_SKIPPED,
     .why = "no value"},
    {.name = "a publisher without the scope",
     .publisher = "kiosk",
     .expected = REPLAY_SKIPPED,
     .why = "scope"},
    {.name = "the intake names a key", .publisher = "intake", .stamp = STAMP, .expected = REPLAY_REPLAYED},
    {.name = "a publisher names a key",
     .publisher = "portal",
     .stamp = STAMP,
     .expected = REPLAY_SKIPPED,
     .why = "assert:key"},
    {.name = "nobody names a key",
     .accept_unsigned = true,
     .stamp = STAMP,
     .expected = REPLAY_SKIPPED,
     .why = "assert:key"},
    {.name = "an actor of another company",
     .publisher = "portal",
     .actor_tenant = "globex",
     .expected = REPLAY_SKIPPED,
     .why = "company"},
    {.name = "no position",
     .publisher = "portal",
     .generation = "",
     .expected = REPLAY_SKIPPED,
     .why = "generation"},
    {.name = "no t0", .publisher = "portal", .t0 = "", .expected = REPLAY_SKIPPED, .why = "t0"},
    {.name = "no number", .publisher = "portal", .generation = "-1", .expected = REPLAY_SKIPPED},
    {.name = "the last generation",
     .publisher = "portal",
     .generation = "4294967295",
     .expected = REPLAY_SKIPPED,
     .why = "too often"},
    {.name = "dropped", .publisher = "portal", .drop = true, .expected = REPLAY_DROPPED},
    {.name = "expired rather than dropped",
     .publisher = "portal",
     .drop = true,
     .age_ms = 25 * HOUR_MS,
     .expected = REPLAY_EXPIRED},
    {.name = "picked by id", .publisher = "portal", .picked_id = ID, .expected = REPLAY_REPLAYED},
    {.name = "another id picked",
     .publisher = "portal",
     .picked_id = "018f2c3e-0000-7000-8000-000000000002",
     .expected = REPLAY_UNPICKED},
    {.name = "picked by reason",
     .publisher = "portal",
     .picked_reason = "refused",
     .expected = REPLAY_REPLAYED},
    {.name = "another reason picked",
     .publisher = "portal",
     .picked_reason = "signature",
     .expected = REPLAY_UNPICKED},
    {.name = "the id, but another reason",
     .publisher = "portal",
     .picked_id = ID,
     .picked_reason = "signature",
     .expected = REPLAY_UNPICKED},
    {.name = "forged and picked by its id",
     .publisher = "portal",
     .mutated = true,
     .picked_id = ID,
     .expected = REPLAY_UNPICKED},
    {.name = "expired and picked",
     .publisher = "portal",
     .age_ms = 25 * HOUR_MS,
     .picked_id = ID,
     .expected = REPLAY_EXPIRED},
};

static void write_event(const struct letter *letter, int64_t t0_ms, struct buffer *value)
{
    char text[1000], time[TIMESTAMP_SIZE];
    timestamp_format(t0_ms + letter->time_ahead_ms, time);
    snprintf(
        text, sizeof text,
        "{\"specversion\":\"1.0\",\"id\":\"" ID "\",\"source\":\"/tests\",\"type\":\"" EVENT_TYPE
        "\",\"time\":\"%s\",\"datacontenttype\":\"application/json\",\"data\":{\"tenant\":\"acme\","
        "\"user\":{\"id\":\"u1\",\"email\":\"u1@example.com\"},\"actor\":{\"role\":\"admin\",\"id\":\"a1\","
        "\"tenant\":\"%s\"},\"method\":\"link\"%s%s%s%s}}",
        time, letter->actor_tenant ? letter->actor_tenant : "acme",
        letter->not_after ? ",\"not_after\":\"" : "", letter->not_after ? letter->not_after : "",
        letter->not_after ? "\"" : "", letter->stamp ? letter->stamp : "");
    buffer_append_string(value, letter->value ? letter->value : text);
}

/* Judges the letter; the record's texts live in `value` and `signature`. */
static void judge(const struct letter *letter, struct replay_letter *judged, struct buffer *line)
{
    struct buffer value, signature;
    char t0[24];
    int64_t t0_ms = NOW_MS - letter->age_ms;
    snprintf(t0, sizeof t0, "%lld", (long long)t0_ms);
    buffer_init(&value, 4096);
    buffer_init(&signature, 400);
    write_event(letter, t0_ms, &value);
    struct kafka_record_header headers[8] = {
        {"attempt", TEXT("2")}, {"retry-at", TEXT("0")}, {"reason", TEXT("refused")}, {"copy", TEXT("3")}};
    size_t count = 4;
    const char *generation = letter->generation ? letter->generation : "6";
    if (generation[0])
        headers[count++] = (struct kafka_record_header){"generation", text_of(generation)};
    if (!letter->t0 || letter->t0[0])
        headers[count++] = (struct kafka_record_header){"t0", text_of(t0)};
    if (letter->publisher) {
        const struct publisher *publisher = publishers_find(publishers, text_of(letter->publisher));
        signature_make(&publisher->key, publisher->name, buffer_text(&value), &signature);
        headers[count++] = (struct kafka_record_header){SIGNATURE_HEADER, buffer_text(&signature)};
    }
    if (letter->mutated)
        value.bytes[value.size / 2] ^= 1;
    const struct kafka_record record = {.reference = {.partition = 4, .offset = 77},
                                        .topic = "dlq",
                                        .value = buffer_text(&value),
                                        .headers = headers,
                                        .header_count = count};
    const struct replay_rules rules = {.publishers = publishers,
                                       .policy = &policy,
                                       .accept_unsigned = letter->accept_unsigned,
                                       .drop = letter->drop,
                                       .now_ms = NOW_MS,
                                       .ids = &letter->picked_id,
                                       .id_count = letter->picked_id ? 1 : 0,
                                       .reasons = &letter->picked_reason,
                                       .reason_count = letter->picked_reason ? 1 : 0};
    replay_judge(&rules, &record, judged);
    replay_write(judged, &record, false, line);
    buffer_clear(&value);
    buffer_clear(&signature);
}

static void a_letter_gets_the_verdict_that_a_worker_would_give(void **state)
{
    (void)state;
    struct buffer line;
    buffer_init(&line, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct replay_letter judged;
        judge(&cases[i], &judged, &line);
        buffer_reset(&line);
        if (judged.verdict != cases[i].expected)
            fail_msg("%s: %d instead of %d: %s", cases[i].name, (int)judged.verdict, (int)cases[i].expected,
                     judged.why);
        if (cases[i].why && !strstr(judged.why, cases[i].why))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].name, judged.why, cases[i].why);
        assert_null(strstr(judged.why, "example.com"));
    }
    buffer_clear(&line);
}

static void the_copy_is_the_next_generation_with_the_original_t0(void **state)
{
    (void)state;
    struct buffer line;
    struct replay_letter judged;
    buffer_init(&line, 4096);
    judge(&(struct letter){.publisher = "portal", .age_ms = HOUR_MS}, &judged, &line);
    assert_int_equal(judged.position.generation, 7);
    assert_int_equal(judged.position.copy, 0);
    assert_int_equal(judged.position.attempt, 0);
    assert_int_equal(judged.position.t0_ms, NOW_MS - HOUR_MS);
    assert_int_equal(judged.position.retry_at_ms, NOW_MS);
    assert_int_equal(judged.position.reason, REASON_REFUSED);
    buffer_append_byte(&line, '\0');
    assert_string_equal(line.bytes, "{\"partition\":4,\"offset\":77,\"request_id\":\"" ID
                                    "\",\"reason\":\"refused\",\"generation\":6,\"verdict\":\"replayed\"}\n");
    buffer_clear(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_letter_gets_the_verdict_that_a_worker_would_give),
        cmocka_unit_test(the_copy_is_the_next_generation_with_the_original_t0),
    };
    return cmocka_run_group_tests(tests, open_publishers, close_publishers);
}
