/* What must hold between keys.  Each value was checked alone when it was read; here are the promises that two
 * of them can break together, and what a command cannot start without.  All faults are written, none stops
 * the search.
 *
 * Plaintext: whoever can read the wire between these processes reads addresses (Kafka), could take over the
 * store (Redis) or reads the links themselves (SMTP).  So it takes a word of the operator beyond loopback.
 * The admin port is left out: nothing on it is personal or secret, and a kubelet could not reach it on
 * loopback. */
#include "io/config_rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "core/mail/link.h"
#include "core/timestamp.h"
#include "io/clock.h"

#define TOPIC_LIMIT 249 /* bytes; Kafka's own limit */
#define TIERS_LIMIT 15  /* lanes of a worker beside the requested topic */

#define FOR(purpose)  (1U << CONFIG_FOR_##purpose)
#define FOR_PUBLISH   (FOR(SERVE) | FOR(SEND))
#define FOR_KAFKA     (FOR_PUBLISH | FOR(REPLAY) | FOR(TRAIL) | FOR(TOPICS) | FOR(RUN))
#define FOR_STORE     (FOR(SERVE) | FOR(RUN))
#define FOR_DELIVERY  (FOR(RUN))
#define FOR_TEMPLATES (FOR(RUN) | FOR(RENDER))

struct rules {
    const struct config *config;
    struct buffer *faults;
    unsigned purpose; /* one bit */
    bool broken;
};

static void break_rule(struct rules *rules, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void break_rule(struct rules *rules, const char *format, ...)
{
    char text[640];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    buffer_append_string(rules->faults, text);
    buffer_append_byte(rules->faults, '\n');
    rules->broken = true;
}

static bool trusts_network(const struct config *config)
{
    return config_choice(config, CONFIG_SECURITY_PLAINTEXT) == CONFIG_PLAINTEXT_TRUSTED_NETWORK;
}

static bool trusted(const struct rules *rules)
{
    return trusts_network(rules->config);
}

bool config_kafka_loopback_only(const struct config *config)
{
    const char *protocol = config_kafka_value(config, "security.protocol");
    bool encrypted = protocol && (strcasecmp(protocol, "ssl") == 0 || strcasecmp(protocol, "sasl_ssl") == 0);
    return !encrypted && !trusts_network(config);
}

bool config_is_loopback(const char *host)
{
    if (host[0] == '/' || strcmp(host, "::1") == 0 || strcasecmp(host, "localhost") == 0)
        return true;
    return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host);
}

/* The host of `url`, or of "host:port" without a scheme, without brackets; never a part of a login. */
static void copy_host(const char *url, char *host, size_t size)
{
    const char *begin = strstr(url, "://") ? strstr(url, "://") + 3 : url;
    if (strncmp(url, "redis://", 8) == 0 && strrchr(begin, '@')) /* as redis_url_parse() reads it */
        begin = strrchr(begin, '@') + 1;
    const char *end = begin + strcspn(begin, "/?#,");
    const char *at = memchr(begin, '@', (size_t)(end - begin));
    begin = at ? at + 1 : begin;
    bool brackets = *begin == '[';
    begin += brackets;
    size_t length = strcspn(begin, brackets ? "]" : ":/?#,");
    snprintf(host, size, "%.*s", (int)(length < size ? length : size - 1), begin);
}

