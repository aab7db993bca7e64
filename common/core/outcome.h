/* How a request can end or wait, and why: the closed sets that audit records, dead letters and metrics take
 * their words from. */
#ifndef CORE_OUTCOME_H
#define CORE_OUTCOME_H

#include "core/text.h"

enum outcome {
    OUTCOME_SENT, /* sent, suppressed, expired and dead are terminal */
    OUTCOME_SUPPRESSED,
    OUTCOME_EXPIRED,
    OUTCOME_DEAD,
    OUTCOME_DEFERRED,
    OUTCOME_DENIED,
    OUTCOME_REDEEMED,
    OUTCOME_COMPLETED,
    OUTCOME_REVOKED, /* everything of one user, on demand; what was under way ends suppressed, revoked */
    OUTCOME_COUNT
};

enum reason {
    REASON_NONE, /* "none": nothing to add to the outcome */
    /* sent */
    REASON_REDEEMED, /* the link came back before the relay's answer did */
    /* suppressed */
    REASON_UNKNOWN_USER,
    REASON_SUPERSEDED,
    REASON_COALESCED,
    REASON_ADMIN_LINK,
    REASON_USER_LIMIT,
    REASON_RECIPIENT_LIMIT,
    REASON_ACTOR_LIMIT,
    REASON_BULK_LIMIT, /* of the key that asks for many, instead of the actor's */
    REASON_REVOKED,
    REASON_NOTICE_LIMIT, /* of a notice that a password was changed: what it ends is ended all the same */
    /* expired */
    REASON_NOT_AFTER,       /* the request's own end */
    REASON_TOO_OLD,         /* 24 hours after it was made */
    REASON_PASSWORD_LAPSED, /* the password that was shown is not kept any more, or not ours */
    /* dead: the record */
    REASON_EMPTY, /* a tombstone or no bytes */
    REASON_TOO_LARGE,
    REASON_NOT_JSON, /* bytes: encoding, duplicate keys, depth, syntax */
    REASON_SCHEMA,
    REASON_SIGNATURE,
    REASON_TIME,   /* dated in the future */
    REASON_POLICY, /* the detail is one of the reasons for denied */
    /* dead: the mail */
    REASON_ADDRESS,
    REASON_SMTPUTF8, /* the relay cannot carry this address */
    REASON_MAIL,     /* the mail cannot be built */
    REASON_REFUSED,  /* 5xx */
    REASON_ATTEMPTS, /* 4xx until the last tier */
    REASON_LOST_LEASES,
    /* deferred */
    REASON_REFUSED_FOR_NOW, /* 4xx, or 421 for the third time */
    REASON_UNCERTAIN,       /* broken between the final dot and its reply */
    REASON_PARKED,          /* still waiting at the dot; a successor stands in a retry topic */
    /* denied */
    REASON_SCOPE,
    REASON_TENANT, /* not one of the key's */
    REASON_ACTOR_TENANT,
    REASON_ACTOR_ROLE,
    REASON_SELF_MISMATCH,
    REASON_METHOD,       /* off in the configuration */
    REASON_USER_ROLE,    /* missing, or higher than the actor's */
    REASON_ID_REUSED,    /* one id, two bodies */
    REASON_CLIENT_LIMIT, /* too many from one address, or under one API key: HTTP 429 */
    REASON_KEY_LIMIT,
    REASON_FORGED, /* a stored record whose mac is wrong */
    /* completed */
    REASON_UNKNOWN_REQUEST, /* the change names a request that is not this user's, or no longer known */
    REASON_COUNT
};

/* The word for it, e.g. "suppressed", "unknown_user"; "unknown" outside the enumeration. */
const char *outcome_name(enum outcome outcome);
const char *reason_name(enum reason reason);

/* The reason of that word; false for unknown ones. */
bool reason_of_name(struct text name, enum reason *reason);

bool outcome_is_terminal(enum outcome outcome);

/* Whether the two go together, so that reset_relay_outcomes_total has no other series. */
bool outcome_has_reason(enum outcome outcome, enum reason reason);

#endif
