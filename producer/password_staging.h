/* A temporary password of the intake's own: made here (handed) or given (chosen), and its verifier kept in
 * Redis until a worker begins its request.  Only the request goes to Kafka. */
#ifndef PRODUCER_PASSWORD_STAGING_H
#define PRODUCER_PASSWORD_STAGING_H

#include "core/temporary_password.h"
#include "producer/http_call.h"

enum staging_end {
    STAGING_DONE,
    STAGING_BEGUN,      /* a worker has begun the request already: this password would never work */
    STAGING_BUSY,       /* both threads hash other passwords */
    STAGING_UNAVAILABLE /* Redis or memory: ask again */
};

struct password_staging {
    char shown[TEMPORARY_PASSWORD_LENGTH + 1]; /* handed, once it is staged; a secret, else "" */
    struct http_call *call;                    /* from here on: its own */
    struct request *request;
    struct reset_stage question;
    void (*done)(void *context, enum staging_end end);
    void *context;
};

/* For a request whose method is staged, where there is a store.  `id` is the request's; all that is given
 * stays until `done`, which is called once, perhaps before this returns.  The password in the request, and
 * the body it came in, are wiped at once. */
void password_staging_start(struct password_staging *staging, struct http_call *call, struct request *request,
                            const char *id, void (*done)(void *context, enum staging_end end), void *context);

/* Wipes; before it was started, too. */
void password_staging_clear(struct password_staging *staging);

#endif
