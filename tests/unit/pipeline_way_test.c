/* The way of one event to each of its ends: what is durable before what. */
#include "support.h"

#include "pipeline/world.h"

static struct world world;

static const struct way {
    const char *name;
    enum relay relay;
    const char *journal, *reason;
} ways[] = {
    {"accepted: the end is in Redis before the audit, the audit before the offset", RELAY_ACCEPTS,
     "leased, mail, dot, sent, sent, offset", "none"},
    {"4xx: copy and audit before Redis forgets the lease", RELAY_REFUSES_FOR_NOW,
     "leased, mail, copy 1, deferred, pending, offset", "refused_for_now"},
    {"5xx: the end is in Redis before the dead letter", RELAY_REFUSES,
     "leased, mail, dead, dead letter, dead, offset", "refused"},
    {"cut at the dot: nobody knows, so it is tried again", RELAY_CUTS_AT_DOT,
     "leased, mail, dot, copy 1, deferred, pending, offset", "uncertain"},
};

static void each_answer_of_the_relay_has_its_order_of_steps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct request_record record;
        print_message("  %s\n", ways[i].name);
        world_open(&world);
        world.relay[0] = ways[i].relay;
        world_event(&world, (struct occasion){0});
        world_run(&world);
        assert_journal(&world, ways[i].journal);
        assert_string_equal(world.audit.reason, ways[i].reason);
        assert_int_equal(world.worker.job_count, 0);
        assert_true(world_request(&world, &record));
        assert_int_equal(record.maybe_mailed, ways[i].relay == RELAY_CUTS_AT_DOT);
        world_close(&world);
    }
}

/* Once the first try has ended as `first`, the copy is mailed: with the same link where a mail may be out. */
static void check_link_of_second_try(enum relay first, bool same)
{
    struct request_record before, after;
    world_open(&world);
    world.relay[0] = first;
    world.relay[1] = RELAY_HOLDS;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    buffer_reset(&world.journal);
    assert_true(world_request(&world, &before));
    unsigned char inc[RECORD_INC_SIZE];
    memcpy(inc, before.inc, sizeof inc);
    world_redeliver(&world);
    world_run(&world);
    assert_journal(&world, "leased, mail");
    assert_true(world_request(&world, &after) && after.has_inc && after.copy == 1 && after.tries == 1);
    assert_int_equal(memcmp(inc, after.inc, sizeof inc) == 0, same);
    world_relay_goes_on(&world, RELAY_ACCEPTS);
    world_run(&world);
    assert_journal(&world, "dot, sent, sent, offset");
    world_close(&world);
}

static void a_second_try_carries_the_same_link_only_where_a_mail_may_be_out(void **state)
{
    (void)state;
    check_link_of_second_try(RELAY_CUTS_AT_DOT, true);
    check_link_of_second_try(RELAY_REFUSES_FOR_NOW, false);
}

static void after_the_last_tier_the_event_is_dead(void **state)
{
    (void)state;
    static const char *const journals[] = {
        "leased, mail, copy 1, deferred, pending, offset", "leased, mail, copy 2, deferred, pending, offset",
        "leased, mail, copy 3, deferred, pending, offset", "leased, mail, dead, dead letter, dead, offset"};
    for (size_t i = 0; i < 4; i++)
        world.relay[i] = RELAY_REFUSES_FOR_NOW;
    world_event(&world, (struct occasion){0});
    for (size_t i = 0; i < 4; i++) {
        if (i > 0)
            world_redeliver(&world);
        world_run(&world);
        assert_journal(&world, journals[i]);
    }
    assert_string_equal(world.audit.reason, "attempts");
}

/* Of an event whose first try was refused for now, read as it was written. */
static void read_a_copy(void)
{
    world.relay[0] = RELAY_REFUSES_FOR_NOW;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    buffer_reset(&world.journal);
    struct kafka_record record = *world.copy.record;
    record.reference = (struct kafka_reference){.lane = 1, .offset = world.offset++};
    assert_true(intake_record(&world.worker, 1, kafka_record_copy(&record)));
}

static void a_copy_waits_for_its_time_and_the_lease_is_not_asked_for_before(void **state)
{
    (void)state;
    read_a_copy();
    world_pass(&world, 59999);
    world_run(&world);
    assert_journal(&world, "");
    world_pass(&world, 1);
    world_run(&world);
    assert_journal(&world, "leased, mail, dot, sent, sent, offset");
}

/* A Redis that took over may have another clock, and anybody may set one. */
static void a_copy_that_waits_is_due_in_its_time_though_redis_s_clock_is_set_back(void **state)
{
    (void)state;
    read_a_copy();
    memory_store_set_time(world.memory, memory_store_time(world.memory) - 12 * 3600 * 1000);
    world_pass(&world, 59999);
    world_run(&world);
    assert_journal(&world, "");
    world_pass(&world, 1);
    world_run(&world);
    assert_journal(&world, "leased, mail, dot, sent, sent, offset");
}

