/* A copy carries the original's headers and how far the request has come; whoever reads it gets that back or
 * an error. */
#include "support.h"

#include "io/retry_copy.h"

static const struct kafka_record_header original_headers[] = {
    {"reset-relay-signature", {"v1;portal;00", 12}},
    {"generation", {"99", 2}}, /* anybody may have put it there */
    {"__connect.errors.topic", {"elsewhere", 9}},
    {"traceparent", {"00-1", 4}},
};

static struct kafka_record original(void)
{
    return (struct kafka_record){
        .reference = {.partition = 3, .offset = 77},
        .topic = "requested",
        .timestamp_ms = 1700000000000,
        .headers = original_headers,
        .header_count = sizeof original_headers / sizeof *original_headers,
    };
}

static size_t times(const struct retry_copy *copy, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < copy->count; i++)
        count += strcmp(copy->headers[i].name, name) == 0;
    return count;
}

static struct kafka_record *as_read(const struct retry_copy *copy)
{
    struct kafka_record_header headers[RETRY_COPY_HEADERS + 16];
    for (size_t i = 0; i < copy->count; i++)
        headers[i] = (struct kafka_record_header){copy->headers[i].name, copy->headers[i].value};
    return kafka_record_copy(
        &(struct kafka_record){.topic = "retry", .headers = headers, .header_count = copy->count});
}

static void a_copy_says_where_the_request_stands(void **state)
{
    (void)state;
    struct kafka_record record = original();
    const struct retry_position position = {.generation = 1,
                                            .copy = 2,
                                            .attempt = 3,
                                            .t0_ms = 1700000000000,
                                            .retry_at_ms = 1700000030000,
                                            .reason = REASON_REFUSED_FOR_NOW};
    struct retry_copy copy;
    retry_copy_init(&copy, &record, &position, &(struct retry_fault){0});
    assert_int_equal(times(&copy, "generation"), 1);
    assert_int_equal(times(&copy, "__connect.errors.topic"), 0);
    assert_int_equal(times(&copy, "reset-relay-signature"), 1);
    assert_int_equal(times(&copy, "traceparent"), 1);
    struct kafka_record *read = as_read(&copy);
    struct retry_position got;
    struct error error;
    assert_ok(retry_position_read(read, &got, &error), &error);
    assert_int_equal(got.generation, position.generation);
    assert_int_equal(got.copy, position.copy);
    assert_int_equal(got.attempt, position.attempt);
    assert_int_equal(got.t0_ms, position.t0_ms);
    assert_int_equal(got.retry_at_ms, position.retry_at_ms);
    assert_int_equal(got.reason, position.reason);
    kafka_record_free(&read);
}

static void however_many_headers_there_are_the_signature_goes_with_the_copy(void **state)
{
    (void)state;
    enum { MANY = RETRY_COPY_HEADERS + 12 };
    struct kafka_record_header headers[MANY];
    for (size_t i = 0; i < MANY; i++)
        headers[i] = (struct kafka_record_header){"baggage", TEXT("1")};
    headers[3] =
        (struct kafka_record_header){"reset-relay-signature", TEXT("v1;portal;not the one that counts")};
    headers[MANY - 1] = (struct kafka_record_header){"reset-relay-signature", TEXT("v1;portal;00")};
    struct kafka_record record = original();
    record.headers = headers;
    record.header_count = MANY;
    const struct retry_position position = retry_position_of_original(&record);
    struct retry_copy copy;
    retry_copy_init(&copy, &record, &position, &(struct retry_fault){.stage = "refused", .message = "no"});
    struct kafka_record *read = as_read(&copy);
    struct text value;
    assert_int_equal(times(&copy, "reset-relay-signature"), 1);
    assert_true(kafka_record_header(read, "reset-relay-signature", &value));
    assert_true(text_equal(value, TEXT("v1;portal;00")));
    assert_true(copy.count <= sizeof copy.headers / sizeof *copy.headers);
    kafka_record_free(&read);
}

static void a_dead_letter_tells_why_in_connects_words(void **state)
{
    (void)state;
    struct kafka_record record = original();
    struct retry_position position = retry_position_of_original(&record);
    position.reason = REASON_SCHEMA;
    struct retry_copy copy;
    retry_copy_init(&copy, &record, &position,
                    &(struct retry_fault){.stage = "decode", .message = "/data is missing"});
    struct kafka_record *read = as_read(&copy);
    struct text value;
    assert_true(kafka_record_header(read, "__connect.errors.topic", &value) &&
                text_equal(value, text_of("requested")));
    assert_true(kafka_record_header(read, "__connect.errors.offset", &value) &&
                text_equal(value, text_of("77")));
    assert_true(kafka_record_header(read, "__connect.errors.exception.message", &value));
    assert_true(text_equal(value, text_of("/data is missing")));
    assert_true(kafka_record_header(read, "reason", &value) && text_equal(value, text_of("schema")));
    kafka_record_free(&read);
}

static void a_header_that_is_missing_or_no_number_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
    } faults[] = {{"generation", NULL},      {"copy", "-1"},        {"t0", "soon"}, {"retry-at", ""},
                  {"attempt", "4294967296"}, {"copy", "4294967295"}};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct kafka_record_header headers[5];
        static const char *const names[] = {"generation", "copy", "attempt", "t0", "retry-at"};
        size_t count = 0;
        for (size_t name = 0; name < 5; name++) {
            bool faulty = strcmp(names[name], faults[i].name) == 0;
            if (!faulty || faults[i].value)
                headers[count++] =
                    (struct kafka_record_header){names[name], text_of(faulty ? faults[i].value : "1")};
        }
        struct kafka_record record = {.topic = "retry", .headers = headers, .header_count = count};
        struct retry_position position;
        struct error error = {0};
        assert_int_equal(retry_position_read(&record, &position, &error), STATUS_INVALID);
        assert_non_null(strstr(error.text, faults[i].name));
    }
}

static void a_time_that_no_clock_shows_is_brought_into_range(void **state)
{
    (void)state;
    static const struct {
        int64_t timestamp_ms, t0_ms;
    } cases[] = {{-1, 0}, {INT64_MIN, 0}, {1700000000000, 1700000000000}, {INT64_MAX, 253402300799999}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kafka_record record = {.topic = "requested", .timestamp_ms = cases[i].timestamp_ms};
        assert_int_equal(retry_position_of_original(&record).t0_ms, cases[i].t0_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_says_where_the_request_stands),
        cmocka_unit_test(however_many_headers_there_are_the_signature_goes_with_the_copy),
        cmocka_unit_test(a_dead_letter_tells_why_in_connects_words),
        cmocka_unit_test(a_header_that_is_missing_or_no_number_is_named),
        cmocka_unit_test(a_time_that_no_clock_shows_is_brought_into_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
