/* One "section.key = value" from wherever, into the configuration that is being loaded. */
#ifndef IO_CONFIG_ASSIGN_H
#define IO_CONFIG_ASSIGN_H

#include "io/config_value.h"

struct config_loader {
    struct config *config;
    struct buffer *faults;
    bool wrong;          /* a fault was written */
    char secret_key[80]; /* a key that the INI file gives a secret to; empty: none */
};

struct config_assignment {
    enum config_layer layer;
    const char *origin;        /* "reset-relay.ini:12", "environment RESET_RELAY_SMTP_URL", "--set" */
    const char *section, *key; /* of [kafka]: the property */
    const char *value;
};

/* Appends "origin: sentence\n"; control characters become question marks. */
void config_fault(struct config_loader *loader, const char *origin, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Finds the key, checks where a secret comes from, reads `<key>_file`, parses. Faults are written. */
void config_assign(struct config_loader *loader, const struct config_assignment *assignment);

/* The whole INI file at `path`: its lines, its duplicates, and its mode when it has a secret in it.  False:
 * it could not be read. */
bool config_read_file(struct config_loader *loader, const char *path);

#endif
