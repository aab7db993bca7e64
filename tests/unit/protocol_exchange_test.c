/* Reading, deciding and swapping with others at it, with lost answers, and with records that nobody can read.
 */
#include "support.h"

#include <stdio.h>

#include <sodium.h>

#include "support/scene.h"

enum { MANY = 100 };

#define NEW_KEYS "new 6666666666666666666666666666666666666666666666666666666666666666\n"

static int set_up(void **state)
{
    static struct scene scene;
    scene_open(&scene, &scene_defaults);
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    scene_close(*state);
    return 0;
}

static const struct desk_begin first = {.request = 1, .owner = 1, .inc = 1};

/* What is kept, as one text: to compare two ways to the same end. */
static size_t snapshot(struct scene *scene, char *bytes, size_t capacity)
{
    struct memory_entry entry;
    size_t size = 0;
    for (size_t i = 0; memory_store_at(scene->memory, i, &entry); i++) {
        assert_true(size + entry.key.size + entry.value.size < capacity);
        memcpy(bytes + size, entry.key.bytes, entry.key.size);
        memcpy(bytes + size + entry.key.size, entry.value.bytes, entry.value.size);
        size += entry.key.size + entry.value.size;
    }
    return size;
}

/* One request's whole way; every question is asked again until it is answered.  Returns how many were not at
 * once. */
static unsigned whole_way(struct scene *scene)
{
    unsigned again = 0;
    struct desk_answer lease, answer;
    struct desk_begin begin = first;
    begin.t0_ms = scene->t0_ms;
    for (desk_begin(&scene->desk, &begin, &lease); lease.status != STATUS_OK; again++)
        desk_begin(&scene->desk, &begin, &lease);
    assert_int_equal(lease.verdict, VERDICT_LEASE);
    struct reset_finish cut = {.result = FINISH_PENDING,
                               .copy = 1,
                               .maybe_mailed = true,
                               .now_ms = memory_store_time(scene->memory)};
    for (desk_finish(&scene->desk, &lease.lease, &cut, &answer); answer.status != STATUS_OK; again++)
        desk_finish(&scene->desk, &lease.lease, &cut, &answer);
    assert_int_equal(answer.verdict, VERDICT_OK);
    begin.copy = 1;
    begin.owner = begin.inc = 2;
    for (desk_begin(&scene->desk, &begin, &lease); lease.status != STATUS_OK; again++)
        desk_begin(&scene->desk, &begin, &lease);
    assert_true(lease.verdict == VERDICT_LEASE && desk_is_inc(&lease, 1));
    for (desk_check(&scene->desk, lease.stored, &answer); answer.status != STATUS_OK; again++)
        desk_check(&scene->desk, lease.stored, &answer);
    struct desk_redeem redeem = {
        .stored = lease.stored, .request = 1, .key = 1, .recipient = answer.recipient, .mac = answer.mac};
    struct desk_answer redeemed;
    for (desk_redeem(&scene->desk, &redeem, &redeemed); redeemed.status != STATUS_OK; again++)
        desk_redeem(&scene->desk, &redeem, &redeemed);
    assert_int_equal(redeemed.verdict, VERDICT_OK);
    struct reset_finish sent = {.result = FINISH_SENT, .now_ms = memory_store_time(scene->memory)};
    for (desk_finish(&scene->desk, &lease.lease, &sent, &answer); answer.status != STATUS_OK; again++)
        desk_finish(&scene->desk, &lease.lease, &sent, &answer);
    assert_true(answer.verdict == VERDICT_DONE && answer.reason == REASON_REDEEMED);
    return again;
}

