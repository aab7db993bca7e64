/* A place is an offload of its own: a thread costs microseconds where Argon2id takes tens of milliseconds,
 * and its 19 MiB are there only meanwhile.  A place is claimed before anything is charged to somebody's
 * account, so that nobody pays with a try for our being busy. */
#include "io/password_stretcher.h"

#include <stdlib.h>

#include <sodium.h>

#include "io/offload.h"

struct password_stretch {
    struct password_stretcher *stretcher;
    bool claimed;
    struct offload *offload; /* NULL until it is started */
    password_stretched *done;
    void *context;
    char password[PASSWORD_STRETCHER_MOST]; /* from here on: the thread's while it runs */
    size_t size;
    unsigned char salt[TEMPORARY_PASSWORD_SALT_SIZE];
    unsigned char stretched[TEMPORARY_PASSWORD_STRETCHED_SIZE];
    enum status status;
};

struct password_stretcher {
    struct event_base *base;
    struct password_stretch places[PASSWORD_STRETCHER_PLACES];
};

struct password_stretcher *password_stretcher_new(struct event_base *base)
{
    struct password_stretcher *stretcher = calloc(1, sizeof *stretcher);
    if (!stretcher)
        return NULL;
    stretcher->base = base;
    for (size_t i = 0; i < PASSWORD_STRETCHER_PLACES; i++)
        stretcher->places[i].stretcher = stretcher;
    return stretcher;
}

static void give_back(struct password_stretch *stretch)
{
    struct password_stretcher *stretcher = stretch->stretcher;
    sodium_memzero(stretch, sizeof *stretch);
    stretch->stretcher = stretcher;
}

static void work(void *context)
{
    struct password_stretch *stretch = context;
    stretch->status = temporary_password_stretch((struct text){stretch->password, stretch->size},
                                                 stretch->salt, stretch->stretched, NULL);
    sodium_memzero(stretch->password, sizeof stretch->password);
}

/* The place is free before the answer, which may claim it again. */
static void answer(struct password_stretch *stretch, enum status status)
{
    unsigned char stretched[TEMPORARY_PASSWORD_STRETCHED_SIZE];
    password_stretched *done = stretch->done;
    void *context = stretch->context;
    memcpy(stretched, stretch->stretched, sizeof stretched);
    give_back(stretch);
    done(context, status, stretched);
    sodium_memzero(stretched, sizeof stretched);
}

static void on_done(void *context)
{
    struct password_stretch *stretch = context;
    stretch->offload = NULL;
    answer(stretch, stretch->status);
}

void password_stretcher_free(struct password_stretcher **stretcher)
{
    if (!*stretcher)
        return;
    for (size_t i = 0; i < PASSWORD_STRETCHER_PLACES; i++) {
        struct password_stretch *stretch = &(*stretcher)->places[i];
        if (!stretch->offload)
            continue;
        offload_cancel(&stretch->offload);
        answer(stretch, STATUS_UNAVAILABLE);
    }
    sodium_memzero(*stretcher, sizeof **stretcher);
    free(*stretcher);
    *stretcher = NULL;
}

struct password_stretch *password_stretcher_claim(struct password_stretcher *stretcher)
{
    for (size_t i = 0; i < PASSWORD_STRETCHER_PLACES; i++)
        if (!stretcher->places[i].claimed) {
            stretcher->places[i].claimed = true;
            return &stretcher->places[i];
        }
    return NULL;
}

void password_stretch_release(struct password_stretch **stretch)
{
    if (*stretch)
        give_back(*stretch);
    *stretch = NULL;
}

enum status password_stretch_start(struct password_stretch **stretch, struct text password,
                                   const unsigned char salt[TEMPORARY_PASSWORD_SALT_SIZE],
                                   password_stretched *done, void *context, struct error *error)
{
    struct password_stretch *place = *stretch;
    if (password.size > sizeof place->password) {
        password_stretch_release(stretch);
        return error_set(error, STATUS_INVALID, "a password has at most %d bytes", PASSWORD_STRETCHER_MOST);
    }
    place->done = done;
    place->context = context;
    memcpy(place->password, password.bytes, password.size);
    place->size = password.size;
    memcpy(place->salt, salt, sizeof place->salt);
    enum status status = offload_start(place->stretcher->base, work, on_done, place, &place->offload, error);
    if (status != STATUS_OK)
        give_back(place);
    *stretch = NULL;
    return status;
}
