/* One row per reason: its word and the outcomes that it belongs to.  Metrics are registered from the same
 * rows, so a reason that is not here cannot become a series. */
#include "core/outcome.h"

#define WITH(outcome) (1u << (outcome))

static const char *const outcome_names[OUTCOME_COUNT] = {
    [OUTCOME_SENT] = "sent",         [OUTCOME_SUPPRESSED] = "suppressed", [OUTCOME_EXPIRED] = "expired",
    [OUTCOME_DEAD] = "dead",         [OUTCOME_DEFERRED] = "deferred",     [OUTCOME_DENIED] = "denied",
    [OUTCOME_REDEEMED] = "redeemed", [OUTCOME_COMPLETED] = "completed",   [OUTCOME_REVOKED] = "revoked",
};

static const struct {
    const char *name;
    unsigned outcomes;
} reasons[REASON_COUNT] = {
    [REASON_NONE] = {"none", WITH(OUTCOME_SENT) | WITH(OUTCOME_REDEEMED) | WITH(OUTCOME_COMPLETED) |
                                 WITH(OUTCOME_REVOKED)},
    [REASON_REDEEMED] = {"redeemed", WITH(OUTCOME_SENT)},
    [REASON_UNKNOWN_USER] = {"unknown_user", WITH(OUTCOME_SUPPRESSED)},
    [REASON_SUPERSEDED] = {"superseded", WITH(OUTCOME_SUPPRESSED)},
    [REASON_COALESCED] = {"coalesced", WITH(OUTCOME_SUPPRESSED)},
    [REASON_ADMIN_LINK] = {"admin_link", WITH(OUTCOME_SUPPRESSED)},
    [REASON_USER_LIMIT] = {"user_limit", WITH(OUTCOME_SUPPRESSED)},
    [REASON_RECIPIENT_LIMIT] = {"recipient_limit", WITH(OUTCOME_SUPPRESSED)},
    [REASON_ACTOR_LIMIT] = {"actor_limit", WITH(OUTCOME_SUPPRESSED)},
    [REASON_BULK_LIMIT] = {"bulk_limit", WITH(OUTCOME_SUPPRESSED)},
    [REASON_REVOKED] = {"revoked", WITH(OUTCOME_SUPPRESSED)},
    [REASON_NOTICE_LIMIT] = {"notice_limit", WITH(OUTCOME_SUPPRESSED)},
    [REASON_NOT_AFTER] = {"not_after", WITH(OUTCOME_EXPIRED)},
    [REASON_TOO_OLD] = {"too_old", WITH(OUTCOME_EXPIRED)},
    [REASON_PASSWORD_LAPSED] = {"password_lapsed", WITH(OUTCOME_EXPIRED)},
    [REASON_EMPTY] = {"empty", WITH(OUTCOME_DEAD)},
    [REASON_TOO_LARGE] = {"too_large", WITH(OUTCOME_DEAD)},
    [REASON_NOT_JSON] = {"not_json", WITH(OUTCOME_DEAD)},
    [REASON_SCHEMA] = {"schema", WITH(OUTCOME_DEAD)},
    [REASON_SIGNATURE] = {"signature", WITH(OUTCOME_DEAD)},
    [REASON_TIME] = {"time", WITH(OUTCOME_DEAD)},
    [REASON_POLICY] = {"policy", WITH(OUTCOME_DEAD)},
    [REASON_ADDRESS] = {"address", WITH(OUTCOME_DEAD)},
    [REASON_SMTPUTF8] = {"smtputf8", WITH(OUTCOME_DEAD)},
    [REASON_MAIL] = {"mail", WITH(OUTCOME_DEAD)},
    [REASON_REFUSED] = {"refused", WITH(OUTCOME_DEAD)},
    [REASON_ATTEMPTS] = {"attempts", WITH(OUTCOME_DEAD)},
    [REASON_LOST_LEASES] = {"lost_leases", WITH(OUTCOME_DEAD)},
    [REASON_REFUSED_FOR_NOW] = {"refused_for_now", WITH(OUTCOME_DEFERRED)},
    [REASON_UNCERTAIN] = {"uncertain", WITH(OUTCOME_DEFERRED)},
    [REASON_PARKED] = {"parked", WITH(OUTCOME_DEFERRED)},
    [REASON_SCOPE] = {"scope", WITH(OUTCOME_DENIED)},
    [REASON_TENANT] = {"tenant", WITH(OUTCOME_DENIED)},
    [REASON_ACTOR_TENANT] = {"actor_tenant", WITH(OUTCOME_DENIED)},
    [REASON_ACTOR_ROLE] = {"actor_role", WITH(OUTCOME_DENIED)},
    [REASON_SELF_MISMATCH] = {"self_mismatch", WITH(OUTCOME_DENIED)},
    [REASON_METHOD] = {"method", WITH(OUTCOME_DENIED)},
    [REASON_USER_ROLE] = {"user_role", WITH(OUTCOME_DENIED)},
    [REASON_ID_REUSED] = {"id_reused", WITH(OUTCOME_DENIED)},
    [REASON_CLIENT_LIMIT] = {"client_limit", WITH(OUTCOME_DENIED)},
    [REASON_KEY_LIMIT] = {"key_limit", WITH(OUTCOME_DENIED)},
    [REASON_FORGED] = {"forged", WITH(OUTCOME_DENIED)},
    [REASON_UNKNOWN_REQUEST] = {"unknown_request", WITH(OUTCOME_COMPLETED)},
};

const char *outcome_name(enum outcome outcome)
{
    return (unsigned)outcome < OUTCOME_COUNT ? outcome_names[outcome] : "unknown";
}

const char *reason_name(enum reason reason)
{
    return (unsigned)reason < REASON_COUNT ? reasons[reason].name : "unknown";
}

bool reason_of_name(struct text name, enum reason *reason)
{
    for (unsigned i = 0; i < REASON_COUNT; i++)
        if (text_equal(name, text_of(reasons[i].name))) {
            *reason = (enum reason)i;
            return true;
        }
    return false;
}

bool outcome_is_terminal(enum outcome outcome)
{
    return outcome == OUTCOME_SENT || outcome == OUTCOME_SUPPRESSED || outcome == OUTCOME_EXPIRED ||
           outcome == OUTCOME_DEAD;
}

bool outcome_has_reason(enum outcome outcome, enum reason reason)
{
    return (unsigned)outcome < OUTCOME_COUNT && (unsigned)reason < REASON_COUNT &&
           (reasons[reason].outcomes & WITH(outcome)) != 0;
}
