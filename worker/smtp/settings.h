/* What the pool must know of the relay; plain values, filled by the worker from the configuration's section
 * [smtp]. */
#ifndef WORKER_SMTP_SETTINGS_H
#define WORKER_SMTP_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

/* Milliseconds from the command (or its group's head) to its whole reply, named as in RFC 5321 4.5.3.2. */
struct smtp_deadlines {
    unsigned connect; /* name, TCP, greeting, EHLO, TLS, AUTH together */
    unsigned mail, rcpt, data;
    unsigned content; /* no byte of the message or of a command was taken */
    unsigned dot;
    unsigned quit; /* RSET and QUIT */
};

struct smtp_settings {
    const char *url;      /* smtp://host[:port] or smtps://host[:port] */
    bool tls_required;    /* smtps:// always is */
    const char *username; /* NULL or empty: no AUTH */
    const char *password;
    const char *ca_file;       /* PEM; NULL or empty: the system's */
    const char *helo;          /* NULL or empty: the host's name */
    const char *envelope_from; /* empty: the null reverse-path */
    size_t connections;        /* at most */
    size_t deliveries;         /* submissions at once, with and without a connection; 0: three for each */
    size_t messages_per_connection;
    size_t message_limit; /* bytes */
    struct smtp_deadlines deadlines;
    unsigned idle;           /* ms until an unused connection is closed */
    unsigned queue;          /* ms that a submission waits for a connection */
    unsigned ahead_patience; /* ms that a message waits at least behind another's dot before it is moved */
    unsigned growth_pause;   /* ms without new connections after one failed while others are open */
};

/* RFC 5321's minimum deadlines (connect: 30 s), 50 connections, 1000 messages each, 30 s idle; no URL. */
void smtp_settings_default(struct smtp_settings *settings);

/* A copy with strings of its own, none of them NULL; false without memory, then clear it all the same. */
bool smtp_settings_copy(struct smtp_settings *copy, const struct smtp_settings *settings);

/* Frees a copy's strings and wipes the password. */
void smtp_settings_clear(struct smtp_settings *copy);

#endif
