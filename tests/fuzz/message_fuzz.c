/* Whole mails out of a stranger's values: refused with the field, or one message of exactly our headers and
 * two parts, in short lines of 7 bits, that may go onto the wire as it is.
 *
 * The first byte of an input picks the kind of mail; then the values, one a line: address, name, tenant,
 * language, secret, request id, incarnation. */
#include "core/mail/message.h"
#include "core/smtp/content.h"
#include "fuzz.h"
#include "worker/mail_templates.h"

enum { VALUES = 7, LINE_MOST = 76, ADDRESS_LINE_MOST = 320 };

static struct template_set *templates;
static struct mail_profile *profile;

static void prepare(void)
{
    static struct link_pattern link;
    struct error error;
    if (profile)
        return;
    HOLDS(mail_templates_load(NULL, NULL, &templates, &error) == STATUS_OK);
    HOLDS(link_parse(TEXT("https://app.example.com/reset-password#{token}"), &link, &error) == STATUS_OK);
    HOLDS(mail_profile_new(TEXT("Acme <no-reply@mail.example.com>"), &link, templates, &profile, &error) ==
          STATUS_OK);
}

static bool begins(struct text text, const char *with)
{
    size_t size = strlen(with);
    return text.size >= size && memcmp(text.bytes, with, size) == 0;
}

static struct text take_line(struct text *rest)
{
    const char *end = memmem(rest->bytes, rest->size, "\r\n", 2);
    HOLDS(end);
    struct text line = {rest->bytes, (size_t)(end - rest->bytes)};
    *rest = (struct text){end + 2, rest->size - line.size - 2};
    return line;
}

/* Our headers in our order, each once, and no other. */
static void check_headers(struct text *rest)
{
    static const char *const names[] = {"Date: ",
                                        "From: ",
                                        "To:",
                                        "Subject: ",
                                        "Message-ID: <",
                                        "Auto-Submitted: ",
                                        "Content-Language: ",
                                        "MIME-Version: ",
                                        "Content-Type: "};
    size_t next = 0;
    for (struct text line = take_line(rest); line.size; line = take_line(rest))
        if (line.bytes[0] != ' ')
            HOLDS(next < sizeof names / sizeof *names && begins(line, names[next++]));
    HOLDS(next == sizeof names / sizeof *names);
}

static void check_message(struct text message, const struct mail *mail, const struct message_facts *facts)
{
    struct text rest = message;
    size_t boundaries = 0;
    HOLDS(smtp_content_is_safe(message));
    check_headers(&rest);
    while (rest.size) {
        struct text line = take_line(&rest);
        HOLDS(line.size <= LINE_MOST);
        boundaries += begins(line, "--=_") && line.size >= 4 + mail->incarnation.size &&
                      memcmp(line.bytes + 4, mail->incarnation.bytes, mail->incarnation.size) == 0;
    }
    HOLDS(boundaries == 3);
    for (size_t i = 0, line = 0; i < message.size; i++) {
        line = message.bytes[i] == '\n' ? 0 : line + 1;
        HOLDS(line <= ADDRESS_LINE_MOST);
        HOLDS((unsigned char)message.bytes[i] < 0x80 || facts->needs_smtputf8);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const kinds = "lpnc";
    if (size < 1 || size > 4096)
        return 0;
    prepare();
    struct text input = fuzz_own(bytes + 1, size - 1), values[VALUES];
    size_t at = 0;
    for (size_t i = 0; i < VALUES; i++) {
        const char *end = at < input.size ? memchr(input.bytes + at, '\n', input.size - at) : NULL;
        values[i] =
            (struct text){input.bytes + (at < input.size ? at : 0), end ? (size_t)(end - input.bytes) - at
                                                                    : at < input.size ? input.size - at
                                                                                      : 0};
        at += values[i].size + 1;
    }
    const char *kind = strchr(kinds, bytes[0]);
    struct mail mail = {
        .kind = kind && *kind ? (enum mail_kind)(kind - kinds) : (enum mail_kind)(bytes[0] % MAIL_KIND_COUNT),
        .trigger = MAIL_TRIGGER_ADMINISTRATOR,
        .to = values[0],
        .name = values[1],
        .tenant = values[2],
        .locale = values[3],
        .request_id = values[5],
        .incarnation = values[6],
        .expires_at_ms = INT64_C(1763874600000),
        .happened_at_ms = INT64_C(1763788100000),
        .now_ms = INT64_C(1763788200000),
    };
    *(mail.kind == MAIL_LINK ? &mail.token : &mail.password) = values[4];
    struct buffer out;
    struct message_facts facts = {0};
    struct error error = {0};
    buffer_init_secret(&out, MESSAGE_LIMIT);
    if (message_build(profile, &mail, &out, &facts, &error) == STATUS_OK)
        check_message(buffer_text(&out), &mail, &facts);
    else
        HOLDS(error.text[0] && out.size == 0);
    buffer_clear(&out);
    fuzz_disown(&input);
    return 0;
}
