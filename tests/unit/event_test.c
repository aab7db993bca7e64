/* A request or an event is read whole or refused by the name of its field, whatever bytes come. */
#include "support.h"

#include <stdio.h>

#include "core/event.h"
#include "core/json_memory.h"
#include "support/event_survives.h"

#define ID          "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7"
#define TRACE       "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define USER        "\"user\":{\"id\":\"u1\",\"email\":\"bob@acme.example\"}"
#define ACTOR       "\"actor\":{\"role\":\"admin\",\"id\":\"u7\",\"tenant\":\"acme\"}"
#define BODY        "\"tenant\":\"acme\"," USER "," ACTOR ",\"method\":\"link\""
#define HEAD        "\"specversion\":\"1.0\",\"id\":\"" ID "\",\"source\":\"/app\",\"type\":\"" EVENT_TYPE "\""
#define TIME        "\"time\":\"2025-11-22T05:10:00.123Z\""
#define EVENT(data) "{" HEAD "," TIME ",\"data\":{" data "}}"

static struct request *request_of(const char *body)
{
    struct request *request = NULL;
    struct error error;
    assert_ok(request_decode(text_of(body), &request, NULL, &error), &error);
    return request;
}

static void assert_text(struct text text, const char *expected)
{
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.bytes, expected, text.size);
}

/* The field that is blamed, as people read it in the problem+json. */
static const struct {
    const char *body, *field;
} blamed_requests[] = {
    {"{" BODY ",\"priority\":1}", "/priority"},
    {"{" BODY ",\"eve@evil.example\":1}", ""},
    {"{" BODY ",\"asserted_by\":{}}", "/asserted_by"},
    {"{" BODY ",\"password\":\"umbrella granite\"}", "/password"},
    {"{" BODY ",\"client\":{\"port\":1}}", "/client/port"},
    {"{" BODY ",\"not_after\":\"soon\"}", "/not_after"},
    {"{" USER "," ACTOR ",\"method\":\"link\"}", "/tenant"},
    {"{\"tenant\":\"acme\",\"user\":{\"id\":\"u1\"}," ACTOR ",\"method\":\"link\"}", "/user/email"},
    {"{\"tenant\":\"acme\",\"user\":{\"id\":\"u1\",\"email\":\"x\"}," ACTOR ",\"method\":\"link\"}",
     "/user/email"},
    {"{\"tenant\":\"acme\"," USER ",\"actor\":{\"role\":1}}", "/method"},
    {"{\"tenant\":\"acme\"," USER ",\"actor\":{\"role\":1},\"method\":\"link\"}", "/actor/role"},
    {"{\"tenant\":\"acme\"," USER "," ACTOR ",\"method\":\"fax\"}", "/method"},
};

static void the_field_at_fault_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof blamed_requests / sizeof *blamed_requests; i++) {
        struct request *request = NULL;
        struct error error = {0};
        enum reason reason = REASON_NONE;
        if (request_decode(text_of(blamed_requests[i].body), &request, &reason, &error) != STATUS_INVALID ||
            strcmp(error.field, blamed_requests[i].field) != 0)
            fail_msg("%s blamed \"%s\"", blamed_requests[i].body, error.field);
        assert_null(request);
        assert_int_equal(reason, REASON_SCHEMA);
        assert_null(strstr(error.text, "evil"));
    }
}

static void an_event_points_below_its_data(void **state)
{
    (void)state;
    struct reset_event *event = NULL;
    struct error error;
    enum reason reason;
    assert_int_equal(
        reset_event_decode(TEXT(EVENT("\"tenant\":\"a/b\"," USER "," ACTOR ",\"method\":\"link\"")), &event,
                           &reason, &error),
        STATUS_INVALID);
    assert_string_equal(error.field, "/data/tenant");
    assert_int_equal(reset_event_decode(TEXT(EVENT(BODY ",\"password\":\"\"")), &event, &reason, &error),
                     STATUS_INVALID);
    assert_string_equal(error.field, "/data/password");
    assert_null(event);
}

