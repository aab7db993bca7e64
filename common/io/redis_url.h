/* Where a Redis is: redis://[user[:password]@]host[:port][/db], rediss:// the same with TLS, or
 * unix://[user[:password]@]/path[?db=N].  A password alone is written `:password@`; %XX stands for a byte. */
#ifndef IO_REDIS_URL_H
#define IO_REDIS_URL_H

#include <stdbool.h>

#include "core/status.h"
#include "core/text.h"

enum { REDIS_URL_HOST_MOST = 255, REDIS_URL_PATH_MOST = 107, REDIS_URL_WORD_MOST = 255 };

struct redis_url {
    char host[REDIS_URL_HOST_MOST + 1]; /* without brackets; empty for a Unix socket */
    int port;
    bool names_port, tls;
    char path[REDIS_URL_PATH_MOST + 1]; /* empty for TCP */
    char user[REDIS_URL_WORD_MOST + 1];
    char password[REDIS_URL_WORD_MOST + 1]; /* wiped by redis_url_clear */
    int database;
};

/* STATUS_CONFIG with a sentence that has no part of the url but its scheme. */
WARN_UNUSED enum status redis_url_parse(struct text text, struct redis_url *url, struct error *error);
void redis_url_clear(struct redis_url *url);

/* A Unix socket, localhost, 127.0.0.0/8 or ::1. */
bool redis_url_is_local(const struct redis_url *url);

/* localhost, 127.0.0.0/8 or ::1. */
bool redis_host_is_local(const char *host);

/* host[:port], an address of version 6 in brackets. */
WARN_UNUSED bool redis_host_parse(struct text text, int default_port, char host[REDIS_URL_HOST_MOST + 1],
                                  int *port);

#endif
