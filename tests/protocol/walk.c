/* The protocol on one line of stdin at a time; test_conformance.py walks it beside the model.
 *
 * Over the store in memory, or with a URL over a real Redis.  Questions answer with the verdict, or the
 * status where there is none, and the state of all records.  One without an answer is not asked again here:
 * that is for the one who walks. */
#include <stdio.h>
#include <string.h>

#include "walk.h"

#define HOUR_MS   (3600 * 1000)
#define RACE_MOST 128

/* ENDED: a day too old.  DENIED: its mailbox, or a notice, has no room.  BODY: 1 is another than 0.  METHOD:
 * its number; NAMED: the request that a change completes, plus 1.  Requests are ten seconds apart. */
static const char usage[] =
    "reset\n"
    "begin REQUEST GENERATION COPY OWNER INC ENDED DENIED BODY ADMIN METHOD NAMED\n"
    "finish REQUEST OWNER INC sent|pending|release|park|renew|dead COPY UNCERTAIN\n"
    "redeem REQUEST INC KEY, check REQUEST INC, revoke FENCE: as if it had been at that request's time\n"
    "stage REQUEST VERSION, try, open REQUEST VERSION: of a handed password, or the INC of a mailed one\n"
    "lease_ends REQUEST, windows_end, claims_end, delay_ends, not_before, loss\n"
    "stored REQUEST INC: tells how a link is stored; link REQUEST INC STORED: is told it\n"
    "race_begin REQUEST COUNT FIRST_OWNER, race_redeem REQUEST INC COUNT FIRST_KEY: all before any is "
    "answered\n"
    "fault conflict|lost_before|lost_after|unavailable NTH: strikes the next question (in memory)\n";

static const struct reset_store_settings settings = {
    .limits = {.coalesce_ms = HOUR_MS,
               .protect_admin_ms = HOUR_MS,
               .per_user = {RECORD_TIMES_MOST, 1},
               .per_recipient = {RECORD_TIMES_MOST, HOUR_MS},
               .per_actor = {1000000, HOUR_MS},
               .per_notice = {RECORD_TIMES_MOST, HOUR_MS}},
    .lease_ms = HOUR_MS,
};

void walk_pass_time(struct walk *walk, int64_t until_ms)
{
    if (walk->memory)
        memory_store_set_time(walk->memory, until_ms + 1000);
    while (ledger_now(&walk->ledger) <= until_ms)
        ;
}

/* All requests were asked for lately, after this store was first seen. */
static void begin_anew(struct walk *walk)
{
    ledger_lose_all(&walk->ledger);
    walk->ledger.count = walk->ledger.password_count = 0;
    reset_store_set_not_before(walk->desk.store, 0);
    desk_start(&walk->desk);
    walk->ledger.origin_ms = ledger_now(&walk->ledger) - WALK_REQUESTS * WALK_APART_MS;
    ledger_set_born(&walk->ledger, walk->ledger.origin_ms - 1);
    walk_pass_time(walk, ledger_now(&walk->ledger));
}

void walk_tell(struct walk *walk, const char *word)
{
    printf("%s|", word);
    ledger_print(&walk->ledger);
}

void walk_answer(struct walk *walk, const struct desk_answer *given)
{
    walk_tell(walk, given->status == STATUS_OK ? verdict_name(given->verdict) : status_name(given->status));
}

void walk_arm(struct walk *walk)
{
    if (walk->memory)
        memory_store_fail(walk->memory, walk->fault, walk->fault_in);
    walk->fault = MEMORY_FAULT_NONE;
}

void walk_disarm(struct walk *walk)
{
    if (walk->memory)
        memory_store_fail(walk->memory, MEMORY_FAULT_NONE, 0);
}

static bool ask_begin(struct walk *walk, const char *line)
{
    unsigned request, generation, copy, owner, inc, ended, denied, body, admin, method = 0, named = 0;
    struct desk_answer given;
    if (sscanf(line, "begin %u %u %u %u %u %u %u %u %u %u %u", &request, &generation, &copy, &owner, &inc,
               &ended, &denied, &body, &admin, &method, &named) < 9 ||
        method >= METHOD_COUNT)
        return false;
    struct desk_begin question = {
        .request = request,
        .generation = generation,
        .copy = copy,
        .owner = owner,
        .inc = inc,
        .t0_ms = ledger_t0(&walk->ledger, request) - (ended ? 25 * (int64_t)HOUR_MS : 0),
        .by_admin = admin != 0,
        .actor = admin ? "boss" : NULL,
        .locale = body ? "fr" : "en",
        .method = (enum method)method,
        .completes = named,
    };
    bool notice = method == METHOD_PASSWORD_CHANGED;
    if (denied)
        ledger_fill(&walk->ledger, notice, true);
    walk_arm(walk);
    desk_begin(&walk->desk, &question, &given);
    walk_disarm(walk);
    if (denied)
        ledger_fill(&walk->ledger, notice, false);
    if (method == METHOD_LINK && given.status == STATUS_OK && given.verdict == VERDICT_LEASE &&
        desk_is_inc(&given, inc))
        ledger_note(&walk->ledger, request, inc, given.stored);
    walk_answer(walk, &given);
    return true;
}

