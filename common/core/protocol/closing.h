/* What several decisions do to a request's record; private to core/protocol. */
#ifndef CORE_PROTOCOL_CLOSING_H
#define CORE_PROTOCOL_CLOSING_H

#include "core/protocol/decision.h"

/* What the user's record holds in place of a request id after a revocation. */
#define USER_REVOKED TEXT("revoked")

/* The only way into a terminal state but redeem's: nothing secret stays, and unless a mail was accepted no
 * link either. The verdict is DONE. */
void request_close(struct records *records, struct decision *decision, enum request_state state,
                   enum reason reason, struct text into);

/* Deletes the link that the record names, which nobody has claimed while the request is unfinished: redeem
 * ends it in the same swap. */
void request_drop_link(struct request_record *request, struct decision *decision);

void request_drop_seed(struct request_record *request);

/* Ends what the user's newest request in a lane has: its link (a claimed one too, unless `keeps_claimed`),
 * its seed, its password.  Its record has to be read where the lane names one. */
void standing_end(struct records *records, enum lane lane, bool keeps_claimed, struct decision *decision);

/* Whether the lane names a request. */
bool standing_names_request(const struct standing *standing);

/* The user's record, empty where there is none. */
void user_open(struct records *records);

/* Adds a token to those to delete. */
void decision_kill(struct decision *decision, const char stored[TOKEN_STORED_LENGTH]);

#endif
