/* One place where keys become values, so that both programs decide alike. */
#include "io/config_values.h"

#include <string.h>

#include "io/config_rules.h"

enum { PENDING_REDIS_COMMANDS = 20000 };

void config_read_policy(const struct config *config, struct config_policy *values)
{
    static const char *const names[METHOD_COUNT] = {
        [METHOD_TEMPORARY_PASSWORD_MAILED] = "mailed",
        [METHOD_TEMPORARY_PASSWORD_HANDED] = "handed",
        [METHOD_TEMPORARY_PASSWORD_CHOSEN] = "chosen",
    };
    size_t count;
    const char *const *roles = config_list(config, CONFIG_POLICY_ADMIN_ROLES, &count);
    *values = (struct config_policy){0};
    values->policy.admin_role_count = count < CONFIG_ROLES_MOST ? count : CONFIG_ROLES_MOST;
    for (size_t i = 0; i < values->policy.admin_role_count; i++)
        values->roles[i] = text_of(roles[i]);
    values->policy.admin_roles = values->roles;
    const char *const *methods = config_list(config, CONFIG_POLICY_TEMPORARY_PASSWORD, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t method = 0; method < METHOD_COUNT; method++)
            if (names[method] && strcmp(names[method], methods[i]) == 0)
                values->policy.methods[method] = true;
}

void config_read_redis(const struct config *config, const char *client_name, struct redis_options *options)
{
    size_t sentinels;
    const char *const *list = config_list(config, CONFIG_REDIS_SENTINELS, &sentinels);
    *options = (struct redis_options){
        .url = config_text(config, CONFIG_REDIS_URL),
        .sentinels = list,
        .sentinel_count = sentinels,
        .sentinel_user = config_text(config, CONFIG_REDIS_SENTINEL_USERNAME),
        .sentinel_password = config_text(config, CONFIG_REDIS_SENTINEL_PASSWORD),
        .tls = {.ca = config_text(config, CONFIG_REDIS_CA_FILE),
                .certificate = config_text(config, CONFIG_REDIS_CERTIFICATE_FILE),
                .key = config_text(config, CONFIG_REDIS_KEY_FILE)},
        .prefix = config_text(config, CONFIG_REDIS_PREFIX),
        .client_name = client_name,
        .plaintext_trusted =
            config_choice(config, CONFIG_SECURITY_PLAINTEXT) == CONFIG_PLAINTEXT_TRUSTED_NETWORK,
        .connect_timeout_ms = config_duration_ms(config, CONFIG_REDIS_CONNECT_TIMEOUT),
        .command_timeout_ms = config_duration_ms(config, CONFIG_REDIS_TIMEOUT),
        .most_pending = PENDING_REDIS_COMMANDS,
    };
}

struct kafka_properties config_kafka_properties(const struct config *config)
{
    size_t count;
    const struct config_pair *pairs = config_kafka(config, &count);
    return (struct kafka_properties){
        .items = pairs, .count = count, .loopback_only = config_kafka_loopback_only(config)};
}

enum status config_read_topics(const struct config *config, struct kafka_topics_plan *plan,
                               struct error *error)
{
    size_t count;
    const char *const *tiers = config_list(config, CONFIG_TOPICS_RETRY, &count);
    const struct kafka_topic_names names = {
        .requested = config_text(config, CONFIG_TOPICS_REQUESTED),
        .audit = config_text(config, CONFIG_TOPICS_AUDIT),
        .dead_letter = config_text(config, CONFIG_TOPICS_DEAD_LETTER),
        .retry = tiers,
        .retry_count = count,
    };
    return kafka_topics_plan(&names, (int)config_number(config, CONFIG_TOPICS_PARTITIONS),
                             (int)config_number(config, CONFIG_TOPICS_REPLICATION), plan, error);
}
