/* What follows from a method, and which words name one. */
#include "support.h"

#include "core/method.h"

static void every_method_has_its_row(void **state)
{
    (void)state;
    static const struct {
        enum method method;
        enum lane lane;
        const char *name, *mail;
        enum method_secret mailed;
        int64_t staged_minutes;
        bool coalesces, asked_for;
    } cases[METHOD_COUNT] = {
        {METHOD_LINK, LANE_LINK, "link", "link", SECRET_TOKEN, 0, true, true},
        {METHOD_TEMPORARY_PASSWORD_MAILED, LANE_PASSWORD, "temporary_password_mailed",
         "temporary_password_mailed", SECRET_PASSWORD, 0, true, true},
        {METHOD_TEMPORARY_PASSWORD_HANDED, LANE_PASSWORD, "temporary_password_handed",
         "temporary_password_notice", SECRET_NONE, 24 * 60, false, true},
        {METHOD_TEMPORARY_PASSWORD_CHOSEN, LANE_PASSWORD, "temporary_password_chosen",
         "temporary_password_notice", SECRET_NONE, 15, false, true},
        {METHOD_PASSWORD_CHANGED, LANE_NONE, "password_changed", "password_changed", SECRET_NONE, 0, false,
         false},
    };
    for (unsigned i = 0; i < METHOD_COUNT; i++) {
        const struct method_traits *traits = method_traits(cases[i].method);
        enum method found = METHOD_COUNT;
        assert_string_equal(traits->name, cases[i].name);
        assert_string_equal(traits->name, method_name(cases[i].method));
        assert_string_equal(traits->mail, cases[i].mail);
        assert_int_equal(traits->lane, cases[i].lane);
        assert_int_equal(traits->mailed, cases[i].mailed);
        assert_int_equal(traits->staged, cases[i].staged_minutes > 0);
        assert_true(traits->staged_ms == cases[i].staged_minutes * 60 * 1000);
        assert_int_equal(traits->coalesces, cases[i].coalesces);
        assert_true(method_of_record(text_of(cases[i].name), &found));
        assert_int_equal(found, cases[i].method);
        found = METHOD_COUNT;
        assert_int_equal(method_of_name(text_of(cases[i].name), &found), cases[i].asked_for);
        assert_int_equal(found, cases[i].asked_for ? cases[i].method : METHOD_COUNT);
    }
}

static void only_exact_words_are_methods(void **state)
{
    (void)state;
    static const char *const words[] = {"", "Link", "link ", "links", "temporary_password", "unknown"};
    enum method method;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_false(method_of_record(text_of(words[i]), &method));
        assert_false(method_of_name(text_of(words[i]), &method));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_has_its_row),
        cmocka_unit_test(only_exact_words_are_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
