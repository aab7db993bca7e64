/* Reads replies byte by byte and keeps of each line only its first sixteen bytes: code, separator and
 * enhanced code. The rest of a line is counted and dropped, so that memory is the same whatever a relay says,
 * and an address echoed in a reply never gets into one of our logs.
 *
 * Policy: what is surely SMTP is borne (bare LF, bytes over 127, a code without text), what could make two
 * readers see different replies is not (bare CR, NUL, a code that changes within one reply, lines or replies
 * without end). */
#include "core/smtp/reply.h"

void smtp_reply_parser_init(struct smtp_reply_parser *parser)
{
    *parser = (struct smtp_reply_parser){0};
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* One to three digits at *at; moves it behind them. */
static bool read_number(const char *head, unsigned size, unsigned *at, unsigned short *number)
{
    unsigned begin = *at, value = 0;
    while (*at < size && *at - begin < 3 && is_digit(head[*at]))
        value = value * 10 + (unsigned)(head[(*at)++] - '0');
    *number = (unsigned short)value;
    return *at > begin;
}

/* RFC 2034 4: "class.subject.detail" and a space, the class equal to the code's first digit. */
static struct smtp_enhanced_code read_enhanced(const char *head, unsigned size, int code)
{
    const struct smtp_enhanced_code none = {0};
    struct smtp_enhanced_code enhanced = {0};
    unsigned at = 4;
    if (size < 9 || head[4] != '0' + code / 100 || head[5] != '.')
        return none;
    enhanced.class = (unsigned short)(code / 100);
    at = 6;
    if (!read_number(head, size, &at, &enhanced.subject) || at >= size || head[at++] != '.')
        return none;
    if (!read_number(head, size, &at, &enhanced.detail))
        return none;
    return at == size || head[at] == ' ' ? enhanced : none;
}

/* A whole line is in: takes its code; false when it is none. */
static bool take_line(struct smtp_reply_parser *parser)
{
    const char *head = parser->head;
    unsigned size =
        parser->line_size < sizeof parser->head ? parser->line_size : (unsigned)sizeof parser->head;
    if (size < 3 || head[0] < '2' || head[0] > '5' || !is_digit(head[1]) || !is_digit(head[2]))
        return false;
    int code = (head[0] - '0') * 100 + (head[1] - '0') * 10 + (head[2] - '0');
    if (size > 3 && head[3] != ' ' && head[3] != '-')
        return false;
    if (parser->lines > 0 && code != parser->reply.code)
        return false;
    if (++parser->lines > SMTP_REPLY_LINES_LIMIT)
        return false;
    parser->reply.code = code;
    parser->reply.lines = parser->lines;
    if (parser->reply.enhanced.class == 0)
        parser->reply.enhanced = read_enhanced(head, size, code);
    parser->last_line = size == 3 || head[3] == ' ';
    parser->line_size = 0;
    return true;
}

/* False when the byte cannot stand in a reply. */
static bool take_byte(struct smtp_reply_parser *parser, char byte)
{
    if (byte == '\n') {
        parser->carriage_return = false;
        return take_line(parser);
    }
    if (parser->carriage_return || byte == '\0')
        return false;
    if (byte == '\r') {
        parser->carriage_return = true;
        return true;
    }
    if (parser->line_size < sizeof parser->head)
        parser->head[parser->line_size] = byte;
    return ++parser->line_size <= SMTP_REPLY_LINE_LIMIT - 2;
}

enum smtp_reply_state smtp_reply_read(struct smtp_reply_parser *parser, struct text *bytes,
                                      struct smtp_reply *reply)
{
    if (parser->broken)
        return SMTP_REPLY_BROKEN;
    while (bytes->size > 0) {
        char byte = *bytes->bytes++;
        bytes->size--;
        if (!take_byte(parser, byte)) {
            parser->broken = true;
            return SMTP_REPLY_BROKEN;
        }
        if (parser->last_line) {
            *reply = parser->reply;
            smtp_reply_parser_init(parser);
            return SMTP_REPLY_READY;
        }
    }
    return SMTP_REPLY_MORE;
}
