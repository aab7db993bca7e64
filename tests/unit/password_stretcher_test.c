/* Two passwords are hashed beside the loop, a third is turned away at once. */
#include "support.h"

#include <event2/event.h>
#include <sodium.h>

#include "credentials_vectors.h"
#include "io/password_stretcher.h"

static const struct text password = {VECTOR_CHOSEN, sizeof VECTOR_CHOSEN - 1};
static unsigned char salt[TEMPORARY_PASSWORD_SALT_SIZE];
static struct event_base *base;
static struct password_stretcher *stretcher;

struct answer {
    unsigned count;
    enum status status;
    char hex[2 * TEMPORARY_PASSWORD_STRETCHED_SIZE + 1];
    struct password_stretch *claimed_again;
};

static void on_stretched(void *context, enum status status, const unsigned char *stretched)
{
    struct answer *answer = context;
    answer->count++;
    answer->status = status;
    sodium_bin2hex(answer->hex, sizeof answer->hex, stretched, TEMPORARY_PASSWORD_STRETCHED_SIZE);
}

static int set_up(void **state)
{
    (void)state;
    base = event_base_new();
    stretcher = base ? password_stretcher_new(base) : NULL;
    return sodium_init() < 0 || !stretcher ||
           sodium_hex2bin(salt, sizeof salt, VECTOR_SALT, sizeof VECTOR_SALT - 1, NULL, NULL, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    password_stretcher_free(&stretcher);
    assert_null(stretcher);
    event_base_free(base);
    return 0;
}

static void start(struct password_stretch *place, struct answer *answer)
{
    struct error error;
    char copy[64];
    memcpy(copy, password.bytes, password.size);
    assert_ok(password_stretch_start(&place, (struct text){copy, password.size}, salt, on_stretched, answer,
                                     &error),
              &error);
    sodium_memzero(copy, sizeof copy); /* what was asked need not stay */
    assert_null(place);
}

static void two_are_hashed_and_a_third_is_told_at_once(void **state)
{
    (void)state;
    struct answer one = {0}, two = {0};
    start(password_stretcher_claim(stretcher), &one);
    start(password_stretcher_claim(stretcher), &two);
    assert_null(password_stretcher_claim(stretcher));
    assert_int_equal(one.count, 0);
    assert_int_equal(event_base_dispatch(base), 1);
    assert_int_equal(one.count, 1);
    assert_int_equal(two.count, 1);
    assert_int_equal(one.status, STATUS_OK);
    assert_string_equal(one.hex, VECTOR_STRETCHED);
    assert_string_equal(two.hex, VECTOR_STRETCHED);
    struct password_stretch *place = password_stretcher_claim(stretcher);
    assert_non_null(place);
    password_stretch_release(&place);
}

static void a_claim_counts_until_it_is_given_back(void **state)
{
    (void)state;
    struct password_stretch *one = password_stretcher_claim(stretcher),
                            *two = password_stretcher_claim(stretcher);
    assert_non_null(one);
    assert_non_null(two);
    assert_null(password_stretcher_claim(stretcher));
    password_stretch_release(&one);
    assert_null(one);
    assert_non_null(password_stretcher_claim(stretcher));
    password_stretch_release(&one);
    assert_null(password_stretcher_claim(stretcher));
    (void)two; /* tear_down frees what is only claimed */
}

static void claim_again(void *context, enum status status, const unsigned char *stretched)
{
    struct answer *answer = context;
    on_stretched(answer, status, stretched);
    answer->claimed_again = password_stretcher_claim(stretcher);
}

static void the_place_is_free_when_the_answer_comes(void **state)
{
    (void)state;
    struct answer answer = {0};
    struct error error;
    struct password_stretch *other = password_stretcher_claim(stretcher);
    struct password_stretch *place = password_stretcher_claim(stretcher);
    assert_ok(password_stretch_start(&place, password, salt, claim_again, &answer, &error), &error);
    event_base_dispatch(base);
    assert_string_equal(answer.hex, VECTOR_STRETCHED);
    assert_non_null(answer.claimed_again);
    assert_ptr_not_equal(answer.claimed_again, other);
}

static void one_that_is_too_long_is_refused_and_leaves_its_place(void **state)
{
    (void)state;
    static const char bytes[PASSWORD_STRETCHER_MOST + 1];
    struct answer answer = {0};
    struct error error;
    struct password_stretch *other = password_stretcher_claim(stretcher);
    struct password_stretch *place = password_stretcher_claim(stretcher);
    assert_int_equal(password_stretch_start(&place, (struct text){bytes, sizeof bytes}, salt, on_stretched,
                                            &answer, &error),
                     STATUS_INVALID);
    assert_null(place);
    place = password_stretcher_claim(stretcher);
    assert_ok(password_stretch_start(&place, (struct text){bytes, sizeof bytes - 1}, salt, on_stretched,
                                     &answer, &error),
              &error);
    event_base_dispatch(base);
    assert_int_equal(answer.status, STATUS_OK);
    password_stretch_release(&other);
}

static void an_end_answers_what_was_asked(void **state)
{
    (void)state;
    struct answer answer = {0};
    start(password_stretcher_claim(stretcher), &answer);
    password_stretcher_free(&stretcher);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.status, STATUS_UNAVAILABLE);
    password_stretcher_free(&stretcher);
    assert_int_equal(event_base_dispatch(base), 1);
    assert_int_equal(answer.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_are_hashed_and_a_third_is_told_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_claim_counts_until_it_is_given_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_place_is_free_when_the_answer_comes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_is_too_long_is_refused_and_leaves_its_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_end_answers_what_was_asked, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