static void a_copy_dated_far_ahead_waits_no_longer_than_its_tier(void **state)
{
    (void)state;
    static const struct kafka_record_header headers[] = {
        {"generation", {"0", 1}},
        {"copy", {"1", 1}},
        {"attempt", {"1", 1}},
        {"t0", {"0", 1}},
        {"retry-at", {"253402300799999", 15}},
    };
    assert_true(
        intake_record(&world.worker, 1,
                      kafka_record_copy(&(struct kafka_record){.topic = world.worker.settings.topics[1],
                                                               .reference = {.lane = 1, .offset = 1},
                                                               .headers = headers,
                                                               .header_count = 5})));
    world_pass(&world, 59999);
    world_run(&world);
    assert_journal(&world, "");
    world_pass(&world, 1);
    world_run(&world);
    assert_journal(&world, "dead letter, dead, offset");
    assert_string_equal(world.audit.reason, "empty");
}

/* Of a copy that waits; a quarter of the tier's 2000 places. */
enum { TIER_QUARTER = 500 };

static void a_tier_that_is_full_is_set_aside_until_a_quarter_is_free(void **state)
{
    (void)state;
    static const struct kafka_record_header headers[] = {{"generation", {"0", 1}},
                                                         {"copy", {"1", 1}},
                                                         {"attempt", {"1", 1}},
                                                         {"t0", {"0", 1}},
                                                         {"retry-at", {"253402300799999", 15}}};
    const struct kafka_record waits = {.topic = world.worker.settings.topics[1],
                                       .reference = {.lane = 1},
                                       .headers = headers,
                                       .header_count = 5};
    while (intake_room(&world.worker, 1) > 0) {
        assert_int_equal(world.aside, 0);
        assert_true(intake_record(&world.worker, 1, kafka_record_copy(&waits)));
    }
    assert_int_equal(world.aside, 1U << 1);
    for (int taken = 1; taken <= TIER_QUARTER; taken++) {
        world_pass(&world, 0);
        assert_int_equal(world.aside, 1U << 1);
        struct kafka_record *record = due_queue_take(world.worker.due[1], INT64_MAX);
        kafka_record_free(&record);
    }
    world_pass(&world, 0);
    assert_int_equal(world.aside, 0);
}

static void an_event_that_came_twice_is_told_again_and_mailed_once(void **state)
{
    (void)state;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    buffer_reset(&world.journal);
    world_event(&world, (struct occasion){0});
    world_run(&world);
    assert_journal(&world, "sent, offset");
    assert_int_equal(world.mails, 1);
}

static void a_dead_event_that_comes_again_has_its_dead_letter_again(void **state)
{
    (void)state;
    world.relay[0] = RELAY_REFUSES;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    buffer_reset(&world.journal);
    world_event(&world, (struct occasion){0});
    world_run(&world);
    assert_journal(&world, "dead letter, dead, offset");
}

static void another_body_under_the_same_id_is_denied(void **state)
{
    (void)state;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    buffer_reset(&world.journal);
    world_event(&world, (struct occasion){.email = "mallory@acme.example"});
    world_run(&world);
    assert_journal(&world, "denied, offset");
    assert_string_equal(world.audit.reason, "id_reused");
}

static void an_event_whose_successor_is_known_gives_its_offset_back(void **state)
{
    (void)state;
    world.relay[0] = RELAY_REFUSES_FOR_NOW;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    buffer_reset(&world.journal);
    world_event(&world, (struct occasion){0});
    world_run(&world);
    assert_journal(&world, "offset");
}

static void an_unknown_user_gets_no_mail(void **state)
{
    (void)state;
    world_event(&world, (struct occasion){.user = "null"});
    world_run(&world);
    assert_journal(&world, "suppressed, suppressed, offset");
    assert_string_equal(world.audit.reason, "unknown_user");
    world_event(&world, (struct occasion){.user = "null"}); /* read again */
    world_run(&world);
    assert_journal(&world, "suppressed, offset");
}

static const struct refusal {
    const char *name;
    struct occasion occasion;
    const char *journal, *reason;
} refusals[] = {
    {"no signature", {.unsigned_ = true}, "dead letter, dead, offset", "signature"},
    {"another's secret", {.wrong_secret = true}, "dead letter, dead, offset", "signature"},
    {"a publisher without the scope", {.signature = "kiosk"}, "dead letter, dead, offset", "policy"},
    {"an actor of another company", {.actor_tenant = "globex"}, "dead letter, dead, offset", "policy"},
    {"an actor without a role", {.actor_role = "clerk"}, "dead letter, dead, offset", "policy"},
    {"dated ahead", {.ahead_ms = 6 * 60 * 1000}, "dead letter, dead, offset", "time"},
    {"dated a day ago", {.ahead_ms = -25 * 60 * 60 * 1000}, "expired, offset", "too_old"},
    {"a tombstone", {.tombstone = true}, "dead letter, dead, offset", "empty"},
    {"not JSON", {.value = "]"}, "dead letter, dead, offset", "not_json"},
    {"no event", {.value = "{}"}, "dead letter, dead, offset", "schema"},
};