static void check_required(struct rules *rules)
{
    static const struct {
        enum config_key key;
        unsigned purposes;
        const char *why;
    } required[] = {
        {CONFIG_AUTH_KEYS_FILE, FOR(SERVE) | FOR(KEYS), "it names the file of the API keys"},
        {CONFIG_AUTH_PUBLISHERS_FILE, FOR_PUBLISH | FOR(REPLAY) | FOR(PUBLISHERS) | FOR(RUN),
         "it names the file of those who may publish"},
        {CONFIG_AUTH_PUBLISHER, FOR_PUBLISH, "it names the producer's own entry in auth.publishers_file"},
        {CONFIG_REDIS_URL, FOR(RUN), "the worker keeps its requests there"},
        {CONFIG_SMTP_URL, FOR_DELIVERY, "it names the mail relay"},
        {CONFIG_SMTP_FROM, FOR(RUN), "it is the mails' sender"},
        {CONFIG_LINK_URL, FOR(RUN), "it is where the mails' links lead"},
        {CONFIG_TOKEN_MASTER_KEYS_FILE, FOR(RUN), "links are made with these keys; `keygen FILE` makes one"},
        {CONFIG_TOKEN_RECORD_KEYS_FILE, FOR(RUN),
         "records are sealed with these keys; `keygen FILE` makes one"},
    };
    for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
        const struct setting *setting = &settings[required[i].key];
        if ((required[i].purposes & rules->purpose) && !config_is_set(rules->config, required[i].key) &&
            !config_was_refused(rules->config, required[i].key))
            break_rule(rules, "%s.%s is missing: %s", setting->section, setting->key, required[i].why);
    }
    if ((rules->purpose & FOR(SERVE)) && config_is_set(rules->config, CONFIG_REDIS_URL) &&
        !config_is_set(rules->config, CONFIG_TOKEN_RECORD_KEYS_FILE))
        break_rule(
            rules,
            "token.record_keys_file is missing: with redis.url the producer serves tokens, and records are "
            "sealed with these keys");
}

static void refuse_plaintext_to_redis(struct rules *rules, enum config_key key, const char *host)
{
    if (!config_is_loopback(host) && !trusted(rules))
        break_rule(rules,
                   "%s: %s.%s speaks plaintext to %.100s, which is not loopback: use a tunnel, or say "
                   "security.plaintext = trusted_network",
                   config_origin(rules->config, key), settings[key].section, settings[key].key, host);
}

/* With Sentinels, the url's host is a name that they know, and nothing to connect to. */
static void check_sentinels(struct rules *rules, const char *url)
{
    size_t count;
    const char *const *sentinels = config_list(rules->config, CONFIG_REDIS_SENTINELS, &count);
    for (size_t i = 0; i < count && strncmp(url, "rediss://", 9) != 0; i++) {
        char host[256];
        copy_host(sentinels[i], host, sizeof host);
        refuse_plaintext_to_redis(rules, CONFIG_REDIS_SENTINELS, host);
    }
}

static void check_redis_waits(struct rules *rules)
{
    if (config_number(rules->config, CONFIG_REDIS_WAIT_REPLICAS) > 0 &&
        2 * config_duration_ms(rules->config, CONFIG_REDIS_WAIT_TIMEOUT) >=
            config_duration_ms(rules->config, CONFIG_REDIS_TIMEOUT))
        break_rule(rules,
                   "%s: redis.wait_timeout must be less than half of redis.timeout: what is asked meanwhile "
                   "waits behind it",
                   config_origin(rules->config, CONFIG_REDIS_WAIT_TIMEOUT));
}

