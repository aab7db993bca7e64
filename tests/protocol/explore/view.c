/* Reads the records with the production parser, and asks the production functions which secrets work, so that
 * nothing here repeats a decision. */
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct text stands(struct clerk *clerk, const struct shelf *shelf, const char *prefix,
                          const char *name)
{
    char key[RECORD_STORE_KEY_MOST + 1];
    int size = snprintf(key, sizeof key, "%s%s", prefix, name);
    return shelf_get(shelf, &clerk->values, interning_put(&clerk->keys, key, (size_t)size));
}

static void see_request(struct clerk *clerk, const struct shelf *shelf, unsigned number, int64_t now_ms,
                        struct view *view)
{
    struct request_record record;
    struct seen_request *seen = &view->request[number];
    struct text line = stands(clerk, shelf, "request:", clerk->ids[number]);
    if (!line.bytes)
        return;
    if (request_record_parse(line, &record) != STATUS_OK) {
        view->broken = true;
        return;
    }
    clerk_tell(clerk, &record, &seen->told);
    seen->owner = record.has_owner ? clerk_number(record.owner) : 0;
    seen->lease_runs = record.state == REQUEST_LEASED && record.lease_ms > now_ms;
    seen->has_seed = record.has_seed;
    seen->completed = record.completed_ms > 0;
    seen->redeemed = record.redeemed_ms > 0;
}

static void see_user(struct clerk *clerk, const struct shelf *shelf, unsigned number, int64_t now_ms,
                     struct view *view)
{
    struct user_record record;
    struct attempts_record attempts;
    struct seen_user *seen = &view->user[number];
    struct text line = stands(clerk, shelf, "user:", clerk->slots[number]);
    struct text tries = stands(clerk, shelf, "attempts:", clerk->slots[number]);
    if (tries.bytes && attempts_record_parse(tries, &attempts) == STATUS_OK)
        seen->delayed = attempts.not_before_ms > now_ms;
    if (!line.bytes)
        return;
    if (user_record_parse(line, &record) != STATUS_OK) {
        view->broken = true;
        return;
    }
    for (enum lane lane = 0; lane < LANE_COUNT; lane++) {
        const struct standing *standing = &record.newest[lane];
        seen->newest[lane] = clerk_request(clerk, standing->request_id);
        seen->admin[lane] = standing->actor_class == ACTOR_ADMIN;
        int64_t window_ms = (seen->admin[lane] ? 120 : 60) * (int64_t)60000;
        seen->folds[lane] = seen->newest[lane] > 0 && now_ms < standing->admitted_ms + 60 * (int64_t)60000;
        seen->has_window =
            seen->has_window || (seen->newest[lane] > 0 && now_ms < standing->admitted_ms + window_ms);
    }
    seen->grace = seen->newest[LANE_LINK] > 0 && seen->admin[LANE_LINK] &&
                  now_ms < record.newest[LANE_LINK].admitted_ms + 120 * (int64_t)60000;
    for (size_t i = 0; i < USER_TIMES; i++)
        view->counted = view->counted || record.times[i].count > 0;
}

static void on_check(void *context, const struct reset_answer *answer)
{
    *(enum verdict *)context = answer->status == STATUS_OK ? answer->verdict : VERDICT_UNKNOWN;
}

static void see_links(struct clerk *clerk, const struct shelf *shelf, unsigned number, struct view *view)
{
    for (unsigned inc = 1; inc <= INCS_MOST; inc++) {
        struct token_record token;
        enum verdict verdict = VERDICT_UNKNOWN;
        uint16_t bit = (uint16_t)(1U << inc);
        struct text line = stands(clerk, shelf, "token:", clerk->stored[number][inc]);
        if (!line.bytes)
            continue;
        if (token_record_parse(line, &token) != STATUS_OK)
            view->broken = true;
        else if (token.claimed)
            view->claimed[number] |= bit;
        view->kept[number] |= bit;
        reset_store_check(clerk->store, text_of(clerk->stored[number][inc]), on_check, &verdict);
        if (verdict == VERDICT_OK)
            view->live[number] |= bit;
    }
}

struct weighed {
    struct clerk *clerk;
    struct seen_user *seen;
};

static void on_try(void *context, const struct reset_answer *answer)
{
    struct weighed *weighed = context;
    const struct password_record *password = answer->password;
    if (answer->status != STATUS_OK || !password)
        return;
    bool staged = method_traits(password->method)->staged;
    weighed->seen->password_request = clerk_request(weighed->clerk, password->request_id);
    weighed->seen->password_version = clerk_number(staged ? password->verifier : password->inc);
}

/* A try of our own, for which nobody is charged: what it wrote is thrown away. */
static void see_password(struct clerk *clerk, const struct shelf *shelf, unsigned user, struct view *view)
{
    struct weighed weighed = {clerk, &view->user[user]};
    unsigned number = 0;
    while (clerk->users[number] != user)
        number++;
    char key[RECORD_STORE_KEY_MOST + 1];
    int size = snprintf(key, sizeof key, "attempts:%s", clerk->slots[user]);
    clerk->counter.stored = *shelf;
    shelf_drop(&clerk->counter.stored, interning_put(&clerk->keys, key, (size_t)size));
    reset_store_try_password(clerk->store, clerk->requests[number].tenant, clerk->requests[number].user_id,
                             on_try, &weighed);
    clerk->counter.stored = *shelf;
}

static void look(struct clerk *clerk, const struct shelf *shelf, uint16_t minutes, uint16_t not_before,
                 struct view *view)
{
    int64_t now_ms = clerk_now(minutes);
    struct counter *counter = &clerk->counter;
    counter->torn = counter->deaf = false;
    counter->now_ms = now_ms;
    counter->stored = *shelf;
    reset_store_set_not_before(clerk->store, not_before ? clerk_now(not_before) : 0);
    for (unsigned number = 0; number < clerk->scenario->count; number++) {
        see_request(clerk, shelf, number, now_ms, view);
        see_links(clerk, shelf, number, view);
    }
    for (unsigned user = 0; user < USERS_MOST && clerk->slots[user][0]; user++) {
        see_user(clerk, shelf, user, now_ms, view);
        see_password(clerk, shelf, user, view);
    }
    for (size_t i = 0; i < shelf->count; i++) {
        const char *key = interning_get(&clerk->keys, shelf->entries[i].key, NULL);
        view->counted = view->counted || memcmp(key, "recipient:", 10) == 0 ||
                        memcmp(key, "actor:", 6) == 0 || memcmp(key, "bulk:", 5) == 0;
    }
}

const struct view *view_of(struct clerk *clerk, const struct state *state)
{
    struct {
        uint32_t shelf;
        uint16_t minutes, not_before;
    } asked = {state->shelf, state->history.minutes, state->history.not_before};
    size_t known = clerk->views_asked.count;
    uint32_t number = interning_put(&clerk->views_asked, &asked, sizeof asked);
    if (number < known)
        return (struct view *)(void *)clerk->views.bytes + number;
    struct shelf shelf;
    struct view *view = room_take(&clerk->views, sizeof *view);
    memset(view, 0, sizeof *view);
    shelf_load(&shelf, &clerk->shelves, asked.shelf);
    look(clerk, &shelf, asked.minutes, asked.not_before, view);
    return view;
}
