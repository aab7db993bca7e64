/* Text to value, a function per type.  Complaints name what was written (but for secrets) and show what would
 * do. */
#include "io/config_value.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "core/timestamp.h"

#define ITEMS 32

static enum status no_memory(struct error *error)
{
    return error_set(error, STATUS_MEMORY, "no memory");
}

static enum status parse_integer(struct text text, int64_t *number)
{
    int64_t value = 0;
    if (text.size == 0 || text.size > 15)
        return STATUS_INVALID;
    for (size_t i = 0; i < text.size; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return STATUS_INVALID;
        value = value * 10 + (text.bytes[i] - '0');
    }
    *number = value;
    return STATUS_OK;
}

static enum status parse_number(const struct setting *setting, const char *text, struct config_value *value,
                                struct error *error)
{
    if (parse_integer(text_of(text), &value->number) != STATUS_OK)
        return error_set(error, STATUS_CONFIG, "\"%.40s\" is no whole number", text);
    if (value->number < setting->minimum || value->number > setting->maximum)
        return error_set(error, STATUS_CONFIG, "%lld is out of range: %lld to %lld", (long long)value->number,
                         (long long)setting->minimum, (long long)setting->maximum);
    return STATUS_OK;
}

static enum status parse_bytes(const struct setting *setting, const char *text, struct config_value *value,
                               struct error *error)
{
    static const struct {
        const char *name;
        int64_t factor;
    } units[] = {{"", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}};
    size_t digits = strspn(text, "0123456789");
    int64_t number = 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text + digits, units[i].name) != 0 ||
            parse_integer((struct text){text, digits}, &number) != STATUS_OK)
            continue;
        value->number = number * units[i].factor;
        if (value->number < setting->minimum || value->number > setting->maximum)
            return error_set(error, STATUS_CONFIG, "%.40s is out of range: %lld to %lld bytes", text,
                             (long long)setting->minimum, (long long)setting->maximum);
        return STATUS_OK;
    }
    return error_set(error, STATUS_CONFIG, "\"%.40s\" is no size: write bytes, or 16KiB, or 1MiB", text);
}

static enum status parse_duration(const struct setting *setting, struct text text, int64_t *ms,
                                  struct error *error)
{
    if (duration_parse(text, ms, NULL) != STATUS_OK)
        return error_set(error, STATUS_CONFIG, "\"%.*s\" is no duration: write 500ms, 30s, 5m, 24h or 7d",
                         (int)(text.size < 40 ? text.size : 40), text.bytes);
    if (*ms >= setting->minimum && *ms <= setting->maximum)
        return STATUS_OK;
    char least[DURATION_TEXT_SIZE], most[DURATION_TEXT_SIZE];
    duration_print(setting->minimum, least);
    duration_print(setting->maximum, most);
    return error_set(error, STATUS_CONFIG, "%.*s is out of range: %s to %s", (int)text.size, text.bytes,
                     least, most);
}

static enum status parse_time(const char *text, struct config_value *value, struct error *error)
{
    if (timestamp_parse(text_of(text), &value->number))
        return STATUS_OK;
    return error_set(error, STATUS_CONFIG, "\"%.40s\" is no time: write 2030-01-31T12:00:00Z (RFC 3339)",
                     text);
}

static enum status parse_rate(const struct setting *setting, const char *text, struct config_value *value,
                              struct error *error)
{
    value->rate = (struct rate){0};
    if (strcmp(text, "off") == 0)
        return STATUS_OK;
    if (rate_parse(text_of(text), &value->rate, NULL) != STATUS_OK)
        return error_set(error, STATUS_CONFIG, "\"%.40s\" is no rate: write 5/1h for five in an hour, or off",
                         text);
    if (value->rate.count == 0)
        return error_set(error, STATUS_CONFIG, "none at all is no limit: write off, or 1 or more");
    if (setting->maximum > 0 && value->rate.count > setting->maximum)
        return error_set(error, STATUS_CONFIG, "%u is too many: at most %d, or off", value->rate.count,
                         (int)setting->maximum);
    return STATUS_OK;
}

/* Index of `word` in "a|b|c", -1 where it is not. */
static int find_choice(const char *choices, struct text word)
{
    for (int index = 0; choices; index++) {
        size_t size = strcspn(choices, "|");
        if (text_equal((struct text){choices, size}, word))
            return index;
        choices = choices[size] ? choices + size + 1 : NULL;
    }
    return -1;
}

static enum status parse_choice(const struct setting *setting, const char *text, struct config_value *value,
                                struct error *error)
{
    value->number = find_choice(setting->choices, text_of(text));
    if (value->number < 0)
        return error_set(error, STATUS_CONFIG, "\"%.40s\" is not one of %s", text, setting->choices);
    return STATUS_OK;
}

/* The next item of a list in commas, blanks around it taken off; false after the last. */
static bool next_item(const char **rest, struct text *item)
{
    if (!*rest)
        return false;
    const char *begin = *rest + strspn(*rest, " \t");
    size_t size = strcspn(begin, ",");
    *rest = begin[size] ? begin + size + 1 : NULL;
    while (size && (begin[size - 1] == ' ' || begin[size - 1] == '\t'))
        size--;
    *item = (struct text){begin, size};
    return true;
}

