/* The relay's URL as the configuration has it and as libcurl wants it. */
#ifndef WORKER_SMTP_RELAY_URL_H
#define WORKER_SMTP_RELAY_URL_H

#include "core/status.h"
#include "worker/smtp/settings.h"

#define SMTP_RELAY_NAME_SIZE 128

/* Parses it; writes what libcurl is to be given (HELO's name goes into the path; curl_free it) and host:port
 * for sentences.  Either may be NULL. */
enum status smtp_relay_url_read(const struct smtp_settings *settings, char **url,
                                char relay[SMTP_RELAY_NAME_SIZE], struct error *error) WARN_UNUSED;

/* URL, HELO's name, sender and CA file, before anything is connected: STATUS_CONFIG with a sentence. */
enum status smtp_relay_url_check(const struct smtp_settings *settings, struct error *error) WARN_UNUSED;

#endif
