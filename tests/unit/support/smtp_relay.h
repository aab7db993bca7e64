/* A relay in the test's own event loop: it says what its script wants and remembers what it heard. */
#ifndef TESTS_UNIT_SUPPORT_SMTP_RELAY_H
#define TESTS_UNIT_SUPPORT_SMTP_RELAY_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct smtp_relay;

#define RELAY_CUT     NULL /* a reply that is none: the connection ends */
#define RELAY_SILENCE ""   /* nothing more is heard on that connection until smtp_relay_say */

/* From the `first` time to the `last` (0: for ever) that the relay comes to `command`, it gives `reply`. */
struct smtp_relay_fault {
    const char *command; /* GREETING EHLO STARTTLS AUTH MAIL RCPT DATA DOT RSET */
    const char *reply;   /* whole lines */
    unsigned first, last;
};

struct smtp_relay_script {
    const char *offers;   /* separated by spaces, with _ for a space */
    bool fragments;       /* every byte is sent on its own */
    bool deaf;            /* after its first DATA a connection is not read any more, and holds little */
    bool lenient;         /* 354 even where no recipient was accepted */
    unsigned connections; /* more at once get a 421; 0: any number */
    struct smtp_relay_fault faults[4];
};

/* What it heard since the start. */
struct smtp_relay_memory {
    unsigned connections, open, most, resets, quits, mails, groups, cuts, empty_dots;
    char commands[4096]; /* the verbs, each with a space behind it, as far as they fit */
    char content[4096];  /* the last mail, dots taken out */
};

/* Listens on a free port of the loopback. */
struct smtp_relay *smtp_relay_new(struct event_base *base, const struct smtp_relay_script *script);
void smtp_relay_free(struct smtp_relay **relay);

/* "smtp://127.0.0.1:PORT" */
const char *smtp_relay_url(const struct smtp_relay *relay);
const struct smtp_relay_memory *smtp_relay_memory(const struct smtp_relay *relay);

/* Ends all connections that are open, without a word. */
void smtp_relay_hang_up(struct smtp_relay *relay);

/* Connections that are deaf hear what has come meanwhile, and go on. */
void smtp_relay_hear(struct smtp_relay *relay);

/* Says `reply` on the connections that are silent, which go on then. */
void smtp_relay_say(struct smtp_relay *relay, const char *reply);

#endif
