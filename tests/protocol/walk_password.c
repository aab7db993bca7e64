/* The commands about temporary passwords, and what ends many things at once. */
#include <stdio.h>
#include <string.h>

#include "walk.h"

static bool ask_stage(struct walk *walk, const char *line)
{
    struct desk_stage question = {.method = METHOD_TEMPORARY_PASSWORD_HANDED};
    struct desk_answer given;
    if (sscanf(line, "stage %u %u", &question.request, &question.version) != 2)
        return false;
    walk_arm(walk);
    desk_stage(&walk->desk, &question, &given);
    walk_disarm(walk);
    walk_answer(walk, &given);
    return true;
}

/* Never struck: a try whose answer was lost is charged all the same. */
static bool ask_try(struct walk *walk, const char *line)
{
    struct desk_answer given;
    if (strcmp(line, "try") != 0)
        return false;
    walk->fault = MEMORY_FAULT_NONE;
    desk_try(&walk->desk, NULL, &given);
    if (given.status == STATUS_OK && given.verdict == VERDICT_OK) {
        ledger_prolong_delay(&walk->ledger);
        walk_tell(walk, given.has_password ? "counts" : "nothing");
    } else {
        walk_answer(walk, &given);
    }
    return true;
}

/* With what a try said when that password counted. */
static bool ask_open(struct walk *walk, const char *line)
{
    unsigned request, number;
    struct desk_answer tried = {.answered = true}, given;
    if (sscanf(line, "open %u %u", &request, &number) != 2)
        return false;
    const struct walk_known_password *known = ledger_find_password(&walk->ledger, request, number);
    if (!known)
        return false;
    desk_id(request, tried.password_of);
    tried.password = known->record;
    walk_arm(walk);
    desk_open_password(&walk->desk, &tried, NULL, &given);
    walk_disarm(walk);
    walk_answer(walk, &given);
    return true;
}

static bool ask_revoke(struct walk *walk, const char *line)
{
    unsigned fence;
    struct desk_answer given;
    if (sscanf(line, "revoke %u", &fence) != 1)
        return false;
    walk_arm(walk);
    desk_revoke(&walk->desk, &given);
    walk_disarm(walk);
    if (given.status == STATUS_OK)
        ledger_set_fence(&walk->ledger, fence);
    walk_answer(walk, &given);
    return true;
}

static bool set_not_before(struct walk *walk, const char *line)
{
    if (strcmp(line, "not_before") != 0)
        return false;
    int64_t not_before_ms = ledger_now(&walk->ledger) + 1;
    reset_store_set_not_before(walk->desk.store, not_before_ms);
    walk_pass_time(walk, not_before_ms);
    walk_tell(walk, "ok");
    return true;
}

static bool end_delay(struct walk *walk, const char *line)
{
    if (strcmp(line, "delay_ends") != 0)
        return false;
    ledger_end_delay(&walk->ledger);
    walk_tell(walk, "ok");
    return true;
}

bool walk_password(struct walk *walk, const char *line)
{
    return ask_stage(walk, line) || ask_try(walk, line) || ask_open(walk, line) || ask_revoke(walk, line) ||
           set_not_before(walk, line) || end_delay(walk, line);
}
