/* Moves bytes between a transport and a dialog, and asks before each write that carries a final dot.
 *
 * The message ahead: its MAIL, RCPT and DATA are sent while another's dot waits for its reply.  When that
 * reply takes much longer than usual the message moves to another connection (its dot is not sent, nothing of
 * it can be out), and this one closes after the reply, since the commands cannot be called back.  So one
 * stalled recipient holds up nobody else by more than the patience. */
#include "worker/smtp/connection_state.h"

#include <stdlib.h>

#define READ_SIZE 16384

bool smtp_connection_is_busy(const struct smtp_connection *connection)
{
    return connection->inside > 0;
}

bool smtp_connection_is_open(const struct smtp_connection *connection)
{
    return connection->dialog != NULL;
}

static bool may_take(const struct smtp_connection *connection)
{
    return connection->dialog && !connection->retiring && !connection->blocked &&
           connection->taken < connection->settings->messages_per_connection;
}

bool smtp_connection_is_available(const struct smtp_connection *connection)
{
    return may_take(connection) && smtp_dialog_has_room(connection->dialog, false);
}

bool smtp_connection_takes_ahead(const struct smtp_connection *connection, uint64_t *since)
{
    *since = connection->dot_began;
    return may_take(connection) && connection->inside == 1 && smtp_dialog_has_room(connection->dialog, true);
}

uint64_t smtp_connection_last_used(const struct smtp_connection *connection)
{
    return connection->used;
}

/* Tells the owner what the dialog says; false when it said nothing. */
static bool take_events(struct smtp_connection *connection)
{
    struct smtp_dialog_event event;
    bool any = false;
    while (smtp_dialog_next_event(connection->dialog, &event)) {
        struct smtp_delivery *delivery = event.context;
        any = true;
        connection->used = smtp_clock();
        if (event.kind == SMTP_DIALOG_AT_DOT) {
            delivery->at_dot = true;
            connection->dot_began = connection->used;
            if (delivery->submission.at_dot)
                delivery->submission.at_dot(delivery->submission.context);
            continue;
        }
        if (event.result.stage == SMTP_STAGE_DOT && event.result.code > 0 && connection->dot_began > 0)
            smtp_pace_learn(connection->owner.pace, connection->used - connection->dot_began);
        if (delivery != connection->ahead)
            connection->dot_began = 0;
        connection->ahead = NULL; /* either it was the one, or it moved up */
        connection->inside--;
        delivery->connection = NULL;
        connection->owner.finished(connection->owner.context, delivery, &event.result);
    }
    return any;
}

void smtp_connection_give_back(struct smtp_connection *connection)
{
    void *context;
    if (!smtp_dialog_take_back(connection->dialog, &context))
        return;
    struct smtp_delivery *delivery = context;
    connection->ahead = NULL;
    connection->inside--;
    delivery->connection = NULL;
    connection->owner.moved(connection->owner.context, delivery);
}

/* Takes one delivery where there is room for it. */
static bool fill(struct smtp_connection *connection)
{
    uint64_t since;
    bool ahead = !smtp_connection_is_available(connection);
    if (ahead && !smtp_connection_takes_ahead(connection, &since))
        return false;
    struct smtp_delivery *delivery = connection->owner.next(connection->owner.context, ahead);
    if (!delivery)
        return false;
    delivery->state = SMTP_DELIVERY_SENDING;
    delivery->connection = connection;
    delivery->at_dot = false;
    delivery->stale = connection->taken > 0;
    connection->used = smtp_clock();
    connection->taken++;
    connection->inside++;
    if (ahead) {
        connection->ahead = delivery;
        connection->ahead_began = connection->used;
    }
    const struct smtp_message message = {
        .envelope_from = text_of(connection->settings->envelope_from),
        .recipient = delivery->submission.recipient,
        .content = delivery->submission.message,
        .needs_smtputf8 = delivery->submission.needs_smtputf8,
        .context = delivery,
    };
    smtp_dialog_submit(connection->dialog, &message);
    return true;
}

static void read_all(struct smtp_connection *connection)
{
    char bytes[READ_SIZE];
    size_t count;
    while (!smtp_dialog_is_over(connection->dialog)) {
        enum smtp_transport_state state =
            smtp_transport_read(connection->transport, bytes, sizeof bytes, &count);
        if (state == SMTP_TRANSPORT_AGAIN)
            return;
        if (state == SMTP_TRANSPORT_CUT)
            smtp_dialog_end(connection->dialog, SMTP_REASON_CUT);
        else
            smtp_dialog_input(connection->dialog, (struct text){bytes, count});
        take_events(connection);
    }
}

/* The one on its way must not be sent: what stands ahead of it moves, and the connection goes with it. */
static void withhold(struct smtp_connection *connection)
{
    smtp_connection_give_back(connection);
    connection->reset = true;
    smtp_dialog_end(connection->dialog, SMTP_REASON_CALLER);
}

/* False when the message whose dot is about to be written must not be sent. */
static bool dot_is_permitted(const struct smtp_connection *connection)
{
    const struct smtp_delivery *delivery = smtp_dialog_dot_unsent(connection->dialog);
    if (!delivery)
        return true;
    return !delivery->unwanted && delivery->submission.may_send_dot(delivery->submission.context);
}

static void set_blocked(struct smtp_connection *connection, bool blocked)
{
    if (connection->blocked != blocked)
        smtp_transport_want_write(connection->transport, blocked);
    connection->blocked = blocked;
}

