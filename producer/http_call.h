/* One request of the intake, from evhttp's callback to its one answer. */
#ifndef PRODUCER_HTTP_CALL_H
#define PRODUCER_HTTP_CALL_H

#include "core/audit.h"
#include "producer/http_reply.h"
#include "producer/serve.h"

struct evhttp_request;

/* Texts live until the answer; `body` until http_call_wipe. */
struct http_call {
    struct serve *serve;
    struct evhttp_request *request;
    const char *route;                                         /* for metrics */
    struct text argument;                                      /* the path's {id}, if it has one */
    struct credentials *credentials;                           /* held */
    const struct api_key *key;                                 /* who calls; one of them */
    struct text authorization, content_type, content_encoding; /* headers; bytes NULL: none */
    struct text idempotency_key, traceparent;                  /* traceparent: only a valid one */
    bool repeated;                                             /* one of these headers is there twice */
    struct text body;
    struct buffer copy; /* of the body, where evhttp has it in pieces */
    int64_t begun_us;
};

/* NULL without memory; the request is answered then. */
struct http_call *http_call_new(struct serve *serve, struct evhttp_request *request);

/* Each ends the call and nulls it. */
void http_call_json(struct http_call **call, int status, struct text body);
void http_call_problem(struct http_call **call, const struct http_problem *problem);
void http_call_empty(struct http_call **call); /* 204 */

/* Often used problems.  400 names the field as `error` does; 503 with Retry-After. */
void http_call_bad(struct http_call **call, const struct error *error);
void http_call_unavailable(struct http_call **call, const char *detail);

/* Overwrites the body wherever evhttp has it: it may carry a token or a password. */
void http_call_wipe(struct http_call *call);

/* STATUS_OK, or STATUS_INVALID with the sentence, when the key is there and not 1 to 255 visible ASCII
 * characters. */
enum status http_call_check_idempotency_key(const struct http_call *call, struct error *error) WARN_UNUSED;

/* 403 and the audit record, where the call's key lacks the scope: false, and the call is ended. */
bool http_call_needs_scope(struct http_call **call, enum scope scope) WARN_UNUSED;

/* Denies, in the audit trail; the record's outcome, reason and who asked are filled here. */
void http_call_audit_denied(struct http_call *call, struct audit_record *record, enum reason reason);

/* The same, and 403 with the sentence `detail`. */
void http_call_deny(struct http_call **call, struct audit_record *record, enum reason reason,
                    const char *detail);

#endif
