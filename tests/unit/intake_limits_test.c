/* Which requests share a limit at the intake, what a refusal says, and what costs nothing. */
#include "support.h"

#include <sodium.h>

#include "producer/client_address.h"
#include "producer/intake_limits.h"

enum { HOUR = 3600000 };

static struct intake_limits *limits_of(uint32_t per_client, uint32_t per_key)
{
    struct intake_limits *limits = NULL;
    struct error error = {0};
    struct rate client = {per_client, HOUR}, key = {per_key, HOUR};
    assert_ok(intake_limits_new(&client, &key, &limits, &error), &error);
    return limits;
}

static bool asks(struct intake_limits *limits, const char *ip, const char *role,
                 struct intake_refusal *refusal)
{
    const struct request request = {.client_ip = text_of(ip), .actor_role = text_of(role)};
    struct intake_pass pass = {0};
    return intake_limits_pass_client(limits, &request, 1000, &pass, refusal);
}

static void clients_are_told_apart_by_their_network(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        bool same;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"192.0.2.1", "::ffff:c000:201", true},
        {"192.0.2.1", "192.0.2.1:4711", true},
        {"192.0.2.1", "[::ffff:192.0.2.1]:4711", true},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
        {"192.0.2.1", "::192.0.2.1", false},
        {"0.0.0.0", "::", false},
        {"2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
        {"2001:db8:1:2::1", "2001:DB8:0001:2:0:0:0:9", true},
        {"2001:db8:1:2::1", "[2001:db8:1:2::7]:443", true},
        {"2001:db8:1:2::1", "[2001:db8:1:2::7]", true},
        {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
        {"fe80::1%eth0", "fe80::2", true},
        {"somebody", "somebody", true},
        {"somebody", "Somebody", false},
        {"192.0.2.1, 198.51.100.7", "192.0.2.1", false},
        {"192.0.2.256", "192.0.2.1", false},
        {"0192.0.2.1", "192.0.2.1", false},
        {"[192.0.2.1", "192.0.2.1", false},
        {":", "::", false},
        {"%", "::", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct intake_limits *limits = limits_of(1, 0);
        struct intake_refusal refusal;
        assert_true(asks(limits, cases[i].one, "self", &refusal));
        bool second = asks(limits, cases[i].other, "self", &refusal);
        if (second == cases[i].same)
            fail_msg("%s and %s must be %s", cases[i].one, cases[i].other,
                     cases[i].same ? "one client" : "two clients");
        intake_limits_free(&limits);
    }
}

static void an_ipv4_address_is_whole_and_an_ipv6_address_is_its_first_half(void **state)
{
    (void)state;
    unsigned char network[CLIENT_NETWORK_SIZE];
    static const unsigned char four[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    static const unsigned char six[CLIENT_NETWORK_SIZE] = {0x20, 1, 0x0d, 0xb8, 0, 1, 0, 2};
    assert_true(client_network(TEXT("192.0.2.1"), network));
    assert_memory_equal(network, four, sizeof four);
    assert_true(client_network(TEXT("2001:db8:1:2:3:4:5:6"), network));
    assert_memory_equal(network, six, sizeof six);
    static const char *const none[] = {
        "",         "x",
        "1.2.3",    "1.2.3.4.5",
        "::1::",    "12345::",
        "[::1",     "1.2.3.4/8",
        " 1.2.3.4", "0000000000000000000000000000000000000000000000000000000000000001.2.3.4"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(client_network(text_of(none[i]), network));
    assert_false(client_network((struct text){"1.2.3.4\0", 8}, network));
    assert_false(client_network((struct text){NULL, 0}, network));
}

static void a_flood_of_self_requests_leaves_the_administrators_their_own(void **state)
{
    (void)state;
    struct intake_limits *limits = limits_of(2, 0);
    struct intake_refusal refusal;
    for (int i = 0; i < 10; i++)
        assert_int_equal(asks(limits, "192.0.2.1", "self", &refusal), i < 2);
    assert_true(asks(limits, "192.0.2.1", "admin", &refusal));
    assert_true(asks(limits, "192.0.2.1", "manager", &refusal));
    assert_false(asks(limits, "192.0.2.1", "admin", &refusal));
    intake_limits_free(&limits);
}

static void a_refusal_says_whose_limit_it_is_and_when_to_come_back(void **state)
{
    (void)state;
    struct intake_limits *limits = limits_of(1, 1);
    struct intake_refusal refusal;
    struct intake_pass first = {0}, second = {0};
    assert_true(asks(limits, "192.0.2.1", "self", &refusal));
    assert_false(asks(limits, "192.0.2.1", "self", &refusal));
    assert_int_equal(refusal.reason, REASON_CLIENT_LIMIT);
    assert_in_range(refusal.retry_after_s, 3600, 3600 + 240);
    assert_false(refusal.quiet);
    assert_false(asks(limits, "192.0.2.1", "self", &refusal));
    assert_true(refusal.quiet);
    assert_true(intake_limits_pass_key(limits, TEXT("k1"), 1000, &first, &refusal));
    assert_false(intake_limits_pass_key(limits, TEXT("k1"), 1000, &second, &refusal));
    assert_int_equal(refusal.reason, REASON_KEY_LIMIT);
    assert_false(second.took_key);
    assert_true(intake_limits_pass_key(limits, TEXT("k2"), 1000, &second, &refusal));
    intake_limits_free(&limits);
}

static void what_the_client_limit_refuses_uses_up_no_key(void **state)
{
    (void)state;
    struct intake_limits *limits = limits_of(1, 3);
    struct intake_refusal refusal;
    const struct request flood = {.client_ip = TEXT("192.0.2.1"), .actor_role = TEXT("self")};
    const struct request other = {.client_ip = TEXT("192.0.2.2"), .actor_role = TEXT("self")};
    for (int i = 0; i < 50; i++) {
        struct intake_pass pass = {0};
        assert_true(intake_limits_pass_key(limits, TEXT("k"), 1000 + i, &pass, &refusal));
        assert_int_equal(intake_limits_pass_client(limits, &flood, 1000 + i, &pass, &refusal), i == 0);
    }
    struct intake_pass pass = {0};
    assert_true(intake_limits_pass_key(limits, TEXT("k"), 2000, &pass, &refusal));
    assert_true(intake_limits_pass_client(limits, &other, 2000, &pass, &refusal));
    intake_limits_free(&limits);
}

static void a_request_that_came_to_nothing_may_be_made_again(void **state)
{
    (void)state;
    struct intake_limits *limits = limits_of(1, 1);
    struct intake_refusal refusal;
    const struct request request = {.client_ip = TEXT("192.0.2.1"), .actor_role = TEXT("self")};
    for (int i = 0; i < 5; i++) {
        struct intake_pass pass = {0};
        assert_true(intake_limits_pass_key(limits, TEXT("k"), 1000, &pass, &refusal));
        assert_true(intake_limits_pass_client(limits, &request, 1000, &pass, &refusal));
        intake_limits_give_back(limits, &pass);
        intake_limits_give_back(limits, &pass); /* once is enough */
    }
    intake_limits_free(&limits);
}

static void without_an_address_or_with_limits_off_nobody_is_refused(void **state)
{
    (void)state;
    struct intake_limits *limits = limits_of(1, 0), *off = limits_of(0, 0);
    struct intake_refusal refusal;
    struct intake_pass pass = {0};
    const struct request nowhere = {.actor_role = TEXT("self")};
    for (int i = 0; i < 5; i++) {
        assert_true(intake_limits_pass_client(limits, &nowhere, 1000, &pass, &refusal));
        assert_true(intake_limits_pass_key(limits, TEXT("k"), 1000, &pass, &refusal));
        assert_true(asks(off, "192.0.2.1", "self", &refusal));
    }
    assert_false(pass.took_key || pass.took_client);
    intake_limits_free(&limits);
    intake_limits_free(&off);
    intake_limits_free(&off);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_are_told_apart_by_their_network),
        cmocka_unit_test(an_ipv4_address_is_whole_and_an_ipv6_address_is_its_first_half),
        cmocka_unit_test(a_flood_of_self_requests_leaves_the_administrators_their_own),
        cmocka_unit_test(a_refusal_says_whose_limit_it_is_and_when_to_come_back),
        cmocka_unit_test(what_the_client_limit_refuses_uses_up_no_key),
        cmocka_unit_test(a_request_that_came_to_nothing_may_be_made_again),
        cmocka_unit_test(without_an_address_or_with_limits_off_nobody_is_refused),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
