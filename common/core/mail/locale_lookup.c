/* RFC 4647, section 3.4 (lookup), with one addition: a locale's file may claim tags with `also`, because
 * cutting a tag cannot know that zh-CN is written in Hans.  A claimed tag of one subtag ("zh") serves only a
 * request for exactly that; otherwise zh-TW, cut to zh, would get the other script. */
#include "core/mail/locale.h"

static char folded(char byte)
{
    return (char)(byte == '_' ? '-' : byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
}

static bool same_tag(struct text a, struct text b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (folded(a.bytes[i]) != folded(b.bytes[i]))
            return false;
    return true;
}

static bool claims(struct text also, struct text tag)
{
    while (also.size) {
        const char *space = memchr(also.bytes, ' ', also.size);
        size_t size = space ? (size_t)(space - also.bytes) : also.size;
        if (size && same_tag((struct text){also.bytes, size}, tag))
            return true;
        size += space ? 1 : 0;
        also = (struct text){also.bytes + size, also.size - size};
    }
    return false;
}

/* One subtag less, and also the single letter that introduced it; size 0 when nothing is left. */
static struct text cut(struct text tag)
{
    while (tag.size && folded(tag.bytes[tag.size - 1]) != '-')
        tag.size--;
    tag.size -= tag.size ? 1 : 0;
    if (tag.size >= 2 && folded(tag.bytes[tag.size - 2]) == '-')
        tag.size -= 2;
    return tag;
}

size_t locale_lookup(struct locale *const *locales, size_t count, struct text wanted)
{
    for (struct text tag = wanted; tag.size; tag = cut(tag)) {
        bool whole = tag.size == wanted.size;
        bool has_subtags = memchr(tag.bytes, '-', tag.size) || memchr(tag.bytes, '_', tag.size);
        for (size_t i = 0; i < count; i++)
            if (same_tag(locale_tag(locales[i]), tag))
                return i;
        for (size_t i = 0; i < count && (whole || has_subtags); i++)
            if (claims(locale_claims(locales[i]), tag))
                return i;
    }
    return SIZE_MAX;
}
