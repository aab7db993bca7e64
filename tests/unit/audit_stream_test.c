/* Audit lines go out whole and in order, or are counted; nobody waits for their reader. */
#include "support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "io/audit_stream.h"
#include "io/metrics.h"

struct world {
    struct event_base *base;
    struct metrics *metrics;
    struct audit_stream *stream;
    int reader, writer;
};

static void begin(struct world *world, int reader, int writer)
{
    struct error error;
    *world = (struct world){event_base_new(), metrics_new("test"), NULL, reader, writer};
    assert_ok(audit_stream_new(world->base, writer, world->metrics, &world->stream, &error), &error);
}

static void end(struct world *world)
{
    audit_stream_free(&world->stream, 0);
    metrics_free(&world->metrics);
    event_base_free(world->base);
    close(world->reader);
    close(world->writer);
}

static double dropped(const struct world *world)
{
    return metrics_value(world->metrics, METRIC_AUDIT_LINES_DROPPED, NO_LABELS);
}

/* Reads all lines "line N" until `until` of them came, the loop turning; they must ascend. */
static size_t read_lines(struct world *world, size_t until)
{
    static char bytes[65536 + 64];
    size_t lines = 0, kept = 0;
    long last = -1;
    fcntl(world->reader, F_SETFL, O_NONBLOCK);
    while (lines < until) {
        event_base_loop(world->base, EVLOOP_NONBLOCK);
        ssize_t got = read(world->reader, bytes + kept, sizeof bytes - 1 - kept);
        if (got <= 0)
            continue;
        kept += (size_t)got;
        bytes[kept] = 0;
        char *at = bytes;
        for (char *line_end; (line_end = strchr(at, '\n')); at = line_end + 1, lines++) {
            *line_end = 0;
            assert_int_equal(strncmp(at, "line ", 5), 0);
            long number = strtol(at + 5, NULL, 10);
            assert_true(number > last);
            last = number;
        }
        kept -= (size_t)(at - bytes);
        memmove(bytes, at, kept);
    }
    assert_int_equal(kept, 0);
    return lines;
}

static void write_lines(struct world *world, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char line[64];
        int size = snprintf(line, sizeof line, "line %zu ..............................", i);
        audit_stream_write(world->stream, (struct text){line, (size_t)size});
    }
}

static void lines_arrive_whole_and_in_order(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct world world;
        int ends[2];
        assert_int_equal(kind ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends), 0);
        begin(&world, ends[0], ends[1]);
        write_lines(&world, 20000); /* far more than a pipe holds at once */
        assert_int_equal(read_lines(&world, 20000), 20000);
        assert_int_equal(dropped(&world), 0);
        assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0); /* what others share is left as it was */
        end(&world);
    }
}

static void a_reader_that_is_too_slow_costs_whole_lines_that_are_counted(void **state)
{
    (void)state;
    struct world world;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    begin(&world, ends[0], ends[1]);
    for (int turn = 0; turn < 3; turn++) {
        char line[1024];
        memset(line, 'x', sizeof line);
        for (int i = 0; i < 1000; i++)
            audit_stream_write(world.stream, (struct text){line, sizeof line});
        event_base_loop(world.base, EVLOOP_NONBLOCK);
    }
    double lost = dropped(&world);
    assert_true(lost > 1000 && lost < 2100);
    audit_stream_free(&world.stream, 0);
    assert_true(dropped(&world) > lost);
    end(&world);
}

static void a_reader_that_is_gone_is_survived(void **state)
{
    (void)state;
    struct world world;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    begin(&world, ends[0], ends[1]);
    close(ends[0]);
    write_lines(&world, 3);
    event_base_loop(world.base, EVLOOP_NONBLOCK);
    assert_int_equal(dropped(&world), 3);
    write_lines(&world, 2);
    assert_int_equal(dropped(&world), 5);
    end(&world);
}

static void set_room(rlim_t size)
{
    struct rlimit limit = {.rlim_cur = size, .rlim_max = RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_costs_lines_that_are_counted_until_there_is_room_again(void **state)
{
    (void)state;
    struct world world;
    FILE *file = tmpfile();
    begin(&world, -1, dup(fileno(file)));
    set_room(100);
    write_lines(&world, 5); /* of 38 bytes */
    event_base_loop(world.base, EVLOOP_NONBLOCK);
    write_lines(&world, 4);
    event_base_loop(world.base, EVLOOP_NONBLOCK);
    assert_int_equal(dropped(&world), 7);
    set_room(10000);
    write_lines(&world, 3);
    event_base_loop(world.base, EVLOOP_NONBLOCK);
    rewind(file);
    char line[64];
    size_t whole = 0;
    while (fgets(line, sizeof line, file))
        whole += strlen(line) == strlen("line 0 ..............................\n");
    assert_int_equal(whole, 5); /* what was cut stands on a line of its own */
    assert_int_equal(dropped(&world), 7);
    set_room(RLIM_INFINITY);
    fclose(file);
    end(&world);
}

static void a_file_takes_everything(void **state)
{
    (void)state;
    struct world world;
    FILE *file = tmpfile();
    begin(&world, -1, dup(fileno(file)));
    write_lines(&world, 100);
    audit_stream_free(&world.stream, 1000);
    rewind(file);
    char line[64];
    size_t lines = 0;
    while (fgets(line, sizeof line, file))
        lines++;
    assert_int_equal(lines, 100);
    fclose(file);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_arrive_whole_and_in_order),
        cmocka_unit_test(a_reader_that_is_too_slow_costs_whole_lines_that_are_counted),
        cmocka_unit_test(a_reader_that_is_gone_is_survived),
        cmocka_unit_test(a_full_disk_costs_lines_that_are_counted_until_there_is_room_again),
        cmocka_unit_test(a_file_takes_everything),
    };
    signal(SIGPIPE, SIG_IGN); /* as process_harden does */
    signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
