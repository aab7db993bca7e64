/* Argon2id for the intake's calls: its places, counted. */
#ifndef PRODUCER_PASSWORD_HASHING_H
#define PRODUCER_PASSWORD_HASHING_H

#include "io/password_stretcher.h"

struct serve;

/* As password_stretcher_claim; none free is counted as busy. */
struct password_stretch *password_hashing_claim(struct serve *serve);

/* As password_stretch_start; what it came to is counted, and logged where it failed: false, and `done` is not
 * called. */
bool password_hashing_start(struct serve *serve, struct password_stretch **place, struct text password,
                            const unsigned char salt[TEMPORARY_PASSWORD_SALT_SIZE], password_stretched *done,
                            void *context);

#endif
