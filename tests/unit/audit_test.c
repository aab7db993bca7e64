/* An audit record says what happened, once, in one line that cannot be misread. */
#include "support.h"

#include <jansson.h>

#include "core/audit.h"
#include "core/uuid.h"

static struct audit_record full_record(void)
{
    return (struct audit_record){
        .id = "5d0cf1de-4c6b-8f3a-9b0e-6a7c1f2d3e4b",
        .time_ms = 1763788201004,
        .source = TEXT("/reset-worker"),
        .outcome = OUTCOME_DEFERRED,
        .reason = REASON_UNCERTAIN,
        .request_id = TEXT("0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7"),
        .tenant = TEXT("ac\"me\n"),
        .user_id = TEXT("u\xe2\x80\xae\xff"),
        .actor_role = TEXT("admin"),
        .actor_id = TEXT("u-7"),
        .actor_tenant = TEXT("acme"),
        .has_method = true,
        .has_asserted_by = true,
        .asserted_by = {CHANNEL_HTTP, TEXT("k1"), false},
        .publisher = TEXT("intake"),
        .mailbox = TEXT("9f86d081"),
        .mailbox_key = TEXT("m1"),
        .copy = 2,
        .attempt = 3,
        .smtp_code = 451,
        .smtp_enhanced = TEXT("4.7.1"),
        .maybe_mailed = true,
        .worker = TEXT("worker-1"),
        .topic = TEXT("password-reset.requested.v1"),
        .partition = 0,
        .offset = 0,
        .traceparent = TEXT("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    };
}

static void every_field_stands_where_the_schema_has_it(void **state)
{
    (void)state;
    struct audit_record record = full_record();
    struct buffer out;
    buffer_init(&out, AUDIT_MAXIMUM_SIZE);
    audit_encode(&record, &out);
    assert_false(out.failed);
    json_t *tree = json_loadb(out.bytes, out.size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(tree);
    const char *expected =
        "{\"specversion\":\"1.0\",\"type\":\"identity.password-reset.audited.v1\","
        "\"id\":\"5d0cf1de-4c6b-8f3a-9b0e-6a7c1f2d3e4b\",\"source\":\"/reset-worker\","
        "\"time\":\"2025-11-22T05:10:01.004Z\",\"datacontenttype\":\"application/json\","
        "\"traceparent\":\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\","
        "\"data\":{\"outcome\":\"deferred\",\"reason\":\"uncertain\","
        "\"request_id\":\"0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7\",\"tenant\":\"ac\\\"me\\n\","
        "\"user_id\":\"u\\u202e\\ufffd\",\"method\":\"link\",\"copy\":2,\"attempt\":3,\"maybe_mailed\":true,"
        "\"worker\":\"worker-1\",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
        "\"actor\":{\"role\":\"admin\",\"id\":\"u-7\",\"tenant\":\"acme\"},"
        "\"asserted_by\":{\"channel\":\"http\",\"key_id\":\"k1\",\"publisher\":\"intake\"},"
        "\"mailbox\":{\"hash\":\"9f86d081\",\"key_id\":\"m1\"},\"smtp\":{\"code\":451,\"enhanced\":\"4.7.1\"}"
        ","
        "\"kafka\":{\"topic\":\"password-reset.requested.v1\",\"partition\":0,\"offset\":0}}}";
    json_t *wanted = json_loads(expected, 0, NULL);
    assert_true(json_equal(tree, wanted));
    json_decref(wanted);
    json_decref(tree);
    buffer_clear(&out);
}

static void what_is_not_known_is_left_out(void **state)
{
    (void)state;
    struct audit_record record = {.id = "5d0cf1de-4c6b-8f3a-9b0e-6a7c1f2d3e4b",
                                  .source = TEXT("/reset-worker"),
                                  .outcome = OUTCOME_DEAD,
                                  .reason = REASON_POLICY,
                                  .detail = REASON_SCOPE};
    struct buffer out;
    buffer_init(&out, AUDIT_MAXIMUM_SIZE);
    audit_encode(&record, &out);
    const char *data = ",\"data\":{\"outcome\":\"dead\",\"reason\":\"policy\",\"detail\":\"scope\"}}";
    assert_true(out.size > strlen(data));
    assert_memory_equal(out.bytes + out.size - strlen(data), data, strlen(data));
    buffer_clear(&out);
}

static void the_longest_strings_of_an_event_fit_into_a_record(void **state)
{
    (void)state;
    char controls[128];
    memset(controls, 1, sizeof controls);
    struct text worst = {controls, sizeof controls};
    struct audit_record record = full_record();
    record.tenant = record.user_id = record.actor_role = record.actor_id = record.actor_tenant = worst;
    record.asserted_by.key_id = record.publisher = record.worker = record.into = worst;
    struct buffer out;
    buffer_init(&out, AUDIT_MAXIMUM_SIZE);
    audit_encode(&record, &out);
    assert_false(out.failed);
    assert_null(memchr(out.bytes, '\n', out.size));
    buffer_clear(&out);
}

static void an_id_is_the_same_for_the_same_outcome_only(void **state)
{
    (void)state;
    static const struct {
        enum outcome outcome;
        const char *request;
        int64_t generation, copy;
        const char *incarnation;
    } outcomes[] = {
        {OUTCOME_SENT, "r1", 0, 0, "aa"},  {OUTCOME_DEAD, "r1", 0, 0, "aa"},
        {OUTCOME_SENT, "r2", 0, 0, "aa"},  {OUTCOME_SENT, "r1", 1, 0, "aa"},
        {OUTCOME_SENT, "r1", 0, 1, "aa"},  {OUTCOME_SENT, "r1", 0, 0, "ab"},
        {OUTCOME_SENT, "r1", 0, 0, ""},    {OUTCOME_SENT, "r10", 0, 0, "aa"},
        {OUTCOME_SENT, "r1", 10, 0, "aa"}, {OUTCOME_REDEEMED, "r1", 0, 0, "aa"},
    };
    enum { COUNT = sizeof outcomes / sizeof *outcomes };
    char ids[COUNT + 3][AUDIT_ID_SIZE], again[AUDIT_ID_SIZE];
    for (size_t i = 0; i < COUNT; i++) {
        for (int repeat = 0; repeat < 2; repeat++)
            audit_id_of_request(outcomes[i].outcome, text_of(outcomes[i].request), outcomes[i].generation,
                                outcomes[i].copy, text_of(outcomes[i].incarnation), repeat ? again : ids[i]);
        assert_string_equal(ids[i], again);
    }
    audit_id_of_record(OUTCOME_DEAD, TEXT("requested"), 1, 23, ids[COUNT]);
    audit_id_of_record(OUTCOME_DEAD, TEXT("requested"), 12, 3, ids[COUNT + 1]);
    audit_id_of_record(OUTCOME_DENIED, TEXT("requested"), 1, 23, ids[COUNT + 2]);
    for (size_t i = 0; i < COUNT + 3; i++) {
        assert_true(uuid_is_text(text_of(ids[i])));
        assert_int_equal(ids[i][14], '8');
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(ids[i], ids[j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_stands_where_the_schema_has_it),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(the_longest_strings_of_an_event_fit_into_a_record),
        cmocka_unit_test(an_id_is_the_same_for_the_same_outcome_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
