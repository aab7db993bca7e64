/* A state machine over bytes.  Lines end in CRLF and nothing else; header names are tokens right before their
 * colon; a request has one Host (HTTP/1.1) which could be a host, at most one Content-Length of digits alone,
 * at most one Transfer-Encoding which is exactly "chunked", and never both; its target is a path of RFC 3986.
 * Only the first KiB of a line is kept: the names and values that matter are shorter, and a longer one that
 * matters is refused for its length. */
#include "core/http/framing.h"

#include <string.h>

#include <sodium.h>

enum { CHUNK_LINE_MOST = 16, TARGET_MOST = 900, LENGTH_DIGITS_MOST = 12 };

static const char token_marks[] = "!#$%&'*+-.^_`|~";
static const char target_marks[] = "-._~!$&'()*+,;=:@/?%"; /* RFC 3986, 3.3 and 3.4 */
static const char host_marks[] = "-._:[]%";                /* names, IPv4, IPv6 with a zone, a port */

void http_framing_init(struct http_framing *framing, struct http_limits limits)
{
    *framing = (struct http_framing){.limits = limits, .place = HTTP_BETWEEN};
}

bool http_framing_within(const struct http_framing *framing)
{
    return framing->place != HTTP_BETWEEN && framing->place != HTTP_REFUSED;
}

static bool refuse(struct http_framing *framing, int status, const char *reason, const char *detail)
{
    framing->place = HTTP_REFUSED;
    framing->fault = (struct http_fault){.status = status, .reason = reason, .detail = detail};
    return false;
}

/* Letters, digits and these marks alone. */
static bool consists_of(struct text text, const char *marks)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.bytes[i];
        bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alphanumeric && (c == '\0' || !strchr(marks, c)))
            return false;
    }
    return true;
}

static bool is_token(struct text text)
{
    return text.size > 0 && consists_of(text, token_marks);
}

static bool names_equal(struct text a, const char *name)
{
    size_t size = strlen(name);
    if (a.size != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = a.bytes[i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != name[i])
            return false;
    }
    return true;
}

/* A tab before a value stays: parsers differ there, so the values that matter are refused with it. */
static struct text trim(struct text text)
{
    while (text.size && text.bytes[0] == ' ')
        text.bytes++, text.size--;
    while (text.size && (text.bytes[text.size - 1] == ' ' || text.bytes[text.size - 1] == '\t'))
        text.size--;
    return text;
}