static void what_may_not_be_mailed_never_reaches_redis(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        print_message("  %s\n", refusals[i].name);
        world_open(&world);
        size_t reads = memory_store_reads(world.memory);
        world_event(&world, refusals[i].occasion);
        world_run(&world);
        assert_journal(&world, refusals[i].journal);
        assert_string_equal(world.audit.reason, refusals[i].reason);
        assert_int_equal(memory_store_reads(world.memory), reads);
        assert_int_equal(world.worker.job_count, 0);
        world_close(&world);
    }
}

static void an_unsigned_event_is_mailed_where_that_is_accepted(void **state)
{
    (void)state;
    world.worker.settings.accept_unsigned = true;
    world_event(&world, (struct occasion){.unsigned_ = true});
    world_run(&world);
    assert_journal(&world, "leased, mail, dot, sent, sent, offset");
}

#define STAMP(channel, key) "{\"channel\":\"" channel "\",\"key_id\":\"" key "\"}"
#define MAILED              "leased, mail, dot, sent, sent, offset"

static const struct {
    const char *name;
    struct occasion occasion;
    const char *journal, *told; /* the audit's asserted_by */
} stamps[] = {
    {"the intake names a key",
     {.signature = "intake", .stamp = STAMP("http", "k1")},
     MAILED,
     "{\"channel\":\"http\",\"key_id\":\"k1\",\"publisher\":\"intake\"}"},
    {"a publisher names nobody", {0}, MAILED, "{\"channel\":\"kafka\",\"publisher\":\"portal\"}"},
    {"`send` names its publisher",
     {.stamp = STAMP("cli", "portal")},
     MAILED,
     "{\"channel\":\"cli\",\"key_id\":\"portal\",\"publisher\":\"portal\"}"},
    {"a publisher names a key",
     {.stamp = STAMP("http", "k1")},
     "dead letter, dead, offset",
     "{\"channel\":\"kafka\",\"publisher\":\"portal\"}"},
    {"a publisher names its own name for a key",
     {.stamp = STAMP("http", "portal")},
     "dead letter, dead, offset",
     "{\"channel\":\"kafka\",\"publisher\":\"portal\"}"},
    {"a publisher names another's `send`",
     {.stamp = STAMP("cli", "intake")},
     "dead letter, dead, offset",
     "{\"channel\":\"kafka\",\"publisher\":\"portal\"}"},
    {"a late event names a key",
     {.stamp = STAMP("http", "k1"), .ahead_ms = -25 * 60 * 60 * 1000},
     "expired, offset",
     "{\"channel\":\"kafka\",\"publisher\":\"portal\"}"},
    {"nobody names a key",
     {.stamp = STAMP("http", "k1"), .unsigned_ = true},
     "dead letter, dead, offset",
     "{\"channel\":\"kafka\"}"},
};

static void only_an_intake_says_which_key_vouched(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++) {
        print_message("  %s\n", stamps[i].name);
        world_open(&world);
        world.worker.settings.accept_unsigned = true;
        world_event(&world, stamps[i].occasion);
        world_run(&world);
        assert_journal(&world, stamps[i].journal);
        char told[200];
        snprintf(told, sizeof told, "\"asserted_by\":%s", stamps[i].told);
        struct text audit = world.audit.record->value;
        if (!memmem(audit.bytes, audit.size, told, strlen(told)))
            fail_msg("%s is not in %.*s", told, (int)audit.size, audit.bytes);
        if (strcmp(stamps[i].journal, "dead letter, dead, offset") == 0)
            assert_string_equal(world.audit.reason, "policy");
        world_close(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_of_the_relay_has_its_order_of_steps),
        cmocka_unit_test(a_second_try_carries_the_same_link_only_where_a_mail_may_be_out),
        IN_A_WORLD(after_the_last_tier_the_event_is_dead),
        IN_A_WORLD(a_copy_waits_for_its_time_and_the_lease_is_not_asked_for_before),
        IN_A_WORLD(a_copy_that_waits_is_due_in_its_time_though_redis_s_clock_is_set_back),
        IN_A_WORLD(a_copy_dated_far_ahead_waits_no_longer_than_its_tier),
        IN_A_WORLD(a_tier_that_is_full_is_set_aside_until_a_quarter_is_free),
        IN_A_WORLD(an_event_that_came_twice_is_told_again_and_mailed_once),
        IN_A_WORLD(a_dead_event_that_comes_again_has_its_dead_letter_again),
        IN_A_WORLD(another_body_under_the_same_id_is_denied),
        IN_A_WORLD(an_event_whose_successor_is_known_gives_its_offset_back),
        IN_A_WORLD(an_unknown_user_gets_no_mail),
        cmocka_unit_test(what_may_not_be_mailed_never_reaches_redis),
        IN_A_WORLD(an_unsigned_event_is_mailed_where_that_is_accepted),
        cmocka_unit_test(only_an_intake_says_which_key_vouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
