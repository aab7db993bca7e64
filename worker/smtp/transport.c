/* A connection that libcurl has made is ours: its bytes go through curl_easy_send and curl_easy_recv, which
 * know about TLS.  libcurl goes on without AUTH where the relay does not offer it: that is an error here.
 * What failed is told in one sentence, with the relay's code and none of its words. */
#include "worker/smtp/transport_state.h"

#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* One write is at most one record, so that what TLS did not take as a whole the relay cannot have read. */
#define TLS_RECORD 16384

void smtp_transport_failed(struct smtp_transport *transport, enum smtp_reason reason, const char *cause)
{
    static const char *const what[] = {
        [SMTP_REASON_TLS] = "no verified TLS, so nothing is sent",
        [SMTP_REASON_AUTH] = "AUTH failed: check smtp.username, smtp.password and what the relay offers",
        [SMTP_REASON_DEADLINE] = "not connected within the deadline",
        [SMTP_REASON_CONNECT] = "cannot be connected",
    };
    struct error error;
    char clean[CURL_ERROR_SIZE];
    snprintf(clean, sizeof clean, "%s", cause);
    for (char *byte = clean; *byte; byte++)
        if ((unsigned char)*byte < ' ' || *byte == 127)
            *byte = ' ';
    if (transport->last_code >= 400)
        error_set(&error, STATUS_UNAVAILABLE, "SMTP relay %s: %s (%s; last reply %d)", transport->relay,
                  what[reason], clean, transport->last_code);
    else
        error_set(&error, STATUS_UNAVAILABLE, "SMTP relay %s: %s (%s)", transport->relay, what[reason],
                  clean);
    transport->ended = true;
    smtp_connecting_stop(transport);
    transport->callbacks.connected(transport->callbacks.context, reason, &error);
}

static void on_ready(evutil_socket_t socket, short what, void *argument)
{
    struct smtp_transport *transport = argument;
    (void)socket;
    transport->drained = false;
    transport->callbacks.ready(transport->callbacks.context, what & EV_READ, what & EV_WRITE);
}

void smtp_transport_connected(struct smtp_transport *transport)
{
    transport->ours = true;
    smtp_connecting_stop(transport);
    if (transport->settings->username && *transport->settings->username && !transport->authenticated) {
        smtp_transport_failed(transport, SMTP_REASON_AUTH, "the relay offers none that is known");
        return;
    }
    curl_easy_getinfo(transport->easy, CURLINFO_ACTIVESOCKET, &transport->socket);
    if (transport->socket != CURL_SOCKET_BAD) {
        transport->readable =
            event_new(transport->base, transport->socket, EV_READ | EV_PERSIST, on_ready, transport);
        transport->writable =
            event_new(transport->base, transport->socket, EV_WRITE | EV_PERSIST, on_ready, transport);
    }
    if (!transport->readable || !transport->writable || event_add(transport->readable, NULL) != 0) {
        smtp_transport_failed(transport, SMTP_REASON_CONNECT, "no memory or no socket");
        return;
    }
    transport->callbacks.connected(transport->callbacks.context, SMTP_REASON_NONE, NULL);
}

enum status smtp_transport_new(struct event_base *base, const struct smtp_settings *settings,
                               const struct smtp_transport_callbacks *callbacks, struct smtp_transport **out,
                               struct error *error)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return error_set(error, STATUS_MEMORY, "no memory for an SMTP connection");
    (*out)->base = base;
    (*out)->settings = settings;
    (*out)->callbacks = *callbacks;
    (*out)->socket = CURL_SOCKET_BAD;
    buffer_init_secret(&(*out)->held, TLS_RECORD);
    enum status status = smtp_connecting_start(*out, error);
    if (status != STATUS_OK)
        smtp_transport_free(out, false);
    return status;
}

/* Dissolves the TCP connection at once: Linux answers connect() to AF_UNSPEC with an RST and forgets what is
 * queued. Closing alone would not do, because TLS writes what it still holds before it closes. */
static void reset_socket(curl_socket_t socket)
{
    struct linger linger = {1, 0};
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    if (connect(socket, &nowhere, sizeof nowhere) != 0)
        shutdown(socket, SHUT_RD);
}

void smtp_transport_free(struct smtp_transport **out, bool reset)
{
    struct smtp_transport *transport = *out;
    *out = NULL;
    if (!transport)
        return;
    transport->ended = true;
    smtp_connecting_stop(transport);
    if (transport->readable)
        event_free(transport->readable);
    if (transport->writable)
        event_free(transport->writable);
    if (reset && transport->socket != CURL_SOCKET_BAD)
        reset_socket(transport->socket);
    if (transport->easy && transport->multi)
        curl_multi_remove_handle(transport->multi, transport->easy);
    curl_easy_cleanup(transport->easy);
    curl_multi_cleanup(transport->multi);
    if (transport->timer)
        event_free(transport->timer);
    if (transport->deadline)
        event_free(transport->deadline);
    buffer_clear(&transport->held);
    free(transport);
}

const struct smtp_capabilities *smtp_transport_capabilities(const struct smtp_transport *transport)
{
    return &transport->capabilities;
}

static enum smtp_transport_state state_of(CURLcode code, size_t count)
{
    if (code == CURLE_AGAIN)
        return SMTP_TRANSPORT_AGAIN;
    return code == CURLE_OK && count > 0 ? SMTP_TRANSPORT_DONE : SMTP_TRANSPORT_CUT;
}

enum smtp_transport_state smtp_transport_read(struct smtp_transport *transport, char *bytes, size_t size,
                                              size_t *count)
{
    *count = 0;
    if (transport->drained)
        return SMTP_TRANSPORT_AGAIN;
    CURLcode code = curl_easy_recv(transport->easy, bytes, size, count);
    enum smtp_transport_state state = state_of(code, *count);
    transport->drained = !transport->tls && state == SMTP_TRANSPORT_DONE && *count < size;
    return state;
}

enum smtp_transport_state smtp_transport_write(struct smtp_transport *transport, struct text bytes,
                                               size_t *count)
{
    *count = 0;
    struct text record = bytes;
    if (transport->tls && transport->held.size > 0)
        record = buffer_text(&transport->held);
    else if (transport->tls && bytes.size > TLS_RECORD)
        record.size = TLS_RECORD;
    CURLcode code = curl_easy_send(transport->easy, record.bytes, record.size, count);
    enum smtp_transport_state state = state_of(code, *count);
    if (!transport->tls)
        return state;
    if (state == SMTP_TRANSPORT_AGAIN && transport->held.size == 0) {
        buffer_append_text(&transport->held, record);
        if (transport->held.failed)
            return SMTP_TRANSPORT_CUT;
    }
    if (state == SMTP_TRANSPORT_DONE)
        buffer_reset(&transport->held);
    return state;
}

bool smtp_transport_is_delivered(const struct smtp_transport *transport)
{
    int left; /* tcp(7): what is neither sent nor acknowledged */
    return transport->held.size == 0 && ioctl(transport->socket, SIOCOUTQ, &left) == 0 && left == 0;
}

void smtp_transport_want_write(struct smtp_transport *transport, bool wanted)
{
    if (wanted)
        event_add(transport->writable, NULL);
    else
        event_del(transport->writable);
}
