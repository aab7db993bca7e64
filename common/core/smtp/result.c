/* The words for results: they stand in logs, metrics and audit records, so they change only with those. */
#include "core/smtp/result.h"

static const char *name_of(const char *const *names, size_t count, size_t value)
{
    return value < count && names[value] ? names[value] : "unknown";
}

#define NAME_OF(names, value) name_of(names, sizeof(names) / sizeof *(names), (size_t)(value))

const char *smtp_result_kind_name(enum smtp_result_kind kind)
{
    static const char *const names[] = {
        [SMTP_ACCEPTED] = "accepted",       [SMTP_REFUSED] = "refused",   [SMTP_UNCERTAIN] = "uncertain",
        [SMTP_UNAVAILABLE] = "unavailable", [SMTP_WITHHELD] = "withheld",
    };
    return NAME_OF(names, kind);
}

const char *smtp_stage_name(enum smtp_stage stage)
{
    static const char *const names[] = {
        [SMTP_STAGE_NONE] = "none", [SMTP_STAGE_CONNECT] = "connect", [SMTP_STAGE_MAIL] = "mail",
        [SMTP_STAGE_RCPT] = "rcpt", [SMTP_STAGE_DATA] = "data",       [SMTP_STAGE_CONTENT] = "content",
        [SMTP_STAGE_DOT] = "dot",   [SMTP_STAGE_RSET] = "rset",       [SMTP_STAGE_QUIT] = "quit",
    };
    return NAME_OF(names, stage);
}

const char *smtp_reason_name(enum smtp_reason reason)
{
    static const char *const names[] = {
        [SMTP_REASON_NONE] = "none",         [SMTP_REASON_REPLY] = "reply",
        [SMTP_REASON_SMTPUTF8] = "smtputf8", [SMTP_REASON_SIZE] = "size",
        [SMTP_REASON_ADDRESS] = "address",   [SMTP_REASON_CONTENT] = "content",
        [SMTP_REASON_CUT] = "cut",           [SMTP_REASON_DEADLINE] = "deadline",
        [SMTP_REASON_PROTOCOL] = "protocol", [SMTP_REASON_CONNECT] = "connect",
        [SMTP_REASON_TLS] = "tls",           [SMTP_REASON_AUTH] = "auth",
        [SMTP_REASON_QUEUE] = "queue",       [SMTP_REASON_CALLER] = "caller",
    };
    return NAME_OF(names, reason);
}
