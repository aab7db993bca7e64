/* The intake's keys: API keys, publishers with the producer's own entry, record keys; read at start and at
 * SIGHUP, all or none.  Counted: a request under way keeps those it began with. */
#ifndef PRODUCER_CREDENTIALS_H
#define PRODUCER_CREDENTIALS_H

#include "core/api_keys.h"
#include "core/keyring.h"
#include "core/publishers.h"
#include "io/config.h"

struct credentials {
    size_t holders;
    struct api_keys *api_keys;
    struct publishers *publishers;
    const struct publisher *own; /* auth.publisher's entry */
    struct keyring *record_keys; /* NULL without redis.url */
};

/* Held once by the caller.  STATUS_CONFIG: a file is missing, open to others or wrong, or has no entry
 * auth.publisher. */
enum status credentials_load(const struct config *config, struct credentials **credentials,
                             struct error *error) WARN_UNUSED;

struct credentials *credentials_hold(struct credentials *credentials);
void credentials_release(struct credentials **credentials);

/* The producer's own entry alone; `publishers` is the caller's to free. */
enum status credentials_load_own(const struct config *config, struct publishers **publishers,
                                 const struct publisher **own, struct error *error) WARN_UNUSED;

/* Whether the workers will believe the intake which API key asked.  STATUS_CONFIG: its entry has not the
 * scope; credentials_load refuses it, too.  `send`, which vouches in its own name, needs none. */
enum status credentials_check_intake(const struct config *config, const struct publisher *own,
                                     struct error *error) WARN_UNUSED;

#endif