static void every_fault_at_every_call_ends_as_if_there_had_been_none(void **state)
{
    (void)state;
    struct scene plain;
    static char expected[8192], found[8192];
    scene_open(&plain, &scene_defaults);
    size_t before = memory_store_reads(plain.memory) + memory_store_swaps(plain.memory);
    assert_int_equal(whole_way(&plain), 0);
    size_t calls = memory_store_reads(plain.memory) + memory_store_swaps(plain.memory);
    size_t size = snapshot(&plain, expected, sizeof expected);
    scene_close(&plain);
    for (int fault = MEMORY_FAULT_CONFLICT; fault <= MEMORY_FAULT_UNAVAILABLE; fault++)
        for (unsigned nth = 1; nth <= calls; nth++) {
            struct scene scene;
            scene_open(&scene, &scene_defaults);
            memory_store_fail(scene.memory, (enum memory_fault)fault, nth);
            unsigned again = whole_way(&scene);
            assert_true(again <= 1);
            if (fault == MEMORY_FAULT_UNAVAILABLE && nth <= calls - before)
                assert_int_equal(again, 1);
            if (fault == MEMORY_FAULT_CONFLICT)
                assert_int_equal(again, 0);
            assert_int_equal(snapshot(&scene, found, sizeof found), size);
            assert_memory_equal(expected, found, size);
            scene_close(&scene);
        }
}

static void a_failure_is_told_as_it_is(void **state)
{
    struct scene *scene = *state;
    static const struct {
        enum memory_fault fault;
        enum status status;
    } cases[] = {{MEMORY_FAULT_UNAVAILABLE, STATUS_UNAVAILABLE}, {MEMORY_FAULT_LOST_AFTER, STATUS_TIMEOUT}};
    struct desk_begin begin = first;
    begin.t0_ms = scene->t0_ms;
    for (size_t i = 0; i < 2; i++) {
        memory_store_fail(scene->memory, cases[i].fault, 1);
        desk_begin(&scene->desk, &begin, &scene->answer);
        assert_int_equal(scene->answer.status, cases[i].status);
        assert_int_equal(scene->answer.verdict, VERDICT_UNKNOWN);
    }
}

/* Serves what waits, always the call at `order`'s next digit, until nothing waits. */
static void serve_all(struct scene *scene, unsigned long order)
{
    size_t waiting;
    while ((waiting = memory_store_waiting(scene->memory)) > 0) {
        memory_store_serve(scene->memory, order % waiting);
        order /= waiting;
    }
}

static void two_workers_in_any_order_share_one_lease(void **state)
{
    (void)state;
    for (unsigned long order = 0; order < 64; order++) {
        struct scene scene;
        scene_open(&scene, &scene_defaults);
        struct desk_pending pending[2];
        struct desk_answer answers[2];
        memory_store_defer(scene.memory, true);
        for (unsigned i = 0; i < 2; i++) {
            struct desk_begin begin = {.request = 1, .owner = 1 + i, .inc = 1 + i, .t0_ms = scene.t0_ms};
            desk_ask_begin(&scene.desk, &begin, &pending[i], &answers[i]);
        }
        serve_all(&scene, order);
        assert_true(answers[0].verdict == VERDICT_LEASE || answers[1].verdict == VERDICT_LEASE);
        assert_true(answers[0].verdict == VERDICT_BUSY || answers[1].verdict == VERDICT_BUSY);
        assert_int_equal(scene_count(&scene, "token"), 1);
        scene_close(&scene);
    }
}

static void two_newer_requests_in_any_order_leave_one_link(void **state)
{
    (void)state;
    struct reset_store_settings settings = scene_defaults;
    settings.limits.coalesce_ms = 0;
    for (unsigned long order = 0; order < 1024; order++) {
        struct scene scene;
        scene_open(&scene, &settings);
        assert_int_equal(scene_begin(&scene, (struct desk_begin){.request = 9, .owner = 9, .inc = 9}),
                         VERDICT_LEASE);
        scene_pass(&scene, SECOND_MS);
        struct desk_pending pending[2];
        struct desk_answer answers[2];
        memory_store_defer(scene.memory, true);
        for (unsigned i = 0; i < 2; i++) {
            struct desk_begin begin = {
                .request = 1 + i, .owner = 1 + i, .inc = 1 + i, .t0_ms = scene.t0_ms + i};
            desk_ask_begin(&scene.desk, &begin, &pending[i], &answers[i]);
        }
        serve_all(&scene, order);
        assert_int_equal(answers[1].verdict, VERDICT_LEASE);
        assert_true(answers[0].verdict == VERDICT_LEASE || answers[0].reason == REASON_SUPERSEDED);
        assert_int_equal(scene_count(&scene, "token"), 1);
        memory_store_defer(scene.memory, false);
        assert_int_equal(scene_check(&scene, &answers[1]), VERDICT_OK);
        scene_close(&scene);
    }
}

