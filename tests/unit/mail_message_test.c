/* Whole messages: nobody's value can add a header, an address or a part, and what was written can be read
 * back. */
#include "support.h"

#include <stdlib.h>

#include <gmime/gmime.h>

#include "core/mail/encoded_word.h"
#include "core/mail/message.h"
#include "worker/mail_templates.h"

static const struct mail plain_mail = {
    .kind = MAIL_LINK,
    .trigger = MAIL_TRIGGER_SELF,
    .to = {"kim@example.com", 15},
    .name = {"Kim Lee", 7},
    .tenant = {"acme", 4},
    .locale = {"en", 2},
    .token = {"abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE", 43},
    .request_id = {"0d4b2ee5-8a2f-4c55-9f3a-6a3f1be0a001", 36},
    .incarnation = {"00112233aabbccdd", 16},
    .expires_at_ms = 1763874600000,
    .now_ms = 1763788200000,
};

struct fixture {
    struct template_set *set;
    struct mail_profile *profile;
    struct buffer out;
    struct message_facts facts;
    struct error error;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct link_pattern link;
    g_mime_init();
    fixture = (struct fixture){0};
    buffer_init_secret(&fixture.out, MESSAGE_LIMIT);
    assert_ok(mail_templates_load(NULL, NULL, &fixture.set, &fixture.error), &fixture.error);
    assert_ok(link_parse(text_of("https://app.example.com/reset-password#{token}"), &link, &fixture.error),
              &fixture.error);
    assert_ok(mail_profile_new(TEXT("Acme Accounts <no-reply@mail.example.com>"), &link, fixture.set,
                               &fixture.profile, &fixture.error),
              &fixture.error);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    mail_profile_free(&fixture->profile);
    template_set_free(&fixture->set);
    buffer_clear(&fixture->out);
    g_mime_shutdown();
    return 0;
}

static void build(struct fixture *fixture, const struct mail *mail)
{
    assert_ok(message_build(fixture->profile, mail, &fixture->out, &fixture->facts, &fixture->error),
              &fixture->error);
}

static bool holds(const struct buffer *buffer, const char *wanted)
{
    return memmem(buffer->bytes, buffer->size, wanted, strlen(wanted)) != NULL;
}

/* Everything up to the empty line, with CRLF LF-ended for comparison. */
static void assert_headers(const struct buffer *message, const char *expected)
{
    const char *end = memmem(message->bytes, message->size, "\r\n\r\n", 4);
    assert_non_null(end);
    char headers[4096];
    size_t size = 0;
    for (const char *at = message->bytes; at < end && size + 1 < sizeof headers; at++)
        if (*at != '\r')
            headers[size++] = *at;
    headers[size] = 0;
    assert_string_equal(headers, expected);
}

static void a_message_has_exactly_these_headers(void **state)
{
    struct fixture *fixture = *state;
    build(fixture, &plain_mail);
    assert_headers(&fixture->out,
                   "Date: Sat, 22 Nov 2025 05:10:00 +0000\n"
                   "From: \"Acme Accounts\" <no-reply@mail.example.com>\n"
                   "To: \"Kim Lee\" <kim@example.com>\n"
                   "Subject: Choose a new password\n"
                   "Message-ID: <0d4b2ee5-8a2f-4c55-9f3a-6a3f1be0a001.00112233aabbccdd@mail.example.com>\n"
                   "Auto-Submitted: auto-generated\n"
                   "Content-Language: en\n"
                   "MIME-Version: 1.0\n"
                   "Content-Type: multipart/alternative;\n"
                   " boundary=\"=_00112233aabbccdd\"");
    assert_false(fixture->facts.needs_smtputf8);
    assert_false(fixture->facts.name_left_out);
}

static void the_same_mail_gives_the_same_bytes(void **state)
{
    struct fixture *fixture = *state;
    build(fixture, &plain_mail);
    char *first = malloc(fixture->out.size);
    size_t size = fixture->out.size;
    assert_non_null(first);
    memcpy(first, fixture->out.bytes, size);
    build(fixture, &plain_mail);
    assert_int_equal(fixture->out.size, size);
    assert_memory_equal(fixture->out.bytes, first, size);
    free(first);
}

