/* A password that was changed: what a service says of it, and the events that carry it. */
#include "support.h"

#include <stdio.h>

#include "core/event.h"
#include "core/json_memory.h"
#include "support/event_survives.h"

#define ID      "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7"
#define REQUEST "0199f19e-0b1c-7a55-8d10-6e2f9c4b7a31"
#define USER    "\"user\":{\"id\":\"u1\",\"email\":\"bob@acme.example\"}"
#define ACTOR   "\"actor\":{\"role\":\"self\",\"id\":\"u1\",\"tenant\":\"acme\"}"
#define BODY    "\"tenant\":\"acme\"," USER "," ACTOR
#define EVENT(data)                                                                                          \
    "{\"specversion\":\"1.0\",\"id\":\"" ID "\",\"source\":\"/app\",\"type\":\"" EVENT_COMPLETED_TYPE        \
    "\",\"time\":\"2025-11-22T05:10:00.123Z\",\"data\":{" data "}}"

static struct password_change *change_of(const char *body)
{
    struct password_change *change = NULL;
    struct error error;
    assert_ok(password_change_decode(text_of(body), &change, NULL, &error), &error);
    return change;
}

static void the_field_at_fault_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *body, *field;
    } cases[] = {
        {"{" BODY ",\"priority\":1}", "/priority"},
        {"{" BODY ",\"method\":\"link\"}", "/method"},
        {"{" BODY ",\"address\":\"current\"}", "/address"},
        {"{" BODY ",\"password\":\"umbrella granite\"}", "/password"},
        {"{" BODY ",\"not_after\":\"2030-01-01T00:00:00Z\"}", "/not_after"},
        {"{" BODY ",\"asserted_by\":{}}", "/asserted_by"},
        {"{" BODY ",\"request_id\":\"yes\"}", "/request_id"},
        {"{" BODY ",\"request_id\":\"\"}", "/request_id"},
        {"{" BODY ",\"request_id\":null}", "/request_id"},
        {"{" BODY ",\"previous_email\":\"bob\"}", "/previous_email"},
        {"{" BODY ",\"previous_email\":null}", "/previous_email"},
        {"{" USER "," ACTOR "}", "/tenant"},
        {"{\"tenant\":\"acme\"," USER "}", "/actor"},
        {"{\"tenant\":\"acme\",\"user\":null," ACTOR "}", "/user"},
        {"{\"tenant\":\"acme\"," ACTOR "}", "/user"},
        {"{\"tenant\":\"acme\",\"user\":{\"id\":\"u1\",\"email\":\"b@x.example\",\"role\":\"admin\"}," ACTOR
         "}",
         "/user/role"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct password_change *change = NULL;
        struct error error = {0};
        enum reason reason = REASON_NONE;
        if (password_change_decode(text_of(cases[i].body), &change, &reason, &error) != STATUS_INVALID ||
            strcmp(error.field, cases[i].field) != 0)
            fail_msg("%s blamed \"%s\"", cases[i].body, error.field);
        assert_int_equal(reason, REASON_SCHEMA);
        assert_null(change);
    }
}

static void a_change_names_the_request_in_any_case(void **state)
{
    (void)state;
    struct password_change *change =
        change_of("{" BODY ",\"request_id\":\"0199F19E-0B1C-7A55-8D10-6E2F9C4B7A31\"}");
    assert_string_equal(change->request.completes, REQUEST);
    assert_int_equal(change->request.method, METHOD_PASSWORD_CHANGED);
    assert_int_equal(change->request.address, ADDRESS_CURRENT);
    assert_true(change->request.user_known);
    assert_int_equal(change->previous_email.size, 0);
    assert_event_survives(&change->request);
    password_change_free(&change);
    assert_null(change);
    change = change_of("{" BODY "}");
    assert_string_equal(change->request.completes, "");
    password_change_free(&change);
}

