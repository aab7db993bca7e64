/* libcurl does name, TCP, greeting, EHLO, STARTTLS, TLS and AUTH; then the socket is ours, through
 * curl_easy_send and curl_easy_recv, which know about TLS.
 *
 * One multi handle for each connection: a shared one takes every connect-only connection for an idle one and,
 * whenever another connects, closes those that have bytes to read or are older than 118 s (lib/url.c,
 * prune_dead_connections). The easy handle stays in it until the end, or curl_easy_send fails.
 *
 * TLS: required means CURLUSESSL_ALL with the certificate verified; libcurl refuses a STARTTLS answer that
 * has more bytes behind it (CVE-2021-22947), and capabilities are forgotten at each 220.  libcurl goes on
 * without AUTH where the relay does not offer it: that is an error here. */
#include "worker/smtp/transport.h"

#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <curl/curl.h>
#include <event2/event.h>

#include "core/buffer.h"
#include "worker/smtp/relay_url.h"

#define WATCHES 8 /* sockets that libcurl uses at once: happy eyeballs and its resolver's pair need three */

/* One write is at most one record, so that what TLS did not take as a whole the relay cannot have read. */
#define TLS_RECORD 16384

struct watch {
    struct event *event;
    curl_socket_t socket;
};

struct smtp_transport {
    struct event_base *base;
    const struct smtp_settings *settings;
    struct smtp_transport_callbacks callbacks;
    CURLM *multi;
    CURL *easy;
    struct watch watches[WATCHES];
    struct event *timer, *deadline; /* of the connecting */
    struct event *readable, *writable;
    struct smtp_capabilities capabilities;
    curl_socket_t socket;
    bool authenticated; /* a 235 came since the last 220 */
    bool ours;          /* connected: libcurl's watches are gone */
    bool tls;           /* may hold bytes that the socket does not show */
    bool drained;       /* the last read was short: the next one would only say AGAIN */
    bool ended;
    struct buffer held; /* a record that TLS has not got rid of yet: OpenSSL wants the same bytes again */
    int last_code;
    char relay[SMTP_RELAY_NAME_SIZE]; /* host:port, for sentences */
    char message[CURL_ERROR_SIZE];
};

static void stop_connecting(struct smtp_transport *transport)
{
    for (size_t i = 0; i < WATCHES; i++) {
        if (transport->watches[i].event)
            event_free(transport->watches[i].event);
        transport->watches[i] = (struct watch){.socket = CURL_SOCKET_BAD};
    }
    event_del(transport->timer);
    event_del(transport->deadline);
}

static enum smtp_reason reason_of(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return SMTP_REASON_NONE;
    case CURLE_USE_SSL_FAILED:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CRL_BADFILE:
        return SMTP_REASON_TLS;
    case CURLE_LOGIN_DENIED:
    case CURLE_AUTH_ERROR:
        return SMTP_REASON_AUTH;
    case CURLE_OPERATION_TIMEDOUT:
        return SMTP_REASON_DEADLINE;
    default:
        return SMTP_REASON_CONNECT;
    }
}

static void fail(struct smtp_transport *transport, enum smtp_reason reason, const char *cause)
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
    stop_connecting(transport);
    transport->callbacks.connected(transport->callbacks.context, reason, &error);
}

static void on_ready(evutil_socket_t socket, short what, void *argument)
{
    struct smtp_transport *transport = argument;
    (void)socket;
    transport->drained = false;
    transport->callbacks.ready(transport->callbacks.context, what & EV_READ, what & EV_WRITE);
}

static void take_over(struct smtp_transport *transport)
{
    transport->ours = true;
    stop_connecting(transport);
    if (transport->settings->username && *transport->settings->username && !transport->authenticated) {
        fail(transport, SMTP_REASON_AUTH, "the relay offers none that is known");
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
        fail(transport, SMTP_REASON_CONNECT, "no memory or no socket");
        return;
    }
    transport->callbacks.connected(transport->callbacks.context, SMTP_REASON_NONE, NULL);
}

/* After each of libcurl's turns: is it done?  The transport may be gone afterwards. */
static void look(struct smtp_transport *transport)
{
    int left;
    CURLMsg *message = curl_multi_info_read(transport->multi, &left);
    if (!message || message->msg != CURLMSG_DONE || transport->ours || transport->ended)
        return;
    CURLcode code = message->data.result;
    if (code == CURLE_OK)
        take_over(transport);
    else
        fail(transport, reason_of(code), *transport->message ? transport->message : curl_easy_strerror(code));
}

static void on_socket(evutil_socket_t socket, short what, void *argument)
{
    struct smtp_transport *transport = argument;
    int running, mask = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(transport->multi, socket, mask, &running);
    look(transport);
}

