/* How many requests one client address and one API key may make of this process: the limits that are answered
 * (429), because they say nothing about any account.  All others are the worker's, and silent. */
#ifndef PRODUCER_INTAKE_LIMITS_H
#define PRODUCER_INTAKE_LIMITS_H

#include "core/event.h"
#include "core/rate_table.h"

struct intake_limits;

/* A count of 0: that limit is off.  STATUS_MEMORY. */
enum status intake_limits_new(const struct rate *per_client, const struct rate *per_key,
                              struct intake_limits **limits, struct error *error) WARN_UNUSED;
void intake_limits_free(struct intake_limits **limits);

/* What one request has taken; starts as zeros. */
struct intake_pass {
    bool took_key, took_client;
    struct rate_key key, client;
    int64_t taken_ms;
};

struct intake_refusal {
    enum reason reason; /* REASON_KEY_LIMIT, REASON_CLIENT_LIMIT */
    int retry_after_s;  /* 1 or more */
    bool quiet;         /* so many were refused already that this one needs no audit record */
};

/* False: refused, and the pass is empty again.  The key is asked before the body is read, the client before
 * anything else in it is looked at; a request without client.ip has only its key's limit.  `now_ms`
 * monotonic. */
bool intake_limits_pass_key(struct intake_limits *limits, struct text key_id, int64_t now_ms,
                            struct intake_pass *pass, struct intake_refusal *refusal);
bool intake_limits_pass_client(struct intake_limits *limits, const struct request *request, int64_t now_ms,
                               struct intake_pass *pass, struct intake_refusal *refusal);

/* For a request that came to nothing by no fault of the caller's: it may ask again. */
void intake_limits_give_back(struct intake_limits *limits, struct intake_pass *pass);

#endif
