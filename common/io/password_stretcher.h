/* Argon2id beside the loop: two passwords at a time, each on a helper thread, and no queue behind them.  Who
 * finds both places taken is told so at once and answers 503. */
#ifndef IO_PASSWORD_STRETCHER_H
#define IO_PASSWORD_STRETCHER_H

#include "core/status.h"
#include "core/temporary_password.h"

enum { PASSWORD_STRETCHER_PLACES = 2, PASSWORD_STRETCHER_MOST = 1024 /* bytes of a password */ };

struct event_base;
struct password_stretcher;
struct password_stretch; /* a place that was claimed */

/* OK with what Argon2id made, wiped when the callback returns; or MEMORY, or UNAVAILABLE: the process ends.
 */
typedef void password_stretched(void *context, enum status status,
                                const unsigned char stretched[TEMPORARY_PASSWORD_STRETCHED_SIZE]);

/* NULL without memory. */
struct password_stretcher *password_stretcher_new(struct event_base *base);

/* Waits for the threads, and answers what they were asked with UNAVAILABLE.  Claims not started are gone:
 * none of them may be released afterwards. */
void password_stretcher_free(struct password_stretcher **stretcher);

/* A place for one password, or NULL while none is free. */
struct password_stretch *password_stretcher_claim(struct password_stretcher *stretcher);

/* Gives the place back unused and nulls it; NULL is fine. */
void password_stretch_release(struct password_stretch **stretch);

/* Nulls `stretch`: its place is free again right before `done` is called, on the loop and never from inside
 * this call.  The password (at most PASSWORD_STRETCHER_MOST bytes) is copied, and the copy wiped as soon as
 * it is hashed.  STATUS_INVALID for a longer one, STATUS_MEMORY: then `done` is not called. */
WARN_UNUSED enum status password_stretch_start(struct password_stretch **stretch, struct text password,
                                               const unsigned char salt[TEMPORARY_PASSWORD_SALT_SIZE],
                                               password_stretched *done, void *context, struct error *error);

#endif