static void every_field_reaches_its_place(void **state)
{
    (void)state;
    struct request *request = request_of(
        "{\"tenant\":\"acme\",\"user\":{\"id\":\"u1\",\"email\":\"bob@acme.example\",\"name\":\"Zo\\u00eb\","
        "\"locale\":\"en-GB\",\"timezone\":\"Europe/London\",\"role\":\"user\"},\"actor\":{\"role\":\"self\","
        "\"id\":\"u1\",\"tenant\":\"acme\"},\"method\":\"temporary_password_chosen\",\"password\":\"umbrella "
        "granite\",\"not_after\":\"2025-11-22T06:10:00+01:00\",\"client\":{\"ip\":\"192.0.2.1\",\"user_"
        "agent\":\"A\"}}");
    assert_text(request->tenant, "acme");
    assert_true(request->user_known);
    assert_text(request->user_id, "u1");
    assert_text(request->user_email, "bob@acme.example");
    assert_text(request->user_name, "Zo\xc3\xab");
    assert_text(request->user_locale, "en-GB");
    assert_text(request->user_timezone, "Europe/London");
    assert_text(request->user_role, "user");
    assert_text(request->actor_role, "self");
    assert_text(request->actor_id, "u1");
    assert_text(request->actor_tenant, "acme");
    assert_int_equal(request->method, METHOD_TEMPORARY_PASSWORD_CHOSEN);
    assert_text(request->password, "umbrella granite");
    assert_int_equal(request->not_after_ms, 1763788200000);
    assert_text(request->client_ip, "192.0.2.1");
    assert_text(request->client_user_agent, "A");
    assert_int_equal(request_class(request), ACTOR_SELF);
    request_free(&request);
    assert_null(request);
    request_free(&request);
}