/* Writes what there is; false when there was nothing. */
static bool flush(struct smtp_connection *connection)
{
    bool any = false;
    while (!smtp_dialog_is_over(connection->dialog)) {
        struct text output = smtp_dialog_output(connection->dialog);
        size_t count;
        if (output.size == 0) {
            set_blocked(connection, false);
            return any;
        }
        if (!dot_is_permitted(connection)) {
            withhold(connection);
            return true;
        }
        enum smtp_transport_state state = smtp_transport_write(connection->transport, output, &count);
        if (state == SMTP_TRANSPORT_AGAIN) {
            set_blocked(connection, true);
            return any;
        }
        any = true;
        if (state == SMTP_TRANSPORT_DONE) {
            smtp_dialog_written(connection->dialog, count);
            take_events(connection);
        } else { /* a last word of the relay may say why */
            read_all(connection);
            if (!smtp_dialog_is_over(connection->dialog))
                smtp_dialog_end(connection->dialog, SMTP_REASON_CUT);
        }
    }
    return any;
}

void smtp_connection_work(struct smtp_connection *connection)
{
    if (!connection->dialog || connection->working)
        return;
    connection->working = true;
    for (bool busy = true; busy;) {
        unsigned turn;
        busy = take_events(connection);
        while (fill(connection)) {
            busy = true;
            take_events(connection);
        }
        bool spent =
            connection->retiring || connection->taken >= connection->settings->messages_per_connection;
        if (spent && connection->inside == 0 && !connection->quitting &&
            smtp_dialog_waits_for(connection->dialog, &turn) == SMTP_STAGE_NONE) {
            connection->quitting = true;
            smtp_dialog_quit(connection->dialog);
        }
        busy = flush(connection) || busy;
    }
    connection->working = false;
    if (smtp_dialog_is_over(connection->dialog))
        connection->owner.closed(connection->owner.context, connection);
    else
        smtp_waits_arm(connection);
}

static void on_timer(evutil_socket_t socket, short what, void *argument)
{
    (void)socket;
    (void)what;
    smtp_waits_fired(argument);
}

static void on_ready(void *context, bool readable, bool writable)
{
    struct smtp_connection *connection = context;
    if (writable)
        set_blocked(connection, false);
    if (readable)
        read_all(connection);
    smtp_connection_work(connection);
}

static void on_connected(void *context, enum smtp_reason reason, const struct error *error)
{
    struct smtp_connection *connection = context;
    struct error memory;
    if (reason == SMTP_REASON_NONE) {
        connection->dialog = smtp_dialog_new(smtp_transport_capabilities(connection->transport),
                                             connection->settings->message_limit);
        reason = connection->dialog ? SMTP_REASON_NONE : SMTP_REASON_CONNECT;
        error = &memory;
        error_set(&memory, STATUS_MEMORY, "no memory for an SMTP connection");
    }
    if (reason != SMTP_REASON_NONE) {
        connection->owner.failed(connection->owner.context, reason, error);
        connection->owner.closed(connection->owner.context, connection);
        return;
    }
    connection->used = smtp_clock();
    connection->owner.opened(connection->owner.context, connection);
    smtp_connection_work(connection);
}

/* The whole dot is with the relay: its answer is still worth waiting for, and cutting would only make the
 * mail uncertain. */
static bool dot_is_delivered(const struct smtp_connection *connection)
{
    unsigned turn;
    return smtp_dialog_waits_for(connection->dialog, &turn) == SMTP_STAGE_DOT &&
           smtp_transport_is_delivered(connection->transport);
}

void smtp_connection_drop(struct smtp_connection *connection, struct smtp_delivery *delivery)
{
    if (delivery->at_dot && delivery->aborted && !dot_is_delivered(connection)) {
        smtp_connection_give_back(connection);
        connection->reset = true;
        smtp_dialog_end(connection->dialog, SMTP_REASON_CUT);
    } else if (delivery == connection->ahead) {
        smtp_connection_give_back(connection); /* the owner knows that it is unwanted */
    } else if (!delivery->at_dot) {
        withhold(connection);
    }
    smtp_connection_work(connection);
}

void smtp_connection_retire(struct smtp_connection *connection)
{
    connection->retiring = true;
    smtp_connection_work(connection);
}

struct smtp_connection *smtp_connection_new(struct event_base *base, const struct smtp_settings *settings,
                                            const struct smtp_connection_owner *owner, struct error *error)
{
    struct smtp_connection *connection = calloc(1, sizeof *connection);
    error_set(error, STATUS_MEMORY, "no memory for an SMTP connection");
    if (!connection)
        return NULL;
    connection->settings = settings;
    connection->owner = *owner;
    connection->used = smtp_clock();
    connection->timer = evtimer_new(base, on_timer, connection);
    const struct smtp_transport_callbacks callbacks = {
        .context = connection, .connected = on_connected, .ready = on_ready};
    if (!connection->timer ||
        smtp_transport_new(base, settings, &callbacks, &connection->transport, error) != STATUS_OK)
        smtp_connection_free(&connection);
    return connection;
}

void smtp_connection_free(struct smtp_connection **out)
{
    struct smtp_connection *connection = *out;
    *out = NULL;
    if (!connection)
        return;
    if (connection->dialog) {
        smtp_dialog_end(connection->dialog, SMTP_REASON_CUT);
        take_events(connection);
    }
    smtp_transport_free(&connection->transport, connection->reset);
    smtp_dialog_free(&connection->dialog);
    if (connection->timer)
        event_free(connection->timer);
    free(connection);
}
