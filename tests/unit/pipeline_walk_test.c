/* Every call to Redis, to Kafka and to the relay fails once, in every way in which it can, on every way that
 * an event may take: it still ends in exactly one outcome, with its offset given back after all that had to
 * be durable before. */
#include "support.h"

#include <stdio.h>

#include "pipeline/world.h"

static struct world world;
static char under_way[120]; /* the walk, for whoever reads that it failed */
static unsigned walks;

static const struct course {
    const char *name;
    enum relay relay;
    struct occasion occasion;
    bool parks, staged;
    enum relay answer; /* of the parked one */
} courses[] = {
    {.name = "accepted", .relay = RELAY_ACCEPTS},
    {.name = "refused for now", .relay = RELAY_REFUSES_FOR_NOW},
    {.name = "refused", .relay = RELAY_REFUSES},
    {.name = "cut at the dot", .relay = RELAY_CUTS_AT_DOT},
    {.name = "shut down", .relay = RELAY_SHUTS_DOWN},
    {.name = "unknown user", .occasion = {.user = "null"}},
    {.name = "forged", .occasion = {.wrong_secret = true}},
    {.name = "mailed password", .occasion = {.method = METHOD_TEMPORARY_PASSWORD_MAILED}},
    {.name = "handed password, refused",
     .relay = RELAY_REFUSES,
     .occasion = {.method = METHOD_TEMPORARY_PASSWORD_HANDED},
     .staged = true},
    {.name = "lapsed password", .occasion = {.method = METHOD_TEMPORARY_PASSWORD_CHOSEN}},
    {.name = "changed", .occasion = {.method = METHOD_PASSWORD_CHANGED}},
    {.name = "changed, refused for now",
     .relay = RELAY_REFUSES_FOR_NOW,
     .occasion = {.method = METHOD_PASSWORD_CHANGED}},
    {.name = "changed, parked, refused",
     .relay = RELAY_HOLDS_DOT,
     .occasion = {.method = METHOD_PASSWORD_CHANGED},
     .parks = true,
     .answer = RELAY_REFUSES},
    {.name = "parked, accepted", .relay = RELAY_HOLDS_DOT, .parks = true, .answer = RELAY_ACCEPTS},
    {.name = "parked, refused", .relay = RELAY_HOLDS_DOT, .parks = true, .answer = RELAY_REFUSES},
    {.name = "parked, refused for now",
     .relay = RELAY_HOLDS_DOT,
     .parks = true,
     .answer = RELAY_REFUSES_FOR_NOW},
};

enum port { PORT_NONE, PORT_REDIS, PORT_KAFKA, PORT_RELAY };

static const struct fault {
    const char *name;
    enum port port;
    int kind;
} faults[] = {
    {"none", PORT_NONE, 0},
    {"Redis changed meanwhile", PORT_REDIS, MEMORY_FAULT_CONFLICT},
    {"Redis loses the call", PORT_REDIS, MEMORY_FAULT_LOST_BEFORE},
    {"Redis loses the answer", PORT_REDIS, MEMORY_FAULT_LOST_AFTER},
    {"Redis is away", PORT_REDIS, MEMORY_FAULT_UNAVAILABLE},
    {"Kafka's queue is full", PORT_KAFKA, KAFKA_FAULT_FULL},
    {"Kafka is away", PORT_KAFKA, KAFKA_FAULT_UNAVAILABLE},
    {"Kafka loses the answer", PORT_KAFKA, KAFKA_FAULT_LOST},
    {"the pool has no room", PORT_RELAY, 0},
    {"the relay breaks off", PORT_RELAY, RELAY_BREAKS_OFF},
};

static void arm(const struct fault *fault, unsigned nth, const struct course *course)
{
    world.relay[0] = course->relay;
    switch (fault->port) {
    case PORT_NONE:
        break;
    case PORT_REDIS:
        memory_store_fail(world.memory, (enum memory_fault)fault->kind, nth);
        break;
    case PORT_KAFKA:
        world.kafka_fault = (enum kafka_fault)fault->kind;
        world.kafka_nth = nth;
        break;
    case PORT_RELAY:
        if (fault->kind) {
            world.relay[0] = (enum relay)fault->kind;
            world.relay[1] = course->relay;
        } else {
            world.full_submissions = nth;
        }
        break;
    }
}

static void walk(const struct course *course)
{
    world_event(&world, course->occasion);
    if (!course->parks) {
        world_finish(&world);
        return;
    }
    for (unsigned i = 0; i < 120 && !world.completed[WORLD_OFFSET]; i++) {
        world_run(&world);
        world_pass(&world, 1000);
    }
    assert_true(world.completed[WORLD_OFFSET]);
    world_relay_goes_on(&world, course->answer);
    world_finish(&world);
}

