/* A password-reset request, or a password that was changed (what a service says), and the event around it
 * (what Kafka carries), decoded from JSON.  The contract: request, change, event and completed.schema.json in
 * schemas/. */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <stdint.h>

#include "core/buffer.h"
#include "core/method.h"
#include "core/outcome.h"
#include "core/status.h"
#include "core/text.h"

#define EVENT_MAXIMUM_SIZE     (128 * 1024) /* bytes of one event */
#define REQUEST_MAXIMUM_SIZE   (64 * 1024)  /* bytes of one request body or line */
#define EVENT_DIGEST_SIZE      16
#define EVENT_ID_SIZE          37 /* a UUID in lower-case text and its NUL */
#define EVENT_TRACEPARENT_SIZE 56 /* W3C Trace Context version 00 and its NUL */
#define EVENT_TYPE             "identity.password-reset.requested.v1"
#define EVENT_COMPLETED_TYPE   "identity.password-change.completed.v1"

enum actor_class { ACTOR_SELF, ACTOR_ADMIN };

/* Which of the user's addresses a notice goes to. */
enum user_address { ADDRESS_CURRENT, ADDRESS_PREVIOUS };

enum channel { CHANNEL_KAFKA, CHANNEL_HTTP, CHANNEL_CLI };

/* Read-only; the texts point into `memory`.  An absent text is {NULL, 0}. */
struct request {
    struct text tenant;
    bool user_known; /* false for `user: null`, and then every user_ text is absent */
    struct text user_id, user_email, user_name, user_locale, user_timezone, user_role;
    bool name_unusable; /* there is a name, but no mail may show it */
    struct text actor_role, actor_id, actor_tenant;
    enum method method;
    int64_t not_after_ms; /* 0: none */
    struct text client_ip, client_user_agent;
    struct text password; /* a secret, only of METHOD_TEMPORARY_PASSWORD_CHOSEN; never in an event */
    /* Only of METHOD_PASSWORD_CHANGED, whose user is always known and which has no method_, not_after_, role_
     * or password field. */
    char completes[EVENT_ID_SIZE]; /* the request that led to it, lower case; "": none is named */
    enum user_address address;     /* which one user_email is */
    struct buffer memory;          /* of the texts, secret; nobody appends to it any more */
};

/* The body of POST /v1/password-changes: a notice to the current address, and one to the previous. */
struct password_change {
    struct request request;     /* METHOD_PASSWORD_CHANGED, ADDRESS_CURRENT */
    struct text previous_email; /* absent: none, or the same */
};

struct asserted_by {
    enum channel
        channel;        /* CHANNEL_KAFKA: the event has no asserted_by; the publisher alone answers for it */
    struct text key_id; /* absent on CHANNEL_KAFKA */
    bool bulk;
};

/* The event's type follows from request.method: EVENT_COMPLETED_TYPE for METHOD_PASSWORD_CHANGED. */
struct reset_event {
    char id[EVENT_ID_SIZE]; /* lower case, whatever case the record had */
    int64_t time_ms;
    struct text source;
    char traceparent[EVENT_TRACEPARENT_SIZE]; /* "" where there is none or a malformed one */
    struct asserted_by asserted_by;
    struct request request;
};

/* Total over any bytes.  Fails with STATUS_INVALID (error->field is the JSON Pointer of the field at fault,
 * and *reason, where wanted, says why for the dead letter: empty, too_large, not_json, schema) or
 * STATUS_MEMORY. */
enum status reset_event_decode(struct text value, struct reset_event **event, enum reason *reason,
                               struct error *error) WARN_UNUSED;
void reset_event_free(struct reset_event **event);

/* The same for the body of POST /v1/password-resets or a line of `send`; unknown fields are refused. */
enum status request_decode(struct text body, struct request **request, enum reason *reason,
                           struct error *error) WARN_UNUSED;
void request_free(struct request **request);

/* The same for the body of POST /v1/password-changes; the contract is schemas/change.schema.json. */
enum status password_change_decode(struct text body, struct password_change **change, enum reason *reason,
                                   struct error *error) WARN_UNUSED;
void password_change_free(struct password_change **change);

/* What is published for the previous address: the same change with that address.  It borrows all its texts
 * and is never freed. */
struct request password_change_previous(const struct password_change *change);

/* Appends the CloudEvents 1.0 JSON of a request that was decoded: without its password, with `asserted_by`
 * unless the channel is kafka.  `traceparent` may be absent.  Fails with STATUS_FULL or STATUS_MEMORY when it
 * does not fit. */
struct event_stamp {
    const char *id; /* a UUID */
    int64_t time_ms;
    struct text source; /* a URI reference that names the producer */
    struct text traceparent;
    struct asserted_by asserted_by;
};
enum status reset_event_encode(const struct request *request, const struct event_stamp *stamp,
                               struct buffer *out, struct error *error) WARN_UNUSED;

/* BLAKE2b-128 over the decoded fields of `data`, each with its length, without asserted_by: equal if and only
 * if two bodies under one id say the same (PROTOCOL: "digest"). */
void request_digest(const struct request *request, unsigned char digest[static EVENT_DIGEST_SIZE]);

/* Appends `tenant/user_id`, the Kafka key; nothing for an unknown user (a random key is the producer's). */
void request_key(const struct request *request, struct buffer *out);

/* ACTOR_SELF for the role `self`, else ACTOR_ADMIN. */
enum actor_class request_class(const struct request *request);

/* "current", "previous"; "kafka", "http", "cli". */
const char *user_address_name(enum user_address address);
const char *channel_name(enum channel channel);

/* Whether it is a W3C traceparent of version 00 with a trace id and a parent id. */
bool traceparent_is_valid(struct text text);

#endif
