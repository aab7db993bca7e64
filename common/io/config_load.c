/* The layers of the configuration, lowest first: file, environment, --set; defaults last, for what nobody
 * gave.
 *
 * A variable RESET_RELAY_… that is no key of ours is a mistake and said so, with one exception: a Kubernetes
 * Service called reset-relay-something makes the kubelet put such variables (…_SERVICE_HOST, …_PORT_8080_TCP)
 * into every container beside it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/config_assign.h"

#define PREFIX     "RESET_RELAY_"
#define NAME_LIMIT 160

static bool is_service_link(const char *name)
{
    size_t size = strlen(name);
    if (strstr(name, "SERVICE_HOST") || strstr(name, "SERVICE_PORT") || strcmp(name, "PORT") == 0 ||
        (size > 5 && strcmp(name + size - 5, "_PORT") == 0))
        return true;
    for (const char *port = strstr(name, "PORT_"); port; port = strstr(port + 1, "PORT_"))
        if (isdigit((unsigned char)port[5]))
            return true;
    return false;
}

/* SMTP_CA_FILE becomes smtp and ca_file; KAFKA_SASL_PASSWORD_FILE becomes kafka and sasl.password_file. */
static void split_variable(const char *name, char section[NAME_LIMIT], char key[NAME_LIMIT])
{
    size_t size = strcspn(name, "_");
    snprintf(section, NAME_LIMIT, "%.*s", (int)size, name);
    snprintf(key, NAME_LIMIT, "%s", name[size] ? name + size + 1 : "");
    for (char *byte = section; *byte; byte++)
        *byte = (char)tolower((unsigned char)*byte);
    bool kafka = strcmp(section, "kafka") == 0;
    size_t key_size = strlen(key);
    size_t dots = kafka && key_size > 5 && strcmp(key + key_size - 5, "_FILE") == 0 ? key_size - 5 : key_size;
    for (size_t i = 0; i < key_size; i++)
        key[i] = (char)(kafka && i < dots && key[i] == '_' ? '.' : tolower((unsigned char)key[i]));
}

static void take_variable(struct config_loader *loader, const char *variable)
{
    char name[NAME_LIMIT], origin[NAME_LIMIT + 16], section[NAME_LIMIT], key[NAME_LIMIT];
    const char *equals = strchr(variable, '=');
    size_t size = equals ? (size_t)(equals - variable) : 0;
    if (strncmp(variable, PREFIX, sizeof PREFIX - 1) != 0 || size >= sizeof name)
        return;
    snprintf(name, sizeof name, "%.*s", (int)size, variable);
    snprintf(origin, sizeof origin, "environment %s", name);
    if (is_service_link(name + sizeof PREFIX - 1))
        return;
    split_variable(name + sizeof PREFIX - 1, section, key);
    config_assign(loader,
                  &(struct config_assignment){CONFIG_LAYER_ENVIRONMENT, origin, section, key, equals + 1});
}

static void take_setting(struct config_loader *loader, const char *text)
{
    char section[NAME_LIMIT], key[NAME_LIMIT];
    const char *equals = strchr(text, '=');
    const char *dot = equals ? memchr(text, '.', (size_t)(equals - text)) : NULL;
    if (!dot || dot - text >= NAME_LIMIT || equals - dot >= NAME_LIMIT) {
        config_fault(loader, "--set", "\"%.*s\" is not section.key=value", (int)strcspn(text, "="), text);
        return;
    }
    snprintf(section, sizeof section, "%.*s", (int)(dot - text), text);
    snprintf(key, sizeof key, "%.*s", (int)(equals - dot - 1), dot + 1);
    config_assign(loader, &(struct config_assignment){CONFIG_LAYER_SET, "--set", section, key, equals + 1});
}

/* A value that cannot be used makes way for the default, so that the rules can look at all other keys. */
static void drop_refused(struct config_value *value)
{
    if (!value->refused)
        return;
    config_value_clear(value);
    value->refused = true;
}

static void take_defaults(struct config_loader *loader)
{
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        drop_refused(&loader->config->values[i]);
        const struct setting *setting = &settings[i];
        bool producer = loader->config->program == CONFIG_PRODUCER && setting->fallback_producer;
        const char *text = producer ? setting->fallback_producer : setting->fallback;
        if (text && loader->config->values[i].layer == CONFIG_LAYER_NONE)
            config_assign(loader, &(struct config_assignment){CONFIG_LAYER_DEFAULT, "default",
                                                              setting->section, setting->key, text});
    }
}

enum status config_load(enum config_program program, const struct config_source *source,
                        struct config **config, struct buffer *faults)
{
    struct config_loader loader = {.config = calloc(1, sizeof **config), .faults = faults};
    *config = NULL;
    if (!loader.config) {
        buffer_append_string(faults, "no memory for the configuration\n");
        return STATUS_MEMORY;
    }
    loader.config->program = program;
    loader.config->source = *source;
    if (source->path && !config_read_file(&loader, source->path)) {
        config_free(
            &loader
                 .config); /* nothing is known of what it says: the rules would complain of all that it has */
        return STATUS_CONFIG;
    }
    for (const char *const *variable = source->environment; variable && *variable; variable++)
        take_variable(&loader, *variable);
    for (size_t i = 0; i < source->setting_count; i++)
        take_setting(&loader, source->settings[i]);
    take_defaults(&loader);
    *config = loader.config;
    return loader.wrong ? STATUS_CONFIG : STATUS_OK;
}
