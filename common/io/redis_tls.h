/* TLS to Redis and its Sentinels, where hiredis has it (1.1 or newer, built with TLS; CMake looks for it).
 * The certificate is verified, and that it is the host's own; never less. */
#ifndef IO_REDIS_TLS_H
#define IO_REDIS_TLS_H

#include "core/status.h"

struct redisAsyncContext; /* hiredis */
struct redis_tls;
struct redis_tls_files;

/* STATUS_CONFIG: this build has no TLS, or a file cannot be used.  What it makes serves many connections. */
WARN_UNUSED enum status redis_tls_new(const struct redis_tls_files *files, struct redis_tls **tls,
                                      struct error *error);
void redis_tls_free(struct redis_tls **tls);

/* Begins the handshake on a connection that is being made to `host`, a name or an address; a failure shows as
 * the connection's own.  STATUS_UNAVAILABLE: it could not be begun. */
WARN_UNUSED enum status redis_tls_start(struct redis_tls *tls, struct redisAsyncContext *link,
                                        const char *host, struct error *error);

#endif
