/* What may stand in a mail at all: addresses, names, link patterns and tokens. */
#include "support.h"

#include "core/mail/address.h"
#include "core/mail/link.h"
#include "core/mail/name.h"

#define TEN "0123456789"

static void an_address_is_one_mailbox_or_refused(void **state)
{
    (void)state;
    const struct {
        struct text address;
        bool valid;
    } cases[] = {
        {TEXT("kim@example.com"), true},
        {TEXT("o'brien+reset=1@mail.example.co.uk"), true},
        {TEXT("\"kim@lee\"@example.com"), true},
        {TEXT("\"a\\\"b\"@example.com"), true},
        {TEXT("\"kim\\\\\"@example.com"), true},
        {TEXT("kim.@docomo.example"), true},
        {TEXT("k..m@example.com"), true},
        {TEXT("kim@[192.0.2.1]"), true},
        {TEXT("ki\xC3\xB1@ex\xC3\xA4mple.com"), true},
        {TEXT(""), false},
        {TEXT("kim"), false},
        {TEXT("@example.com"), false},
        {TEXT("kim@"), false},
        {TEXT("kim@exa mple.com"), false},
        {TEXT("kim@.example"), false},
        {TEXT("kim@example..com"), false},
        {TEXT("kim@example.com."), false},
        {TEXT("kim@-example.com"), false},
        {TEXT("kim@example-.com"), false},
        {TEXT("kim lee@example.com"), false},
        {TEXT("kim@example.com,eve@evil.example"), false},
        {TEXT("eve@evil.example,kim@example.com"), false},
        {TEXT("eve@evil.example;kim@example.com"), false},
        {TEXT("eve(comment)@evil.example"), false},
        {TEXT("group:eve@evil.example"), false},
        {TEXT("Kim <kim@example.com>"), false},
        {TEXT("kim@example.com>"), false},
        {TEXT("kim@example.com\r\nBcc: eve@evil.example"), false},
        {TEXT("kim\n@example.com"), false},
        {TEXT("kim\0@example.com"), false},
        {TEXT("\"kim\r\n\"@example.com"), false},
        {TEXT("\"kim\"lee\"@example.com"), false},
        {TEXT("\"kim\\\"@example.com"), false},
        {TEXT("\"kim\\\\\"lee\"@example.com"), false},
        {TEXT("\"kim\\\\\"@evil.example,\"lee\"@example.com"), false},
        {TEXT("\"\"@example.com"), false},
        {TEXT("\"kim lee\"@example.com"), false},
        {TEXT("\"kim\\ lee\"@example.com"), false},
        {TEXT("kim\xE2\x80\xAE@example.com"), false},
        {TEXT("kim\xC2\x85@example.com"), false},
        {TEXT("kim\xFF@example.com"), false},
        {TEXT("kim@[evil]x"), false},
        {TEXT(TEN TEN TEN TEN TEN TEN "12345@example.com"), false},
        {TEXT("k@" TEN TEN TEN TEN TEN TEN "1234.example"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error;
        bool valid = address_check(cases[i].address, &error) == STATUS_OK;
        if (valid != cases[i].valid)
            fail_msg("expected %.*s to be %s", (int)cases[i].address.size, cases[i].address.bytes,
                     cases[i].valid ? "taken" : "refused");
        if (!valid)
            assert_null(strstr(error.text, "evil"));
    }
}

static void an_address_that_a_header_cannot_take_bare_is_quoted_there(void **state)
{
    (void)state;
    const struct {
        struct text address;
        const char *written;
    } cases[] = {
        {TEXT("kim@example.com"), "kim@example.com"},
        {TEXT("kim.@docomo.example"), "\"kim.\"@docomo.example"},
        {TEXT(".kim@docomo.example"), "\".kim\"@docomo.example"},
        {TEXT("k..m@docomo.example"), "\"k..m\"@docomo.example"},
        {TEXT("\"k..m\"@docomo.example"), "\"k..m\"@docomo.example"},
        {TEXT("\"k@m\"@docomo.example"), "\"k@m\"@docomo.example"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        buffer_init(&out, 512);
        address_write(cases[i].address, &out);
        buffer_append_byte(&out, 0);
        assert_string_equal(out.bytes, cases[i].written);
        buffer_clear(&out);
    }
}

static void a_name_that_could_mislead_is_not_used(void **state)
{
    (void)state;
    const struct {
        struct text name;
        bool usable;
    } cases[] = {
        {TEXT("Kim"), true},
        {TEXT("Anne-Marie O'Neill, PhD."), true},
        {TEXT("J.R.R. Tolkien"), true},
        {TEXT("\xD9\x85\xD8\xAD\xD9\x85\xD8\xAF"), true},
        {TEXT("\xE5\xB1\xB1\xE7\x94\xB0 \xE5\xA4\xAA\xE9\x83\x8E"), true},
        {TEXT("{{link}}"), true},
        {TEXT(TEN TEN TEN TEN TEN TEN "1234"), true},
        {TEXT(TEN TEN TEN TEN TEN TEN "12345"), false},
        {TEXT(""), false},
        {TEXT("   "), false},
        {TEXT("Hacked? evil.example"), false},
        {TEXT("Hacked? evil.ex"), false},
        {TEXT("evil\xE3\x80\x82"
              "example"),
         false},
        {TEXT("evil.\xD1\x80\xD1\x84"), false},
        {TEXT("http://evil"), false},
        {TEXT("evil\\share"), false},
        {TEXT("eve@evil"), false},
        {TEXT("<script>alert(1)</script>"), false},
        {TEXT("=?utf-8?q?evil?="), false},
        {TEXT("Kim\r\nBcc: eve"), false},
        {TEXT("Kim\tLee"), false},
        {TEXT("Kim\0"), false},
        {TEXT("\xE2\x80\xAEmiK"), false},
        {TEXT("\xE2\x81\xA7Kim"), false},
        {TEXT("Kim\xC2\x9B"), false},
        {TEXT("Kim\xE2\x80\xA8Lee"), false},
        {TEXT("Kim\xC0\xAE"), false},
        {TEXT("Kim\xED\xA0\x80"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (name_usable(cases[i].name) != cases[i].usable)
            fail_msg("expected case %zu (%.*s) to be %s", i, (int)cases[i].name.size, cases[i].name.bytes,
                     cases[i].usable ? "usable" : "left out");
}

static void a_thousand_emoji_are_no_name_and_sixty_four_are(void **state)
{
    (void)state;
    char emoji[4000];
    for (size_t i = 0; i < sizeof emoji; i += 4)
        memcpy(emoji + i, "\xF0\x9F\x98\x80", 4);
    assert_false(name_usable((struct text){emoji, sizeof emoji}));
    assert_true(name_usable((struct text){emoji, 256}));
}

static void a_link_pattern_that_would_give_tokens_away_is_refused(void **state)
{
    (void)state;
    const struct {
        struct text url;
        const char *host, *fault; /* one of them */
    } cases[] = {
        {TEXT("https://app.example.com/reset-password#{token}"), "app.example.com", NULL},
        {TEXT("https://app.example.com:8443/r?t={token}&x=1"), "app.example.com:8443", NULL},
        {TEXT("https://app.example.com/{token}"), "app.example.com", NULL},
        {TEXT("https://[2001:db8::1]:8443/#{token}"), "[2001:db8::1]:8443", NULL},
        {TEXT("http://127.0.0.1:5000/r#{token}"), "127.0.0.1:5000", NULL},
        {TEXT("http://localhost/r#{token}"), "localhost", NULL},
        {TEXT("http://[::1]:80/r#{token}"), "[::1]:80", NULL},
        {TEXT(""), NULL, "is empty"},
        {TEXT("app.example.com/{token}"), NULL, "does not begin with https://"},
        {TEXT("ftp://app.example.com/{token}"), NULL, "does not begin with https://"},
        {TEXT("javascript://app.example.com/{token}"), NULL, "does not begin with https://"},
        {TEXT("http://app.example.com/r#{token}"), NULL, "loopback"},
        {TEXT("http://127.0.0.1.evil.example/r#{token}"), NULL, "loopback"},
        {TEXT("http://localhost.example/r#{token}"), NULL, "loopback"},
        {TEXT("https://app.example.com/r"), NULL, "has no {token}"},
        {TEXT("https://app.example.com/{Token}"), NULL, "has no {token}"},
        {TEXT("https://app.example.com/{token}/{token}"), NULL, "more than once"},
        {TEXT("https://{token}.example.com/"), NULL, "in the host"},
        {TEXT("https://app.example.com:{token}/"), NULL, "in the host"},
        {TEXT("https://eve@app.example.com/#{token}"), NULL, "user information"},
        {TEXT("https:///r#{token}"), NULL, "no valid host"},
        {TEXT("https://app_x.example.com/#{token}"), NULL, "no valid host"},
        {TEXT("https://app.example.com:/#{token}"), NULL, "no valid host"},
        {TEXT("https://app.example.com:x/#{token}"), NULL, "no valid host"},
        {TEXT("https://\xC3\xA4pp.example.com/#{token}"), NULL, "no URL may have"},
        {TEXT("https://app.example.com/a b#{token}"), NULL, "no URL may have"},
        {TEXT("https://app.example.com/\"#{token}"), NULL, "no URL may have"},
        {TEXT("https://app.example.com/#{token}\r\n"), NULL, "no URL may have"},
        {TEXT("https://app.example.com/<#{token}"), NULL, "no URL may have"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {.text = ""};
        struct link_pattern link;
        enum status status = link_parse(cases[i].url, &link, &error);
        if (cases[i].host) {
            assert_ok(status, &error);
            assert_true(text_equal(link.host, text_of(cases[i].host)));
        } else {
            assert_int_equal(status, STATUS_CONFIG);
            assert_string_equal(error.field, "link.url");
            if (!strstr(error.text, cases[i].fault))
                fail_msg("expected '%s' of %.*s, got: %s", cases[i].fault, (int)cases[i].url.size,
                         cases[i].url.bytes, error.text);
        }
    }
}

static void a_link_is_its_pattern_with_the_token_in_it(void **state)
{
    (void)state;
    struct link_pattern link;
    struct error error;
    assert_ok(link_parse(TEXT("https://app.example.com/r?t={token}&lang=x"), &link, &error), &error);
    struct buffer out;
    buffer_init(&out, 512);
    link_write(&link, TEXT("abc-_1"), &out);
    assert_true(text_equal(buffer_text(&out), TEXT("https://app.example.com/r?t=abc-_1&lang=x")));
    buffer_clear(&out);
    assert_true(link_token_valid(TEXT("abc-_1")));
    assert_false(link_token_valid(TEXT("")));
    assert_false(link_token_valid(TEXT("a b")));
    assert_false(link_token_valid(TEXT("a=")));
    assert_false(link_token_valid(TEXT("a\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_one_mailbox_or_refused),
        cmocka_unit_test(an_address_that_a_header_cannot_take_bare_is_quoted_there),
        cmocka_unit_test(a_name_that_could_mislead_is_not_used),
        cmocka_unit_test(a_thousand_emoji_are_no_name_and_sixty_four_are),
        cmocka_unit_test(a_link_pattern_that_would_give_tokens_away_is_refused),
        cmocka_unit_test(a_link_is_its_pattern_with_the_token_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
