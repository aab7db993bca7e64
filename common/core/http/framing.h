/* Strict checks of HTTP/1.1 requests on the raw bytes of a connection (RFC 9112), before a lenient parser
 * sees them.
 *
 * Whatever two parsers could read differently is refused: how long a message is, where a line ends, whom it
 * is for.  Pure and incremental: bytes in, in pieces of any size; the first fault is final. */
#ifndef CORE_HTTP_FRAMING_H
#define CORE_HTTP_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text.h"

struct http_limits {
    size_t header; /* bytes of the request line and all header lines */
    size_t body;   /* bytes of content; chunk framing has a cap of its own */
    /* Where content over `body` is 400 and not 413: all that can be large there is one value that is wrong.
     */
    struct text one_value_target;
};

enum http_place {
    HTTP_BETWEEN, /* no byte of a request yet */
    HTTP_LINE,    /* in a request line or header line */
    HTTP_CONTENT, /* in content of known length */
    HTTP_CHUNK_SIZE,
    HTTP_CHUNK_DATA,
    HTTP_CHUNK_END, /* the line end after a chunk's data */
    HTTP_TRAILER,
    HTTP_REFUSED
};

struct http_fault {
    int status;         /* 400, 413, 414, 417, 431, 501 or 505; 0: none */
    const char *reason; /* a word for metrics, e.g. "obs_fold" */
    const char *detail; /* one sentence for the caller */
};

/* One connection.  Plain value, nothing owned. */
struct http_framing {
    struct http_limits limits;
    enum http_place place;
    struct http_fault fault;
    unsigned long long requests; /* whose last byte has been seen */
    size_t header_bytes, content_bytes, content_left;
    /* Of the request whose headers are being read: */
    bool first_line, version_1_0, has_host, has_length, has_coding;
    bool bodiless; /* HEAD, TRACE: a parser may take content for the next request */
    int too_large; /* what content over the limit is answered with */
    size_t line_size;
    char line[1024]; /* the line so far, as far as it matters */
};

void http_framing_init(struct http_framing *framing, struct http_limits limits);

/* Looks at the next bytes of the connection.  Returns how many of them are fit to be passed on: all, or those
 * before the fault; then framing->fault says what is wrong, and nothing after it is ever fit. */
size_t http_framing_feed(struct http_framing *framing, struct text bytes);

/* Whether a request has begun and is not complete. */
bool http_framing_within(const struct http_framing *framing);

#endif
