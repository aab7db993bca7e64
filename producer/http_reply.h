/* Answers over HTTP: JSON, and problem+json (RFC 9457) for every error.  Never HTML, never cached. */
#ifndef PRODUCER_HTTP_REPLY_H
#define PRODUCER_HTTP_REPLY_H

#include "core/buffer.h"

struct evhttp_request;

/* What an error answer says.  Nothing is owned; NULL and 0 are left out. */
struct http_problem {
    int status;         /* 400 to 599 */
    const char *detail; /* one sentence; never repeats an address or a token */
    const char *field;  /* the field at fault, a JSON Pointer */
    const char *reason; /* with 403 and 429: the audit record's word */
    int retry_after_s;
    const char *allow; /* with 405: the methods there are */
    bool challenge;    /* with 401 */
};

/* "Not Found" …; "Error" for a status without a phrase here. */
const char *http_status_phrase(int status);

/* Appends the body. */
void http_problem_write(const struct http_problem *problem, struct buffer *out);

/* Appends a whole HTTP/1.1 response that closes the connection, for where there is no request to answer. */
void http_problem_response(const struct http_problem *problem, struct buffer *out);

/* These end the request: it is evhttp's again.  close: the connection ends after the answer. */
void http_reply_json(struct evhttp_request *request, int status, struct text body, bool close);
void http_reply_empty(struct evhttp_request *request, int status, bool close); /* 204 */
void http_reply_problem(struct evhttp_request *request, const struct http_problem *problem, bool close);

#endif