static void on_timer(evutil_socket_t socket, short what, void *argument)
{
    struct smtp_transport *transport = argument;
    int running;
    (void)socket;
    (void)what;
    curl_multi_socket_action(transport->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    look(transport);
}

static void on_deadline(evutil_socket_t socket, short what, void *argument)
{
    struct smtp_transport *transport = argument;
    (void)socket;
    (void)what;
    fail(transport, SMTP_REASON_DEADLINE, "no answer");
}

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *argument, void *assigned)
{
    struct smtp_transport *transport = argument;
    struct watch *watch = NULL;
    (void)easy;
    (void)assigned;
    if (transport->ours || transport->ended)
        return 0;
    for (size_t i = 0; i < WATCHES && !watch; i++)
        if (transport->watches[i].event && transport->watches[i].socket == socket)
            watch = &transport->watches[i];
    for (size_t i = 0; i < WATCHES && !watch && what != CURL_POLL_REMOVE; i++)
        if (!transport->watches[i].event)
            watch = &transport->watches[i];
    if (!watch)
        return what == CURL_POLL_REMOVE ? 0 : -1;
    if (watch->event)
        event_free(watch->event);
    *watch = (struct watch){.socket = CURL_SOCKET_BAD};
    if (what == CURL_POLL_REMOVE)
        return 0;
    short events = EV_PERSIST;
    if (what & CURL_POLL_IN)
        events |= EV_READ;
    if (what & CURL_POLL_OUT)
        events |= EV_WRITE;
    watch->socket = socket;
    watch->event = event_new(transport->base, socket, events, on_socket, transport);
    return watch->event && event_add(watch->event, NULL) == 0 ? 0 : -1;
}

static int set_timer(CURLM *multi, long milliseconds, void *argument)
{
    struct smtp_transport *transport = argument;
    (void)multi;
    if (transport->ours || transport->ended)
        return 0;
    if (milliseconds < 0)
        return event_del(transport->timer);
    struct timeval wait = {milliseconds / 1000, milliseconds % 1000 * 1000};
    return event_add(transport->timer, &wait);
}

static size_t take_line(char *bytes, size_t size, size_t count, void *argument)
{
    struct smtp_transport *transport = argument;
    size *= count;
    smtp_capabilities_take(&transport->capabilities, (struct text){bytes, size});
    if (size >= 3 && bytes[0] >= '2' && bytes[0] <= '5')
        transport->last_code = (bytes[0] - '0') * 100 + (bytes[1] - '0') * 10 + (bytes[2] - '0');
    if (transport->last_code == 235 || transport->last_code == 220)
        transport->authenticated = transport->last_code == 235;
    return size;
}

static void set_options(struct smtp_transport *transport, const char *url)
{
    const struct smtp_settings *settings = transport->settings;
    CURL *easy = transport->easy;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* none from the environment */
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a hanging resolver never holds the loop */
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)settings->deadlines.connect);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transport->message);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_line);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transport);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     settings->tls_required ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (settings->ca_file && *settings->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, settings->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (settings->username && *settings->username) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, settings->username);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, settings->password ? settings->password : "");
    }
    curl_multi_setopt(transport->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(transport->multi, CURLMOPT_SOCKETDATA, transport);
    curl_multi_setopt(transport->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(transport->multi, CURLMOPT_TIMERDATA, transport);
}

enum status smtp_transport_new(struct event_base *base, const struct smtp_settings *settings,
                               const struct smtp_transport_callbacks *callbacks, struct smtp_transport **out,
                               struct error *error)
{
    enum status status = STATUS_MEMORY;
    char *url = NULL;
    *out = NULL;
    struct smtp_transport *transport = calloc(1, sizeof *transport);
    if (!transport)
        return error_set(error, STATUS_MEMORY, "no memory for an SMTP connection");
    transport->base = base;
    transport->settings = settings;
    transport->callbacks = *callbacks;
    transport->socket = CURL_SOCKET_BAD;
    buffer_init_secret(&transport->held, TLS_RECORD);
    transport->timer = evtimer_new(base, on_timer, transport);
    transport->deadline = evtimer_new(base, on_deadline, transport);
    transport->multi = curl_multi_init();
    transport->easy = curl_easy_init();
    error_set(error, STATUS_MEMORY, "no memory for an SMTP connection");
    if (!transport->timer || !transport->deadline || !transport->multi || !transport->easy)
        goto failed;
    status = smtp_relay_url_read(settings, &url, transport->relay, error);
    if (status != STATUS_OK)
        goto failed;
    transport->tls = settings->tls_required || strncmp(url, "smtps:", 6) == 0;
    set_options(transport, url);
    curl_free(url);
    struct timeval wait = {settings->deadlines.connect / 1000,
                           (long)(settings->deadlines.connect % 1000) * 1000};
    if (event_add(transport->deadline, &wait) == 0 &&
        curl_multi_add_handle(transport->multi, transport->easy) == CURLM_OK) {
        *out = transport;
        return STATUS_OK;
    }
    status = error_set(error, STATUS_MEMORY, "no memory for an SMTP connection");
failed:
    smtp_transport_free(&transport, false);
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
    if (transport->timer && transport->deadline)
        stop_connecting(transport);
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
