/* `replay`: a walk through the dead letters in batches.  Each batch is judged, what is fit is written to the
 * first retry topic and waited for, and only then do the group's offsets go past it and its result lines come
 * out.  So an interruption anywhere makes some letters come again next time, and that is harmless: the copy
 * has the same id and generation, and the workers know it.
 *
 * The walk blocks, in short waits; in between the loop has its turn, for signals and acknowledgements. */
#include "producer/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "core/uuid.h"
#include "io/clock.h"
#include "io/config_values.h"
#include "io/credential_files.h"
#include "io/kafka_walk.h"
#include "io/process.h"
#include "producer/replay_verdict.h"

enum {
    LETTERS = 256,            /* of a batch */
    BATCH_BYTES = 4 << 20,    /* of a batch's values, about */
    WAIT_MS = 100,            /* a turn of the walk */
    WALK_MS = 15000,          /* of a question, and without a letter */
    KAFKA_MS = 30000,         /* of an acknowledgement */
    LINES_LIMIT = 1024 * 1024 /* of a batch's result lines */
};

struct letter {
    struct replay *replay;
    struct kafka_record *record; /* owned */
    struct replay_letter judged;
};

struct replay {
    struct event_base *base;
    struct process_signals *signals;
    struct config_policy policy;
    struct publishers *publishers;
    struct kafka_producer *kafka;
    struct kafka_walk *walk;
    struct replay_rules rules;
    char retry_topic[RETRY_TOPIC_SIZE];
    const char *ids[COMMAND_LINE_VALUES], *reasons[COMMAND_LINE_VALUES];
    bool found[COMMAND_LINE_VALUES]; /* which of the ids */
    bool dry_run, moves;             /* moves: the group's offsets go along */
    int signal;
    struct letter letters[LETTERS];
    size_t count, under_way;
    struct buffer lines;
    uint64_t totals[REPLAY_FAILED + 1];
};

static void on_signal(void *context, int number)
{
    struct replay *replay = context;
    replay->signal = number;
}

static void delivered(void *context, const struct kafka_delivery *delivery)
{
    struct letter *letter = context;
    letter->replay->under_way--;
    if (delivery->status == STATUS_OK)
        return;
    letter->judged.verdict = REPLAY_FAILED;
    snprintf(letter->judged.why, sizeof letter->judged.why, "%s", delivery->reason);
}

static enum status send_copy(struct replay *replay, struct letter *letter, struct error *error)
{
    struct retry_copy copy;
    const struct kafka_record *record = letter->record;
    retry_copy_init(&copy, record, &letter->judged.position, &(struct retry_fault){0});
    return kafka_producer_send(replay->kafka,
                               &(struct kafka_message){
                                   .topic = replay->retry_topic,
                                   .key = record->key,
                                   .value = record->value,
                                   .headers = copy.headers,
                                   .header_count = copy.count,
                               },
                               delivered, letter, error);
}

/* Turns the loop once; it ends by itself at the latest when a delivery's deadline is over. */
static void turn(struct replay *replay, int wait_ms)
{
    const struct timeval wait = clock_span(wait_ms);
    event_base_loopexit(replay->base, &wait);
    event_base_loop(replay->base, EVLOOP_ONCE);
}

static void write_copy(struct replay *replay, struct letter *letter)
{
    struct error error = {0};
    int64_t until_ms = clock_monotonic_ms() + KAFKA_MS;
    enum status status;
    while ((status = send_copy(replay, letter, &error)) != STATUS_OK) {
        bool passing = status == STATUS_FULL || status == STATUS_UNAVAILABLE;
        if (!passing || clock_monotonic_ms() > until_ms) {
            letter->judged.verdict = REPLAY_FAILED;
            snprintf(letter->judged.why, sizeof letter->judged.why, "%s", error.text);
            return;
        }
        turn(replay, WAIT_MS);
    }
    replay->under_way++;
}

static void write_batch(struct replay *replay)
{
    for (size_t i = 0; i < replay->count && !replay->dry_run; i++)
        if (replay->letters[i].judged.verdict == REPLAY_REPLAYED)
            write_copy(replay, &replay->letters[i]);
    while (replay->under_way > 0)
        turn(replay, WAIT_MS);
}

static bool pass_batch(struct replay *replay, struct error *error)
{
    bool good = true;
    for (size_t i = 0; i < replay->count; i++) {
        const struct letter *letter = &replay->letters[i];
        replay->totals[letter->judged.verdict]++;
        good &= letter->judged.verdict != REPLAY_FAILED;
        if (letter->judged.verdict == REPLAY_FAILED)
            kafka_walk_stop_at(replay->walk, letter->record);
        else
            kafka_walk_pass(replay->walk, letter->record);
    }
    if (!good)
        error_set(error, STATUS_UNAVAILABLE, "Kafka did not acknowledge all copies: replay again later");
    struct error commit = {0};
    if (replay->moves && kafka_walk_commit(replay->walk, &commit) != STATUS_OK) {
        *error = commit;
        good = false;
    }
    return good;
}

