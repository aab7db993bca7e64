/* From one assignment to one value, the same way for file, environment and --set.
 *
 * The layers come in rising order, so the later one simply replaces the earlier; two assignments in one layer
 * are a mistake of whoever wrote them.  Every layer is parsed, also what a higher one replaces: a wrong line
 * must not come to light on the day when somebody takes the variable away.
 *
 * Where a secret may come from is decided here and nowhere else. */
#include "io/config_assign.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/nearest_name.h"
#include "io/secret_file.h"

#define SECRET_LIMIT 8192 /* bytes of one secret in a file of its own */
#define SUFFIX       "_file"

void config_fault(struct config_loader *loader, const char *origin, const char *format, ...)
{
    char text[768];
    va_list arguments;
    va_start(arguments, format);
    int begin = snprintf(text, sizeof text, "%.300s: ", origin);
    vsnprintf(text + begin, sizeof text - (size_t)begin, format, arguments);
    va_end(arguments);
    for (char *byte = text; *byte; byte++)
        if ((unsigned char)*byte < ' ' || *byte == 0x7f)
            *byte = '?';
    buffer_append_string(loader->faults, text);
    buffer_append_byte(loader->faults, '\n');
    loader->wrong = true;
}

static int find_setting(const char *section, const char *key, size_t key_size)
{
    for (int i = 0; i < CONFIG_KEY_COUNT; i++)
        if (strcmp(settings[i].section, section) == 0 && strlen(settings[i].key) == key_size &&
            memcmp(settings[i].key, key, key_size) == 0)
            return i;
    return -1;
}

/* The size of `key` without "_file", 0 where it does not end so. */
static size_t without_suffix(const char *key)
{
    size_t size = strlen(key), suffix = sizeof SUFFIX - 1;
    return size > suffix && strcmp(key + size - suffix, SUFFIX) == 0 ? size - suffix : 0;
}

static void fault_unknown(struct config_loader *loader, const struct config_assignment *assignment)
{
    char wanted[NEAREST_NAME_LIMIT], known[NEAREST_NAME_LIMIT];
    struct nearest_name nearest;
    snprintf(wanted, sizeof wanted, "%s.%s", assignment->section, assignment->key);
    nearest_name_init(&nearest, wanted);
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        snprintf(known, sizeof known, "%s.%s", settings[i].section, settings[i].key);
        nearest_name_offer(&nearest, known);
        if (config_may_come_from_file(&settings[i])) {
            snprintf(known, sizeof known, "%s.%s" SUFFIX, settings[i].section, settings[i].key);
            nearest_name_offer(&nearest, known);
        }
    }
    if (*nearest.best)
        config_fault(loader, assignment->origin, "there is no key %.60s.%.60s; did you mean %s?",
                     assignment->section, assignment->key, nearest.best);
    else
        config_fault(loader, assignment->origin, "there is no key %.60s.%.60s; --print-config shows all",
                     assignment->section, assignment->key);
}

/* Whether a secret value may come from this layer; says why not. */
static bool check_secret(struct config_loader *loader, const struct config_assignment *assignment)
{
    if (assignment->layer == CONFIG_LAYER_FILE) {
        snprintf(loader->secret_key, sizeof loader->secret_key, "%s.%s", assignment->section,
                 assignment->key);
        return true;
    }
    bool set = assignment->layer == CONFIG_LAYER_SET;
    char instead[256];
    if (set)
        snprintf(instead, sizeof instead, "--set %s.%s" SUFFIX, assignment->section, assignment->key);
    else
        snprintf(instead, sizeof instead, "%s_FILE", assignment->origin + strlen("environment "));
    config_fault(loader, assignment->origin,
                 "%s.%s is a secret, and none is taken from %s, where other processes can read it; write it "
                 "into a file "
                 "of mode 0600 and name that: %s=PATH",
                 assignment->section, assignment->key, set ? "the command line" : "the environment's value",
                 instead);
    return false;
}

/* The one line of the file that the assignment names, to be wiped and freed by the caller; NULL after a
 * fault. */
static char *read_secret(struct config_loader *loader, const struct config_assignment *assignment)
{
    struct buffer secret;
    struct error error;
    char *copy = NULL;
    buffer_init_secret(&secret, SECRET_LIMIT);
    if (secret_file_read_line(assignment->value, &secret, &error) != STATUS_OK)
        config_fault(loader, assignment->origin, "%s.%s: %s", assignment->section, assignment->key,
                     error.text);
    else if (!(copy = strndup(secret.bytes, secret.size)))
        config_fault(loader, assignment->origin, "no memory");
    buffer_clear(&secret);
    return copy;
}

