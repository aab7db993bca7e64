/* How a librdkafka handle is configured and how it speaks.
 *
 * Three layers: our defaults, the user's section [kafka] over them, and what a promise rests on over both.
 * The user who names one of the last gets an error, not silence: a relay that quietly ran with other acks
 * than its configuration says would be a lie.  This is the one file that knows that librdkafka versions
 * differ: properties marked optional are left out where the library has never heard of them. */
#include "io/kafka_conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "io/config.h"
#include "io/kafka_brokers.h"
#include "io/log.h"

static const struct {
    const char *name;
    const char *why;
} refused[] = {
    {"enable.idempotence", "a 202 rests on the idempotent producer"},
    {"acks", "a 202 rests on acks=all"},
    {"request.required.acks", "a 202 rests on acks=all"},
    {"enable.gapless.guarantee", "one lost message must not end the producer"},
    {"transactional.id", "the relay does not use transactions"},
    {"message.timeout.ms", "the deadline of a delivery has a setting of its own"},
    {"delivery.timeout.ms", "the deadline of a delivery has a setting of its own"},
    {"enable.auto.offset.store", "an offset is stored only when its event is done"},
    {"enable.auto.commit", "the offsets of what is done are committed by the relay"},
    {"auto.commit.enable", "the offsets of what is done are committed by the relay"},
    {"auto.offset.reset", "a new group must begin with the earliest event"},
    {"group.protocol", "the assignment's epochs rest on the classic protocol"},
    {"enable.partition.eof", "nobody would read it"},
    {"log.queue", "log lines come to the event loop"},
    {"statistics.interval.ms", "nobody would read them"},
    {"test.mock.num.brokers", "dev-broker is the mock cluster"},
};

static bool may_be_secret(const char *name)
{
    return strstr(name, "password") || strstr(name, "secret") || strstr(name, ".pem") ||
           strstr(name, "oauthbearer.config") || strstr(name, "sasl.username");
}

static enum status set_users(rd_kafka_conf_t *conf, const struct config_pair *pair, struct error *error)
{
    char field[sizeof error->field], reason[256] = "";
    snprintf(field, sizeof field, "kafka.%s", pair->name);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (strcmp(pair->name, refused[i].name) == 0)
            return error_set_field(error, STATUS_CONFIG, field, "[kafka] %s cannot be set: %s; remove it",
                                   pair->name, refused[i].why);
    if (strcmp(pair->name, "partition.assignment.strategy") == 0 && strcmp(pair->value, "range") != 0 &&
        strcmp(pair->value, "roundrobin") != 0)
        return error_set_field(error, STATUS_CONFIG, field,
                               "[kafka] partition.assignment.strategy is range or roundrobin, nothing else");
    rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, pair->name, pair->value, reason, sizeof reason);
    if (result == RD_KAFKA_CONF_OK)
        return STATUS_OK;
    if (result == RD_KAFKA_CONF_UNKNOWN)
        return error_set_field(error, STATUS_CONFIG, field, "[kafka] %s is not a property of librdkafka %s",
                               pair->name, rd_kafka_version_str());
    return error_set_field(error, STATUS_CONFIG, field, "[kafka] %s: %s", pair->name,
                           may_be_secret(pair->name) ? "the value is refused" : reason);
}

static enum status set_ours(rd_kafka_conf_t *conf, const struct kafka_conf_item *item, struct error *error)
{
    char reason[256] = "";
    rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, item->name, item->value, reason, sizeof reason);
    if (result == RD_KAFKA_CONF_OK || (result == RD_KAFKA_CONF_UNKNOWN && item->optional))
        return STATUS_OK;
    return error_set(error, STATUS_INTERNAL, "librdkafka %s refuses %s=%s: %s", rd_kafka_version_str(),
                     item->name, item->value, reason);
}

enum status kafka_conf_build(const struct kafka_properties *properties, const struct kafka_conf_item *items,
                             rd_kafka_conf_t **conf, struct error *error)
{
    enum status status = STATUS_OK;
    *conf = rd_kafka_conf_new();
    if (*conf == NULL)
        return error_set(error, STATUS_MEMORY, "no memory for a Kafka configuration");
    for (const struct kafka_conf_item *item = items; item->name && status == STATUS_OK; item++)
        if (!item->fixed)
            status = set_ours(*conf, item, error);
    for (size_t i = 0; i < properties->count && status == STATUS_OK; i++)
        status = set_users(*conf, &properties->items[i], error);
    for (const struct kafka_conf_item *item = items; item->name && status == STATUS_OK; item++)
        if (item->fixed)
            status = set_ours(*conf, item, error);
    if (status == STATUS_OK)
        status = set_ours(*conf, &(struct kafka_conf_item){.name = "log.queue", .value = "true"}, error);
    if (status != STATUS_OK) {
        rd_kafka_conf_destroy(*conf);
        *conf = NULL;
    } else if (properties->loopback_only) {
        kafka_brokers_hold(*conf);
    }
    return status;
}

enum status kafka_conf_handle(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **handle,
                              struct error *error)
{
    char reason[256] = "", brokers[2];
    size_t size = sizeof brokers;
    *handle = NULL;
    if (rd_kafka_conf_get(conf, "bootstrap.servers", NULL, &size) != RD_KAFKA_CONF_OK || size <= 1) {
        rd_kafka_conf_destroy(conf);
        return error_set_field(error, STATUS_CONFIG, "kafka.bootstrap.servers",
                               "[kafka] bootstrap.servers is missing: name at least one broker as host:port");
    }
    *handle = rd_kafka_new(type, conf, reason, sizeof reason);
    if (*handle == NULL) {
        rd_kafka_conf_destroy(conf);
        return error_set_field(error, STATUS_CONFIG, "kafka", "Kafka client: %s", reason);
    }
    rd_kafka_set_log_queue(*handle, NULL);
    return STATUS_OK;
}

long long kafka_conf_number(rd_kafka_t *handle, const char *name)
{
    char value[32];
    size_t size = sizeof value;
    if (rd_kafka_conf_get(rd_kafka_conf(handle), name, value, &size) != RD_KAFKA_CONF_OK)
        return -1;
    return strtoll(value, NULL, 10);
}

void kafka_conf_say(kafka_notice *notice, void *context, int severity, const char *facility,
                    const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (notice)
        notice(context, severity, facility, text);
    else
        log_kafka(severity, facility, text);
}

bool kafka_conf_notice(rd_kafka_t *handle, rd_kafka_event_t *event, kafka_notice *notice, void *context)
{
    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_LOG) {
        const char *facility, *text;
        int severity;
        /* CONFWARN: a producer's property at a consumer and the other way round; both read the same section.
         * FAIL: comes as an error event too. */
        if (rd_kafka_event_log(event, &facility, &text, &severity) == 0 &&
            strcmp(facility, "CONFWARN") != 0 && strcmp(facility, "FAIL") != 0)
            kafka_conf_say(notice, context, severity, facility, "%s", text);
        return true;
    }
    if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_ERROR)
        return false;
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        char reason[256] = "";
        code = rd_kafka_fatal_error(handle, reason, sizeof reason);
        kafka_conf_say(notice, context, 3, rd_kafka_err2name(code), "fatal: %s", reason);
    } else {
        kafka_conf_say(notice, context, 4, rd_kafka_err2name(code), "%s", rd_kafka_event_error_string(event));
    }
    return true;
}
