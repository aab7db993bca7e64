/* What the parsed configuration answers.  A getter that is asked for another type than the table has is our
 * own bug, so it asserts. Loading stands in config_load.c. */
#include "io/config.h"

#include <assert.h>
#include <stdlib.h>

#include "io/config_value.h"

static const struct config_value *value_of(const struct config *config, enum config_key key)
{
    assert((size_t)key < CONFIG_KEY_COUNT);
    return &config->values[key];
}

/* One type, or another that reads the same. */
static void expect_type(enum config_key key, enum setting_type type, enum setting_type other)
{
    assert(settings[key].type == type || settings[key].type == other);
    (void)key;
    (void)type;
    (void)other;
}

void config_free(struct config **config)
{
    struct config *gone = *config;
    *config = NULL;
    if (!gone)
        return;
    for (int i = 0; i < CONFIG_KEY_COUNT; i++)
        config_value_clear(&gone->values[i]);
    for (size_t i = 0; i < gone->kafka_count; i++) {
        free((char *)gone->kafka[i].name);
        config_wipe_string((char *)gone->kafka[i].value);
        free(gone->properties[i].origin);
    }
    free(gone->kafka);
    free(gone->properties);
    free(gone);
}

bool config_is_set(const struct config *config, enum config_key key)
{
    return value_of(config, key)->text != NULL;
}

bool config_was_refused(const struct config *config, enum config_key key)
{
    return value_of(config, key)->refused;
}

const char *config_origin(const struct config *config, enum config_key key)
{
    const struct config_value *value = value_of(config, key);
    return value->origin ? value->origin : "default";
}

const char *config_text(const struct config *config, enum config_key key)
{
    expect_type(key, SETTING_TEXT, settings[key].type == SETTING_PATH ? SETTING_PATH : SETTING_URL);
    return value_of(config, key)->text;
}

int64_t config_number(const struct config *config, enum config_key key)
{
    expect_type(key, SETTING_NUMBER, SETTING_BYTES);
    return value_of(config, key)->number;
}

int64_t config_duration_ms(const struct config *config, enum config_key key)
{
    expect_type(key, SETTING_DURATION, SETTING_DURATION);
    return value_of(config, key)->number;
}

int64_t config_time_ms(const struct config *config, enum config_key key)
{
    expect_type(key, SETTING_TIME, SETTING_TIME);
    return value_of(config, key)->number;
}

int config_choice(const struct config *config, enum config_key key)
{
    expect_type(key, SETTING_CHOICE, SETTING_CHOICE);
    return (int)value_of(config, key)->number;
}

struct rate config_rate(const struct config *config, enum config_key key)
{
    expect_type(key, SETTING_RATE, SETTING_RATE);
    return value_of(config, key)->rate;
}

struct config_address config_address(const struct config *config, enum config_key key)
{
    expect_type(key, SETTING_ADDRESS, SETTING_ADDRESS);
    const struct config_value *value = value_of(config, key);
    return (struct config_address){value->host, (uint16_t)value->number};
}

const char *const *config_list(const struct config *config, enum config_key key, size_t *count)
{
    expect_type(key, SETTING_LIST, SETTING_DURATION_LIST);
    const struct config_value *value = value_of(config, key);
    *count = value->count;
    return (const char *const *)value->items;
}

const int64_t *config_duration_list(const struct config *config, enum config_key key, size_t *count)
{
    expect_type(key, SETTING_DURATION_LIST, SETTING_DURATION_LIST);
    const struct config_value *value = value_of(config, key);
    *count = value->count;
    return value->numbers;
}

const struct config_pair *config_kafka(const struct config *config, size_t *count)
{
    *count = config->kafka_count;
    return config->kafka;
}

const char *config_kafka_value(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->kafka_count; i++)
        if (strcmp(config->kafka[i].name, name) == 0)
            return config->kafka[i].value;
    return NULL;
}
