/* The configuration and its table as text: INI for --print-config, Markdown for the README. */
#include <stdio.h>

#include "io/config_value.h"

#define WIDTH 100
#define MASK  "********"

static void append_all(struct buffer *out, const char *const *parts)
{
    while (*parts)
        buffer_append_string(out, *parts++);
}

#define APPEND(out, ...) append_all(out, (const char *const[]){__VA_ARGS__, NULL})

/* "# text" in lines of at most WIDTH bytes, broken at blanks. */
static void append_comment(struct buffer *out, const char *text)
{
    while (*text) {
        size_t size = strlen(text);
        if (size > WIDTH) {
            size = WIDTH;
            while (size > 1 && text[size] != ' ')
                size--;
        }
        buffer_append_string(out, "# ");
        buffer_append(out, text, size);
        buffer_append_byte(out, '\n');
        text += size;
        text += strspn(text, " ");
    }
}

static void print_setting(const struct config *config, const struct setting *setting, struct buffer *out)
{
    const struct config_value *value = &config->values[setting - settings];
    bool given = value->layer > CONFIG_LAYER_DEFAULT;
    buffer_append_byte(out, '\n');
    append_comment(out, setting->help);
    if (setting->type == SETTING_CHOICE)
        APPEND(out, "# one of ", setting->choices, "\n");
    if (given)
        APPEND(out, "# from ", value->origin, "\n");
    if (!value->text)
        APPEND(out, "#", setting->key, " =\n");
    else if (config_is_secret(setting, value->text))
        APPEND(out, "#", setting->key, " = " MASK "\n");
    else
        APPEND(out, setting->key, " = ", value->text, "\n");
}

static void print_kafka(const struct config *config, struct buffer *out)
{
    buffer_append_string(out, "[kafka]\n\n");
    append_comment(out, "Any property of librdkafka.");
    for (size_t i = 0; i < config->kafka_count; i++) {
        bool secret = config_kafka_is_secret(config->kafka[i].name);
        APPEND(out, "# from ", config->properties[i].origin, "\n", secret ? "#" : "", config->kafka[i].name,
               " = ", secret ? MASK : config->kafka[i].value, "\n");
    }
    if (config->kafka_count == 0)
        buffer_append_string(out, "#bootstrap.servers =\n");
}

void config_print(const struct config *config, struct buffer *out)
{
    const char *section = "";
    print_kafka(config, out);
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (!(settings[i].program & config->program))
            continue;
        if (strcmp(section, settings[i].section) != 0)
            APPEND(out, "\n[", settings[i].section, "]\n");
        section = settings[i].section;
        print_setting(config, &settings[i], out);
    }
}

static void append_range(struct buffer *out, const struct setting *setting)
{
    char least[DURATION_TEXT_SIZE], most[DURATION_TEXT_SIZE];
    if (setting->maximum == 0)
        return;
    if (setting->type == SETTING_DURATION || setting->type == SETTING_DURATION_LIST) {
        duration_print(setting->minimum, least);
        duration_print(setting->maximum, most);
    } else {
        snprintf(least, sizeof least, "%lld", (long long)setting->minimum);
        snprintf(most, sizeof most, "%lld", (long long)setting->maximum);
    }
    APPEND(out, " (", least, " to ", most, setting->type == SETTING_BYTES ? " bytes)" : ")");
}

/* A bar would end the cell. */
static void append_cell(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, *text);
    }
}

static void document_setting(const struct setting *setting, struct buffer *out)
{
    static const char *const programs[] = {"", "producer", "worker", "both"};
    APPEND(out, "| `", setting->section, ".", setting->key, "` | ");
    if (setting->fallback)
        APPEND(out, "`", setting->fallback, "`");
    if (setting->fallback_producer)
        APPEND(out, ", producer `", setting->fallback_producer, "`");
    APPEND(out, " | ", programs[setting->program], " | ");
    append_cell(out, setting->help);
    if (setting->choices) {
        buffer_append_string(out, setting->type == SETTING_LIST ? " One, or several with commas between, of `"
                                                                : " One of `");
        append_cell(out, setting->choices);
        buffer_append_string(out, "`.");
    }
    append_range(out, setting);
    if (setting->secret)
        buffer_append_string(out, " Secret.");
    buffer_append_string(out, " |\n");
}

void config_document(struct buffer *out)
{
    buffer_append_string(out, "| Key | Default | Read by | Meaning |\n| --- | --- | --- | --- |\n"
                              "| `kafka.*` |  | both | Any property of librdkafka, by its own name: "
                              "`kafka.bootstrap.servers`. |\n");
    for (int i = 0; i < CONFIG_KEY_COUNT; i++)
        document_setting(&settings[i], out);
}