static void the_same_address_twice_is_one(void **state)
{
    (void)state;
    struct password_change *change = change_of("{" BODY ",\"previous_email\":\"bob@acme.example\"}");
    assert_int_equal(change->previous_email.size, 0);
    password_change_free(&change);
    change = change_of("{" BODY ",\"previous_email\":\"bob@old.example\"}");
    assert_true(text_equal(change->previous_email, TEXT("bob@old.example")));
    password_change_free(&change);
}

static void the_previous_address_gets_the_same_change(void **state)
{
    (void)state;
    struct password_change *change =
        change_of("{" BODY ",\"request_id\":\"" REQUEST "\",\"client\":{\"ip\":\"198.51.100.7\"},"
                  "\"previous_email\":\"bob@old.example\"}");
    struct request previous = password_change_previous(change);
    unsigned char first[EVENT_DIGEST_SIZE], second[EVENT_DIGEST_SIZE];
    assert_event_survives(&previous);
    assert_int_equal(previous.address, ADDRESS_PREVIOUS);
    assert_true(text_equal(previous.user_email, TEXT("bob@old.example")));
    assert_string_equal(previous.completes, REQUEST);
    request_digest(&change->request, first);
    request_digest(&previous, second);
    assert_memory_not_equal(first, second, sizeof first);
    previous.user_email = change->request.user_email;
    request_digest(&previous, second);
    assert_memory_not_equal(first, second, sizeof first);
    previous.address = ADDRESS_CURRENT;
    previous.completes[0] = '\0';
    request_digest(&previous, second);
    assert_memory_not_equal(first, second, sizeof first);
    password_change_free(&change);
}

static void an_event_is_read_as_far_as_it_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *event, *field; /* NULL: accepted */
    } cases[] = {
        {EVENT(BODY ",\"address\":\"current\""), NULL},
        {EVENT(BODY ",\"address\":\"previous\",\"request_id\":\"" REQUEST "\",\"mood\":1"), NULL},
        {EVENT(BODY ",\"address\":\"current\",\"method\":\"fax\",\"not_after\":7"), NULL},
        {EVENT(BODY), "/data/address"},
        {EVENT(BODY ",\"address\":\"other\""), "/data/address"},
        {EVENT(BODY ",\"address\":\"current\",\"request_id\":\"1\""), "/data/request_id"},
        {EVENT(BODY ",\"address\":\"current\",\"password\":\"umbrella granite\""), "/data/password"},
        {EVENT(BODY ",\"address\":\"current\",\"password\":\"\""), "/data/password"},
        {EVENT("\"tenant\":\"acme\",\"user\":null," ACTOR ",\"address\":\"current\""), "/data/user"},
        {EVENT(BODY ",\"address\":\"current\",\"asserted_by\":{\"channel\":\"kafka\",\"key_id\":\"k\"}"),
         "/data/asserted_by/channel"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reset_event *event = NULL;
        struct error error = {0};
        enum status status = reset_event_decode(text_of(cases[i].event), &event, NULL, &error);
        if ((status == STATUS_OK) != !cases[i].field ||
            (cases[i].field && strcmp(error.field, cases[i].field) != 0))
            fail_msg("%s: %d, blamed \"%s\"", cases[i].event, status, error.field);
        if (event)
            assert_int_equal(event->request.method, METHOD_PASSWORD_CHANGED);
        reset_event_free(&event);
    }
}

static void no_request_asks_for_it(void **state)
{
    (void)state;
    struct request *request = NULL;
    struct error error = {0};
    assert_int_equal(
        request_decode(TEXT("{" BODY ",\"method\":\"password_changed\"}"), &request, NULL, &error),
        STATUS_INVALID);
    assert_string_equal(error.field, "/method");
}

int main(void)
{
    json_memory_start(); /* so that a text which still pointed into the tree would be found wiped */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_field_at_fault_is_named),
        cmocka_unit_test(a_change_names_the_request_in_any_case),
        cmocka_unit_test(the_same_address_twice_is_one),
        cmocka_unit_test(the_previous_address_gets_the_same_change),
        cmocka_unit_test(an_event_is_read_as_far_as_it_is_understood),
        cmocka_unit_test(no_request_asks_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