static void set_value(struct config_loader *loader, const struct config_assignment *assignment,
                      const struct setting *setting, struct config_value *value, const char *text)
{
    struct error error;
    enum config_layer layer = assignment->layer;
    bool refused = value->refused;
    config_value_clear(value);
    value->refused = refused;
    value->layer = layer;
    value->origin = strdup(assignment->origin);
    if (*text == 0 && setting->fallback) {
        config_fault(loader, assignment->origin, "%s.%s has no value; leave it out for the default, %s",
                     setting->section, setting->key, setting->fallback);
        value->refused = true;
    }
    if (*text == 0) /* unset, also against a lower layer */
        return;
    if (config_value_parse(setting, text, value, &error) != STATUS_OK) {
        config_fault(loader, assignment->origin, "%s.%s: %s", setting->section, setting->key, error.text);
        value->refused = true;
    }
    if (!(value->text = strdup(text)) || !value->origin)
        config_fault(loader, assignment->origin, "no memory");
}

static void assign_setting(struct config_loader *loader, const struct config_assignment *assignment,
                           int index, bool from_file)
{
    const struct setting *setting = &settings[index];
    struct config_value *value = &loader->config->values[index];
    if (value->layer == assignment->layer) {
        config_fault(loader, assignment->origin, "%s.%s stands twice; the first is %s", setting->section,
                     setting->key, value->origin ? value->origin : "before it");
        return;
    }
    if (!from_file) {
        if (!config_is_secret(setting, assignment->value) || !*assignment->value ||
            check_secret(loader, assignment))
            set_value(loader, assignment, setting, value, assignment->value);
        else
            value->refused = true;
        return;
    }
    if (!(setting->program & loader->config->program)) /* not ours: perhaps not even readable for us */
        return;
    char *secret = *assignment->value ? read_secret(loader, assignment) : strdup("");
    if (secret)
        set_value(loader, assignment, setting, value, secret);
    else
        value->refused = true;
    config_wipe_string(secret);
}

static void add_property(struct config_loader *loader, const struct config_assignment *assignment,
                         const char *name, const char *text)
{
    struct config *config = loader->config;
    size_t at = 0;
    while (at < config->kafka_count && strcmp(config->kafka[at].name, name) != 0)
        at++;
    if (at < config->kafka_count && config->properties[at].layer == assignment->layer) {
        config_fault(loader, assignment->origin, "kafka.%s stands twice; the first is %s", name,
                     config->properties[at].origin);
        return;
    }
    struct config_pair made = {strdup(name), strdup(text)};
    char *origin = strdup(assignment->origin);
    struct config_pair *pairs = realloc(config->kafka, (config->kafka_count + 1) * sizeof *pairs);
    config->kafka = pairs ? pairs : config->kafka;
    struct config_property *properties =
        realloc(config->properties, (config->kafka_count + 1) * sizeof *properties);
    config->properties = properties ? properties : config->properties;
    if (!made.name || !made.value || !origin || !pairs || !properties) {
        free((char *)made.name);
        config_wipe_string((char *)made.value);
        free(origin);
        config_fault(loader, assignment->origin, "no memory");
        return;
    }
    if (at < config->kafka_count) {
        free((char *)pairs[at].name);
        config_wipe_string((char *)pairs[at].value);
        free(properties[at].origin);
    } else {
        config->kafka_count++;
    }
    pairs[at] = made;
    properties[at] = (struct config_property){assignment->layer, origin};
}

static void assign_kafka(struct config_loader *loader, const struct config_assignment *assignment)
{
    char name[128];
    size_t secret_size = without_suffix(assignment->key);
    snprintf(name, sizeof name, "%.*s", secret_size ? (int)secret_size : 127, assignment->key);
    bool from_file = secret_size && config_kafka_is_secret(name);
    snprintf(name, sizeof name, "%.*s", from_file ? (int)secret_size : 127, assignment->key);
    for (const char *byte = assignment->value; *byte; byte++)
        if ((unsigned char)*byte < ' ' || *byte == 0x7f) {
            config_fault(loader, assignment->origin, "kafka.%s: has a control character in it", name);
            return;
        }
    if (!from_file) {
        if (!config_kafka_is_secret(name) || check_secret(loader, assignment))
            add_property(loader, assignment, name, assignment->value);
        return;
    }
    char *secret = read_secret(loader, assignment);
    if (secret)
        add_property(loader, assignment, name, secret);
    config_wipe_string(secret);
}

void config_assign(struct config_loader *loader, const struct config_assignment *assignment)
{
    if (strcmp(assignment->section, "kafka") == 0) {
        assign_kafka(loader, assignment);
        return;
    }
    int index = find_setting(assignment->section, assignment->key, strlen(assignment->key));
    bool from_file = false;
    if (index < 0) {
        index = find_setting(assignment->section, assignment->key, without_suffix(assignment->key));
        from_file = index >= 0 && config_may_come_from_file(&settings[index]);
        index = from_file ? index : -1;
    }
    if (index < 0)
        fault_unknown(loader, assignment);
    else
        assign_setting(loader, assignment, index, from_file);
}
