/* Who needs a dependency waits at its gate while it is away, and nobody is forgotten there. */
#include "support.h"

#include <event2/event.h>

#include "worker/gate.h"

struct waiting {
    struct gate *gate;
    struct gate_waiter waiter;
    int calls;
    bool fails_once;
};

static struct event_base *base;
static int probes;
static bool probe_answer;

static bool probe(void *context)
{
    (void)context;
    probes++;
    return probe_answer;
}

static void go(void *context)
{
    struct waiting *waiting = context;
    waiting->calls++;
    if (waiting->fails_once) {
        waiting->fails_once = false;
        gate_failure(waiting->gate, "still away");
        gate_wait(waiting->gate, &waiting->waiter);
    } else {
        gate_success(waiting->gate);
    }
}

static struct gate *make(unsigned threshold, bool probed)
{
    struct gate *gate = NULL;
    struct error error = {0};
    struct gate_options options = {
        .name = "redis", .threshold = threshold, .first_ms = 1, .most_ms = 2, .probe = probed ? probe : NULL};
    assert_ok(gate_new(base, &options, NULL, &gate, &error), &error);
    return gate;
}

static void wait_at(struct gate *gate, struct waiting *waiting)
{
    waiting->gate = gate;
    waiting->waiter = (struct gate_waiter){.go = go, .context = waiting};
    gate_wait(gate, &waiting->waiter);
}

static void a_waiter_at_an_open_gate_goes_on_from_the_loop(void **state)
{
    (void)state;
    struct gate *gate = make(1, false);
    struct waiting waiting = {0};
    wait_at(gate, &waiting);
    assert_int_equal(waiting.calls, 0);
    event_base_dispatch(base);
    assert_int_equal(waiting.calls, 1);
    gate_free(&gate);
}

static void it_shuts_only_after_failures_in_a_row(void **state)
{
    (void)state;
    struct gate *gate = make(3, false);
    gate_failure(gate, "one");
    gate_failure(gate, "two");
    gate_success(gate);
    gate_failure(gate, "three");
    assert_true(gate_is_open(gate));
    gate_failure(gate, "four");
    gate_failure(gate, "five");
    assert_false(gate_is_open(gate));
    assert_string_equal(gate_reason(gate), "five");
    gate_free(&gate);
}

static void all_who_wait_go_on_when_it_opens_and_one_that_fails_waits_again(void **state)
{
    (void)state;
    struct gate *gate = make(1, false);
    struct waiting waiting[5] = {[2] = {.fails_once = true}};
    gate_failure(gate, "away");
    for (size_t i = 0; i < 5; i++)
        wait_at(gate, &waiting[i]);
    event_base_dispatch(base);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(waiting[i].calls, i == 2 ? 2 : 1);
    assert_true(gate_is_open(gate));
    gate_free(&gate);
}

static void a_probe_that_will_answer_later_lets_nobody_through(void **state)
{
    (void)state;
    struct gate *gate = make(1, true);
    struct waiting waiting = {0};
    probes = 0;
    probe_answer = false;
    gate_failure(gate, "away");
    wait_at(gate, &waiting);
    event_base_dispatch(base); /* ends when no timer is left: the probe has been asked */
    assert_int_equal(probes, 1);
    assert_int_equal(waiting.calls, 0);
    gate_success(gate);
    event_base_dispatch(base);
    assert_int_equal(waiting.calls, 1);
    gate_free(&gate);
}

/* A proxy that accepts connections and cuts them is no relay: with the connection alone nothing is back. */
static void what_can_be_reached_is_only_tried_and_one_failure_shuts_it_again(void **state)
{
    (void)state;
    struct gate *gate = make(3, true);
    struct waiting waiting = {0};
    probe_answer = false;
    for (int i = 0; i < 3; i++)
        gate_failure(gate, "away");
    wait_at(gate, &waiting);
    gate_reachable(gate); /* from before: the delay is not over */
    assert_false(gate_is_open(gate));
    event_base_dispatch(base);
    waiting.fails_once = true;
    gate_reachable(gate);
    assert_int_equal(waiting.calls, 0);
    event_base_dispatch(base); /* let through, failed, shut, the delay, and probed again */
    assert_int_equal(waiting.calls, 1);
    assert_false(gate_is_open(gate));
    gate_reachable(gate);
    event_base_loop(base, EVLOOP_ONCE);
    assert_int_equal(waiting.calls, 2);
    assert_true(gate_serves(gate)); /* it has had an answer */
    gate_free(&gate);
}

static void an_open_gate_serves_only_after_a_good_answer(void **state)
{
    (void)state;
    struct gate *gate = make(1, true);
    probe_answer = true;
    assert_true(gate_serves(gate));
    gate_failure(gate, "away");
    event_base_dispatch(base);
    assert_true(gate_is_open(gate));
    assert_false(gate_serves(gate));
    gate_success(gate);
    assert_true(gate_serves(gate));
    gate_free(&gate);
}

static void one_who_leaves_is_not_called(void **state)
{
    (void)state;
    struct gate *gate = make(1, false);
    struct waiting first = {0}, second = {0};
    gate_failure(gate, "away");
    wait_at(gate, &first);
    wait_at(gate, &second);
    gate_leave(&first.waiter);
    gate_leave(&first.waiter);
    event_base_dispatch(base);
    assert_int_equal(first.calls, 0);
    assert_int_equal(second.calls, 1);
    gate_free(&gate);
}

static int set_up(void **state)
{
    (void)state;
    base = event_base_new();
    return base ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    event_base_free(base);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_waiter_at_an_open_gate_goes_on_from_the_loop),
        cmocka_unit_test(it_shuts_only_after_failures_in_a_row),
        cmocka_unit_test(all_who_wait_go_on_when_it_opens_and_one_that_fails_waits_again),
        cmocka_unit_test(a_probe_that_will_answer_later_lets_nobody_through),
        cmocka_unit_test(what_can_be_reached_is_only_tried_and_one_failure_shuts_it_again),
        cmocka_unit_test(an_open_gate_serves_only_after_a_good_answer),
        cmocka_unit_test(one_who_leaves_is_not_called),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
