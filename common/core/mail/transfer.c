/* The encodings are GMime's; what is ours is where to cut, so that pieces encoded apart make one body.
 *
 * Quoted-printable: pieces may meet at any byte, because a soft line break (RFC 2045, section 6.7, rule 5)
 * ends a piece that has no line end.  The cuts are at line ends where one is near, so that the raw text of a
 * line with a value in it reads as usual.  Base64: pieces meet at multiples of three bytes, so that padding
 * is at the end alone; lines may be shorter than 76 characters.
 *
 * A buffer serves as its own scratch: what is encoded is written behind what it is made of and moved back
 * over it, so that a token is in no memory but the one that is wiped. */
#include "core/mail/transfer.h"

#include <gmime/gmime.h>

#include "core/eight_bytes.h"

enum {
    NEAR = 40,       /* bytes: encoding a few anew costs less than a cut that reads badly */
    SHORT = 12,      /* bytes: not worth a cut */
    LINE_LENGTH = 75 /* characters, and one more for a soft line break */
};

static const char soft_line_end[3] = {'=', '\r', '\n'};

static size_t count_lines(struct text text)
{
    size_t lines = 0;
    const char *end = text.bytes + text.size;
    for (const char *at = text.bytes; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        lines++;
    return lines;
}

/* LF becomes CRLF in what stands from `start` on: line by line from the end, where there is room. */
static void end_lines(struct buffer *out, size_t start)
{
    size_t lines = count_lines((struct text){out->bytes + start, out->size - start});
    if (!buffer_reserve(out, lines))
        return;
    size_t end = out->size; /* of what has not moved yet */
    buffer_grow_by(out, lines);
    for (; lines > 0; lines--) {
        const char *last = memrchr(out->bytes + start, '\n', end - start);
        size_t at = (size_t)(last - out->bytes);
        memmove(out->bytes + at + lines, out->bytes + at, end - at);
        out->bytes[at + lines - 1] = '\r';
        end = at;
    }
}

/* How many of the bytes from `at` on, eight by eight, are surely visible ASCII or blanks and not '='. */
static size_t skip_plain(struct text text, size_t at)
{
    size_t begin = at;
    for (; text.size - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t eight = eight_bytes(text.bytes + at);
        if (eight_not_visible(eight) | eight_equal(eight, '='))
            break;
    }
    return at - begin;
}

/* Whether quoted-printable leaves all of it as it is, but for folding: visible ASCII without '=', no blank
 * before a line end. */
static bool is_plain(struct text text)
{
    for (size_t i = skip_plain(text, 0); i < text.size; i++) {
        char byte = text.bytes[i];
        if (byte >= ' ' && byte <= '~' && byte != '=')
            continue;
        bool line_end = byte == '\r' && i + 1 < text.size && text.bytes[i + 1] == '\n';
        if (!line_end || (i > 0 && text.bytes[i - 1] == ' '))
            return false;
        i += 1 + skip_plain(text, i + 2);
    }
    return true;
}

/* Where to break a line that is too long: not inside "=3D". */
static size_t break_at(const char *bytes, size_t line)
{
    size_t at = line + LINE_LENGTH;
    if (bytes[at - 1] == '=')
        return at - 1;
    return bytes[at - 2] == '=' ? at - 2 : at;
}

/* Puts soft line breaks where lines from `start` on are too long: GMime (3.2.13) does not count the blank
 * that it encodes at a line's end, nor the '=' that will close a text without a line end. */
static void fold(struct buffer *out, size_t start)
{
    for (size_t line = start; out->size - line > LINE_LENGTH;) {
        size_t left = out->size - line;
        const char *end =
            memchr(out->bytes + line, '\r', left < LINE_LENGTH + 2 ? left : (size_t)LINE_LENGTH + 2);
        if (end) {
            line = (size_t)(end - out->bytes) + 2;
            continue;
        }
        if (!buffer_reserve(out, sizeof soft_line_end))
            return;
        line = break_at(out->bytes, line);
        memmove(out->bytes + line + sizeof soft_line_end, out->bytes + line, out->size - line);
        memcpy(out->bytes + line, soft_line_end, sizeof soft_line_end);
        buffer_grow_by(out, sizeof soft_line_end);
        line += sizeof soft_line_end;
    }
}

static void encode_by_library(GMimeContentEncoding how, struct buffer *out, size_t start)
{
    size_t size = out->size - start;
    char *encoded = buffer_reserve(out, how == GMIME_CONTENT_ENCODING_BASE64 ? GMIME_BASE64_ENCODE_LEN(size)
                                                                             : GMIME_QP_ENCODE_LEN(size));
    if (!encoded)
        return;
    GMimeEncoding encoding;
    g_mime_encoding_init_encode(&encoding, how);
    size_t written = g_mime_encoding_flush(&encoding, out->bytes + start, size, encoded);
    memmove(out->bytes + start, encoded, written);
    out->size = start + written;
    end_lines(out, start);
}

void transfer_encode(enum transfer transfer, struct buffer *out, size_t start)
{
    if (out->size == start || out->failed)
        return;
    if (transfer == TRANSFER_BASE64) {
        encode_by_library(GMIME_CONTENT_ENCODING_BASE64, out, start);
        return;
    }
    if (!is_plain((struct text){out->bytes + start, out->size - start}))
        encode_by_library(GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, out, start);
    fold(out, start);
    if (out->bytes[out->size - 1] != '\n')
        buffer_append(out, soft_line_end, sizeof soft_line_end);
}

void transfer_end(enum transfer transfer, struct buffer *out, size_t start)
{
    transfer_encode(transfer, out, start);
    if (transfer != TRANSFER_QUOTED_PRINTABLE || out->size <= sizeof soft_line_end)
        return;
    const char *end = out->bytes + out->size - sizeof soft_line_end;
    if (memcmp(end, soft_line_end, sizeof soft_line_end) == 0 && end[-1] != ' ' && end[-1] != '\t')
        out->size -= sizeof soft_line_end;
}

/* Head and tail end and begin at a line end, where one is near and nothing before it wants encoding. */
static struct transfer_cut cut_at_lines(struct text literal)
{
    struct transfer_cut cut = {0};
    const char *first = memchr(literal.bytes, '\n', literal.size);
    const char *last = memrchr(literal.bytes, '\n', literal.size);
    if (!first || !last)
        return cut;
    size_t head = (size_t)(first - literal.bytes) + 1;
    size_t tail = literal.size - (size_t)(last - literal.bytes) - 1;
    if (head <= NEAR && is_plain((struct text){literal.bytes, head}))
        cut.head = head;
    if (tail <= NEAR && is_plain((struct text){last + 1, tail}))
        cut.tail = tail;
    return cut;
}

static struct transfer_cut cut_at_groups(struct text literal, size_t phase)
{
    struct transfer_cut cut = {.head = (TRANSFER_PHASES - phase) % TRANSFER_PHASES};
    if (literal.size > cut.head)
        cut.tail = (literal.size - cut.head) % TRANSFER_PHASES;
    return cut;
}

void transfer_cut(enum transfer transfer, struct text literal, struct transfer_cut cuts[TRANSFER_PHASES],
                  struct buffer *encoded)
{
    for (size_t phase = 0; phase < TRANSFER_PHASES; phase++) {
        if (transfer == TRANSFER_QUOTED_PRINTABLE && phase > 0) {
            cuts[phase] = cuts[0];
            continue;
        }
        struct transfer_cut cut =
            transfer == TRANSFER_QUOTED_PRINTABLE ? cut_at_lines(literal) : cut_at_groups(literal, phase);
        cut.at = encoded->size;
        if (literal.size <= cut.head + cut.tail + SHORT) {
            cut.head = literal.size;
            cut.tail = 0;
        } else {
            buffer_append(encoded, literal.bytes + cut.head, literal.size - cut.head - cut.tail);
            transfer_encode(transfer, encoded, cut.at);
        }
        cut.size = encoded->size - cut.at;
        cuts[phase] = cut;
    }
}

const char *transfer_name(enum transfer transfer)
{
    return transfer == TRANSFER_BASE64 ? "base64" : "quoted-printable";
}
