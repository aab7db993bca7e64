/* One connection to the relay up to the end of EHLO, STARTTLS and AUTH by libcurl, and its bytes afterwards.
 *
 * libcurl's CURLOPT_CONNECT_ONLY on a multi handle (CURLOPT_CONNECT_ONLY(3)); no byte of ours goes out in
 * plain where TLS is required. */
#ifndef WORKER_SMTP_TRANSPORT_H
#define WORKER_SMTP_TRANSPORT_H

#include "core/smtp/capabilities.h"
#include "core/smtp/result.h"
#include "core/status.h"
#include "worker/smtp/settings.h"

struct event_base;
struct smtp_transport;

struct smtp_transport_callbacks {
    void *context;
    /* Once: connected (reason NONE), or failed: CONNECT, TLS, AUTH or DEADLINE with a sentence.  May free it.
     */
    void (*connected)(void *context, enum smtp_reason reason, const struct error *error);
    /* After connected: the socket can be read or, when smtp_transport_want_write asked for it, written.  May
     * free it. */
    void (*ready)(void *context, bool readable, bool writable);
};

enum smtp_transport_state { SMTP_TRANSPORT_DONE, SMTP_TRANSPORT_AGAIN, SMTP_TRANSPORT_CUT };

/* Begins to connect.  Settings must live as long as the transport.  Callbacks come from the loop only.  The
 * process must ignore SIGPIPE: OpenSSL writes without MSG_NOSIGNAL. */
enum status smtp_transport_new(struct event_base *base, const struct smtp_settings *settings,
                               const struct smtp_transport_callbacks *callbacks,
                               struct smtp_transport **transport, struct error *error) WARN_UNUSED;

/* Closes without a word; nothing more is written.  `reset`: what the socket has not sent yet is thrown away,
 * the relay gets an RST. */
void smtp_transport_free(struct smtp_transport **transport, bool reset);

/* Of the last EHLO; after connected. */
const struct smtp_capabilities *smtp_transport_capabilities(const struct smtp_transport *transport);

/* DONE: `*count` bytes (1 to size) were moved; AGAIN: wait for ready; CUT: end of the stream or an error.
 * Read until AGAIN: TLS holds bytes that the socket no longer shows. */
enum smtp_transport_state smtp_transport_read(struct smtp_transport *transport, char *bytes, size_t size,
                                              size_t *count);
enum smtp_transport_state smtp_transport_write(struct smtp_transport *transport, struct text bytes,
                                               size_t *count);

/* Whether the relay's machine has acknowledged every byte: then a reset calls nothing back. */
bool smtp_transport_is_delivered(const struct smtp_transport *transport);

void smtp_transport_want_write(struct smtp_transport *transport, bool wanted);

#endif
