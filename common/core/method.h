/* What follows from the method of a request: which lane it stands in, what is mailed, and what is kept for
 * when the user comes back.  One table; nobody asks for a method by comparing it with others. */
#ifndef CORE_METHOD_H
#define CORE_METHOD_H

#include <stdint.h>

#include "core/text.h"

enum method {
    METHOD_LINK,
    METHOD_TEMPORARY_PASSWORD_MAILED,
    METHOD_TEMPORARY_PASSWORD_HANDED,
    METHOD_TEMPORARY_PASSWORD_CHOSEN,
    METHOD_PASSWORD_CHANGED, /* what a completed event says; no request asks for it */
    METHOD_COUNT
};

/* Where a request stands in its user's record: in each lane one, and a newer one ends the older. */
enum lane { LANE_LINK, LANE_PASSWORD, LANE_COUNT, LANE_NONE = LANE_COUNT };

enum method_secret { SECRET_NONE, SECRET_TOKEN, SECRET_PASSWORD };

struct method_traits {
    const char *name; /* as in events, records and audit */
    const char *mail; /* the folder of its templates */
    enum lane lane;
    enum method_secret mailed; /* made by the worker from a seed, and in the mail */
    bool staged;       /* the producer keeps the password's verifier until begin: staged:<request id> */
    int64_t staged_ms; /* for how long */
    bool coalesces;    /* a newer one shortly after an older one is the same again */
};

/* Never NULL for a method of the enumeration. */
const struct method_traits *method_traits(enum method method);

/* "link", "temporary_password_mailed" … "password_changed"; and back: any method, as a record may name it, or
 * only one that a request may ask for. */
const char *method_name(enum method method);
bool method_of_record(struct text name, enum method *method);
bool method_of_name(struct text name, enum method *method);

#endif
