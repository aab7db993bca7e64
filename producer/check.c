/* What `serve` needs, asked by the code that `serve` uses.  Every thing has its line, whatever was wrong
 * before it. */
#include "producer/check.h"

#include <stdio.h>

#include "io/check_report.h"
#include "io/config_values.h"
#include "io/credential_files.h"
#include "io/process.h"
#include "producer/credentials.h"

/* What stands in an event is believed by the worker under the publisher's grant alone. */
enum {
    EVENT_SCOPES = SCOPE_REQUEST_SELF | SCOPE_REQUEST_ADMIN | SCOPE_REQUEST_TEMPORARY_PASSWORD |
                   SCOPE_REQUEST_BULK | SCOPE_NOTIFY
};

/* The first scope of the key that the publisher has not; "" when there is none. */
static const char *missing_scope(const struct grant *key, const struct grant *publisher)
{
    unsigned had = publisher->scopes | (publisher->scopes & SCOPE_REQUEST_ADMIN ? SCOPE_REQUEST_SELF : 0u);
    unsigned missing = key->scopes & EVENT_SCOPES & ~had;
    return scope_name((enum scope)(missing & -missing)); /* its lowest bit */
}

static bool has_all_tenants(const struct grant *key, const struct grant *publisher)
{
    for (size_t i = 0; i < key->tenant_count; i++)
        if (!grant_has_tenant(publisher, key->tenants[i]))
            return false;
    return true;
}

/* Requests under a key that may more than the producer's own publisher are accepted here and refused, or not
 * taken for bulk, by the worker. */
static void compare_grants(struct check_report *report, const struct api_keys *keys,
                           const struct publisher *own)
{
    for (size_t i = 0; i < api_keys_count(keys); i++) {
        const struct api_key *key = api_keys_at(keys, i);
        const char *scope = missing_scope(&key->grant, &own->grant);
        bool tenants = has_all_tenants(&key->grant, &own->grant);
        char text[320];
        if (*scope || !tenants) {
            snprintf(text, sizeof text,
                     "key %.*s has %s that the publisher %.*s (auth.publisher) has not: the worker will not "
                     "believe it",
                     (int)key->id.size, key->id.bytes, *scope ? scope : "a tenant", (int)own->name.size,
                     own->name.bytes);
            check_report_warn(report, "grants", text);
        }
    }
}

static void check_grants(struct check_report *report, const struct config *config)
{
    struct publishers *publishers = NULL;
    const struct publisher *own = NULL;
    struct api_keys *keys = NULL;
    struct error error = {0};
    enum status status = credentials_load_own(config, &publishers, &own, &error);
    if (status == STATUS_OK)
        status = credentials_check_intake(config, own, &error);
    check_report_say(report, "publishers", status, status == STATUS_OK ? "" : error.text);
    error = (struct error){0};
    status = credential_files_api_keys(config_text(config, CONFIG_AUTH_KEYS_FILE), &keys, &error);
    check_report_say(report, "keys", status, status == STATUS_OK ? "" : error.text);
    if (own && keys)
        compare_grants(report, keys, own);
    api_keys_free(&keys);
    publishers_free(&publishers);
}

static void check_record_keys(struct check_report *report, const struct config *config)
{
    struct keyring *keys = NULL;
    struct error error = {0};
    enum status status =
        credential_files_keyring(config_text(config, CONFIG_TOKEN_RECORD_KEYS_FILE), &keys, &error);
    check_report_say(report, "record", status, status == STATUS_OK ? "" : error.text);
    keyring_free(&keys);
}

static void check_kafka(struct check_report *report, const struct config *config)
{
    struct kafka_topics_plan plan;
    struct error error = {0};
    enum status status = config_read_topics(config, &plan, &error);
    if (status == STATUS_OK)
        check_report_kafka(report, config, &plan);
    else
        check_report_say(report, "kafka", status, error.text);
}

int producer_check(const struct command_line *line, const struct config *config)
{
    struct check_report report;
    struct error error = {0};
    (void)line;
    if (check_report_open(&report, &error))
        return PROCESS_EXIT_SOFTWARE;
    check_report_say(&report, "config", STATUS_OK, "");
    check_grants(&report, config);
    if (config_is_set(config, CONFIG_REDIS_URL)) {
        check_record_keys(&report, config);
        check_report_redis(&report, config, "reset-producer-check");
    }
    check_kafka(&report, config);
    check_report_listen(&report, config, CONFIG_HTTP_LISTEN);
    check_report_listen(&report, config, CONFIG_ADMIN_LISTEN);
    check_report_close(&report);
    return report.code;
}