static void check_redis(struct rules *rules)
{
    const char *url = config_text(rules->config, CONFIG_REDIS_URL);
    const char *prefix = config_text(rules->config, CONFIG_REDIS_PREFIX);
    char host[256];
    if (strspn(prefix, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-") !=
        strlen(prefix))
        break_rule(rules, "%s: redis.prefix may have letters, digits and . _ : - only",
                   config_origin(rules->config, CONFIG_REDIS_PREFIX));
    check_redis_waits(rules);
    if (!url)
        return;
    check_sentinels(rules, url);
    if (config_is_set(rules->config, CONFIG_REDIS_SENTINELS) || strncmp(url, "rediss://", 9) == 0 ||
        strncmp(url, "unix://", 7) == 0)
        return;
    copy_host(url, host, sizeof host);
    if (strncmp(url, "redis://", 8) != 0)
        break_rule(rules, "%s: redis.url must begin with redis://, rediss:// or unix://",
                   config_origin(rules->config, CONFIG_REDIS_URL));
    else
        refuse_plaintext_to_redis(rules, CONFIG_REDIS_URL, host);
}

static void check_smtp(struct rules *rules)
{
    const char *url = config_text(rules->config, CONFIG_SMTP_URL);
    char host[256];
    if (config_is_set(rules->config, CONFIG_SMTP_USERNAME) !=
        config_is_set(rules->config, CONFIG_SMTP_PASSWORD))
        break_rule(rules, "smtp.username and smtp.password go together: give both or none");
    if (!url)
        return;
    copy_host(url, host, sizeof host);
    if (strncmp(url, "smtp://", 7) != 0 && strncmp(url, "smtps://", 8) != 0)
        break_rule(rules, "%s: smtp.url must begin with smtp:// or smtps://",
                   config_origin(rules->config, CONFIG_SMTP_URL));
    else if (strncmp(url, "smtp://", 7) == 0 &&
             config_choice(rules->config, CONFIG_SMTP_TLS) == CONFIG_SMTP_TLS_OFF &&
             !config_is_loopback(host) && !trusted(rules))
        break_rule(rules,
                   "%s: smtp.tls = off sends links in plaintext to %.100s, which is not loopback: use "
                   "smtp.tls = required, "
                   "or say security.plaintext = trusted_network",
                   config_origin(rules->config, CONFIG_SMTP_TLS), host);
}

static void check_kafka(struct rules *rules)
{
    const char *servers = config_kafka_value(rules->config, "bootstrap.servers");
    char host[256];
    if (!servers || !*servers)
        servers =
            config_kafka_value(rules->config, "metadata.broker.list"); /* librdkafka's other name for it */
    if (!servers || !*servers) {
        break_rule(rules, "bootstrap.servers is missing in [kafka]: it names the brokers");
        return;
    }
    if (!config_kafka_loopback_only(rules->config))
        return;
    for (const char *server = servers; server;
         server = strchr(server, ',') ? strchr(server, ',') + 1 : NULL) {
        copy_host(server + strspn(server, " "), host, sizeof host);
        if (*host && !config_is_loopback(host)) {
            break_rule(rules,
                       "kafka.bootstrap.servers speaks plaintext to %.100s, which is not loopback: set "
                       "security.protocol "
                       "= ssl or sasl_ssl in [kafka], or say security.plaintext = trusted_network",
                       host);
            return;
        }
    }
}

static void check_topics(struct rules *rules)
{
    static const enum config_key keys[] = {CONFIG_TOPICS_REQUESTED, CONFIG_TOPICS_AUDIT,
                                           CONFIG_TOPICS_DEAD_LETTER};
    size_t count;
    const int64_t *tiers = config_duration_list(rules->config, CONFIG_TOPICS_RETRY, &count);
    for (size_t i = 0; i < 3; i++) {
        const char *name = config_text(rules->config, keys[i]);
        size_t size = strlen(name), room = i == 0 ? sizeof ".retry.999h" - 1 : 0;
        if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != size ||
            size + room > TOPIC_LIMIT)
            break_rule(rules, "%s: topics.%s may have letters, digits and . _ - only, and not be too long",
                       config_origin(rules->config, keys[i]), settings[keys[i]].key);
        for (size_t j = 0; j < i; j++)
            if (strcmp(name, config_text(rules->config, keys[j])) == 0)
                break_rule(rules, "topics.%s and topics.%s are the same topic", settings[keys[j]].key,
                           settings[keys[i]].key);
    }
    for (size_t i = 1; i < count; i++)
        if (tiers[i] <= tiers[i - 1])
            break_rule(rules, "%s: topics.retry must ascend, each tier longer than the one before",
                       config_origin(rules->config, CONFIG_TOPICS_RETRY));
    if (count > TIERS_LIMIT)
        break_rule(rules, "%s: topics.retry has more than %d tiers",
                   config_origin(rules->config, CONFIG_TOPICS_RETRY), TIERS_LIMIT);
    if ((rules->purpose & FOR_DELIVERY) && count &&
        tiers[count - 1] <= config_duration_ms(rules->config, CONFIG_SMTP_DOT_TIMEOUT))
        break_rule(
            rules,
            "the longest tier of topics.retry must exceed smtp.dot_timeout: a parked mail must not come back "
            "while its first delivery may still end");
}

