/* The inside of a transport, shared by its two files only. */
#ifndef WORKER_SMTP_TRANSPORT_STATE_H
#define WORKER_SMTP_TRANSPORT_STATE_H

#include <curl/curl.h>
#include <event2/event.h>

#include "core/buffer.h"
#include "worker/smtp/relay_url.h"
#include "worker/smtp/transport.h"

#define SMTP_WATCHES                                                                                         \
    8 /* sockets that libcurl uses at once: happy eyeballs and its resolver's pair need three */

struct smtp_watch {
    struct event *event;
    curl_socket_t socket;
};

struct smtp_transport {
    struct event_base *base;
    const struct smtp_settings *settings;
    struct smtp_transport_callbacks callbacks;
    CURLM *multi;
    CURL *easy;
    struct smtp_watch watches[SMTP_WATCHES];
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
    unsigned lines;                   /* of the reply that is being read while connecting */
    char relay[SMTP_RELAY_NAME_SIZE]; /* host:port, for sentences */
    char message[CURL_ERROR_SIZE];
};

/* connecting.c: hands the easy handle to libcurl, and sees to it that smtp_transport_connected or
 * smtp_transport_failed follows. */
enum status smtp_connecting_start(struct smtp_transport *transport, struct error *error) WARN_UNUSED;
/* Forgets libcurl's sockets and timers; may be called again. */
void smtp_connecting_stop(struct smtp_transport *transport);

/* transport.c */
void smtp_transport_connected(struct smtp_transport *transport);
void smtp_transport_failed(struct smtp_transport *transport, enum smtp_reason reason, const char *cause);

#endif
