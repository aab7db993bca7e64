/* What must hold between keys, and which keys a command cannot do without. */
#ifndef IO_CONFIG_RULES_H
#define IO_CONFIG_RULES_H

#include "io/config.h"

/* What the process is about to do; it decides which keys are required and which rules apply. */
enum config_purpose {
    CONFIG_FOR_SERVE,
    CONFIG_FOR_SEND,
    CONFIG_FOR_REPLAY,
    CONFIG_FOR_TRAIL,
    CONFIG_FOR_TOPICS,
    CONFIG_FOR_KEYS,
    CONFIG_FOR_PUBLISHERS,
    CONFIG_FOR_KEYGEN,
    CONFIG_FOR_RUN,
    CONFIG_FOR_RENDER
};

/* Appends one sentence a line for each broken rule.  Plaintext away from loopback (redis, smtp, kafka, http)
 * needs security.plaintext = trusted_network. */
enum status config_rules_check(const struct config *config, enum config_purpose purpose,
                               struct buffer *faults) WARN_UNUSED;

/* The one rule of token.not_before: a moment to come would leave no link that works. */
enum status config_rules_not_before(const struct config *config, struct error *error) WARN_UNUSED;

/* Whether Kafka's connections must stay on loopback: they are plaintext, and security.plaintext trusts no
 * network. */
bool config_kafka_loopback_only(const struct config *config);

/* Whether `host` is 127.0.0.0/8, ::1, localhost or a Unix socket's path. */
bool config_is_loopback(const char *host);

#endif
