/* Walks the audit topic once, from where the request can have its first record to the end as it was at the
 * start, and tells what was found when the walk is over: records of several partitions come in no order.
 *
 * The group that the walk names keeps no offsets and has no members; nothing is moved. */
#include "producer/trail.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "core/timestamp.h"
#include "core/uuid.h"
#include "io/config_values.h"
#include "io/kafka_walk.h"
#include "io/process.h"
#include "producer/trail_story.h"

enum {
    WAIT_MS = 100,             /* a turn of the walk */
    WALK_MS = 15000,           /* of a question, and without a record */
    EARLY_MS = 60 * 60 * 1000, /* how far the clock behind an id may be ahead of Kafka's */
    TURN_RECORDS = 1000,
    OUTPUT_LIMIT = 64 * 1024 * 1024
};

struct trail {
    struct event_base *base;
    struct process_signals *signals;
    struct kafka_walk *walk;
    struct trail_story *story;
    char id[UUID_LENGTH + 1];
    int64_t from_ms; /* 0: the beginning */
    bool cut;        /* there is more than a story holds */
    int signal;
};

static void on_signal(void *context, int number)
{
    struct trail *trail = context;
    trail->signal = number;
}

static enum status read_call(struct trail *trail, const struct command_line *line, struct error *error)
{
    struct uuid uuid;
    const char *id = command_line_operand(line, 0), *since = command_line_value(line, "since", 0);
    if (!uuid_read(text_of(id), trail->id) || !uuid_parse(text_of(trail->id), &uuid))
        return error_set(error, STATUS_INVALID, "%.60s is no request id (a UUID)", id);
    if (since && !timestamp_parse(text_of(since), &trail->from_ms))
        return error_set(error, STATUS_INVALID, "--since %.60s is no time as 2030-01-31T12:00:00Z (RFC 3339)",
                         since);
    if (!since && uuid_v7_time(&uuid, &trail->from_ms))
        trail->from_ms = trail->from_ms > EARLY_MS ? trail->from_ms - EARLY_MS : 0;
    return STATUS_OK;
}

static enum status open_all(struct trail *trail, const struct config *config, struct error *error)
{
    const struct process_signal_callbacks callbacks = {.drain = on_signal, .context = trail};
    const struct kafka_walk_settings walk_settings = {
        .properties = config_kafka_properties(config),
        .topic = config_text(config, CONFIG_TOPICS_AUDIT),
        .group = config_text(config, CONFIG_REPLAY_GROUP_ID),
        .from_beginning = true,
        .from_ms = trail->from_ms,
        .deadline_ms = WALK_MS,
    };
    trail->base = event_base_new();
    trail->story = trail_story_new(text_of(trail->id));
    if (!trail->base || !trail->story)
        return error_set(error, STATUS_MEMORY, "no memory to read the audit topic");
    enum status status = process_signals_new(trail->base, &callbacks, &trail->signals, error);
    return status == STATUS_OK ? kafka_walk_open(&walk_settings, &trail->walk, error) : status;
}

/* OK: there may be more; NOT_FOUND: the walk is over. */
static enum status read_some(struct trail *trail, struct error *error)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < TURN_RECORDS && status == STATUS_OK; i++) {
        struct kafka_record *record;
        status = kafka_walk_next(trail->walk, WAIT_MS, &record, error);
        if (status != STATUS_OK)
            break;
        status = trail_story_read(trail->story, record->value, error);
        kafka_record_free(&record);
        trail->cut = status == STATUS_FULL;
        if (trail->cut)
            return STATUS_NOT_FOUND;
    }
    return status == STATUS_FULL ? STATUS_OK : status;
}

static enum status walk(struct trail *trail, struct error *error)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !trail->signal) {
        status = read_some(trail, error);
        event_base_loop(trail->base, EVLOOP_NONBLOCK);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status tell(struct trail *trail, struct error *error)
{
    struct buffer out;
    buffer_init(&out, OUTPUT_LIMIT);
    if (isatty(STDOUT_FILENO))
        trail_story_write_table(trail->story, &out);
    else
        trail_story_write_lines(trail->story, &out);
    bool good = !out.failed && fwrite(buffer_text(&out).bytes, 1, out.size, stdout) == out.size &&
                fflush(stdout) == 0;
    buffer_clear(&out);
    return good ? STATUS_OK : error_set(error, STATUS_INTERNAL, "the records cannot be written");
}

static int end(const struct trail *trail, enum status status, const struct error *error)
{
    if (status != STATUS_OK) {
        fprintf(stderr, "reset-producer: %s\n", error->text);
        if (status == STATUS_INVALID && !trail->walk)
            return PROCESS_EXIT_USAGE;
        if (status == STATUS_INTERNAL)
            return PROCESS_EXIT_OUTPUT;
        return status == STATUS_CONFIG ? PROCESS_EXIT_CONFIG : PROCESS_EXIT_UNAVAILABLE;
    }
    if (trail->signal)
        return 128 + trail->signal;
    if (trail->cut)
        fprintf(stderr, "reset-producer: more than %d records are about %s: the others are left out\n",
                TRAIL_RECORDS_MOST, trail->id);
    if (trail_story_count(trail->story) > 0)
        return PROCESS_EXIT_OK;
    fprintf(stderr, "reset-producer: no audit record is about %s%s\n", trail->id,
            trail->from_ms ? " since then; --since 2000-01-01T00:00:00Z reads all that are kept" : "");
    return PROCESS_EXIT_FAILURE;
}

static void close_all(struct trail *trail)
{
    kafka_walk_free(&trail->walk);
    trail_story_free(&trail->story);
    process_signals_free(&trail->signals);
    if (trail->base)
        event_base_free(trail->base);
}

int trail_command(const struct command_line *line, const struct config *config)
{
    struct trail trail = {.from_ms = 0};
    struct error error = {0};
    enum status status = read_call(&trail, line, &error);
    if (status == STATUS_OK)
        status = open_all(&trail, config, &error);
    if (status == STATUS_OK)
        status = walk(&trail, &error);
    if (status == STATUS_OK && !trail.signal)
        status = tell(&trail, &error);
    int code = end(&trail, status, &error);
    close_all(&trail);
    return code;
}