static void lines_end_with_crlf_and_are_short_in_every_language(void **state)
{
    struct fixture *fixture = *state;
    static const char *const locales[] = {"en", "ar", "ja", "xx", ""};
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        struct mail mail = plain_mail;
        mail.locale = text_of(locales[i]);
        build(fixture, &mail);
        const char *bytes = fixture->out.bytes;
        size_t length = 0;
        for (size_t at = 0; at < fixture->out.size; at++, length++) {
            assert_true((unsigned char)bytes[at] < 0x80 && bytes[at] != 0);
            assert_int_equal(bytes[at] == '\r', at + 1 < fixture->out.size && bytes[at + 1] == '\n');
            if (bytes[at] == '\n') {
                bool message_id = memcmp(bytes + at - length, "Message-ID:", 11) == 0;
                if (length > 77 && !message_id)
                    fail_msg("a line of %zu in %s: %.*s", length - 1, locales[i], (int)length,
                             bytes + at - length);
                length = (size_t)-1;
            }
        }
        assert_memory_equal(bytes + fixture->out.size - 2, "\r\n", 2);
    }
}

static void decoded_parts_are_what_the_templates_render(void **state)
{
    struct fixture *fixture = *state;
    static const char *const locales[] = {"en", "ar", "ja"};
    struct buffer rendered;
    buffer_init(&rendered, MESSAGE_LIMIT);
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        struct mail mail = plain_mail;
        mail.locale = text_of(locales[i]);
        build(fixture, &mail);
        GMimeStream *stream = g_mime_stream_mem_new_with_buffer(fixture->out.bytes, fixture->out.size);
        GMimeParser *parser = g_mime_parser_new_with_stream(stream);
        GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
        GMimeMultipart *parts = GMIME_MULTIPART(g_mime_message_get_mime_part(message));
        assert_int_equal(g_mime_multipart_get_count(parts), 2);
        for (int part = 0; part < 2; part++) {
            GMimePart *leaf = GMIME_PART(g_mime_multipart_get_part(parts, part));
            GMimeStream *decoded = g_mime_stream_mem_new();
            g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(leaf), decoded);
            GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(decoded));
            buffer_reset(&rendered);
            assert_ok(message_render_part(fixture->profile, &mail, part ? MAIL_HTML : MAIL_TEXT, &rendered,
                                          &fixture->error),
                      &fixture->error);
            assert_int_equal(bytes->len, rendered.size);
            assert_memory_equal(bytes->data, rendered.bytes, rendered.size);
            g_object_unref(decoded);
        }
        g_object_unref(message);
        g_object_unref(parser);
        g_object_unref(stream);
    }
    buffer_clear(&rendered);
}

static void latin_is_quoted_printable_and_other_scripts_are_base64(void **state)
{
    struct fixture *fixture = *state;
    struct mail mail = plain_mail;
    build(fixture, &mail);
    assert_true(holds(&fixture->out, "Content-Transfer-Encoding: quoted-printable"));
    assert_false(holds(&fixture->out, "Content-Transfer-Encoding: base64"));
    mail.locale = TEXT("ja-JP");
    build(fixture, &mail);
    assert_true(holds(&fixture->out, "text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64"));
    assert_true(holds(&fixture->out, "Content-Language: ja\r\n"));
    assert_true(holds(&fixture->out, "Subject: =?UTF-8?B?"));
}

