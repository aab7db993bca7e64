/* A desk over a store in memory, and short words for what happens at it. */
#ifndef TESTS_UNIT_SUPPORT_SCENE_H
#define TESTS_UNIT_SUPPORT_SCENE_H

#include "support/desk.h"
#include "support/memory_store.h"

#define SECOND_MS ((int64_t)1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)

struct scene {
    struct memory_store *memory;
    struct desk desk;
    int64_t t0_ms;             /* when the scene was opened, after `born` */
    struct desk_answer answer; /* the last one */
};

/* The limits of the configuration's defaults. */
extern const struct reset_store_settings scene_defaults;

void scene_open(struct scene *scene, const struct reset_store_settings *settings);
void scene_close(struct scene *scene);
void scene_pass(struct scene *scene, int64_t milliseconds);

/* Asks with request, owner and inc of one number, now; other fields by `with`, whose t0 is filled where it is
 * 0. */
enum verdict scene_begin(struct scene *scene, struct desk_begin with);

/* Tells about the lease of an earlier answer, at the store's time. */
enum verdict scene_finish(struct scene *scene, struct desk_answer *lease, struct reset_finish with);

enum verdict scene_check(struct scene *scene, const struct desk_answer *lease);

/* Redeems the link of a lease, with the right mac and recipient. */
enum verdict scene_redeem(struct scene *scene, const struct desk_answer *lease, unsigned request,
                          unsigned key);

/* An administrator's request of a method, with owner and inc of its number. */
struct desk_begin scene_request(unsigned number, enum method method);

/* Keeps password `version` for a request; and begins it. */
enum verdict scene_stage(struct scene *scene, unsigned number, unsigned version, enum method method);
enum verdict scene_begin_staged(struct scene *scene, unsigned number, unsigned version, enum method method);

enum verdict scene_try(struct scene *scene);
enum verdict scene_open_password(struct scene *scene, const struct desk_answer *tried);

/* Tries as if for the first time: whether there is a temporary password that counts. */
bool scene_password_counts(struct scene *scene);

/* How many records of a kind there are, by the key's first word. */
size_t scene_count(struct scene *scene, const char *kind);

#endif
