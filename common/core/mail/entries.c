/* One line, one sentence: a translator sees at once what is there, a difference between two versions is one
 * line, and an error can name it.  Values are taken as they stand, without quotes or escapes; what they mean
 * is their reader's business. */
#include "core/mail/entries.h"

#include "core/mail/characters.h"

static struct text trimmed(struct text text)
{
    while (text.size && (text.bytes[0] == ' ' || text.bytes[0] == '\t'))
        text = (struct text){text.bytes + 1, text.size - 1};
    while (text.size && strchr(" \t\r", text.bytes[text.size - 1]))
        text.size--;
    return text;
}

static bool is_key(struct text key)
{
    for (size_t i = 0; i < key.size; i++) {
        char byte = key.bytes[i];
        if (!((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_'))
            return false;
    }
    return key.size > 0 && key.size <= 40;
}

static enum status add(struct entries *entries, struct text line, unsigned number, struct error *error)
{
    const char *colon = memchr(line.bytes, ':', line.size);
    struct text key = colon ? trimmed((struct text){line.bytes, (size_t)(colon - line.bytes)}) : line;
    if (!colon || !is_key(key))
        return error_set(error, STATUS_CONFIG, "%s:%u: not `key: value` with a key of a-z, 0-9 and _",
                         entries->file, number);
    struct text value = trimmed((struct text){colon + 1, line.size - (size_t)(colon + 1 - line.bytes)});
    if (!characters_clean(value))
        return error_set(error, STATUS_CONFIG,
                         "%s:%u: not UTF-8, or a character that controls text or its direction",
                         entries->file, number);
    for (size_t i = 0; i < entries->count; i++)
        if (text_equal(entries->list[i].key, key))
            return error_set(error, STATUS_CONFIG, "%s:%u: `%.*s` stands already in line %u", entries->file,
                             number, (int)key.size, key.bytes, entries->list[i].line);
    if (entries->count == ENTRIES_MAX)
        return error_set(error, STATUS_CONFIG, "%s:%u: more than %d entries", entries->file, number,
                         ENTRIES_MAX);
    entries->list[entries->count++] = (struct entry){key, value, number, false};
    return STATUS_OK;
}

enum status entries_parse(const char *file, struct text content, struct entries *entries, struct error *error)
{
    entries->file = file;
    entries->count = 0;
    unsigned number = 0;
    while (content.size) {
        const char *end = memchr(content.bytes, '\n', content.size);
        size_t size = end ? (size_t)(end - content.bytes) : content.size;
        struct text line = trimmed((struct text){content.bytes, size});
        size += end ? 1 : 0;
        content = (struct text){content.bytes + size, content.size - size};
        number++;
        if (line.size == 0 || line.bytes[0] == '#')
            continue;
        enum status status = add(entries, line, number, error);
        if (status)
            return status;
    }
    return STATUS_OK;
}

struct entry *entries_find(struct entries *entries, struct text key)
{
    for (size_t i = 0; i < entries->count; i++) {
        if (text_equal(entries->list[i].key, key)) {
            entries->list[i].used = true;
            return &entries->list[i];
        }
    }
    return NULL;
}

enum status entries_check_used(const struct entries *entries, struct error *error)
{
    for (size_t i = 0; i < entries->count; i++)
        if (!entries->list[i].used)
            return error_set(error, STATUS_CONFIG, "%s:%u: nothing uses `%.*s`; is it misspelt?",
                             entries->file, entries->list[i].line, (int)entries->list[i].key.size,
                             entries->list[i].key.bytes);
    return STATUS_OK;
}
