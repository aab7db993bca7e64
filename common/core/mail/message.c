/* The message's fixed shape is ours, the encodings are GMime's; all that is the same in every mail was
 * encoded at start (core/mail/transfer.h, core/mail/mail_profile.h).
 *
 * The buffer serves as its own scratch, so that a token is in no memory but what is wiped.  The boundary
 * begins with "=_", which neither quoted-printable nor base64 can produce.  Nothing here is chosen anew for a
 * second try: the same mail gives the same bytes, and the same link the same Message-ID. */
#include "core/mail/message.h"

#include "core/mail/address.h"
#include "core/mail/calendar.h"
#include "core/mail/encoded_word.h"
#include "core/mail/mail_kind.h"
#include "core/mail/mail_profile.h"
#include "core/mail/mailbox.h"
#include "core/mail/name.h"

enum { URL_LIMIT = 2048, TIME_LIMIT = 4096, ID_SIZE = 64, INCARNATION_SIZE = 32, PASSWORD_SIZE = 64 };

static const char *line_end = "\r\n";

static bool is_id(struct text id, size_t limit, const char *others)
{
    for (size_t i = 0; i < id.size; i++) {
        char byte = id.bytes[i];
        if (!((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
              (byte && strchr(others, byte))))
            return false;
    }
    return id.size > 0 && id.size <= limit;
}

static bool carries(const struct mail *mail, enum mail_value value)
{
    return mail_kind_value(mail->kind, value) != PRESENT_NEVER;
}

static enum status check_mail(const struct mail *mail, struct error *error)
{
    enum status status = address_check(mail->to, error);
    if (status)
        return status;
    if (!is_id(mail->request_id, ID_SIZE, "-"))
        return error_set_field(error, STATUS_INVALID, "/id",
                               "the request id has a character that no Message-ID may have");
    if (!is_id(mail->incarnation, INCARNATION_SIZE, "-_"))
        return error_set_field(error, STATUS_INVALID, "/inc",
                               "the link's incarnation is neither hex nor base64url");
    if (carries(mail, MAIL_VALUE_PASSWORD) && !is_id(mail->password, PASSWORD_SIZE, "-"))
        return error_set_field(error, STATUS_INVALID, "/password",
                               "the temporary password has a character that it must not have");
    if (carries(mail, MAIL_VALUE_LINK) && !link_token_valid(mail->token))
        return error_set_field(error, STATUS_INVALID, "/token", "the token is not base64url");
    return STATUS_OK;
}

static void write_boundary(const struct mail *mail, const char *before, const char *after, struct buffer *out)
{
    buffer_append_string(out, before);
    buffer_append_string(out, "=_");
    buffer_append_text(out, mail->incarnation);
    buffer_append_string(out, after);
}

static void write_part(const struct mail_template *template, enum mail_part part, const struct mail *mail,
                       const struct mail_values *values, struct buffer *out)
{
    write_boundary(mail, "--", line_end, out);
    buffer_append_string(out, part == MAIL_TEXT ? "Content-Type: text/plain; charset=utf-8\r\n"
                                                : "Content-Type: text/html; charset=utf-8\r\n");
    buffer_append_string(out, "Content-Transfer-Encoding: ");
    buffer_append_string(out, template_encoding(template, part));
    buffer_append_string(out, "\r\n\r\n");
    template_render_encoded(template, part, values, out);
    buffer_append_string(out, line_end);
}

static void write_subject(const struct mail_template *template, const struct mail_values *values,
                          struct buffer *out)
{
    struct buffer subject;
    buffer_init_secret(&subject, 2048);
    template_render(template, MAIL_SUBJECT, values, &subject);
    buffer_append_string(out, "Subject: ");
    encoded_text_append(buffer_text(&subject), strlen("Subject: "), out);
    buffer_append_string(out, line_end);
    out->failed = out->failed || subject.failed;
    out->starved = out->starved || subject.starved;
    buffer_clear(&subject);
}

static void write_headers(const struct mail_profile *profile, const struct mail *mail,
                          const struct mail_template *template, const struct mail_values *values,
                          struct buffer *out)
{
    buffer_append_string(out, "Date: ");
    calendar_write_mail_date(mail->now_ms, out);
    buffer_append_string(out, line_end);
    bool own = mail->branding && mail->branding->from_header.size;
    buffer_append_text(out, own ? mail->branding->from_header : buffer_text(&profile->from_header));
    buffer_append_string(out, "To: ");
    mailbox_append(values->value[MAIL_VALUE_NAME], mail->to, out);
    write_subject(template, values, out);
    buffer_append_string(out, "Message-ID: <");
    buffer_append_text(out, mail->request_id);
    buffer_append_byte(out, '.');
    buffer_append_text(out, mail->incarnation);
    buffer_append_text(out, buffer_text(&profile->after_id));
    buffer_append_text(out, locale_tag(template_locale(template)));
    buffer_append_string(out, "\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n");
    write_boundary(mail, " boundary=\"", "\"\r\n\r\n", out);
}

/* What the templates get to see of one mail. */
struct content {
    const struct mail_template *template;
    struct mail_values values;
    struct buffer link, expires, lifetime, happened;
    bool named;
};

/* Of a tenant without a colour. */
static const struct branding plain = {
    .colour = COLOUR_PLAIN, .on_colour = COLOUR_ON_PLAIN, .edge = COLOUR_EDGE_PLAIN};

static void write_times(struct content *content, const struct mail *mail)
{
    const struct locale *locale = template_locale(content->template);
    int64_t lifetime_ms = mail->lifetime_ms ? mail->lifetime_ms : mail->expires_at_ms - mail->now_ms;
    if (carries(mail, MAIL_VALUE_EXPIRES)) {
        locale_write_time(locale, mail->expires_at_ms, time_zone_offset(mail->zone, mail->expires_at_ms),
                          &content->expires);
        locale_write_lifetime(locale, lifetime_ms, &content->lifetime);
    }
    if (carries(mail, MAIL_VALUE_HAPPENED))
        locale_write_time(locale, mail->happened_at_ms, time_zone_offset(mail->zone, mail->happened_at_ms),
                          &content->happened);
}

static void set_branding(struct text *value, const struct mail *mail)
{
    const struct branding *branding = mail->branding ? mail->branding : &plain;
    const struct branding *colours = *branding->colour ? branding : &plain;
    value[MAIL_VALUE_TENANT] = branding->name.size ? branding->name : mail->tenant;
    value[MAIL_VALUE_SUPPORT] = branding->support;
    value[MAIL_VALUE_IMPRINT] = branding->footer;
    value[MAIL_VALUE_LOGO] = branding->logo;
    value[MAIL_VALUE_COLOUR] = text_of(colours->colour);
    value[MAIL_VALUE_ON_COLOUR] = text_of(colours->on_colour);
    value[MAIL_VALUE_EDGE] = text_of(colours->edge);
}

static void content_init(struct content *content, const struct mail_profile *profile, const struct mail *mail)
{
    content->template = template_find(profile->templates, mail->kind, mail->locale);
    content->named = name_usable(mail->name);
    buffer_init_secret(&content->link, URL_LIMIT);
    buffer_init(&content->expires, TIME_LIMIT);
    buffer_init(&content->lifetime, TIME_LIMIT);
    buffer_init(&content->happened, TIME_LIMIT);
    const struct link_pattern *link =
        mail->branding && mail->branding->has_link ? &mail->branding->link : &profile->link;
    if (carries(mail, MAIL_VALUE_LINK))
        link_write(link, mail->token, &content->link);
    write_times(content, mail);
    content->values = (struct mail_values){.trigger = mail->trigger, .branded = mail->branding != NULL};
    struct text *value = content->values.value;
    value[MAIL_VALUE_NAME] = content->named ? mail->name : (struct text){"", 0};
    value[MAIL_VALUE_LINK] = buffer_text(&content->link);
    value[MAIL_VALUE_PASSWORD] = mail->password;
    value[MAIL_VALUE_HOST] = link->host;
    value[MAIL_VALUE_EXPIRES] = buffer_text(&content->expires);
    value[MAIL_VALUE_LIFETIME] = buffer_text(&content->lifetime);
    value[MAIL_VALUE_HAPPENED] = buffer_text(&content->happened);
    value[MAIL_VALUE_REQUEST_ID] = mail->request_id;
    set_branding(value, mail);
    if (!carries(mail, MAIL_VALUE_LINK) && mail->branding && mail->branding->sign_in.size)
        value[MAIL_VALUE_HOST] = mail->branding->sign_in;
}

/* Clears the content; a message that did not fit is no message. */
static enum status content_end(struct content *content, struct buffer *out, struct error *error)
{
    bool failed = out->failed || content->link.failed || content->expires.failed ||
                  content->lifetime.failed || content->happened.failed;
    bool starved = out->starved || content->link.starved || content->expires.starved ||
                   content->lifetime.starved || content->happened.starved;
    buffer_clear(&content->link);
    buffer_clear(&content->expires);
    buffer_clear(&content->lifetime);
    buffer_clear(&content->happened);
    if (!failed)
        return STATUS_OK;
    buffer_reset(out);
    if (starved)
        return error_set(error, STATUS_MEMORY, "no memory for a message");
    return error_set(error, STATUS_FULL, "the message is larger than the %zu KiB it may have",
                     out->limit / 1024);
}

enum status message_build(const struct mail_profile *profile, const struct mail *mail, struct buffer *out,
                          struct message_facts *facts, struct error *error)
{
    buffer_reset(out);
    enum status status = check_mail(mail, error);
    if (status)
        return status;
    struct content content;
    content_init(&content, profile, mail);
    facts->needs_smtputf8 = address_needs_smtputf8(mail->to);
    facts->name_left_out = mail->name.size > 0 && !content.named;
    write_headers(profile, mail, content.template, &content.values, out);
    write_part(content.template, MAIL_TEXT, mail, &content.values, out);
    write_part(content.template, MAIL_HTML, mail, &content.values, out);
    write_boundary(mail, "--", "--\r\n", out);
    return content_end(&content, out, error);
}

enum status message_render_part(const struct mail_profile *profile, const struct mail *mail,
                                enum mail_part part, struct buffer *out, struct error *error)
{
    enum status status = check_mail(mail, error);
    if (status)
        return status;
    struct content content;
    content_init(&content, profile, mail);
    template_render(content.template, part, &content.values, out);
    return content_end(&content, out, error);
}