static void a_value_that_must_not_stand_in_a_message_is_refused(void **state)
{
    struct fixture *fixture = *state;
    const struct {
        struct text to, request_id, incarnation, token; /* bytes NULL: the plain one */
        const char *field;
    } cases[] = {
        {.to = TEXT("kim@example.com\r\nBcc: eve@evil.example"), .field = "/user/email"},
        {.to = TEXT("kim@example.com\nBcc: eve@evil.example"), .field = "/user/email"},
        {.to = TEXT("kim\0@example.com"), .field = "/user/email"},
        {.to = TEXT("<kim@example.com>"), .field = "/user/email"},
        {.to = TEXT("kim@example.com> <eve@evil.example"), .field = "/user/email"},
        {.to = TEXT("kim@example.com, eve@evil.example"), .field = "/user/email"},
        {.request_id = TEXT("a>\r\nBcc: eve"), .field = "/id"},
        {.request_id = TEXT(""), .field = "/id"},
        {.request_id = TEXT("a b"), .field = "/id"},
        {.incarnation = TEXT("\"\r\n\r\nbody"), .field = "/inc"},
        {.incarnation = TEXT("000000000000000000000000000000000"), .field = "/inc"},
        {.token = TEXT("\"><script>"), .field = "/token"},
        {.token = TEXT("a b"), .field = "/token"},
        {.token = TEXT(""), .field = "/token"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mail mail = plain_mail;
        mail.to = cases[i].to.bytes ? cases[i].to : mail.to;
        mail.request_id = cases[i].request_id.bytes ? cases[i].request_id : mail.request_id;
        mail.incarnation = cases[i].incarnation.bytes ? cases[i].incarnation : mail.incarnation;
        mail.token = cases[i].token.bytes ? cases[i].token : mail.token;
        assert_int_equal(
            message_build(fixture->profile, &mail, &fixture->out, &fixture->facts, &fixture->error),
            STATUS_INVALID);
        assert_string_equal(fixture->error.field, cases[i].field);
        assert_int_equal(fixture->out.size, 0);
        assert_null(strstr(fixture->error.text, "eve"));
    }
}

static void a_name_is_encoded_or_left_out_and_never_interpreted(void **state)
{
    struct fixture *fixture = *state;
    const struct {
        struct text name;
        const char *to;
        bool left_out;
    } cases[] = {
        {TEXT(""), "To: kim@example.com\r\n", false},
        {TEXT("Kim \"K\" Lee"), "To: =?UTF-8?B?S2ltICJLIiBMZWU=?= <kim@example.com>\r\n", false},
        {TEXT("Lee, Kim"), "To: \"Lee, Kim\" <kim@example.com>\r\n", false},
        {TEXT("\xE5\xB1\xB1\xE7\x94\xB0"), "To: =?UTF-8?B?5bGx55Sw?= <kim@example.com>\r\n", false},
        {TEXT("Hacked? evil.example"), "To: kim@example.com\r\n", true},
        {TEXT("Kim\r\nBcc: eve"), "To: kim@example.com\r\n", true},
        {TEXT("\xE2\x80\xAEmiK"), "To: kim@example.com\r\n", true},
        {TEXT("=?utf-8?q?evil?="), "To: kim@example.com\r\n", true},
        {TEXT("eve@evil"), "To: kim@example.com\r\n", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mail mail = plain_mail;
        mail.name = cases[i].name;
        build(fixture, &mail);
        if (!holds(&fixture->out, cases[i].to))
            fail_msg("expected %s of case %zu", cases[i].to, i);
        assert_int_equal(fixture->facts.name_left_out, cases[i].left_out);
        assert_false(holds(&fixture->out, "evil"));
        assert_false(holds(&fixture->out, "Bcc"));
        if (cases[i].left_out)
            assert_true(holds(&fixture->out, "\r\n\r\nHello,\r\n"));
    }
}

static void a_utf8_address_stands_raw_and_says_that_it_needs_smtputf8(void **state)
{
    struct fixture *fixture = *state;
    struct mail mail = plain_mail;
    mail.to = TEXT("ki\xC3\xB1@example.com");
    build(fixture, &mail);
    assert_true(fixture->facts.needs_smtputf8);
    assert_true(holds(&fixture->out, "To: \"Kim Lee\" <ki\xC3\xB1@example.com>\r\n"));
}

static void encoded_words_are_at_most_75_long_and_cut_no_character(void **state)
{
    (void)state;
    char value[4 * 64 + 2];
    for (size_t shift = 0; shift < 3; shift++) { /* so that the cuts fall elsewhere */
        memset(value, 'x', shift);
        for (size_t i = 0; i < 64; i++)
            memcpy(value + shift + i * 4, "\xF0\x9F\x98\x80", 4);
        struct buffer out;
        buffer_init(&out, 4096);
        buffer_append_string(&out, "Subject: ");
        encoded_text_append((struct text){value, shift + 256}, out.size, &out);
        buffer_append_byte(&out, 0);
        char *decoded = g_mime_utils_header_decode_text(NULL, out.bytes + 9);
        assert_int_equal(strlen(decoded), shift + 256);
        assert_memory_equal(decoded, value, shift + 256);
        g_free(decoded);
        size_t words = 0;
        for (char *line = out.bytes; line; line = strchr(line, '\n'), words++) {
            line += *line == '\n';
            assert_true(strcspn(line, "\r") <= 76);
            char *word = strstr(line, "=?UTF-8?B?"), *end = strstr(line, "?=");
            assert_true(word && end && end + 2 - word <= 75);
            *end = 0; /* each word is whole UTF-8 of its own (RFC 2047, section 5) */
            gsize size = 0;
            guchar *piece = g_base64_decode(word + 10, &size);
            assert_true(g_utf8_validate((const char *)piece, (gssize)size, NULL));
            g_free(piece);
            *end = '?';
        }
        assert_true(words > 1);
        buffer_clear(&out);
    }
}

static void a_sender_that_is_no_address_is_refused_at_start(void **state)
{
    struct fixture *fixture = *state;
    const struct {
        struct text from;
        const char *header; /* NULL: refused */
    } cases[] = {
        {TEXT("no-reply@example.com"), "From: no-reply@example.com\r\n"},
        {TEXT(" Acme <no-reply@example.com> "), "From: \"Acme\" <no-reply@example.com>\r\n"},
        {TEXT("\"Acme, Inc.\" <a@example.com>"), "From: \"Acme, Inc.\" <a@example.com>\r\n"},
        {TEXT("M\xC3\xBCller <a@example.com>"), "From: =?UTF-8?B?TcO8bGxlcg==?= <a@example.com>\r\n"},
        {TEXT(""), NULL},
        {TEXT("Acme"), NULL},
        {TEXT("Acme <>"), NULL},
        {TEXT("Acme <a@example.com"), NULL},
        {TEXT("a@example.com, b@example.com"), NULL},
        {TEXT("A\r\nBcc: x <a@example.com>"), NULL},
        {TEXT("\xC3\xA4@example.com"), NULL},
    };
    struct link_pattern link;
    assert_ok(link_parse(text_of("https://app.example.com/{token}"), &link, &fixture->error),
              &fixture->error);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mail_profile *profile;
        enum status status = mail_profile_new(cases[i].from, &link, fixture->set, &profile, &fixture->error);
        assert_int_equal(status, cases[i].header ? STATUS_OK : STATUS_CONFIG);
        if (status) {
            assert_string_equal(fixture->error.field, "smtp.from");
            assert_null(profile);
            continue;
        }
        assert_ok(message_build(profile, &plain_mail, &fixture->out, &fixture->facts, &fixture->error),
                  &fixture->error);
        if (!holds(&fixture->out, cases[i].header))
            fail_msg("expected %s", cases[i].header);
        mail_profile_free(&profile);
    }
}

static void a_message_that_does_not_fit_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    build(fixture, &plain_mail);
    const size_t limits[] = {1, 100, 600, 2000, 6000, fixture->out.size - 1};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct buffer small;
        buffer_init_secret(&small, limits[i]);
        assert_int_equal(
            message_build(fixture->profile, &plain_mail, &small, &fixture->facts, &fixture->error),
            STATUS_FULL);
        assert_int_equal(small.size, 0);
        buffer_clear(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_has_exactly_these_headers),
        cmocka_unit_test(the_same_mail_gives_the_same_bytes),
        cmocka_unit_test(lines_end_with_crlf_and_are_short_in_every_language),
        cmocka_unit_test(decoded_parts_are_what_the_templates_render),
        cmocka_unit_test(latin_is_quoted_printable_and_other_scripts_are_base64),
        cmocka_unit_test(a_value_that_must_not_stand_in_a_message_is_refused),
        cmocka_unit_test(a_name_is_encoded_or_left_out_and_never_interpreted),
        cmocka_unit_test(a_utf8_address_stands_raw_and_says_that_it_needs_smtputf8),
        cmocka_unit_test(encoded_words_are_at_most_75_long_and_cut_no_character),
        cmocka_unit_test(a_sender_that_is_no_address_is_refused_at_start),
        cmocka_unit_test(a_message_that_does_not_fit_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
