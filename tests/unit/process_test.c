/* What the process does to itself, seen from a child that does it. */
#include "support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "io/clock.h"
#include "io/process.h"

static int wait_for(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* 0, or the number of what is wrong. */
static int look_hardened(void)
{
    struct error error;
    struct rlimit limit;
    struct stat file;
    close(0);
    if (process_harden(&error) != STATUS_OK)
        return 1;
    if (prctl(PR_GET_DUMPABLE) != 0)
        return 2;
    if (getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_max != 0)
        return 3;
    if (umask(077) != 077)
        return 4;
    if (fstat(0, &file) < 0 || !S_ISCHR(file.st_mode))
        return 5;
    return raise(SIGPIPE) == 0 ? 0 : 6;
}

static void a_hardened_process_leaves_nothing_to_read(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(look_hardened());
    assert_int_equal(wait_for(child), 0);
}

struct drained {
    struct event_base *base;
    int signals, reloads;
    bool stuck;
};

static void drain(void *context, int number)
{
    struct drained *drained = context;
    drained->signals += number;
    if (drained->stuck)
        for (;;) {
            kill(getpid(), SIGTERM); /* the second, while the loop does not turn */
            pause();
        }
    event_base_loopbreak(drained->base);
}

static void reload(void *context)
{
    struct drained *drained = context;
    drained->reloads++;
    kill(getpid(), SIGTERM);
}

/* In a child: sends itself `first`, unless it is 0, runs the loop, exits with what the callbacks saw. */
static int run_with(int first, bool stuck)
{
    struct drained drained = {event_base_new(), 0, 0, stuck};
    const struct process_signal_callbacks callbacks = {drain, reload, &drained};
    struct process_signals *signals;
    struct error error;
    if (process_signals_new(drained.base, &callbacks, &signals, &error) != STATUS_OK)
        return 99;
    if (first)
        kill(getpid(), first);
    event_base_dispatch(drained.base);
    process_signals_free(&signals);
    event_base_free(drained.base);
    return drained.signals + 100 * drained.reloads;
}

static void signals_come_through_the_loop_and_the_second_ends_at_once(void **state)
{
    (void)state;
    static const struct {
        int first;
        bool stuck;
        int expected;
    } cases[] = {
        {SIGTERM, false, SIGTERM},      {SIGINT, false, SIGINT},       {SIGHUP, false, 100 + SIGTERM},
        {SIGTERM, true, 128 + SIGTERM}, {SIGINT, true, 128 + SIGTERM},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(run_with(cases[i].first, cases[i].stuck));
        assert_int_equal(wait_for(child), cases[i].expected);
    }
}

static void a_hangup_before_anybody_can_take_it_is_taken_later(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct error error;
        if (process_harden(&error) != STATUS_OK)
            _exit(98);
        kill(getpid(), SIGHUP);
        _exit(run_with(0, false));
    }
    assert_int_equal(wait_for(child), 100 + SIGTERM);
}

static void a_process_that_hangs_ends_at_last_with_its_code(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        process_end_within(0, PROCESS_EXIT_UNAVAILABLE);
        for (;;)
            pause();
    }
    assert_int_equal(wait_for(child), PROCESS_EXIT_UNAVAILABLE);
}

static void randomness_differs_and_clocks_go_forward(void **state)
{
    (void)state;
    unsigned char first[32], second[32];
    process_random(first, sizeof first);
    process_random(second, sizeof second);
    assert_memory_not_equal(first, second, sizeof first);
    int64_t before = clock_monotonic_us();
    assert_true(clock_monotonic_us() >= before);
    assert_true(clock_boottime_ms() >= clock_monotonic_ms() - 1);
    assert_true(clock_realtime_ms() > INT64_C(1700000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hardened_process_leaves_nothing_to_read),
        cmocka_unit_test(signals_come_through_the_loop_and_the_second_ends_at_once),
        cmocka_unit_test(a_hangup_before_anybody_can_take_it_is_taken_later),
        cmocka_unit_test(a_process_that_hangs_ends_at_last_with_its_code),
        cmocka_unit_test(randomness_differs_and_clocks_go_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