static bool result_of(const char *word, enum finish_result *result)
{
    static const char *const words[] = {"sent", "pending", "release", "park", "renew", "dead"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(word, words[i]) == 0) {
            *result = (enum finish_result)i;
            return true;
        }
    return false;
}

/* What the run believes the record to be: as it is, as it was long ago, or as it would be had all gone well.
 */
static struct text believed(struct walk *walk, unsigned request, unsigned belief,
                            const struct reset_lease *asked, char bytes[RECORD_STORE_VALUE_MOST])
{
    struct text known = ledger_request(&walk->ledger, request, bytes);
    struct request_record record = {.state = REQUEST_LEASED};
    size_t size = 0;
    if (known.bytes && belief == 0)
        return known;
    if (belief == 1) {
        record.has_owner = record.has_inc = true;
        memcpy(record.owner, asked->owner, RECORD_OWNER_SIZE);
        memcpy(record.inc, asked->inc, RECORD_INC_SIZE);
    }
    enum status status = request_record_format(&record, bytes, RECORD_STORE_VALUE_MOST, &size);
    return status == STATUS_OK ? (struct text){bytes, size} : (struct text){NULL, 0};
}

static bool ask_finish(struct walk *walk, const char *line)
{
    unsigned request, owner, inc, copy, uncertain;
    char word[16], bytes[RECORD_STORE_VALUE_MOST];
    struct desk_answer given;
    struct reset_lease lease;
    struct reset_finish question = {.reason = REASON_REFUSED};
    if (sscanf(line, "finish %u %u %u %15s %u %u", &request, &owner, &inc, word, &copy, &uncertain) != 6 ||
        !result_of(word, &question.result))
        return false;
    desk_forge_lease(&lease, request, owner, inc, (struct text){NULL, 0});
    struct text bytes_believed = believed(walk, request, (owner + inc + copy) % 3, &lease, bytes);
    desk_forge_lease(&lease, request, owner, inc, bytes_believed);
    question.now_ms = ledger_now(&walk->ledger);
    question.copy = copy;
    question.maybe_mailed = uncertain != 0;
    walk_arm(walk);
    desk_finish(&walk->desk, &lease, &question, &given);
    walk_disarm(walk);
    walk_answer(walk, &given);
    return true;
}

static bool ask_redeem(struct walk *walk, const char *line)
{
    unsigned request, inc, key;
    struct desk_answer given;
    if (sscanf(line, "redeem %u %u %u", &request, &inc, &key) != 3)
        return false;
    const struct walk_link *link = ledger_find(&walk->ledger, request, inc);
    if (!link)
        return false;
    desk_check(&walk->desk, link->stored, &given);
    struct desk_redeem question = {.stored = link->stored,
                                   .request = request,
                                   .key = key,
                                   .recipient = given.recipient,
                                   .mac = given.mac};
    struct desk_answer redeemed;
    walk_arm(walk);
    desk_redeem(&walk->desk, &question, &redeemed);
    walk_disarm(walk);
    walk_answer(walk, &redeemed);
    return true;
}

static bool ask_check(struct walk *walk, const char *line)
{
    unsigned request, inc;
    struct desk_answer given;
    if (sscanf(line, "check %u %u", &request, &inc) != 2)
        return false;
    const struct walk_link *link = ledger_find(&walk->ledger, request, inc);
    if (!link)
        return false;
    desk_check(&walk->desk, link->stored, &given);
    walk_answer(walk, &given);
    return true;
}

static bool tell_link(struct walk *walk, const char *line)
{
    unsigned request, inc;
    char stored[TOKEN_STORED_LENGTH + 1];
    const struct walk_link *link = NULL;
    if (sscanf(line, "link %u %u %64s", &request, &inc, stored) == 3) {
        ledger_note(&walk->ledger, request, inc, stored);
        link = ledger_find(&walk->ledger, request, inc);
    } else if (sscanf(line, "stored %u %u", &request, &inc) == 2) {
        link = ledger_find(&walk->ledger, request, inc);
    }
    if (link)
        printf("%s\n", link->stored);
    return link != NULL;
}

