/* What `run` needs, asked by `run`'s own code: its files first, then each connection (io/check_report.h has
 * those that the producer needs too). */
#include "worker/check.h"

#include <gmime/gmime.h>

#include "io/check_report.h"
#include "io/process.h"
#include "worker/credentials.h"
#include "worker/mail_branding.h"
#include "worker/mail_templates.h"
#include "worker/settings.h"

static void smtp_connected(void *context)
{
    check_report_answer(context, STATUS_OK, "");
}

static void smtp_failed(void *context, enum smtp_reason reason, const struct error *error)
{
    check_report_answer(context, reason == SMTP_REASON_AUTH ? STATUS_CONFIG : STATUS_UNAVAILABLE,
                        error->text);
}

static void check_smtp(struct check_report *report, const struct config *config)
{
    struct smtp_settings smtp;
    struct smtp_pool_observer observer = {
        .context = report, .connected = smtp_connected, .connect_failed = smtp_failed};
    struct smtp_pool *pool = NULL;
    struct error error = {0};
    settings_smtp(config, "", &smtp);
    enum status status = smtp_pool_new(report->base, &smtp, &observer, &pool, &error);
    if (status == STATUS_OK) {
        smtp_pool_connect(pool);
        check_report_wait(report, "smtp");
    } else {
        check_report_say(report, "smtp", status, error.text);
    }
    smtp_pool_free(&pool);
}

/* What a member of the group would be refused for; nobody joins. */
static enum status check_consumer(const struct config *config, struct error *error)
{
    const struct kafka_consumer_settings consumer = {
        .properties = config_kafka_properties(config),
        .group = config_text(config, CONFIG_WORKER_GROUP_ID),
    };
    return kafka_consumer_check(&consumer, error);
}

static void check_kafka(struct check_report *report, const struct config *config)
{
    struct worker_settings values = {0};
    struct kafka_topics_plan plan;
    struct error error = {0};
    settings_read(config, &values);
    enum status status = settings_topics(&values, &plan, &error);
    if (status == STATUS_OK)
        status = check_consumer(config, &error);
    if (status == STATUS_OK)
        check_report_kafka(report, config, &plan);
    else
        check_report_say(report, "kafka", status, error.text);
}

/* Who sends, and how each tenant's mails look. */
static void check_sender(struct check_report *report, const struct config *config,
                         const struct template_set *templates)
{
    struct link_pattern link;
    struct mail_profile *profile = NULL;
    struct branding_set *brandings = NULL;
    struct error error = {0};
    enum status status = link_parse(text_of(config_text(config, CONFIG_LINK_URL)), &link, &error);
    if (status == STATUS_OK)
        status = mail_profile_new(text_of(config_text(config, CONFIG_SMTP_FROM)), &link, templates, &profile,
                                  &error);
    check_report_say(report, "sender", status, status == STATUS_OK ? "" : error.text);
    if (status == STATUS_OK && config_is_set(config, CONFIG_TEMPLATES_TENANTS)) {
        status = mail_branding_load(config, profile, &brandings, &error);
        check_report_say(report, "tenants", status, status == STATUS_OK ? "" : error.text);
    }
    branding_set_free(&brandings);
    mail_profile_free(&profile);
}

static void check_files(struct check_report *report, const struct config *config)
{
    struct worker worker = {.config = config};
    struct error error = {0};
    enum status status = credentials_load(&worker, &error);
    check_report_say(report, "keys", status, status == STATUS_OK ? "" : error.text);
    credentials_clear(&worker);
    error = (struct error){0};
    g_mime_init();
    struct template_set *templates = NULL;
    status = mail_templates_load(config_text(config, CONFIG_TEMPLATES_DIRECTORY),
                                 config_text(config, CONFIG_TEMPLATES_DEFAULT_LOCALE), &templates, &error);
    check_report_say(report, "templates", status, status == STATUS_OK ? "" : error.text);
    if (status == STATUS_OK)
        check_sender(report, config, templates);
    template_set_free(&templates);
}

int check_command(const struct config *config)
{
    struct check_report report;
    struct error error = {0};
    if (check_report_open(&report, &error))
        return PROCESS_EXIT_SOFTWARE;
    check_report_say(&report, "config", STATUS_OK, "");
    check_files(&report, config);
    check_report_redis(&report, config, "reset-worker-check");
    check_kafka(&report, config);
    check_smtp(&report, config);
    check_report_listen(&report, config, CONFIG_ADMIN_LISTEN);
    check_report_close(&report);
    return report.code;
}
