/* One value of the configuration, parsed as its type says; and the inside of struct config. */
#ifndef IO_CONFIG_VALUE_H
#define IO_CONFIG_VALUE_H

#include "io/config.h"

enum config_layer {
    CONFIG_LAYER_NONE,
    CONFIG_LAYER_DEFAULT,
    CONFIG_LAYER_FILE,
    CONFIG_LAYER_ENVIRONMENT,
    CONFIG_LAYER_SET
};

struct config_value {
    enum config_layer layer; /* NONE: not set */
    bool refused;            /* somebody gave it a value that cannot be used */
    char *text;              /* owned, as written; NULL: given as empty */
    char *origin;            /* owned */
    int64_t number;          /* number, bytes, duration or time in ms, choice's index, port */
    struct rate rate;
    char *host;
    char **items;
    int64_t *numbers;
    size_t count; /* of items or numbers */
};

struct config_property { /* of section [kafka] */
    enum config_layer layer;
    char *origin;
};

struct config {
    enum config_program program;
    struct config_source source; /* for config_reload.h */
    struct config_value values[CONFIG_KEY_COUNT];
    struct config_pair *kafka;          /* names and values owned */
    struct config_property *properties; /* beside kafka */
    size_t kafka_count;
};

/* Parses `text` into the members that the setting's type uses.  The error has the complaint alone, without
 * key and place, and never quotes a secret. */
enum status config_value_parse(const struct setting *setting, const char *text, struct config_value *value,
                               struct error *error) WARN_UNUSED;

/* Wipes, frees and empties. */
void config_value_clear(struct config_value *value);
void config_wipe_string(char *string); /* may be NULL */

bool config_kafka_is_secret(const char *property);

/* A secret, or something that can carry one: its value may come from a file. */
bool config_may_come_from_file(const struct setting *setting);
/* Whether this value of the setting must not be seen. */
bool config_is_secret(const struct setting *setting, const char *text);

#endif