static bool tell_batch(struct replay *replay, struct error *error)
{
    buffer_reset(&replay->lines);
    for (size_t i = 0; i < replay->count; i++)
        if (replay->letters[i].judged.verdict != REPLAY_UNPICKED)
            replay_write(&replay->letters[i].judged, replay->letters[i].record, replay->dry_run,
                         &replay->lines);
    if (fwrite(buffer_text(&replay->lines).bytes, 1, replay->lines.size, stdout) == replay->lines.size &&
        fflush(stdout) == 0)
        return true;
    error_set(error, STATUS_INTERNAL, "the result lines cannot be written");
    return false;
}

static void clear_batch(struct replay *replay)
{
    for (size_t i = 0; i < replay->count; i++)
        kafka_record_free(&replay->letters[i].record);
    replay->count = 0;
}

static void judge(struct replay *replay, struct kafka_record *record)
{
    struct letter *letter = &replay->letters[replay->count++];
    letter->replay = replay;
    letter->record = record;
    replay->rules.now_ms = clock_realtime_ms();
    replay_judge(&replay->rules, record, &letter->judged);
    for (size_t i = 0; i < replay->rules.id_count; i++)
        replay->found[i] |= strcmp(replay->ids[i], letter->judged.request_id) == 0;
}

/* OK: there may be more; NOT_FOUND: the walk is over. */
static enum status read_batch(struct replay *replay, struct error *error)
{
    size_t bytes = 0;
    while (replay->count < LETTERS && bytes < BATCH_BYTES) {
        struct kafka_record *record;
        enum status status = kafka_walk_next(replay->walk, replay->count ? 0 : WAIT_MS, &record, error);
        if (status == STATUS_FULL)
            return STATUS_OK;
        if (status != STATUS_OK)
            return status;
        bytes += record->value.size;
        judge(replay, record);
    }
    return STATUS_OK;
}