/* Waits for all and prints how many got each verdict or failure. */
static void count_answers(struct walk *walk, struct desk_answer *answers, size_t count)
{
    unsigned verdicts[VERDICT_NONE + 1] = {0}, failures = 0;
    for (size_t i = 0; i < count; i++) {
        if (walk->desk.wait)
            walk->desk.wait(walk->desk.wait_context, &answers[i].answered);
        if (answers[i].status == STATUS_OK)
            verdicts[answers[i].verdict]++;
        else
            failures++;
    }
    for (size_t i = 0; i <= VERDICT_NONE; i++)
        if (verdicts[i] > 0)
            printf("%s %u ", verdict_name((enum verdict)i), verdicts[i]);
    printf("failed %u\n", failures);
}

static bool race(struct walk *walk, const char *line)
{
    static struct desk_answer answers[RACE_MOST];
    static struct desk_pending pending[RACE_MOST];
    unsigned request, inc, count, base;
    struct desk_answer checked;
    if (sscanf(line, "race_begin %u %u %u", &request, &count, &base) == 3 && count <= RACE_MOST) {
        for (unsigned i = 0; i < count; i++) {
            struct desk_begin question = {
                .request = request, .owner = base + i, .inc = base + i, .t0_ms = ledger_now(&walk->ledger)};
            desk_ask_begin(&walk->desk, &question, &pending[i], &answers[i]);
        }
    } else if (sscanf(line, "race_redeem %u %u %u %u", &request, &inc, &count, &base) == 4 &&
               count <= RACE_MOST && ledger_find(&walk->ledger, request, inc)) {
        const char *stored = ledger_find(&walk->ledger, request, inc)->stored;
        desk_check(&walk->desk, stored, &checked);
        for (unsigned i = 0; i < count; i++) {
            struct desk_redeem question = {.stored = stored,
                                           .request = request,
                                           .key = base + i,
                                           .recipient = checked.recipient,
                                           .mac = checked.mac};
            desk_ask_redeem(&walk->desk, &question, &pending[i], &answers[i]);
        }
    } else {
        return false;
    }
    count_answers(walk, answers, count);
    return true;
}

static bool set_fault(struct walk *walk, const char *line)
{
    static const char *const words[] = {"none", "conflict", "lost_before", "lost_after", "unavailable"};
    unsigned nth;
    char word[16];
    if (sscanf(line, "fault %15s %u", word, &nth) != 2 || !walk->memory)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(word, words[i]) == 0) {
            walk->fault = (enum memory_fault)i;
            walk->fault_in = nth;
            printf("ok\n");
            return true;
        }
    return false;
}

static bool change(struct walk *walk, const char *line)
{
    unsigned request;
    struct desk_answer given = {.status = STATUS_OK, .verdict = VERDICT_OK};
    if (sscanf(line, "lease_ends %u", &request) == 1) {
        ledger_end_lease(&walk->ledger, request);
    } else if (strcmp(line, "windows_end") == 0) {
        ledger_end_windows(&walk->ledger);
    } else if (strcmp(line, "claims_end") == 0) {
        ledger_end_claims(&walk->ledger);
    } else if (strcmp(line, "loss") == 0) {
        ledger_lose_all(&walk->ledger);
        walk_pass_time(walk, ledger_now(&walk->ledger));
    } else if (strcmp(line, "reset") == 0) {
        begin_anew(walk);
    } else {
        return false;
    }
    walk_answer(walk, &given);
    return true;
}

int main(int count, char **arguments)
{
    struct walk walk = {.memory = NULL};
    struct record_store port;
    char line[256];
    if (count > 1) {
        walk.redis = walk_redis_open(arguments[1], count > 2 ? arguments[2] : "pwreset");
        port = walk_redis_port(walk.redis);
    } else {
        walk.memory = memory_store_new();
        port = memory_store_port(walk.memory);
    }
    desk_open(&walk.desk, &port, &settings);
    if (walk.redis) {
        walk.desk.wait = walk_redis_wait;
        walk.desk.wait_context = walk.redis;
    }
    ledger_open(&walk.ledger, &walk.desk);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        bool known = ask_begin(&walk, line) || ask_finish(&walk, line) || ask_redeem(&walk, line) ||
                     ask_check(&walk, line) || tell_link(&walk, line) || race(&walk, line) ||
                     set_fault(&walk, line) || walk_password(&walk, line) || change(&walk, line);
        if (!known)
            printf("unknown command; there are\n%s", usage);
        fflush(stdout);
    }
    desk_close(&walk.desk);
    walk_redis_close(&walk.redis);
    memory_store_free(&walk.memory);
    return 0;
}
