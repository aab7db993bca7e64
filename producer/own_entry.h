/* The producer's own entry of the publishers file (auth.publisher): in whose name it signs, and what it may
 * ask for by itself. */
#ifndef PRODUCER_OWN_ENTRY_H
#define PRODUCER_OWN_ENTRY_H

#include "core/publishers.h"
#include "io/config.h"

/* Reads auth.publishers_file.  `entry` lives as long as `publishers`, which is the caller's to free, also
 * after a failure.  STATUS_CONFIG says what is wrong with the file, or how to add the missing entry. */
enum status own_entry_read(const struct config *config, struct publishers **publishers,
                           const struct publisher **entry, struct error *error) WARN_UNUSED;

#endif
