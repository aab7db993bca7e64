/* Decisions about temporary passwords, beside those of decision.h. */
#ifndef CORE_PROTOCOL_PASSWORD_H
#define CORE_PROTOCOL_PASSWORD_H

#include "core/protocol/decision.h"
#include "core/temporary_password.h"

/* The claims that the records' macs are about; they point into the records. */
struct temporary_password_claims password_claims(const struct password_record *password);
struct staged_password_claims staged_claims(const struct staged_record *staged, struct text request_id);

/* Makes the mac again after a change; `key` is the one that the record names. */
void password_seal(struct password_record *password, const struct keyring_key *key);

bool staged_is_sealed(const struct staged_record *staged, struct text request_id,
                      const struct keyring_key *key);

struct stage_question {
    struct text request_id, tenant, user_id;
    enum method method;
    const unsigned char *salt, *verifier;
    const struct keyring_key *record_key;
};

/* OK, DONE.  Looks at request, writes staged. */
void decide_stage(const struct stage_question *question, struct records *records, struct decision *decision);

/* OK, BUSY.  Looks at attempts alone; after OK, has_password says whether `password` counts, for which it
 * looks at user, request and password. */
void decide_try(const char *slot, int64_t not_before_ms, struct records *records, struct decision *decision);

struct open_question {
    struct text request_id;
    const unsigned char *inc, *verifier;
    const char *slot; /* the user's, closed by a NUL */
    const struct keyring_key *record_key;
    int64_t not_before_ms;
};

/* OK, NONE.  Looks at user, request and password; allowed where the store is out of memory. */
void decide_open(const struct open_question *question, struct records *records, struct decision *decision);

#endif
