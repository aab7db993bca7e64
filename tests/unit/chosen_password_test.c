/* Which passwords an administrator may choose for a user: each refused one with the rule that it breaks. */
#include "support.h"

#include "core/chosen_password.h"
#include "core/common_passwords.h"

#define COMMON  "is too common"
#define NAME    "the user's name"
#define ADDRESS "the user's address"
#define ID      "the user's id"
#define LENGTH  "12 to 128 characters"
#define CONTROL "control or bidirectional"

static struct request a_request(const char *password)
{
    return (struct request){.user_known = true,
                            .user_id = TEXT("u-100177"),
                            .user_email = TEXT("zo\xC3\xAB.van-dijk@initech.example"),
                            .user_name = TEXT("Zo\xC3\xAB van Dijk-Ros"),
                            .method = METHOD_TEMPORARY_PASSWORD_CHOSEN,
                            .password = text_of(password)};
}

static void assert_judged(const struct request *request, const char *rule)
{
    struct error error = {0};
    enum status status = chosen_password_check(request, &error);
    if (!rule) {
        if (status != STATUS_OK)
            fail_msg("\"%s\" should be fine, but: %s", request->password.bytes, error.text);
        return;
    }
    if (status != STATUS_INVALID || !strstr(error.text, rule))
        fail_msg("\"%s\" should be refused for \"%s\", but: %s", request->password.bytes, rule, error.text);
    assert_string_equal(error.field, "/password");
    assert_null(strstr(error.text, request->password.bytes));
}

static void a_password_of_its_own_is_taken_and_a_common_one_is_not(void **state)
{
    (void)state;
    static const struct {
        const char *password, *rule;
    } cases[] = {
        /* what somebody thought of */
        {"correct lamp violin nobody", NULL},
        {"k3#Vq9!mZp2x", NULL},
        {"mittens drank the harbour", NULL},
        {"7 Zwerge, 4 Riesen", NULL},
        {"\xD0\xB2\xD0\xB5\xD1\x81\xD0\xBD\xD0\xB0 \xD0\xBF\xD1\x80\xD0\xB8\xD1\x88\xD0\xBB\xD0\xB0", NULL},
        {"\xE6\x98\xA5\xE7\x9C\xA0\xE4\xB8\x8D\xE8\xA6\xBA\xE6\x9B\x89\xE5\x87\xA6\xE5\x87\xA6\xE8\x81\x9E"
         "\xE5\x95\xBC\xE9\xB3\xA5\xE5\xA4\x9C\xE4\xBE\x86",
         NULL},
        {"gxkw-tjqr-bmvz", NULL},
        {"dragon-monkey-sunshine-football", NULL}, /* four words are a phrase */
        /* words with something at the end */
        {"password1234", COMMON},
        {"Password2024!", COMMON},
        {"P@ssw0rd1234", COMMON},
        {"p4$$W0RD!!!!!", COMMON},
        {"passwordpassword", COMMON},
        {"PASSWORDPASSWORD1", COMMON},
        {"mypassword123456", COMMON},
        {"ThisIsMyPassword", COMMON},
        {"passwordk3#V", COMMON},
        {"TemporaryPassword1", COMMON},
        {"newpassword2025", COMMON},
        {"passwort12345", COMMON},
        {"motdepasse2025", COMMON},
        {"contrasena123", COMMON},
        {"Welcome12345!", COMMON},
        {"welcome2acme", COMMON},
        {"Willkommen2025", COMMON},
        {"letmeinplease", COMMON},
        {"changeme1234", COMMON},
        {"Administrator", COMMON},
        {"administrator1!", COMMON},
        {"iloveyouforever", COMMON},
        {"iloveyou1234", COMMON},
        {"Summer2024Summer2024", COMMON},
        {"Sommer-2024!", COMMON},
        {"sunshine&rainbow", COMMON},
        {"trustno1trustno1", COMMON},
        {"manchesterunited", COMMON},
        {"correcthorsebatterystaple", COMMON},
        {"secretsecretsecret", COMMON},
        /* runs */
        {"123456789012", COMMON},
        {"987654321098", COMMON},
        {"abcdefghijkl", COMMON},
        {"ZYXWVUTSRQPO", COMMON},
        {"qwertyuiop123", COMMON},
        {"QWERTZUIOP\xC3\x9C+", COMMON},
        {"asdfghjkl;'\\", COMMON},
        {"1qaz2wsx3edc", COMMON},
        {"1q2w3e4r5t6y", COMMON},
        {"qazwsxedcrfv", COMMON},
        {"!@#$%^&*()_+", COMMON},
        {"abcd1234efgh", COMMON},
        {"112233445566", COMMON},
        {"a1b2c3d4e5f6", COMMON},
        {"314159265358", COMMON},
        {"19851985198519", COMMON},
        /* repetition */
        {"aaaaaaaaaaaa", COMMON},
        {"aaaaaabbbbbb", COMMON},
        {"abababababab", COMMON},
        {"x7!x7!x7!x7!x7!", COMMON},
        {"k3#Vq9k3#Vq9", COMMON},
        {"............", COMMON},
        {"            ", COMMON},
        {"\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4",
         COMMON},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request request = a_request(cases[i].password);
        assert_judged(&request, cases[i].rule);
    }
}

