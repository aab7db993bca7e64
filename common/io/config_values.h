/* Keys of the configuration as the parts that both programs have want them.  config_rules.h has checked what
 * can be wrong before.  What is filled keeps pointers into `config`. */
#ifndef IO_CONFIG_VALUES_H
#define IO_CONFIG_VALUES_H

#include "core/policy.h"
#include "io/config.h"
#include "io/kafka_properties.h"
#include "io/kafka_topics.h"
#include "io/redis.h"

enum { CONFIG_ROLES_MOST = 16 };

/* Never copied: `policy` points into `roles`. */
struct config_policy {
    struct text roles[CONFIG_ROLES_MOST];
    struct policy policy;
};

void config_read_policy(const struct config *config, struct config_policy *values);

/* All but the scripts.  Only where redis.url is set. */
void config_read_redis(const struct config *config, const char *client_name, struct redis_options *options);

struct kafka_properties config_kafka_properties(const struct config *config);

/* Every topic of the relay as the configuration wants it. */
WARN_UNUSED enum status config_read_topics(const struct config *config, struct kafka_topics_plan *plan,
                                           struct error *error);

#endif
