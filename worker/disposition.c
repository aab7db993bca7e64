/* The table of trouble.
 *
 *   relay's answer                         becomes
 *   2xx to the dot                         sent
 *   4xx                                    retry at the tier of its tries; dead (attempts) after the last
 *   5xx, or a mail that can never go       dead, with its reason
 *   cut between dot and reply              retry, uncertain: the same link again
 *   unreachable, cut before the dot, 421   hold; the third 421, silence or cut of a relay that goes on to
 *                                          serve others is a 4xx
 *   withheld by ourselves                  begin again, or stop where the partition is gone
 */
#include "worker/disposition.h"

static struct disposition dead(enum reason reason)
{
    return (struct disposition){.action = DISPOSITION_DEAD, .reason = reason};
}

static struct disposition later(enum reason reason, const struct disposition_history *history)
{
    bool maybe_mailed = reason == REASON_UNCERTAIN;
    if (history->tries >= history->tiers)
        return (struct disposition){
            .action = DISPOSITION_DEAD, .reason = REASON_ATTEMPTS, .maybe_mailed = maybe_mailed};
    return (struct disposition){
        .action = DISPOSITION_RETRY, .reason = reason, .tier = history->tries, .maybe_mailed = maybe_mailed};
}

static enum reason permanent_reason(enum smtp_reason reason)
{
    switch (reason) {
    case SMTP_REASON_SMTPUTF8:
        return REASON_SMTPUTF8;
    case SMTP_REASON_ADDRESS:
        return REASON_ADDRESS;
    case SMTP_REASON_SIZE:
    case SMTP_REASON_CONTENT:
        return REASON_MAIL;
    default:
        return REASON_REFUSED;
    }
}

static bool is_about_recipient(const struct smtp_result *result)
{
    return result->stage >= SMTP_STAGE_MAIL && result->stage <= SMTP_STAGE_DOT;
}

bool disposition_is_shutdown(const struct smtp_result *result, bool serving)
{
    return result->kind == SMTP_UNAVAILABLE && is_about_recipient(result) && serving;
}

static struct disposition unavailable(const struct smtp_result *result,
                                      const struct disposition_history *history)
{
    if (is_about_recipient(result) && history->shutdowns >= DISPOSITION_SHUTDOWNS)
        return later(REASON_REFUSED_FOR_NOW, history);
    return (struct disposition){.action = history->leaving ? DISPOSITION_STOP : DISPOSITION_HOLD};
}

struct disposition disposition_of_mail(const struct smtp_result *result,
                                       const struct disposition_history *history)
{
    switch (result->kind) {
    case SMTP_ACCEPTED:
        return (struct disposition){.action = DISPOSITION_SENT};
    case SMTP_REFUSED:
        return result->permanent ? dead(permanent_reason(result->reason))
                                 : later(REASON_REFUSED_FOR_NOW, history);
    case SMTP_UNCERTAIN:
        return later(REASON_UNCERTAIN, history);
    case SMTP_UNAVAILABLE:
        return unavailable(result, history);
    case SMTP_WITHHELD:
        return (struct disposition){.action = history->leaving ? DISPOSITION_STOP : DISPOSITION_BEGIN_AGAIN};
    }
    return dead(REASON_MAIL);
}

unsigned disposition_park_tier(const int64_t *tiers_ms, unsigned tiers, int64_t dot_deadline_ms)
{
    for (unsigned tier = 0; tier < tiers; tier++)
        if (tiers_ms[tier] > dot_deadline_ms)
            return tier;
    return tiers - 1; /* config_rules refuses such a configuration at start */
}
