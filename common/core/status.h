/* The outcome of a call that can fail: a status, and a caller-owned error with one sentence for a human. */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include <stdbool.h>
#include <stddef.h>

enum status {
    STATUS_OK = 0,
    STATUS_INVALID, /* the input breaks its contract */
    STATUS_DENIED,  /* understood and refused */
    STATUS_NOT_FOUND,
    STATUS_CONFLICT,    /* somebody else was there first */
    STATUS_FULL,        /* a cap is reached; ask again later */
    STATUS_TIMEOUT,     /* no answer within the deadline: what was asked may have happened */
    STATUS_UNAVAILABLE, /* the other side cannot be reached or is not ready */
    STATUS_CONFIG,      /* the configuration is wrong; nothing but a change of it helps */
    STATUS_MEMORY,
    STATUS_INTERNAL /* our own bug, seen in time */
};

struct error {
    enum status status;
    bool retryable; /* the same call may succeed later */
    char field[64]; /* the field at fault as a JSON Pointer (RFC 6901) or configuration key; may be empty */
    char text[320]; /* names the thing and what to do; no newline, no secret, no address */
};

#define WARN_UNUSED __attribute__((warn_unused_result))

/* Fills `error` (may be NULL) and returns `status`; UNAVAILABLE, TIMEOUT and FULL are retryable.  Empties
 * field. */
enum status error_set(struct error *error, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, naming the field at fault. */
enum status error_set_field(struct error *error, enum status status, const char *field, const char *format,
                            ...) __attribute__((format(printf, 4, 5)));

/* What analyzers cannot see from here: both give back the status that they were given. */
#if defined __clang_analyzer__ || defined RESET_ANALYZE
#define error_set(error, status, ...) (error_set(error, status, __VA_ARGS__), (status))
#define error_set_field(error, status, field, ...)                                                           \
    (error_set_field(error, status, field, __VA_ARGS__), (status))
#endif

/* The status's name in lower case, e.g. "invalid"; for logs. */
const char *status_name(enum status status);

#endif