static void an_envelope_is_read_and_a_bad_trace_ignored(void **state)
{
    (void)state;
    static const struct {
        const char *trace, *kept;
    } traces[] = {
        {"\"" TRACE "\"", TRACE},
        {"7", ""},
        {"\"\"", ""},
        {"\"00-4BF92F3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"", ""},
        {"\"00-00000000000000000000000000000000-00f067aa0ba902b7-01\"", ""},
        {"\"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01\"", ""},
        {"\"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"", ""},
        {"\"" TRACE "x\"", ""},
    };
    for (size_t i = 0; i < sizeof traces / sizeof *traces; i++) {
        char bytes[1024];
        snprintf(bytes, sizeof bytes,
                 "{\"specversion\":\"1.0\",\"id\":\"0199F1A0-5C3E-7D2B-9A41-3F0C8BE2D6A7\",\"source\":\"/"
                 "app\",\"type\":"
                 "\"" EVENT_TYPE "\"," TIME ",\"traceparent\":%s,\"data\":{" BODY "}}",
                 traces[i].trace);
        struct reset_event *event = NULL;
        struct error error;
        assert_ok(reset_event_decode(text_of(bytes), &event, NULL, &error), &error);
        assert_string_equal(event->traceparent, traces[i].kept);
        assert_string_equal(event->id, ID);
        assert_int_equal(event->time_ms, 1763788200123);
        assert_text(event->source, "/app");
        assert_int_equal(event->asserted_by.channel, CHANNEL_KAFKA);
        assert_null(event->asserted_by.key_id.bytes);
        reset_event_free(&event);
    }
}

static void an_unusable_name_is_marked_and_kept(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool unusable;
    } names[] = {
        {"Bob Example", false},
        {"", false},
        {"J. R. R. Tolkien", false},
        {"\xd9\x84\xd9\x8a\xd9\x84\xd9\x89", false},
        {"Hacked? evil.example", true},
        {"http://x", true},
        {"bob@acme", true},
        {"Bob\\r\\nBcc: x", true},
        {"Bob \\u202egnp", true},
        {"evil\\uff0eexample", true},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char body[512];
        snprintf(body, sizeof body,
                 "{\"tenant\":\"acme\",\"user\":{\"id\":\"u1\",\"email\":\"b@acme.example\",\"name\":\"%s\"}"
                 "," ACTOR ",\"method\":\"link\"}",
                 names[i].name);
        struct request *request = request_of(body);
        if (request->name_unusable != names[i].unusable ||
            (names[i].name[0] != '\0') != (request->user_name.size > 0))
            fail_msg("\"%s\" unusable: %d", names[i].name, request->name_unusable);
        request_free(&request);
    }
}

static void digest_of(const char *body, unsigned char digest[EVENT_DIGEST_SIZE])
{
    struct request *request = request_of(body);
    request_digest(request, digest);
    request_free(&request);
}

static void a_digest_tells_what_is_asked_and_not_how_it_is_written(void **state)
{
    (void)state;
    unsigned char first[EVENT_DIGEST_SIZE], other[EVENT_DIGEST_SIZE];
    digest_of("{" BODY ",\"not_after\":\"2030-01-01T00:00:00Z\"}", first);
    digest_of(
        "{\"method\":\"link\", " ACTOR ",\"not_after\":\"2030-01-01T01:00:00.000+01:00\","
        "\"user\":{\"email\":\"b\\u006fb@acme.example\",\"locale\":\"\",\"id\":\"u1\"},\"tenant\":\"acme\"}",
        other);
    assert_memory_equal(first, other, sizeof first);
    const char *different[] = {
        "{" BODY "}",
        "{" BODY ",\"not_after\":\"2030-01-01T00:00:00.001Z\"}",
        "{\"tenant\":\"acme\",\"user\":null," ACTOR
        ",\"method\":\"link\",\"not_after\":\"2030-01-01T00:00:00Z\"}",
        "{\"tenant\":\"acme\",\"user\":{\"id\":\"u1\",\"email\":\"eve@evil.example\"}," ACTOR
        ",\"method\":\"link\",\"not_after\":\"2030-01-01T00:00:00Z\"}",
        "{" BODY ",\"not_after\":\"2030-01-01T00:00:00Z\",\"client\":{\"ip\":\"x\"}}",
        "{" BODY ",\"not_after\":\"2030-01-01T00:00:00Z\",\"client\":{\"user_agent\":\"x\"}}",
    };
    for (size_t i = 0; i < sizeof different / sizeof *different; i++) {
        digest_of(different[i], other);
        assert_memory_not_equal(first, other, sizeof first);
    }
}

static void the_key_is_the_tenant_and_the_user(void **state)
{
    (void)state;
    struct buffer key;
    buffer_init(&key, 512);
    struct request *request = request_of("{" BODY "}");
    request_key(request, &key);
    assert_text(buffer_text(&key), "acme/u1");
    request_free(&request);
    buffer_reset(&key);
    request = request_of("{\"tenant\":\"acme\",\"user\":null," ACTOR ",\"method\":\"link\"}");
    request_key(request, &key);
    assert_int_equal(key.size, 0);
    request_free(&request);
    buffer_clear(&key);
}

static void the_largest_request_still_fits_into_an_event(void **state)
{
    (void)state;
    static const char *const worst[] = {"\x7f", "\xe2\x80\xae", "\\n", "\\\"", "\\u0001", "\\ud83d\\ude00"};
    for (size_t i = 0; i < sizeof worst / sizeof *worst; i++) {
        struct buffer body;
        buffer_init(&body, REQUEST_MAXIMUM_SIZE);
        buffer_append_string(&body, "{\"tenant\":\"acme\"," ACTOR
                                    ",\"method\":\"link\",\"user\":{\"id\":\"u1\",\"email\":"
                                    "\"b@acme.example\",\"name\":\"");
        while (body.size + 16 < body.limit)
            buffer_append_string(&body, worst[i]);
        buffer_append_string(&body, "\"}}");
        struct request *request = NULL;
        struct error error;
        assert_ok(request_decode(buffer_text(&body), &request, NULL, &error), &error);
        assert_true(request->name_unusable);
        assert_event_survives(request);
        request_free(&request);
        buffer_clear(&body);
    }
}

static void an_event_that_does_not_fit_is_not_half_written(void **state)
{
    (void)state;
    struct request *request = request_of("{" BODY "}");
    const struct event_stamp stamp = {.id = ID, .time_ms = 1, .source = TEXT("/p")};
    struct error error;
    for (size_t limit = 0; limit < 300; limit += 7) {
        struct buffer out;
        buffer_init(&out, limit);
        assert_int_equal(reset_event_encode(request, &stamp, &out, &error), STATUS_FULL);
        buffer_clear(&out);
    }
    request_free(&request);
}

int main(void)
{
    json_memory_start(); /* so that a text which still pointed into the tree would be found wiped */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_field_at_fault_is_named),
        cmocka_unit_test(an_event_points_below_its_data),
        cmocka_unit_test(every_field_reaches_its_place),
        cmocka_unit_test(an_envelope_is_read_and_a_bad_trace_ignored),
        cmocka_unit_test(an_unusable_name_is_marked_and_kept),
        cmocka_unit_test(a_digest_tells_what_is_asked_and_not_how_it_is_written),
        cmocka_unit_test(the_key_is_the_tenant_and_the_user),
        cmocka_unit_test(the_largest_request_still_fits_into_an_event),
        cmocka_unit_test(an_event_that_does_not_fit_is_not_half_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
