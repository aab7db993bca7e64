/* SMTP replies out of a stream of bytes, however they are cut into packets (RFC 5321 4.2, RFC 2034, RFC
 * 3463). Pure: no I/O, no clock.  Never keeps a reply's text: relays echo addresses. */
#ifndef CORE_SMTP_REPLY_H
#define CORE_SMTP_REPLY_H

#include "core/text.h"

#define SMTP_REPLY_LINE_LIMIT                                                                                \
    1000 /* bytes with its line end; RFC 5321 4.5.3.1.5 says 512 and asks to bear more */
#define SMTP_REPLY_LINES_LIMIT 100 /* lines of one reply */

/* class.subject.detail of RFC 3463; all 0 where the reply carried none or one of another class than its code.
 */
struct smtp_enhanced_code {
    unsigned short class, subject, detail;
};

struct smtp_reply {
    int code;                           /* 200 to 599 */
    struct smtp_enhanced_code enhanced; /* of the first line that has one */
    unsigned lines;
};

enum smtp_reply_state {
    SMTP_REPLY_MORE,   /* all bytes taken, the reply is not at its end */
    SMTP_REPLY_READY,  /* one reply is read; bytes after it are left */
    SMTP_REPLY_BROKEN, /* not SMTP: stays so for ever */
};

/* Value type; initialise by smtp_reply_parser_init, nothing to free. */
struct smtp_reply_parser {
    struct smtp_reply reply;
    char head[16]; /* the line's first bytes: code, separator, enhanced code */
    unsigned line_size, lines;
    bool carriage_return, broken, last_line;
};

void smtp_reply_parser_init(struct smtp_reply_parser *parser);

/* Takes bytes off the front of `*bytes`, at most up to the end of one reply, which is then in `*reply`.
 * A line ends in CRLF; a bare LF is borne (it is a server's reply, nothing is smuggled by it), a bare CR, a
 * NUL and codes that differ between the lines of one reply are not.  Bytes over 127 are borne as text. */
enum smtp_reply_state smtp_reply_read(struct smtp_reply_parser *parser, struct text *bytes,
                                      struct smtp_reply *reply);

#endif
