/* Who counts as one address, and that nobody takes another's place. */
#include "support.h"

#include <arpa/inet.h>
#include <sodium.h>

#include "producer/address_counts.h"

static struct address_key key_of(const char *text)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
    if (inet_pton(AF_INET, text, &in->sin_addr) == 1)
        in->sin_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1)
        in6->sin6_family = AF_INET6;
    return address_key_of((struct sockaddr *)&storage);
}

static void hosts_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        bool same;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
        {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
        {"::1", "::1", true},
        {"::1", "0.0.0.0", false},
        {"::1", "127.0.0.1", false},
        {"no address", "no address", true},
        {"no address", "192.0.2.1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address_key one = key_of(cases[i].one), other = key_of(cases[i].other);
        assert_int_equal(one.high == other.high && one.low == other.low, cases[i].same);
    }
}

static void an_address_has_no_more_than_its_share(void **state)
{
    (void)state;
    struct address_counts *counts = address_counts_new();
    struct address_key one = key_of("192.0.2.1"), other = key_of("192.0.2.2");
    assert_false(address_counts_enter(counts, one, 0));
    assert_true(address_counts_enter(counts, one, 2));
    assert_true(address_counts_enter(counts, one, 2));
    assert_false(address_counts_enter(counts, one, 2));
    assert_true(address_counts_enter(counts, other, 2));
    assert_int_equal(address_counts_of(counts, one), 2);
    address_counts_leave(counts, one);
    assert_true(address_counts_enter(counts, one, 2));
    address_counts_leave(counts, one);
    address_counts_leave(counts, one);
    address_counts_leave(counts, one); /* one too many is harmless */
    assert_int_equal(address_counts_of(counts, one), 0);
    assert_int_equal(address_counts_of(counts, other), 1);
    address_counts_free(&counts);
    assert_null(counts);
}

static void many_addresses_are_counted_each(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    struct address_counts *counts = address_counts_new();
    for (uint64_t i = 0; i < MANY; i++)
        for (uint64_t times = 0; times <= i % 3; times++)
            assert_true(address_counts_enter(counts, (struct address_key){.low = i}, 3));
    for (uint64_t i = 0; i < MANY; i++)
        assert_int_equal(address_counts_of(counts, (struct address_key){.low = i}), i % 3 + 1);
    for (uint64_t i = 0; i < MANY; i += 2)
        address_counts_leave(counts, (struct address_key){.low = i});
    for (uint64_t i = 0; i < MANY; i++)
        assert_int_equal(address_counts_of(counts, (struct address_key){.low = i}), i % 3 + i % 2);
    address_counts_free(&counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_told_apart),
        cmocka_unit_test(an_address_has_no_more_than_its_share),
        cmocka_unit_test(many_addresses_are_counted_each),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