static unsigned count_words(const char *journal, const char *word)
{
    unsigned count = 0;
    size_t size = strlen(word);
    for (const char *at = journal; (at = strstr(at, word)); at += size)
        count += (at == journal || at[-1] == ' ') && (at[size] == ',' || at[size] == '\0');
    return count;
}

/* The words stand in the journal in this order. */
static void assert_order(const char *journal, const char *const *words)
{
    for (; *words; words++) {
        journal = strstr(journal, *words);
        assert_non_null(journal);
        journal += strlen(*words);
    }
}

static void assert_one_outcome(const char *journal, const char *outcome)
{
    static const char *const terminal[] = {"sent", "suppressed", "expired", "dead"};
    for (size_t i = 0; i < sizeof terminal / sizeof *terminal; i++)
        if (strcmp(terminal[i], outcome) != 0)
            assert_int_equal(count_words(journal, terminal[i]), 0);
}

/* That the password was changed is durable before anything else becomes of its event. */
static void assert_completion(const char *journal)
{
    static const char *const told[] = {"completed", "offset", NULL};
    assert_order(journal, told);
    const char *mail = strstr(journal, "mail");
    assert_true(!mail || strstr(journal, "completed") < mail);
}

static void check(const struct course *course, const char *journal)
{
    static const char *const buried[] = {"dead letter", "dead", "offset", NULL};
    static const char *const dead[] = {"dead", "dead letter", "dead", NULL};
    static const char *const pending[] = {"copy", "deferred", "pending", "offset", NULL};
    static const char *const parked[] = {"copy", "deferred", "leased", "offset", NULL};
    struct request_record record;
    assert_int_equal(count_words(journal, "offset"), 1);
    assert_in_range(world.mails_out, 0, 1);
    assert_non_null(world.audit.record);
    if (!world_request(&world, &record)) {
        assert_string_equal(world.audit.outcome, "dead");
        assert_order(journal, buried);
        return;
    }
    if (course->occasion.method == METHOD_PASSWORD_CHANGED)
        assert_completion(journal);
    const char *state = request_state_name(record.state);
    const char *told[] = {state, state, course->parks ? NULL : "offset", NULL};
    if (course->parks)
        assert_order(journal, parked);
    if (record.state == REQUEST_PENDING) {
        assert_string_equal(world.audit.outcome, "deferred");
        assert_int_equal(record.copy, 1);
        assert_int_equal(record.tries, 1);
        assert_one_outcome(journal, "none");
        if (!course->parks)
            assert_order(journal, pending);
        return;
    }
    assert_true(request_state_is_terminal(record.state));
    assert_string_equal(world.audit.outcome, state);
    assert_one_outcome(journal, state);
    assert_order(journal, record.state == REQUEST_DEAD ? dead : told);
    if (record.state == REQUEST_SENT)
        assert_int_equal(world.mails_out, 1);
}

static size_t calls_of(enum port port)
{
    switch (port) {
    case PORT_REDIS:
        return memory_store_reads(world.memory) + memory_store_swaps(world.memory);
    case PORT_KAFKA:
        return world.kafka_calls;
    default:
        return 0;
    }
}

/* False: there are not so many calls on this course. */
static bool walk_with(const struct course *course, const struct fault *fault, unsigned nth)
{
    snprintf(under_way, sizeof under_way, "%s; %s at call %u", course->name, fault->name, nth);
    world_open(&world);
    if (course->staged)
        world_stage(&world, course->occasion.method);
    size_t before = calls_of(fault->port);
    arm(fault, nth, course);
    walk(course);
    bool struck = calls_of(fault->port) - before >= nth;
    buffer_append_byte(&world.journal, '\0');
    check(course, world.journal.bytes);
    world_close(&world);
    return struck;
}

static void an_event_ends_in_one_outcome_whatever_fails_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof courses / sizeof *courses; i++)
        for (size_t j = 0; j < sizeof faults / sizeof *faults; j++)
            for (unsigned nth = 1; walk_with(&courses[i], &faults[j], nth); nth++)
                walks++;
    assert_true(walks > 150); /* else the faults do not strike */
    under_way[0] = '\0';
}

static int tell_where_it_failed(void **state)
{
    (void)state;
    if (under_way[0])
        print_error("%s: %.*s\n", under_way, (int)world.journal.size, world.journal.bytes);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_event_ends_in_one_outcome_whatever_fails_once, tell_where_it_failed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