static bool known_method(struct text method)
{
    static const char *const methods[] = {"GET",    "HEAD",    "POST",  "PUT",
                                          "DELETE", "OPTIONS", "PATCH", "TRACE"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (text_equal(method, text_of(methods[i])))
            return true;
    return false;
}

static bool check_request_line(struct http_framing *framing)
{
    struct text line = {framing->line, framing->line_size};
    if (line.size >= sizeof framing->line)
        return refuse(framing, 414, "target_too_long", "the request line is too long");
    const char *space = memchr(line.bytes, ' ', line.size);
    const char *second = space ? memchr(space + 1, ' ', line.size - (size_t)(space + 1 - line.bytes)) : NULL;
    if (!second)
        return refuse(framing, 400, "request_line", "the request line is not method, target and version");
    struct text method = {line.bytes, (size_t)(space - line.bytes)};
    struct text target = {space + 1, (size_t)(second - space - 1)};
    struct text version = {second + 1, line.size - (size_t)(second + 1 - line.bytes)};
    if (!is_token(method))
        return refuse(framing, 400, "method", "the method is not a token");
    if (!known_method(method))
        return refuse(framing, 501, "method", "there is no such method here");
    if (target.size > TARGET_MOST)
        return refuse(framing, 414, "target_too_long", "the request target is too long");
    if (target.size == 0 || target.bytes[0] != '/')
        return refuse(framing, 400, "target", "the request target is not a path");
    if (target.size > 1 && target.bytes[1] == '/')
        return refuse(framing, 400, "target", "the request target begins with two slashes");
    if (!consists_of(target, target_marks))
        return refuse(framing, 400, "target", "the request target has a character that no URI has");
    framing->bodiless = text_equal(method, TEXT("HEAD")) || text_equal(method, TEXT("TRACE"));
    framing->too_large = text_equal(target, framing->limits.one_value_target) ? 400 : 413;
    framing->version_1_0 = text_equal(version, TEXT("HTTP/1.0"));
    if (framing->version_1_0 || text_equal(version, TEXT("HTTP/1.1")))
        return true;
    if (version.size == 8 && memcmp(version.bytes, "HTTP/", 5) == 0)
        return refuse(framing, 505, "version", "only HTTP/1.1 and HTTP/1.0 are spoken here");
    return refuse(framing, 400, "version", "the request line does not end in HTTP/1.1");
}

static bool take_length(struct http_framing *framing, struct text value)
{
    if (framing->has_length)
        return refuse(framing, 400, "two_lengths", "there are two Content-Length headers");
    framing->has_length = true;
    size_t length = 0;
    for (size_t i = 0; i < value.size; i++) {
        if (value.bytes[i] < '0' || value.bytes[i] > '9')
            return refuse(framing, 400, "length", "Content-Length is not a plain number");
        if (value.size <= LENGTH_DIGITS_MOST)
            length = length * 10 + (size_t)(value.bytes[i] - '0');
    }
    if (value.size == 0)
        return refuse(framing, 400, "length", "Content-Length is empty");
    if (value.size > LENGTH_DIGITS_MOST || length > framing->limits.body)
        return refuse(framing, framing->too_large, "content_too_large",
                      "the content is larger than this server takes");
    framing->content_left = length;
    return true;
}

static bool take_coding(struct http_framing *framing, struct text value)
{
    if (framing->has_coding)
        return refuse(framing, 400, "two_codings", "there are two Transfer-Encoding headers");
    framing->has_coding = true;
    if (!names_equal(value, "chunked"))
        return refuse(framing, 501, "coding", "the only Transfer-Encoding here is chunked");
    return true;
}

static bool check_header_line(struct http_framing *framing)
{
    bool cut = framing->line_size >= sizeof framing->line;
    struct text line = {framing->line, cut ? sizeof framing->line : framing->line_size};
    if (line.bytes[0] == ' ' || line.bytes[0] == '\t')
        return refuse(framing, 400, "obs_fold", "a header line begins with white space");
    const char *colon = memchr(line.bytes, ':', line.size);
    if (!colon)
        return refuse(framing, 400, "header_line", "a header line has no colon");
    struct text name = {line.bytes, (size_t)(colon - line.bytes)};
    if (!is_token(name))
        return refuse(framing, 400, "header_name", "a header's name is not a token right before its colon");
    struct text value = trim((struct text){colon + 1, line.size - name.size - 1});
    bool matters = names_equal(name, "content-length") || names_equal(name, "transfer-encoding") ||
                   names_equal(name, "host");
    if (matters && cut)
        return refuse(framing, 400, "header_line", "a header that frames the message is too long");
    if (names_equal(name, "content-length"))
        return take_length(framing, value);
    if (names_equal(name, "transfer-encoding"))
        return take_coding(framing, value);
    if (names_equal(name, "expect") && !names_equal(value, "100-continue"))
        return refuse(framing, 417, "expectation", "the only expectation met here is 100-continue");
    if (names_equal(name, "host")) {
        if (framing->has_host)
            return refuse(framing, 400, "two_hosts", "there are two Host headers");
        if (!consists_of(value, host_marks))
            return refuse(framing, 400, "host", "Host is not a host");
        framing->has_host = true;
    }
    return true;
}

static void end_request(struct http_framing *framing)
{
    framing->requests++;
    framing->place = HTTP_BETWEEN;
}

static bool end_headers(struct http_framing *framing)
{
    if (!framing->has_host && !framing->version_1_0)
        return refuse(framing, 400, "no_host", "there is no Host header");
    if (framing->has_coding && framing->has_length)
        return refuse(framing, 400, "length_and_coding",
                      "there are both Content-Length and Transfer-Encoding");
    if (framing->has_coding && framing->version_1_0)
        return refuse(framing, 400, "coding", "HTTP/1.0 has no Transfer-Encoding");
    if (framing->bodiless && (framing->has_coding || framing->content_left > 0))
        return refuse(framing, 400, "content_not_expected", "a request of this method has no content");
    framing->content_bytes = 0;
    framing->line_size = 0;
    sodium_memzero(framing->line,
                   sizeof framing->line); /* a target or a header may hold a secret by mistake */
    if (framing->has_coding)
        framing->place = HTTP_CHUNK_SIZE;
    else if (framing->content_left > 0)
        framing->place = HTTP_CONTENT;
    else
        end_request(framing);
    return true;
}

static bool end_line(struct http_framing *framing)
{
    bool good;
    if (framing->first_line)
        good = check_request_line(framing);
    else if (framing->line_size == 0)
        return end_headers(framing);
    else
        good = check_header_line(framing);
    framing->first_line = false;
    framing->line_size = 0;
    return good;
}

/* Collects one byte of a line.  *ended when this byte closed it; the CR before is not part of the line. */
static bool take_line_byte(struct http_framing *framing, char byte, bool *ended)
{
    size_t kept = framing->line_size < sizeof framing->line ? framing->line_size : sizeof framing->line;
    bool after_cr = kept > 0 && framing->line[kept - 1] == '\r';
    *ended = false;
    if (byte == '\n') {
        if (!after_cr)
            return refuse(framing, 400, "bare_lf", "a line ends without CR");
        framing->line_size--;
        *ended = true;
        return true;
    }
    if (after_cr)
        return refuse(framing, 400, "bare_cr", "there is a CR without LF");
    bool control = (unsigned char)byte < 0x20 && byte != '\t' && byte != '\r';
    if (control || byte == 0x7f)
        return refuse(framing, 400, byte == '\0' ? "nul" : "control",
                      "there is a control character in the headers");
    if (framing->line_size < sizeof framing->line)
        framing->line[framing->line_size] = byte;
    else if (byte == '\r' || framing->line[sizeof framing->line - 1] == '\r')
        framing->line[sizeof framing->line - 1] = byte; /* only to see the line's end */
    framing->line_size++;
    return true;
}

static bool begin_request(struct http_framing *framing, char byte)
{
    framing->place = HTTP_LINE;
    framing->first_line = true;
    framing->version_1_0 = framing->has_host = framing->has_length = framing->has_coding = false;
    framing->header_bytes = framing->content_left = framing->line_size = 0;
    if (byte == '\r' || byte == '\n')
        return refuse(framing, 400, "request_line", "there is an empty line before the request");
    return true;
}

static bool take_header_byte(struct http_framing *framing, char byte)
{
    bool ended;
    if (++framing->header_bytes > framing->limits.header)
        return refuse(framing, 431, "headers_too_large", "the headers are larger than this server takes");
    if (!take_line_byte(framing, byte, &ended))
        return false;
    return !ended || end_line(framing);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool end_chunk_size(struct http_framing *framing)
{
    size_t size = 0;
    if (framing->line_size == 0 || framing->line_size > 8)
        return refuse(framing, 400, "chunk", "a chunk's size is not one to eight hexadecimal digits");
    for (size_t i = 0; i < framing->line_size; i++) {
        int digit = hex_digit(framing->line[i]);
        if (digit < 0)
            return refuse(framing, 400, "chunk", "a chunk's size is not a hexadecimal number");
        size = size * 16 + (size_t)digit;
    }
    framing->line_size = 0;
    if (size > framing->limits.body - framing->content_bytes)
        return refuse(framing, framing->too_large, "content_too_large",
                      "the content is larger than this server takes");
    framing->content_bytes += size;
    framing->content_left = size;
    framing->header_bytes = 0;
    framing->place = size ? HTTP_CHUNK_DATA : HTTP_TRAILER;
    return true;
}

static bool take_chunk_size_byte(struct http_framing *framing, char byte)
{
    bool ended;
    if (framing->line_size >= CHUNK_LINE_MOST)
        return refuse(framing, 400, "chunk", "a chunk's size line is too long");
    if (!take_line_byte(framing, byte, &ended))
        return false;
    return !ended || end_chunk_size(framing);
}

static bool take_chunk_end_byte(struct http_framing *framing, char byte)
{
    if (byte != "\r\n"[framing->line_size])
        return refuse(framing, 400, "chunk", "a chunk is not as long as it says");
    if (++framing->line_size == 2) {
        framing->line_size = 0;
        framing->place = HTTP_CHUNK_SIZE;
    }
    return true;
}

/* Trailers mean nothing here; any is refused rather than merged into the headers by somebody. */
static bool take_trailer_byte(struct http_framing *framing, char byte)
{
    bool ended;
    if (!take_line_byte(framing, byte, &ended))
        return false;
    if (!ended)
        return true;
    if (framing->line_size != 0)
        return refuse(framing, 400, "trailer", "there is a trailer after the chunks");
    end_request(framing);
    return true;
}

static bool take_byte(struct http_framing *framing, char byte)
{
    switch (framing->place) {
    case HTTP_BETWEEN:
        return begin_request(framing, byte) && take_header_byte(framing, byte);
    case HTTP_LINE:
        return take_header_byte(framing, byte);
    case HTTP_CHUNK_SIZE:
        return take_chunk_size_byte(framing, byte);
    case HTTP_CHUNK_END:
        return take_chunk_end_byte(framing, byte);
    case HTTP_TRAILER:
        return take_trailer_byte(framing, byte);
    default:
        return false;
    }
}

size_t http_framing_feed(struct http_framing *framing, struct text bytes)
{
    size_t at = 0;
    while (at < bytes.size) {
        if (framing->place == HTTP_CONTENT || framing->place == HTTP_CHUNK_DATA) {
            size_t skip = bytes.size - at < framing->content_left ? bytes.size - at : framing->content_left;
            at += skip;
            framing->content_left -= skip;
            if (framing->content_left > 0)
                continue;
            if (framing->place == HTTP_CONTENT)
                end_request(framing);
            else
                framing->place = HTTP_CHUNK_END;
            continue;
        }
        if (!take_byte(framing, bytes.bytes[at]))
            return at;
        at++;
    }
    return at;
}