static void of_a_hundred_redemptions_at_once_one_succeeds(void **state)
{
    struct scene *scene = *state;
    static struct desk_pending pending[MANY];
    static struct desk_answer answers[MANY];
    assert_int_equal(scene_begin(scene, first), VERDICT_LEASE);
    struct desk_answer lease = scene->answer, checked;
    desk_check(&scene->desk, lease.stored, &checked);
    memory_store_defer(scene->memory, true);
    for (unsigned i = 0; i < MANY; i++) {
        struct desk_redeem redeem = {.stored = lease.stored,
                                     .request = 1,
                                     .key = 1 + i,
                                     .recipient = checked.recipient,
                                     .mac = checked.mac};
        desk_ask_redeem(&scene->desk, &redeem, &pending[i], &answers[i]);
    }
    serve_all(scene, 0);
    unsigned taken = 0;
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(answers[i].status, STATUS_OK);
        taken += answers[i].verdict == VERDICT_OK;
    }
    assert_int_equal(taken, 1);
}

static void an_actor_who_asks_for_many_at_once_gets_no_more_than_the_limit(void **state)
{
    struct scene *scene = *state; /* 30 in an hour */
    enum { ASKED = 50 };
    static struct desk_pending pending[ASKED];
    static struct desk_answer answers[ASKED];
    static char users[ASKED][8], emails[ASKED][24];
    memory_store_defer(scene->memory, true);
    for (unsigned i = 0; i < ASKED; i++) {
        snprintf(users[i], sizeof users[i], "u%u", i);
        snprintf(emails[i], sizeof emails[i], "u%u@x.org", i);
        struct desk_begin begin = {.request = 1 + i,
                                   .owner = 1 + i,
                                   .inc = 1 + i,
                                   .t0_ms = scene->t0_ms,
                                   .by_admin = true,
                                   .user = users[i],
                                   .email = emails[i]};
        desk_ask_begin(&scene->desk, &begin, &pending[i], &answers[i]);
    }
    serve_all(scene, 0);
    unsigned admitted = 0, suppressed = 0;
    for (unsigned i = 0; i < ASKED; i++) {
        assert_int_equal(answers[i].status, STATUS_OK);
        admitted += answers[i].verdict == VERDICT_LEASE;
        suppressed += answers[i].reason == REASON_ACTOR_LIMIT;
    }
    assert_int_equal(admitted, 30);
    assert_int_equal(suppressed, ASKED - 30);
    assert_int_equal(scene_count(scene, "token"), 30);
}

static void a_question_that_always_meets_a_conflict_gives_up(void **state)
{
    struct scene *scene = *state;
    struct desk_pending pending;
    struct desk_begin next = {.request = 1, .owner = 2, .inc = 2, .t0_ms = scene->t0_ms};
    char key[64] = "request:", id[DESK_ID_SIZE], bytes[RECORD_STORE_VALUE_MOST];
    memcpy(key + 8, desk_id(1, id).bytes, DESK_ID_SIZE - 1);
    assert_int_equal(scene_begin(scene, first), VERDICT_LEASE);
    scene_pass(scene, MINUTE_MS);
    memory_store_defer(scene->memory, true);
    desk_ask_begin(&scene->desk, &next, &pending, &scene->answer);
    for (unsigned round = 0; memory_store_waiting(scene->memory) > 0; round++) {
        struct request_record record;
        size_t size;
        assert_true(round < 100);
        assert_int_equal(request_record_parse(memory_store_get(scene->memory, text_of(key)), &record),
                         STATUS_OK);
        record.reply_code++; /* somebody is always a little faster */
        assert_int_equal(request_record_format(&record, bytes, sizeof bytes, &size), STATUS_OK);
        memory_store_put(scene->memory, text_of(key), (struct text){bytes, size}, 0);
        memory_store_serve(scene->memory, 0);
    }
    assert_int_equal(scene->answer.status, STATUS_CONFLICT);
    memory_store_defer(scene->memory, false);
    assert_int_equal(scene_begin(scene, next), VERDICT_LEASE);
    assert_int_equal(scene->answer.lost, 1);
}

