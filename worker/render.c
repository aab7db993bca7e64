/* The example's values are fixed, and its token and its password are visibly none of anybody's, so that two
 * runs give the same bytes and an output can be kept or compared.  --html and --text show the part as it is
 * before its encoding for transport. */
#include "worker/render.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <gmime/gmime.h>

#include "core/mail/mail_kind.h"
#include "core/mail/message.h"
#include "io/time_zones.h"
#include "worker/gallery.h"
#include "worker/mail_branding.h"
#include "worker/mail_templates.h"

static const int64_t example_now_ms = 1763788200000; /* 2025-11-22T05:10:00Z */
static const int64_t example_life_ms = 86400000;
static const int64_t example_changed_ms = 1763788140000; /* a minute before */

enum shape { SHAPE_MESSAGE, SHAPE_TEXT, SHAPE_HTML, SHAPE_ALL };

struct request {
    enum shape shape;
    struct mail mail;
    const char *directory, *folder, *zone;
};

/* All that a mail is made of. */
struct means {
    struct template_set *templates;
    struct mail_profile *profile;
    struct branding_set *brandings;
    struct time_zones *zones;
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
    request->folder = value_of(line, "all", NULL);
    request->mail.kind = mail_kind_named(text_of(kind));
    if (request->mail.kind == MAIL_KIND_COUNT)
        return usage("there is no template", kind);
    if (!read_trigger(trigger, &request->mail.trigger))
        return usage("there is no trigger", trigger);
    if (html + text + command_line_flag(line, "eml") + (request->folder != NULL) > 1)
        return usage("only one is wanted of", "--html, --text, --eml, --all");
    request->shape = request->folder ? SHAPE_ALL : html ? SHAPE_HTML : text ? SHAPE_TEXT : SHAPE_MESSAGE;
    request->directory = value_of(line, "directory", request->directory);
    request->zone = value_of(line, "timezone", "");
    request->mail.locale = text_of(value_of(line, "locale", ""));
    request->mail.name = text_of(value_of(line, "name", "Kim Example"));
    request->mail.to = text_of(value_of(line, "to", "kim@example.com"));
    request->mail.tenant = text_of(value_of(line, "tenant", "acme"));
    return 0;
}

static enum status open_means(struct means *means, const struct request *request, const struct config *config,
                              struct error *error)
{
    const char *url = config_text(config, CONFIG_LINK_URL), *from = config_text(config, CONFIG_SMTP_FROM);
    struct link_pattern link;
    enum status status = mail_templates_load(
        request->directory, config_text(config, CONFIG_TEMPLATES_DEFAULT_LOCALE), &means->templates, error);
    if (!status)
        status = link_parse(text_of(url && *url ? url : "https://app.example.com/reset-password#{token}"),
                            &link, error);
    if (!status)
        status = mail_profile_new(text_of(from && *from ? from : "Example <no-reply@example.com>"), &link,
                                  means->templates, &means->profile, error);
    if (!status)
        status = mail_branding_load(config, means->profile, &means->brandings, error);
    if (!status && *request->zone)
        status = time_zones_new(NULL, &means->zones, error);
    return status;
}

static void close_means(struct means *means)
{
    time_zones_free(&means->zones);
    branding_set_free(&means->brandings);
    mail_profile_free(&means->profile);
    template_set_free(&means->templates);
}

/* STATUS_OK and the output in `out`, or why there is none. */
static enum status render(const struct request *request, const struct means *means, struct buffer *out,
                          struct error *error)
{
    struct mail mail = request->mail;
    struct message_facts facts;
    mail.branding = branding_find(means->brandings, mail.tenant);
    mail.zone = means->zones ? time_zones_find(means->zones, text_of(request->zone)) : NULL;
    switch (request->shape) {
    case SHAPE_ALL:
        return gallery_write(request->folder, means->profile, means->templates, &mail, error);
    case SHAPE_TEXT:
        return message_render_part(means->profile, &mail, MAIL_TEXT, out, error);
    case SHAPE_HTML:
        return message_render_part(means->profile, &mail, MAIL_HTML, out, error);
    case SHAPE_MESSAGE:
    default:
        return message_build(means->profile, &mail, out, &facts, error);
    }
}

static int exit_code(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return EX_OK;
    case STATUS_INVALID:
        return EX_USAGE;
    case STATUS_UNAVAILABLE:
        return EX_IOERR;
    default:
        return EX_CONFIG;
    }
}

int render_command(const struct command_line *line, const struct config *config)
{
    struct request request = {
        .directory = config_text(config, CONFIG_TEMPLATES_DIRECTORY),
        .mail = {.token = TEXT("this-is-an-example-and-no-token-of-anybody-"),
                 .password = TEXT("thxs-psan-exam-pnpw-dn2t-rea3"),
                 .request_id = TEXT("01939d3c-7e6a-7cc0-9a3e-5c1b2f4d6e80"),
                 .incarnation = TEXT("0123456789abcdef"),
                 .expires_at_ms = example_now_ms + example_life_ms,
                 .lifetime_ms = example_life_ms,
                 .happened_at_ms = example_changed_ms,
                 .now_ms = example_now_ms},
    };
    int code = read_options(line, &request);
    if (code)
        return code;
    struct error error;
    struct buffer out;
    struct means means = {0};
    buffer_init(&out, MESSAGE_LIMIT);
    g_mime_init();
    enum status status = open_means(&means, &request, config, &error);
    if (!status)
        status = render(&request, &means, &out, &error);
    if (status)
        (void)fprintf(stderr, "reset-worker render: %s\n", error.text);
    struct text written = buffer_text(&out);
    bool whole = fwrite(written.bytes, 1, written.size, stdout) == written.size && fflush(stdout) == 0;
    close_means(&means);
    g_mime_shutdown();
    buffer_clear(&out);
    return status || whole ? exit_code(status) : EX_IOERR;
}
