/* What a connection waits for, and when that is over: the stage's deadline, the patience of the message ahead
 * and the idle time, on one timer.  The timer is re-armed only when it fires too early: in the common case a
 * message costs no timer at all. */
#include "worker/smtp/connection_state.h"

static uint64_t deadline_of(const struct smtp_connection *connection, enum smtp_stage stage)
{
    const struct smtp_deadlines *deadlines = &connection->settings->deadlines;
    switch (stage) {
    case SMTP_STAGE_MAIL:
        return deadlines->mail;
    case SMTP_STAGE_RCPT:
        return deadlines->rcpt;
    case SMTP_STAGE_DATA:
        return deadlines->data;
    case SMTP_STAGE_CONTENT:
        return deadlines->content;
    case SMTP_STAGE_DOT:
        return deadlines->dot;
    default:
        return deadlines->quit;
    }
}

/* When the wait that runs is over, ms. */
static uint64_t end_of_wait(struct smtp_connection *connection, enum smtp_stage *stage)
{
    unsigned turn;
    *stage = smtp_dialog_waits_for(connection->dialog, &turn);
    if (turn != connection->turn) {
        connection->turn = turn;
        connection->wait_began = smtp_clock();
    }
    if (*stage == SMTP_STAGE_NONE)
        return connection->used + connection->settings->idle;
    return connection->wait_began + deadline_of(connection, *stage);
}

static uint64_t end_of_patience(const struct smtp_connection *connection)
{
    return connection->ahead_began +
           smtp_pace_patience(connection->owner.pace, connection->settings->ahead_patience);
}

void smtp_waits_arm(struct smtp_connection *connection)
{
    enum smtp_stage stage;
    uint64_t at = end_of_wait(connection, &stage), now = smtp_clock();
    if (connection->ahead && end_of_patience(connection) < at)
        at = end_of_patience(connection);
    if (connection->timer_at != 0 && connection->timer_at <= at)
        return;
    uint64_t wait = at > now ? at - now : 1;
    struct timeval interval = {(time_t)(wait / 1000), (suseconds_t)(wait % 1000 * 1000)};
    connection->timer_at = at;
    event_add(connection->timer, &interval);
}

void smtp_waits_fired(struct smtp_connection *connection)
{
    enum smtp_stage stage;
    connection->timer_at = 0;
    if (!connection->dialog)
        return;
    uint64_t now = smtp_clock(), end = end_of_wait(connection, &stage);
    if (connection->ahead && now >= end_of_patience(connection))
        smtp_connection_give_back(connection);
    if (now >= end && stage == SMTP_STAGE_NONE)
        connection->retiring = true;
    if (now >= end && stage != SMTP_STAGE_NONE) {
        smtp_connection_give_back(connection);
        connection->reset = true; /* what still waits in the socket shall not arrive later */
        smtp_dialog_end(connection->dialog, SMTP_REASON_DEADLINE);
    }
    smtp_connection_work(connection);
}