static void what_is_known_of_the_user_is_not_in_it(void **state)
{
    (void)state;
    static const struct {
        const char *password, *rule;
    } cases[] = {
        {"quite+Dijk+lamp", NAME},
        {"quite d1jk lamp", NAME},
        {"quite DIJK lamp", NAME},
        {"Zo\xC3\xAB van Dijk-Ros", NAME},
        {"ZO\xC3\x8B VAN DIJK-ROS!", NAME},
        {"van lamp violin ros", NULL}, /* short parts are in many words */
        {"Zo\xC3\xAB.van-dijk@initech.example", NAME},
        {"lamp u-100177 violin", ID},
        {"lamp U-100177 violin", ID},
        {"lamp 100177 violin", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request request = a_request(cases[i].password);
        assert_judged(&request, cases[i].rule);
    }
    struct request nameless = a_request("quite-dijk-lamp");
    nameless.user_name = (struct text){NULL, 0};
    assert_judged(&nameless, ADDRESS);
    nameless.password = TEXT("zo\xC3\xAB.van lamp violin"); /* neither the whole nor a long part */
    assert_judged(&nameless, NULL);
    struct request brief = a_request("lamp al@x.example");
    brief.user_email = TEXT("al@x.example");
    assert_judged(&brief, ADDRESS);
}

static void characters_are_counted_not_bytes(void **state)
{
    (void)state;
    char password[4 * (CHOSEN_PASSWORD_MOST + 1) + 1];
    static const struct {
        size_t characters;
        const char *rule;
    } cases[] = {{0, LENGTH}, {11, LENGTH}, {12, NULL}, {128, NULL}, {129, LENGTH}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = 0;
        for (size_t n = 0; n < cases[i].characters; n++) { /* emoji, all different */
            const unsigned char emoji[] = {0xF0, 0x9F, (unsigned char)(0x98 + n / 64),
                                           (unsigned char)(0x80 + n % 64)};
            memcpy(password + size, emoji, sizeof emoji);
            size += sizeof emoji;
        }
        password[size] = '\0';
        struct request request = a_request(password);
        struct error error = {0};
        enum status status = chosen_password_check(&request, &error);
        assert_int_equal(status, cases[i].rule ? STATUS_INVALID : STATUS_OK);
        if (cases[i].rule)
            assert_non_null(strstr(error.text, cases[i].rule));
    }
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    static const char *const passwords[] = {
        "lamp violin\tnobody",          "lamp violin\nnobody",         "lamp violin \x7F nobody",
        "lamp violin \xFF nobody",      "lamp violin nobody \xC3",     "lamp \xE2\x80\xAE violin nobody",
        "lamp \xED\xA0\x80 violin now", "lamp violin \xC2\x85 nobody",
    };
    for (size_t i = 0; i < sizeof passwords / sizeof *passwords; i++) {
        struct request request = a_request(passwords[i]);
        assert_judged(&request, CONTROL);
    }
    struct request request = a_request("");
    request.password = TEXT("lamp\0violin nobody");
    struct error error;
    assert_int_equal(chosen_password_check(&request, &error), STATUS_INVALID);
}

static void a_password_is_read_in_the_fewest_pieces(void **state)
{
    (void)state;
    static const struct {
        const char *password;
        size_t pieces;
    } cases[] = {
        {"", 0},
        {"x", 1},
        {"password", 1},
        {"PaSsWoRd", 1},
        {"password!", 2},
        {"xpasswordx", 3},
        {"password2024!", 3},
        {"x2k", 3},
        {"123", 1},
        {"12", 2},
        {"321", 1},
        {"2031", 1},
        {"2131", 4},
        {"aaab", 2},
        {"xxy", 3},
        {"abcxyz", 2},
        {"\xC3\xA4\xC3\xB6", 2},
        {"drowssap", 8},
        {"x7!x7!x", 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (common_password_pieces(text_of(cases[i].password)) != cases[i].pieces)
            fail_msg("\"%s\" should be %zu pieces, not %zu", cases[i].password, cases[i].pieces,
                     common_password_pieces(text_of(cases[i].password)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_of_its_own_is_taken_and_a_common_one_is_not),
        cmocka_unit_test(what_is_known_of_the_user_is_not_in_it),
        cmocka_unit_test(characters_are_counted_not_bytes),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(a_password_is_read_in_the_fewest_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
