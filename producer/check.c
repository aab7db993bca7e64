/* What `serve` needs, asked by the code that `serve` uses.  Every thing has its line, whatever was wrong
 * before it. */
#include "producer/check.h"

#include "io/check_report.h"
#include "io/config_values.h"
#include "io/credential_files.h"
#include "io/process.h"
#include "producer/credentials.h"

static void check_publishers(struct check_report *report, const struct config *config)
{
    struct publishers *publishers = NULL;
    const struct publisher *own = NULL;
    struct error error = {0};
    enum status status = credentials_load_own(config, &publishers, &own, &error);
    check_report_say(report, "publishers", status, status == STATUS_OK ? "" : error.text);
    publishers_free(&publishers);
}

static void check_api_keys(struct check_report *report, const struct config *config)
{
    struct api_keys *keys = NULL;
    struct error error = {0};
    enum status status = credential_files_api_keys(config_text(config, CONFIG_AUTH_KEYS_FILE), &keys, &error);
    check_report_say(report, "keys", status, status == STATUS_OK ? "" : error.text);
    api_keys_free(&keys);
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
    check_publishers(&report, config);
    check_api_keys(&report, config);
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