static void check_roles(struct rules *rules)
{
    size_t count;
    const char *const *roles = config_list(rules->config, CONFIG_POLICY_ADMIN_ROLES, &count);
    if (count == 0)
        break_rule(rules, "policy.admin_roles is empty: name at least one role");
    for (size_t i = 0; i < count; i++)
        if (strcmp(roles[i], "self") == 0)
            break_rule(rules,
                       "%s: policy.admin_roles must not name \"self\", the role of a user's own request",
                       config_origin(rules->config, CONFIG_POLICY_ADMIN_ROLES));
}

static void check_link(struct rules *rules)
{
    const char *url = config_text(rules->config, CONFIG_LINK_URL);
    struct link_pattern pattern;
    struct error error;
    if (url && link_parse(text_of(url), &pattern, &error) != STATUS_OK)
        break_rule(rules, "%s: link.url: %s", config_origin(rules->config, CONFIG_LINK_URL), error.text);
    size_t count;
    const char *const *allowed = config_list(rules->config, CONFIG_LINK_ALLOWED, &count);
    for (size_t i = 0; i < count; i++)
        if (!link_host_valid(text_of(allowed[i])))
            break_rule(
                rules,
                "%s: link.allowed: `%.60s` is no host: name it as a browser shows it, without https://",
                config_origin(rules->config, CONFIG_LINK_ALLOWED), allowed[i]);
}

enum status config_rules_not_before(const struct config *config, struct error *error)
{
    char time[TIMESTAMP_SIZE];
    int64_t not_before_ms = config_time_ms(config, CONFIG_TOKEN_NOT_BEFORE);
    if (not_before_ms <= clock_realtime_ms())
        return STATUS_OK;
    timestamp_format(not_before_ms, time);
    return error_set(error, STATUS_CONFIG,
                     "%s: token.not_before is in the future (%s): no link would work; name a moment that is "
                     "past (UTC ends in Z), or check this machine's clock",
                     config_origin(config, CONFIG_TOKEN_NOT_BEFORE), time);
}

static void check_not_before(struct rules *rules)
{
    struct error error;
    if (config_rules_not_before(rules->config, &error))
        break_rule(rules, "%s", error.text);
}

static void check_listen(struct rules *rules)
{
    struct config_address address = config_address(rules->config, CONFIG_HTTP_LISTEN);
    if (!config_is_loopback(address.host) && !trusted(rules))
        break_rule(rules,
                   "%s: http.listen speaks plaintext on %.100s, which is not loopback: put a TLS proxy "
                   "before a loopback "
                   "address, or say security.plaintext = trusted_network",
                   config_origin(rules->config, CONFIG_HTTP_LISTEN), address.host);
}

enum status config_rules_check(const struct config *config, enum config_purpose purpose,
                               struct buffer *faults)
{
    static const struct {
        void (*check)(struct rules *rules);
        unsigned purposes;
    } checks[] = {
        {check_required, ~0U},         {check_kafka, FOR_KAFKA},
        {check_topics, FOR_KAFKA},     {check_redis, FOR_STORE},
        {check_smtp, FOR_DELIVERY},    {check_link, FOR_TEMPLATES},
        {check_not_before, FOR_STORE}, {check_roles, FOR_PUBLISH | FOR(RUN)},
        {check_listen, FOR(SERVE)},
    };
    struct rules rules = {config, faults, 1U << purpose, false};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (checks[i].purposes & rules.purpose)
            checks[i].check(&rules);
    return rules.broken ? STATUS_CONFIG : STATUS_OK;
}
