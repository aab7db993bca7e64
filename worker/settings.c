/* One place where keys of the configuration become values of the worker's own parts (io/config_values.h has
 * those of both programs); nothing here can fail: config_rules.h has checked what could. */
#include "worker/settings.h"

#include <stdio.h>
#include <unistd.h>

#include "io/failpoint.h"

static void name_process(const char *configured, char *name, size_t size)
{
    char host[64] = "unknown";
    if (configured) {
        snprintf(name, size, "%s", configured);
        return;
    }
    gethostname(host, sizeof host - 1);
    snprintf(name, size, "%s-%ld", host, (long)getpid());
}

void settings_read(const struct config *config, struct worker_settings *values)
{
    size_t tiers;
    const int64_t *tiers_ms = config_duration_list(config, CONFIG_TOPICS_RETRY, &tiers);
    values->tier_names = config_list(config, CONFIG_TOPICS_RETRY, &tiers);
    const char *requested = config_text(config, CONFIG_TOPICS_REQUESTED);
    values->tiers = (unsigned)(tiers < WORKER_TIERS_MOST ? tiers : WORKER_TIERS_MOST);
    snprintf(values->topics[LANE_REQUESTED], sizeof values->topics[0], "%s", requested);
    for (unsigned i = 0; i < values->tiers; i++) {
        values->tiers_ms[i] = tiers_ms[i];
        retry_topic_name(requested, values->tier_names[i], values->topics[1 + i]);
    }
    values->topic_audit = config_text(config, CONFIG_TOPICS_AUDIT);
    values->topic_dead_letter = config_text(config, CONFIG_TOPICS_DEAD_LETTER);
    values->concurrency = (size_t)config_number(config, CONFIG_WORKER_CONCURRENCY);
    values->drain_ms = config_duration_ms(config, CONFIG_WORKER_DRAIN);
    values->dot_ms = config_duration_ms(config, CONFIG_SMTP_DOT_TIMEOUT);
    values->park_ms = config_duration_ms(config, CONFIG_WORKER_PARK);
    values->accept_unsigned =
        config_choice(config, CONFIG_POLICY_UNSIGNED_EVENTS) == CONFIG_UNSIGNED_EVENTS_ACCEPT;
    name_process(config_text(config, CONFIG_WORKER_NAME), values->name, sizeof values->name);
    config_read_policy(config, &values->policy);
}

static unsigned milliseconds(const struct config *config, enum config_key key)
{
    return (unsigned)config_duration_ms(config, key);
}

void settings_smtp(const struct config *config, const char *envelope_from, struct smtp_settings *values)
{
    const char *configured = config_text(config, CONFIG_SMTP_ENVELOPE_FROM);
    smtp_settings_default(values);
    values->url = config_text(config, CONFIG_SMTP_URL);
    values->tls_required = config_choice(config, CONFIG_SMTP_TLS) == CONFIG_SMTP_TLS_REQUIRED;
    values->username = config_text(config, CONFIG_SMTP_USERNAME);
    values->password = config_text(config, CONFIG_SMTP_PASSWORD);
    values->ca_file = config_text(config, CONFIG_SMTP_CA_FILE);
    values->helo = config_text(config, CONFIG_SMTP_HELO);
    values->envelope_from = configured ? configured : envelope_from;
    values->connections = (size_t)config_number(config, CONFIG_SMTP_CONNECTIONS);
    /* A place for each event under way: the pool's queue alone decides who is next, and in order. */
    values->deliveries = (size_t)config_number(config, CONFIG_WORKER_CONCURRENCY);
    values->messages_per_connection = (size_t)config_number(config, CONFIG_SMTP_MESSAGES_PER_CONNECTION);
    values->message_limit = MESSAGE_LIMIT;
    values->deadlines = (struct smtp_deadlines){
        .connect = milliseconds(config, CONFIG_SMTP_CONNECT_TIMEOUT),
        .mail = milliseconds(config, CONFIG_SMTP_MAIL_TIMEOUT),
        .rcpt = milliseconds(config, CONFIG_SMTP_RCPT_TIMEOUT),
        .data = milliseconds(config, CONFIG_SMTP_DATA_TIMEOUT),
        .content = milliseconds(config, CONFIG_SMTP_BLOCK_TIMEOUT),
        .dot = milliseconds(config, CONFIG_SMTP_DOT_TIMEOUT),
        .quit = milliseconds(config, CONFIG_SMTP_QUIT_TIMEOUT),
    };
    values->idle = milliseconds(config, CONFIG_SMTP_IDLE_TIMEOUT);
    values->queue = milliseconds(config, CONFIG_SMTP_QUEUE_TIMEOUT);
}

static struct limit limit_of(const struct config *config, enum config_key key)
{
    struct rate rate = config_rate(config, key);
    return (struct limit){.count = rate.count, .period_ms = rate.period_ms};
}

void settings_store(const struct config *config, struct reset_store_settings *values)
{
    *values = (struct reset_store_settings){
        .limits = {.coalesce_ms = config_duration_ms(config, CONFIG_LIMITS_COALESCE),
                   .protect_admin_ms = config_duration_ms(config, CONFIG_LIMITS_PROTECT_ADMIN),
                   .per_user = limit_of(config, CONFIG_LIMITS_PER_USER),
                   .per_recipient = limit_of(config, CONFIG_LIMITS_PER_RECIPIENT),
                   .per_actor = limit_of(config, CONFIG_LIMITS_PER_ACTOR),
                   .per_bulk = limit_of(config, CONFIG_LIMITS_PER_BULK),
                   .per_notice = limit_of(config, CONFIG_LIMITS_PER_NOTICE)},
        .lease_ms = FAILPOINT_NUMBER("RESET_FAILPOINT_LEASE_MS", 0),
        .token_ttl_ms = config_duration_ms(config, CONFIG_TOKEN_TTL),
        .not_before_ms = config_time_ms(config, CONFIG_TOKEN_NOT_BEFORE),
    };
}

enum status settings_topics(const struct worker_settings *values, struct kafka_topics_plan *plan,
                            struct error *error)
{
    /* Partitions and replicas are the business of `topics`; one of each is the least that works. */
    return kafka_topics_plan(&(struct kafka_topic_names){.requested = values->topics[LANE_REQUESTED],
                                                         .audit = values->topic_audit,
                                                         .dead_letter = values->topic_dead_letter,
                                                         .retry = values->tier_names,
                                                         .retry_count = values->tiers},
                             1, 1, plan, error);
}
