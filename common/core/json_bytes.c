/* JSON from strangers.  jansson itself refuses duplicate keys (it compares them decoded, so "\u0061" is "a"),
 * U+0000, lone surrogates, ill-formed UTF-8, a byte order mark, NaN and numbers that do not fit; what it
 * lacks is a useful cap on depth (its own is 2048 levels of recursion), so nesting is counted on the bytes
 * before it sees them.  Its error text quotes the input, which may hold addresses: only its error code and
 * position go further. */
#include "core/json_bytes.h"

#include <jansson.h>

#include "core/eight_bytes.h"
#include "core/mail/characters.h"

size_t json_depth(struct text bytes, size_t limit)
{
    size_t depth = 0, deepest = 0;
    bool inside = false;
    for (size_t i = 0; i < bytes.size && deepest <= limit; i++) {
        char byte = bytes.bytes[i];
        if (inside) {
            if (byte == '\\')
                i++;
            else if (byte == '"')
                inside = false;
        } else if (byte == '"') {
            inside = true;
        } else if (byte == '{' || byte == '[') {
            if (++depth > deepest)
                deepest = depth;
        } else if ((byte == '}' || byte == ']') && depth > 0) {
            depth--;
        }
    }
    return deepest;
}

static const char *sentence_of(enum json_error_code code)
{
    switch (code) {
    case json_error_duplicate_key:
        return "a key stands twice in one object";
    case json_error_invalid_utf8:
        return "the bytes are not UTF-8";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "U+0000 is not allowed in a string";
    case json_error_numeric_overflow:
        return "a number is too large";
    case json_error_end_of_input_expected:
        return "something follows the JSON object";
    case json_error_premature_end_of_input:
        return "the JSON ends too early";
    default:
        return "this is not well-formed JSON";
    }
}

static enum status refuse(enum reason *reason, enum reason why, struct error *error, const char *sentence)
{
    if (reason)
        *reason = why;
    return error_set(error, STATUS_INVALID, "%s", sentence);
}

static size_t occurrences(struct text bytes, char wanted)
{
    size_t count = 0;
    const char *end = bytes.bytes + bytes.size;
    for (const char *at = bytes.bytes; (at = memchr(at, wanted, (size_t)(end - at))); at++)
        count++;
    return count;
}

/* Most have fewer brackets than levels are allowed, and need no look at where they stand. */
static bool is_too_deep(struct text bytes)
{
    return occurrences(bytes, '{') + occurrences(bytes, '[') > JSON_MAXIMUM_DEPTH &&
           json_depth(bytes, JSON_MAXIMUM_DEPTH) > JSON_MAXIMUM_DEPTH;
}

enum status json_read(struct text bytes, size_t limit, struct json_t **tree, enum reason *reason,
                      struct error *error)
{
    *tree = NULL;
    if (bytes.size == 0)
        return refuse(reason, REASON_EMPTY, error, "there are no bytes; send one JSON object");
    if (bytes.size > limit) {
        refuse(reason, REASON_TOO_LARGE, error, "");
        return error_set(error, STATUS_INVALID, "%zu bytes are too many; %zu are allowed", bytes.size, limit);
    }
    if (is_too_deep(bytes))
        return refuse(reason, REASON_NOT_JSON, error, "objects and arrays are nested more than 16 deep");
    json_error_t fault;
    json_t *value = json_loadb(bytes.bytes, bytes.size, JSON_REJECT_DUPLICATES, &fault);
    if (!value) {
        enum json_error_code code = json_error_code(&fault);
        if (bytes.size >= 3 && memcmp(bytes.bytes, "\xef\xbb\xbf", 3) == 0)
            return refuse(reason, REASON_NOT_JSON, error,
                          "a byte order mark stands before the JSON: leave it out");
        if (code == json_error_out_of_memory)
            return error_set(error, STATUS_MEMORY, "no memory for %zu bytes of JSON", bytes.size);
        refuse(reason, REASON_NOT_JSON, error, "");
        return error_set(error, STATUS_INVALID, "%s (byte %d)", sentence_of(code), fault.position);
    }
    if (!json_is_object(value)) {
        json_decref(value);
        return refuse(reason, REASON_SCHEMA, error, "the JSON is not an object");
    }
    *tree = value;
    return STATUS_OK;
}

