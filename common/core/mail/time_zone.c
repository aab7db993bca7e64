/* TZif (RFC 8536).  The transitions are kept as the file has them, 64 bit from version 2 on, and found by
 * halving; what comes after the last one follows the footer's rule.  A file that counts leap seconds ("right"
 * zones) is refused, since our moments do not.
 *
 * The content comes from the machine, not from a request, and is checked all the same: every count before
 * what it counts, every index before it is used. */
#include "core/mail/time_zone.h"

#include <stdlib.h>

#include "core/mail/posix_zone.h"

enum { HEADER_SIZE = 44, TYPE_SIZE = 6, CONTENT_LIMIT = 64 * 1024, OFFSET_MOST = 26 * 3600, NAME_LIMIT = 64 };

static const int64_t moment_most = INT64_C(1000000000000000); /* 30 million years: leaves room to count in */

struct time_zone {
    size_t count;     /* transitions */
    int64_t *moments; /* owned: seconds since 1970, ascending */
    int32_t *offsets; /* owned: from each moment on */
    int32_t first;    /* before the first of them */
    bool has_rule;    /* what holds after the last of them is the rule's business */
    struct posix_zone rule;
};

struct header {
    char version;
    uint32_t utc_flags, standard_flags, leaps, times, types, characters;
};

static uint32_t read_number(const char *at)
{
    const unsigned char *bytes = (const unsigned char *)at;
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t read_moment(const char *at, size_t size)
{
    if (size == 4)
        return (int32_t)read_number(at);
    return (int64_t)((uint64_t)read_number(at) << 32 | read_number(at + 4));
}

/* Takes the header off; false where there is none, or its counts are more than any file of this size has. */
static bool take_header(struct text *rest, struct header *header)
{
    if (rest->size < HEADER_SIZE || memcmp(rest->bytes, "TZif", 4) != 0)
        return false;
    uint32_t counts[6];
    for (size_t i = 0; i < 6; i++) {
        counts[i] = read_number(rest->bytes + 20 + 4 * i);
        if (counts[i] > CONTENT_LIMIT)
            return false;
    }
    *header =
        (struct header){rest->bytes[4], counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
    *rest = (struct text){rest->bytes + HEADER_SIZE, rest->size - HEADER_SIZE};
    return true;
}

static size_t block_size(const struct header *header, size_t moment)
{
    return header->times * (moment + 1) + (size_t)header->types * TYPE_SIZE + header->characters +
           header->leaps * (moment + 4) + header->standard_flags + header->utc_flags;
}

static bool read_offset(const char *types, size_t index, int32_t *offset)
{
    *offset = (int32_t)read_number(types + index * TYPE_SIZE);
    return *offset > -OFFSET_MOST && *offset < OFFSET_MOST;
}

/* Why the block is refused, or NULL. */
static const char *read_block(struct time_zone *zone, const struct header *header, const char *block,
                              size_t moment)
{
    const char *indices = block + header->times * moment, *types = indices + header->times;
    if (header->types == 0 || header->leaps > 0)
        return header->leaps ? "counts leap seconds" : "has no types of time";
    if (!read_offset(types, 0, &zone->first))
        return "has an offset of more than a day";
    zone->moments = calloc(header->times + 1, sizeof *zone->moments);
    zone->offsets = calloc(header->times + 1, sizeof *zone->offsets);
    if (!zone->moments || !zone->offsets)
        return "has no room in memory";
    for (; zone->count < header->times; zone->count++) {
        size_t i = zone->count;
        unsigned char type = (unsigned char)indices[i];
        zone->moments[i] = read_moment(block + i * moment, moment);
        if (type >= header->types || !read_offset(types, type, &zone->offsets[i]))
            return "has a transition to a type of time that it does not have";
        if (i > 0 && zone->moments[i] <= zone->moments[i - 1])
            return "has transitions out of order";
    }
    return NULL;
}

/* A line feed, the rule (which may be empty), a line feed. */
static const char *read_footer(struct time_zone *zone, struct text footer)
{
    const char *end =
        footer.size > 1 && footer.bytes[0] == '\n' ? memchr(footer.bytes + 1, '\n', footer.size - 1) : NULL;
    if (!end)
        return "has no footer";
    struct text rule = {footer.bytes + 1, (size_t)(end - footer.bytes) - 1};
    zone->has_rule = rule.size > 0;
    return zone->has_rule && !posix_zone_parse(rule, &zone->rule) ? "has a footer that is no rule" : NULL;
}

static const char *read_file(struct time_zone *zone, struct text content)
{
    struct header header;
    size_t moment = 4;
    if (content.size > CONTENT_LIMIT || !take_header(&content, &header) ||
        block_size(&header, moment) > content.size)
        return "is no TZif file (RFC 8536)";
    if (header.version != 0) {
        size_t size = block_size(&header, moment);
        content = (struct text){content.bytes + size, content.size - size};
        moment = 8;
        if (!take_header(&content, &header) || block_size(&header, moment) > content.size)
            return "is no TZif file (RFC 8536)";
    }
    const char *fault = read_block(zone, &header, content.bytes, moment);
    if (fault || moment == 4)
        return fault;
    size_t size = block_size(&header, moment);
    return read_footer(zone, (struct text){content.bytes + size, content.size - size});
}

enum status time_zone_parse(struct text content, struct time_zone **zone, struct error *error)
{
    struct time_zone *made = calloc(1, sizeof *made);
    const char *fault = made ? read_file(made, content) : "has no room in memory";
    if (fault)
        time_zone_free(&made);
    *zone = made;
    return fault ? error_set(error, STATUS_INVALID, "the time zone's file %s", fault) : STATUS_OK;
}

void time_zone_free(struct time_zone **zone)
{
    if (*zone) {
        free((*zone)->moments);
        free((*zone)->offsets);
    }
    free(*zone);
    *zone = NULL;
}

int32_t time_zone_offset(const struct time_zone *zone, int64_t time_ms)
{
    if (!zone)
        return 0;
    int64_t seconds = time_ms / 1000 - (time_ms % 1000 < 0);
    seconds = seconds > moment_most ? moment_most : seconds < -moment_most ? -moment_most : seconds;
    size_t low = 0, high = zone->count; /* how many transitions have been */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->moments[middle] <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == zone->count && zone->has_rule)
        return posix_zone_offset(&zone->rule, seconds);
    return low ? zone->offsets[low - 1] : zone->first;
}

bool time_zone_name_valid(struct text name)
{
    bool begins = true; /* a word */
    for (size_t i = 0; i < name.size; i++) {
        char byte = name.bytes[i];
        bool letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        bool other = (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '_';
        if (!letter && (begins || !(other || byte == '/')))
            return false;
        begins = byte == '/';
    }
    return name.size > 0 && name.size <= NAME_LIMIT && !begins;
}