static void a_record_that_cannot_be_read_is_named_by_its_kind(void **state)
{
    struct scene *scene = *state;
    struct desk_begin begin = first;
    char key[64] = "request:", id[DESK_ID_SIZE];
    memcpy(key + 8, desk_id(1, id).bytes, DESK_ID_SIZE - 1);
    memory_store_put(scene->memory, text_of(key), TEXT("2\tsomething newer"), 0);
    desk_begin(&scene->desk, &begin, &scene->answer);
    assert_int_equal(scene->answer.status, STATUS_INVALID);
    assert_true(text_equal(memory_store_get(scene->memory, text_of(key)), TEXT("2\tsomething newer")));
}

static void a_full_store_refuses_begin_and_takes_finish_and_redeem(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_begin(scene, first), VERDICT_LEASE);
    struct desk_answer lease = scene->answer;
    scene_check(scene, &lease);
    memcpy(lease.mac, scene->answer.mac, sizeof lease.mac);
    memcpy(lease.recipient, scene->answer.recipient, sizeof lease.recipient);
    memory_store_set_full(scene->memory, true);
    struct desk_begin second = {.request = 2, .owner = 2, .inc = 2, .t0_ms = scene->t0_ms};
    desk_begin(&scene->desk, &second, &scene->answer);
    assert_int_equal(scene->answer.status, STATUS_FULL);
    assert_int_equal(scene_count(scene, "request"), 1);
    assert_int_equal(scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_SENT}), VERDICT_DONE);
    assert_int_equal(scene_redeem(scene, &lease, 1, 1), VERDICT_OK);
}

/* A reload of the key files frees the old keys while a begin waits for its reading. */
static void a_begin_under_way_keeps_the_keys_it_began_with(void **state)
{
    struct scene *scene = *state;
    struct desk *desk = &scene->desk;
    struct desk_begin begin = first;
    struct desk_pending pending;
    struct error error = {0};
    begin.t0_ms = scene->t0_ms;
    memory_store_defer(scene->memory, true);
    desk_ask_begin(desk, &begin, &pending, &scene->answer);
    keyring_free(&desk->token_keys);
    keyring_free(&desk->record_keys);
    assert_ok(keyring_parse(TEXT(NEW_KEYS), "new keys", &desk->token_keys, &error), &error);
    assert_ok(keyring_parse(TEXT(NEW_KEYS), "new keys", &desk->record_keys, &error), &error);
    reset_store_set_keys(desk->store, desk->token_keys, desk->record_keys);
    while (memory_store_waiting(scene->memory) > 0)
        memory_store_serve(scene->memory, 0);
    memory_store_defer(scene->memory, false);
    assert_int_equal(scene->answer.verdict, VERDICT_LEASE);
    assert_false(text_equal(scene->answer.lease.record.kid, TEXT("new")));
    begin.request = begin.owner = begin.inc = 2;
    assert_int_equal(scene_begin(scene, begin), VERDICT_LEASE);
    assert_true(text_equal(scene->answer.lease.record.kid, TEXT("new")));
}

static void a_lease_that_is_cleared_leaves_nothing_of_its_record(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_begin(scene, first), VERDICT_LEASE);
    struct reset_lease lease = scene->answer.lease;
    size_t size = lease.size;
    assert_in_range(size, 1, sizeof lease.bytes);
    assert_true(lease.record.has_seed);
    reset_lease_clear(&lease);
    assert_int_equal(lease.size, 0);
    assert_true(sodium_is_zero((const unsigned char *)&lease, offsetof(struct reset_lease, bytes)));
    assert_true(sodium_is_zero((const unsigned char *)lease.bytes, size));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_fault_at_every_call_ends_as_if_there_had_been_none),
        TEST(a_failure_is_told_as_it_is),
        TEST(two_workers_in_any_order_share_one_lease),
        TEST(two_newer_requests_in_any_order_leave_one_link),
        TEST(of_a_hundred_redemptions_at_once_one_succeeds),
        TEST(an_actor_who_asks_for_many_at_once_gets_no_more_than_the_limit),
        TEST(a_question_that_always_meets_a_conflict_gives_up),
        TEST(a_record_that_cannot_be_read_is_named_by_its_kind),
        TEST(a_full_store_refuses_begin_and_takes_finish_and_redeem),
        TEST(a_begin_under_way_keeps_the_keys_it_began_with),
        TEST(a_lease_that_is_cleared_leaves_nothing_of_its_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