bool text_has_hidden(struct text text)
{
    for (size_t at = 0; at < text.size;) {
        if (text.size - at >= sizeof(uint64_t) && !eight_not_visible(eight_bytes(text.bytes + at))) {
            at += sizeof(uint64_t);
            continue;
        }
        unsigned char byte = (unsigned char)text.bytes[at];
        if (byte > 0x1f && byte < 0x7f) {
            at++;
            continue;
        }
        uint32_t code;
        size_t size = character_read(text, at, &code);
        if (size == 0 || character_is_control(code))
            return true;
        at += size;
    }
    return false;
}

static void write_unit(struct buffer *out, uint32_t unit)
{
    static const char digits[] = "0123456789abcdef";
    const char escape[] = {'\\',
                           'u',
                           digits[unit >> 12 & 15],
                           digits[unit >> 8 & 15],
                           digits[unit >> 4 & 15],
                           digits[unit & 15]};
    buffer_append(out, escape, sizeof escape);
}

static void write_escape(struct buffer *out, uint32_t code)
{
    static const char letters[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'};
    if (code < sizeof letters && letters[code]) {
        buffer_append(out, (char[]){'\\', letters[code]}, 2);
    } else if (code < 0x10000) {
        write_unit(out, code);
    } else {
        write_unit(out, 0xd800 + ((code - 0x10000) >> 10));
        write_unit(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
    }
}

/* How many of the bytes from `at` on, eight by eight, surely stand in a string as they are. */
static size_t skip_clean(struct text text, size_t at)
{
    size_t begin = at;
    for (; text.size - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t eight = eight_bytes(text.bytes + at);
        if (eight_not_visible(eight) | eight_equal(eight, '"') | eight_equal(eight, '\\'))
            break;
    }
    return at - begin;
}

/* Clean runs are copied whole; only what needs it is written character by character. */
static void write_string(struct buffer *out, struct text text, bool visible)
{
    size_t start = 0, at = skip_clean(text, 0);
    buffer_append_byte(out, '"');
    while (at < text.size) {
        unsigned char byte = (unsigned char)text.bytes[at];
        if (byte > 0x1f && byte < 0x7f && byte != '"' && byte != '\\') {
            at++;
            continue;
        }
        uint32_t code = 0xfffd;
        size_t size = character_read(text, at, &code);
        bool must = size == 0 || byte < 0x20 || byte == '"' || byte == '\\';
        if (must || (visible && character_is_control(code))) {
            buffer_append(out, text.bytes + start, at - start);
            write_escape(out, code);
            start = at + (size ? size : 1);
        }
        at += size ? size : 1;
        at += skip_clean(text, at);
    }
    if (at > start)
        buffer_append(out, text.bytes + start, at - start);
    buffer_append_byte(out, '"');
}

void json_write_string(struct buffer *out, struct text text)
{
    write_string(out, text, false);
}

void json_write_visible(struct buffer *out, struct text text)
{
    write_string(out, text, true);
}

void json_write_member(struct buffer *out, const char *before, const char *name, struct text value)
{
    if (value.size == 0)
        return;
    buffer_append_string(out, before);
    buffer_append_byte(out, '"');
    buffer_append_string(out, name);
    buffer_append(out, "\":", 2);
    json_write_string(out, value);
}

static int append(const char *bytes, size_t size, void *out)
{
    buffer_append(out, bytes, size);
    return 0;
}

void json_write_tree(struct buffer *out, const struct json_t *tree, size_t flags)
{
    if (json_dump_callback(tree, append, out, JSON_COMPACT | flags) != 0)
        out->failed = true;
}