static enum status add_item(const struct setting *setting, struct text item, struct config_value *value,
                            struct error *error)
{
    if (item.size == 0)
        return error_set(error, STATUS_CONFIG, "an entry of the list is empty");
    if (value->count == ITEMS)
        return error_set(error, STATUS_CONFIG, "the list has more than %d entries", ITEMS);
    if (setting->type == SETTING_DURATION_LIST &&
        parse_duration(setting, item, &value->numbers[value->count], error) != STATUS_OK)
        return STATUS_CONFIG;
    if (setting->choices && find_choice(setting->choices, item) < 0)
        return error_set(error, STATUS_CONFIG, "\"%.*s\" is not one of %s",
                         (int)(item.size < 40 ? item.size : 40), item.bytes, setting->choices);
    for (size_t i = 0; i < value->count; i++)
        if (text_equal(text_of(value->items[i]), item))
            return error_set(error, STATUS_CONFIG, "\"%s\" stands in the list twice", value->items[i]);
    if (!(value->items[value->count] = strndup(item.bytes, item.size)))
        return no_memory(error);
    value->count++;
    return STATUS_OK;
}

static enum status parse_list(const struct setting *setting, const char *text, struct config_value *value,
                              struct error *error)
{
    const char *rest = text;
    struct text item;
    value->items = calloc(ITEMS, sizeof *value->items);
    value->numbers = calloc(ITEMS, sizeof *value->numbers);
    if (!value->items || !value->numbers)
        return no_memory(error);
    while (next_item(&rest, &item)) {
        enum status status = add_item(setting, item, value, error);
        if (status != STATUS_OK)
            return status;
    }
    if (setting->type == SETTING_LIST && setting->choices && value->count > 1 &&
        find_choice(setting->choices, text_of(value->items[0])) == 0)
        return error_set(error, STATUS_CONFIG, "\"%s\" stands alone or not at all", value->items[0]);
    return STATUS_OK;
}

static enum status parse_address(const char *text, struct config_value *value, struct error *error)
{
    const char *colon = strrchr(text, ':');
    bool brackets = text[0] == '[' && colon && colon > text + 2 && colon[-1] == ']';
    const char *host = brackets ? text + 1 : text;
    size_t size = colon ? (size_t)(colon - host) - brackets : 0;
    bool plain = !memchr(host, ':', size) || brackets;
    if (!colon || size == 0 || !plain || parse_integer(text_of(colon + 1), &value->number) != STATUS_OK ||
        value->number > 65535)
        return error_set(error, STATUS_CONFIG, "\"%.60s\" is no address: write 127.0.0.1:8080 or [::1]:8080",
                         text);
    if (!(value->host = strndup(host, size)))
        return no_memory(error);
    return STATUS_OK;
}

static enum status parse_url(const char *text, struct error *error)
{
    const char *scheme_end = strstr(text, "://");
    if (scheme_end && scheme_end > text && scheme_end[3])
        for (const char *byte = text; *byte > ' ' && *byte < 0x7f;)
            if (!*++byte)
                return STATUS_OK;
    return error_set(error, STATUS_CONFIG, "is no URL: write scheme://host, printable ASCII without blanks");
}

enum status config_value_parse(const struct setting *setting, const char *text, struct config_value *value,
                               struct error *error)
{
    for (const char *byte = text; *byte; byte++)
        if ((unsigned char)*byte < ' ' || *byte == 0x7f)
            return error_set(error, STATUS_CONFIG, "has a control character in it");
    switch (setting->type) {
    case SETTING_TEXT:
    case SETTING_PATH:
        return STATUS_OK;
    case SETTING_NUMBER:
        return parse_number(setting, text, value, error);
    case SETTING_DURATION:
        return parse_duration(setting, text_of(text), &value->number, error);
    case SETTING_TIME:
        return parse_time(text, value, error);
    case SETTING_RATE:
        return parse_rate(setting, text, value, error);
    case SETTING_CHOICE:
        return parse_choice(setting, text, value, error);
    case SETTING_LIST:
    case SETTING_DURATION_LIST:
        return parse_list(setting, text, value, error);
    case SETTING_ADDRESS:
        return parse_address(text, value, error);
    case SETTING_URL:
        return parse_url(text, error);
    case SETTING_BYTES:
        return parse_bytes(setting, text, value, error);
    }
    return error_set(error, STATUS_INTERNAL, "the type of this key is unknown");
}

void config_wipe_string(char *string)
{
    if (string)
        sodium_memzero(string, strlen(string));
    free(string);
}

void config_value_clear(struct config_value *value)
{
    config_wipe_string(value->text);
    free(value->origin);
    free(value->host);
    for (size_t i = 0; value->items && i < value->count; i++)
        free(value->items[i]);
    free(value->items);
    free(value->numbers);
    *value = (struct config_value){0};
}

static bool url_has_password(const char *url)
{
    const char *authority = strstr(url, "://");
    if (!authority)
        return false;
    authority += 3;
    const char *at = strrchr(authority, '@'); /* a password may have any of /?#@ in it, as Redis's do */
    if (strncmp(url, "http", 4) == 0)
        at = memchr(authority, '@', strcspn(authority, "/?#"));
    const char *colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;
    return colon && colon + 1 < at;
}

bool config_kafka_is_secret(const char *property)
{
    return strstr(property, "password") || strstr(property, "secret") ||
           strcmp(property, "ssl.key.pem") == 0 || strcmp(property, "sasl.oauthbearer.config") == 0;
}

bool config_may_come_from_file(const struct setting *setting)
{
    return setting->secret || setting->type == SETTING_URL;
}

bool config_is_secret(const struct setting *setting, const char *text)
{
    return setting->secret || (setting->type == SETTING_URL && url_has_password(text));
}
