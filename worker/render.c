/* The example's values are fixed and the token is visibly no token, so that two runs give the same bytes and
 * an output can be kept or compared.  --html and --text show the part as it is before its encoding for
 * transport. */
#include "worker/render.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <gmime/gmime.h>

#include "core/mail/mail_kind.h"
#include "core/mail/message.h"
#include "worker/mail_templates.h"

static const int64_t example_now_ms = 1763788200000; /* 2025-11-22T05:10:00Z */
static const int64_t example_life_ms = 86400000;

enum shape { SHAPE_MESSAGE, SHAPE_TEXT, SHAPE_HTML };

struct request {
    enum shape shape;
    struct mail mail;
    const char *directory;
};

static int usage(const char *why, const char *what)
{
    (void)fprintf(stderr, "reset-worker render: %s `%s`; see reset-worker render --help\n", why, what);
    return EX_USAGE;
}

static bool read_trigger(const char *name, enum mail_trigger *trigger)
{
    static const char *const names[] = {[MAIL_TRIGGER_SELF] = "self",
                                        [MAIL_TRIGGER_ADMINISTRATOR] = "administrator",
                                        [MAIL_TRIGGER_MANAGER] = "manager"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0) {
            *trigger = (enum mail_trigger)i;
            return true;
        }
    }
    return false;
}

/* The option's value, or what stands for it when it is not given. */
static const char *value_of(const struct command_line *line, const char *option, const char *otherwise)
{
    const char *value = command_line_value(line, option, 0);
    return value ? value : otherwise;
}

/* 0, or the exit code of a wrong command line. */
static int read_options(const struct command_line *line, struct request *request)
{
    const char *kind = value_of(line, "template", "link"),
               *trigger = value_of(line, "trigger", "administrator");
    bool html = command_line_flag(line, "html"), text = command_line_flag(line, "text");
    request->mail.kind = mail_kind_named(text_of(kind));
    if (request->mail.kind == MAIL_KIND_COUNT)
        return usage("there is no template", kind);
    if (!read_trigger(trigger, &request->mail.trigger))
        return usage("there is no trigger", trigger);
    if (html + text + command_line_flag(line, "eml") > 1)
        return usage("only one is wanted of", "--html, --text, --eml");
    request->shape = html ? SHAPE_HTML : text ? SHAPE_TEXT : SHAPE_MESSAGE;
    request->directory = value_of(line, "directory", request->directory);
    request->mail.locale = text_of(value_of(line, "locale", "en"));
    request->mail.name = text_of(value_of(line, "name", "Kim Example"));
    request->mail.to = text_of(value_of(line, "to", "kim@example.com"));
    return 0;
}

/* STATUS_OK and the output in `out`, or why there is none. */
static enum status render(const struct request *request, const struct render_settings *settings,
                          struct buffer *out, struct error *error)
{
    const char *url = settings->link_url, *from = settings->from;
    struct template_set *set = NULL;
    struct mail_profile *profile = NULL;
    struct link_pattern link;
    struct message_facts facts;
    enum status status = mail_templates_load(request->directory, &set, error);
    if (!status)
        status = link_parse(text_of(url && *url ? url : "https://app.example.com/reset-password#{token}"),
                            &link, error);
    if (!status)
        status = mail_profile_new(text_of(from && *from ? from : "Example <no-reply@example.com>"), &link,
                                  set, &profile, error);
    if (!status && request->shape == SHAPE_MESSAGE)
        status = message_build(profile, &request->mail, out, &facts, error);
    else if (!status)
        status = message_render_part(profile, &request->mail,
                                     request->shape == SHAPE_TEXT ? MAIL_TEXT : MAIL_HTML, out, error);
    mail_profile_free(&profile);
    template_set_free(&set);
    return status;
}

int render_command(const struct command_line *line, const struct render_settings *settings)
{
    struct request request = {
        .directory = settings->directory,
        .mail = {.kind = MAIL_LINK,
                 .tenant = TEXT("acme"),
                 .token = TEXT("this-is-an-example-and-no-token-of-anybody-"),
                 .request_id = TEXT("01939d3c-7e6a-7cc0-9a3e-5c1b2f4d6e80"),
                 .incarnation = TEXT("0123456789abcdef"),
                 .password = TEXT("thxs-psan-exam-pnpw-dn2t-rea3"),
                 .expires_at_ms = example_now_ms + example_life_ms,
                 .lifetime_ms = example_life_ms,
                 .happened_at_ms = example_now_ms - 60000,
                 .now_ms = example_now_ms},
    };
    int code = read_options(line, &request);
    if (code)
        return code;
    struct error error;
    struct buffer out;
    buffer_init(&out, MESSAGE_LIMIT);
    g_mime_init();
    enum status status = render(&request, settings, &out, &error);
    if (status)
        (void)fprintf(stderr, "reset-worker render: %s\n", error.text);
    struct text written = buffer_text(&out);
    bool whole = fwrite(written.bytes, 1, written.size, stdout) == written.size && fflush(stdout) == 0;
    g_mime_shutdown();
    buffer_clear(&out);
    return status ? (status == STATUS_INVALID ? EX_USAGE : EX_CONFIG) : whole ? EX_OK : EX_IOERR;
}
