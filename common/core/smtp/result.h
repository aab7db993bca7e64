/* How the sending of one message ended: plain values that the dialog and the pool hand up and one file of the
 * worker judges.  Codes only, never a reply's text: relays echo addresses. */
#ifndef CORE_SMTP_RESULT_H
#define CORE_SMTP_RESULT_H

#include "core/smtp/reply.h"

/* What was under way.  CONTENT is the writing of the message, DOT the wait for the reply to its end. */
enum smtp_stage {
    SMTP_STAGE_NONE,    /* nothing was sent for this message */
    SMTP_STAGE_CONNECT, /* name, TCP, greeting, EHLO, TLS, AUTH */
    SMTP_STAGE_MAIL,
    SMTP_STAGE_RCPT,
    SMTP_STAGE_DATA,
    SMTP_STAGE_CONTENT,
    SMTP_STAGE_DOT,
    SMTP_STAGE_RSET,
    SMTP_STAGE_QUIT,
};

enum smtp_result_kind {
    SMTP_ACCEPTED,    /* the relay answered the final dot with 2xx */
    SMTP_REFUSED,     /* surely not accepted; `permanent` says whether asking again may help */
    SMTP_UNCERTAIN,   /* the final dot, or a part of it, may have left; no answer to it came */
    SMTP_UNAVAILABLE, /* surely not accepted and not this message's fault: no attempt is burnt.  Also 421 at
                       * any stage: code is 421 and stage says where, so that the caller can count it for this
                       * recipient */
    SMTP_WITHHELD,    /* surely not accepted, because the caller said so: may_send_dot, cancel or abort */
};

enum smtp_reason {
    SMTP_REASON_NONE,     /* accepted */
    SMTP_REASON_REPLY,    /* the reply `code` at `stage` */
    SMTP_REASON_SMTPUTF8, /* the address needs SMTPUTF8 and the relay does not offer it: permanent */
    SMTP_REASON_SIZE,     /* longer than the relay's SIZE: permanent */
    SMTP_REASON_ADDRESS,  /* an address that must not go onto the wire: permanent */
    SMTP_REASON_CONTENT,  /* a message with a bare CR or LF, a NUL, or without its last CRLF: permanent */
    SMTP_REASON_CUT,      /* the connection ended */
    SMTP_REASON_DEADLINE, /* no answer, or no progress, within the stage's deadline */
    SMTP_REASON_PROTOCOL, /* what came was not SMTP, or not an answer to what was asked */
    SMTP_REASON_CONNECT,  /* no connection: name, TCP, greeting or EHLO */
    SMTP_REASON_TLS,      /* STARTTLS missing, or a certificate that does not verify */
    SMTP_REASON_AUTH,     /* AUTH missing, or refused */
    SMTP_REASON_QUEUE,    /* no connection was free in time, or the pool was closed */
    SMTP_REASON_CALLER,   /* withheld */
};

struct smtp_result {
    enum smtp_result_kind kind;
    enum smtp_stage stage;
    enum smtp_reason reason;
    bool permanent;                     /* refused: 5xx, or nothing that a later attempt would change */
    int code;                           /* 0 where no reply decided it */
    struct smtp_enhanced_code enhanced; /* all 0 where there was none */
};

/* Lower case words for logs, audit and metrics, e.g. "uncertain", "rcpt", "smtputf8". */
const char *smtp_result_kind_name(enum smtp_result_kind kind);
const char *smtp_stage_name(enum smtp_stage stage);
const char *smtp_reason_name(enum smtp_reason reason);

#endif
