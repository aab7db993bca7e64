/* The way to a usable connection: libcurl does name, TCP, greeting, EHLO, STARTTLS, TLS and AUTH.
 *
 * One multi handle for each connection: a shared one takes every connect-only connection for an idle one and,
 * whenever another connects, closes those that have bytes to read or are older than 118 s (lib/url.c,
 * prune_dead_connections). The easy handle stays in it until the end, or curl_easy_send fails.
 *
 * TLS: required means CURLUSESSL_ALL with the certificate verified; libcurl refuses a STARTTLS answer that
 * has more bytes behind it (CVE-2021-22947), and capabilities are forgotten at each 220.
 *
 * A relay that talks without end is left: by the lines of a reply here, as in the dialog; by bytes in libcurl
 * (from Debian's 7.88.1 on 300 KB in a count of its own, which a list of 5 KB reaches; newer ones 64 KB a
 * line); and by the deadline that all of it has together. */
#include "worker/smtp/transport_state.h"

#include <string.h>

void smtp_connecting_stop(struct smtp_transport *transport)
{
    for (size_t i = 0; i < SMTP_WATCHES; i++) {
        if (transport->watches[i].event)
            event_free(transport->watches[i].event);
        transport->watches[i] = (struct smtp_watch){.socket = CURL_SOCKET_BAD};
    }
    if (transport->timer)
        event_del(transport->timer);
    if (transport->deadline)
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

/* After each of libcurl's turns: is it done?  The transport may be gone afterwards. */
static void look(struct smtp_transport *transport)
{
    int left;
    CURLMsg *message = curl_multi_info_read(transport->multi, &left);
    if (!message || message->msg != CURLMSG_DONE || transport->ours || transport->ended)
        return;
    CURLcode code = message->data.result;
    const char *cause = *transport->message ? transport->message : curl_easy_strerror(code);
    if (transport->lines > SMTP_REPLY_LINES_LIMIT)
        cause = "it talks without end";
    if (code == CURLE_OK)
        smtp_transport_connected(transport);
    else
        smtp_transport_failed(transport, reason_of(code), cause);
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
    smtp_transport_failed(transport, SMTP_REASON_DEADLINE, "no answer");
}

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *argument, void *assigned)
{
    struct smtp_transport *transport = argument;
    struct smtp_watch *watch = NULL;
    (void)easy;
    (void)assigned;
    if (transport->ours || transport->ended)
        return 0;
    for (size_t i = 0; i < SMTP_WATCHES && !watch; i++)
        if (transport->watches[i].event && transport->watches[i].socket == socket)
            watch = &transport->watches[i];
    for (size_t i = 0; i < SMTP_WATCHES && !watch && what != CURL_POLL_REMOVE; i++)
        if (!transport->watches[i].event)
            watch = &transport->watches[i];
    if (!watch)
        return what == CURL_POLL_REMOVE ? 0 : -1;
    if (watch->event)
        event_free(watch->event);
    *watch = (struct smtp_watch){.socket = CURL_SOCKET_BAD};
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

/* Another size than the line's makes libcurl give up. */
static size_t take_line(char *bytes, size_t size, size_t count, void *argument)
{
    struct smtp_transport *transport = argument;
    size *= count;
    if (++transport->lines > SMTP_REPLY_LINES_LIMIT)
        return 0;
    smtp_capabilities_take(&transport->capabilities, (struct text){bytes, size});
    if (size < 3 || bytes[0] < '2' || bytes[0] > '5')
        return size;
    if (size == 3 || bytes[3] != '-')
        transport->lines = 0;
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

enum status smtp_connecting_start(struct smtp_transport *transport, struct error *error)
{
    char *url = NULL;
    const struct smtp_settings *settings = transport->settings;
    enum status status = smtp_relay_url_read(settings, &url, transport->relay, error);
    if (status != STATUS_OK)
        return status;
    transport->tls = settings->tls_required || strncmp(url, "smtps:", 6) == 0;
    transport->timer = evtimer_new(transport->base, on_timer, transport);
    transport->deadline = evtimer_new(transport->base, on_deadline, transport);
    transport->multi = curl_multi_init();
    transport->easy = curl_easy_init();
    bool made = transport->timer && transport->deadline && transport->multi && transport->easy;
    if (made)
        set_options(transport, url);
    curl_free(url);
    struct timeval wait = {settings->deadlines.connect / 1000,
                           (long)(settings->deadlines.connect % 1000) * 1000};
    if (!made || event_add(transport->deadline, &wait) != 0 ||
        curl_multi_add_handle(transport->multi, transport->easy) != CURLM_OK)
        return error_set(error, STATUS_MEMORY, "no memory for an SMTP connection");
    return STATUS_OK;
}