static enum status walk(struct replay *replay, struct error *error)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !replay->signal) {
        status = read_batch(replay, error);
        write_batch(replay);
        bool passed = pass_batch(replay, error);
        bool told = tell_batch(replay, error);
        clear_batch(replay);
        if (!passed || !told)
            return error->status;
        event_base_loop(replay->base, EVLOOP_NONBLOCK);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static size_t take_values(const struct command_line *line, const char *option, const char **values)
{
    size_t count = 0;
    const char *value;
    while (count < COMMAND_LINE_VALUES && (value = command_line_value(line, option, count)) != NULL)
        values[count++] = value;
    return count;
}

static enum status read_options(struct replay *replay, const struct command_line *line, struct error *error)
{
    enum reason reason;
    struct replay_rules *rules = &replay->rules;
    rules->ids = replay->ids;
    rules->reasons = replay->reasons;
    rules->id_count = take_values(line, "id", replay->ids);
    rules->reason_count = take_values(line, "reason", replay->reasons);
    rules->drop = command_line_flag(line, "drop");
    replay->dry_run = command_line_flag(line, "dry-run");
    bool picks = rules->id_count + rules->reason_count > 0;
    replay->moves = !picks && !replay->dry_run;
    for (size_t i = 0; i < rules->id_count; i++)
        if (!uuid_is_text(text_of(rules->ids[i])))
            return error_set(error, STATUS_INVALID, "--id %.60s is no request id (a UUID in lower case)",
                             rules->ids[i]);
    for (size_t i = 0; i < rules->reason_count; i++)
        if (!reason_of_name(text_of(rules->reasons[i]), &reason))
            return error_set(error, STATUS_INVALID, "--reason %.60s is no reason of a dead letter",
                             rules->reasons[i]);
    if (rules->drop && picks)
        return error_set(error, STATUS_INVALID,
                         "--drop goes past all letters: it does not go together with --id and --reason");
    return STATUS_OK;
}

static enum status open_kafka(struct replay *replay, const struct command_line *line,
                              const struct config *config, struct error *error)
{
    const struct kafka_producer_settings producer = {.properties = config_kafka_properties(config),
                                                     .deadline_ms = KAFKA_MS};
    const struct kafka_walk_settings walk_settings = {
        .properties = config_kafka_properties(config),
        .topic = config_text(config, CONFIG_TOPICS_DEAD_LETTER),
        .group = config_text(config, CONFIG_REPLAY_GROUP_ID),
        .from_beginning = command_line_flag(line, "from-beginning"),
        .deadline_ms = WALK_MS,
    };
    enum status status = kafka_walk_open(&walk_settings, &replay->walk, error);
    if (status != STATUS_OK || replay->dry_run || replay->rules.drop)
        return status;
    return kafka_producer_new(replay->base, &producer, &replay->kafka, error);
}

static enum status open_all(struct replay *replay, const struct command_line *line,
                            const struct config *config, struct error *error)
{
    const struct process_signal_callbacks callbacks = {.drain = on_signal, .context = replay};
    size_t tiers;
    const char *const *names = config_list(config, CONFIG_TOPICS_RETRY, &tiers);
    if (tiers == 0)
        return error_set(error, STATUS_CONFIG, "topics.retry is empty: there is no topic to replay through");
    retry_topic_name(config_text(config, CONFIG_TOPICS_REQUESTED), names[0], replay->retry_topic);
    config_read_policy(config, &replay->policy);
    replay->rules.policy = &replay->policy.policy;
    replay->rules.accept_unsigned =
        config_choice(config, CONFIG_POLICY_UNSIGNED_EVENTS) == CONFIG_UNSIGNED_EVENTS_ACCEPT;
    enum status status = credential_files_publishers(config_text(config, CONFIG_AUTH_PUBLISHERS_FILE),
                                                     &replay->publishers, error);
    if (status != STATUS_OK)
        return status;
    replay->rules.publishers = replay->publishers;
    replay->base = event_base_new();
    if (!replay->base)
        return error_set(error, STATUS_MEMORY, "no memory for an event loop");
    status = process_signals_new(replay->base, &callbacks, &replay->signals, error);
    return status == STATUS_OK ? open_kafka(replay, line, config, error) : status;
}

static void close_all(struct replay *replay)
{
    clear_batch(replay);
    buffer_clear(&replay->lines);
    kafka_walk_free(&replay->walk);
    kafka_producer_free(&replay->kafka);
    process_signals_free(&replay->signals);
    publishers_free(&replay->publishers);
    if (replay->base)
        event_base_free(replay->base);
}

static int tell_missing(const struct replay *replay)
{
    int code = PROCESS_EXIT_OK;
    for (size_t i = 0; i < replay->rules.id_count; i++)
        if (!replay->found[i]) {
            fprintf(stderr, "reset-producer: no readable dead letter of %s%s\n", replay->ids[i],
                    " since the last replay; --from-beginning looks at all that are kept");
            code = PROCESS_EXIT_DATA;
        }
    return code;
}

static void tell_totals(const struct replay *replay)
{
    fprintf(stderr,
            "reset-producer: %" PRIu64 " %s, %" PRIu64 " expired, %" PRIu64 " skipped, %" PRIu64
            " failed%s%s\n",
            replay->totals[replay->rules.drop ? REPLAY_DROPPED : REPLAY_REPLAYED],
            replay->rules.drop ? "dropped" : "replayed", replay->totals[REPLAY_EXPIRED],
            replay->totals[REPLAY_SKIPPED], replay->totals[REPLAY_FAILED],
            replay->dry_run ? " (dry run: nothing was written or moved)" : "",
            replay->totals[REPLAY_SKIPPED] > 0 && replay->moves
                ? "; what was skipped is found again with --from-beginning"
                : "");
}

static int end(const struct replay *replay, enum status status, const struct error *error)
{
    if (replay->walk)
        tell_totals(replay);
    if (status != STATUS_OK) {
        fprintf(stderr, "reset-producer: %s\n", error->text);
        if (status == STATUS_INVALID && !replay->walk)
            return PROCESS_EXIT_USAGE;
        if (status == STATUS_INTERNAL)
            return PROCESS_EXIT_OUTPUT;
        return status == STATUS_CONFIG ? PROCESS_EXIT_CONFIG : PROCESS_EXIT_UNAVAILABLE;
    }
    if (replay->signal)
        return 128 + replay->signal;
    return tell_missing(replay);
}

int replay_command(const struct command_line *line, const struct config *config)
{
    struct replay *replay = calloc(1, sizeof *replay);
    struct error error = {0};
    if (!replay)
        return PROCESS_EXIT_SOFTWARE;
    buffer_init(&replay->lines, LINES_LIMIT);
    enum status status = read_options(replay, line, &error);
    if (status == STATUS_OK)
        status = open_all(replay, line, config, &error);
    if (status == STATUS_OK)
        status = walk(replay, &error);
    int code = end(replay, status, &error);
    close_all(replay);
    free(replay);
    return code;
}
