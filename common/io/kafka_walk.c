/* A consumer with assigned partitions, without membership: the group only keeps the offsets.
 *
 * The end is the high watermark at the start, so a walk ends also when what it causes comes back to the same
 * topic.  Where the last offsets before it hold no records (compacted, trimmed, a transaction's marker) the
 * partition's EOF says that it is over.  The commit goes by a queue of its own, because librdkafka's own
 * synchronous call has no deadline. */
#include "io/kafka_walk.h"

#include <stdlib.h>

#include "io/clock.h"
#include "io/kafka_conf.h"
#include "io/kafka_delivery.h"
#include "io/kafka_message.h"
#include "io/kafka_queue.h"
#include "io/log.h"

enum { FREE_MS = 2000 };

struct walk_partition {
    int64_t start, end; /* offsets; end is exclusive */
    int64_t passed;     /* the group may be moved here; -1: nowhere */
    bool over, stopped;
};

struct kafka_walk {
    rd_kafka_t *handle;        /* owned */
    rd_kafka_queue_t *commits; /* owned */
    char topic[250];
    int deadline_ms;
    int64_t quiet_since_ms; /* monotonic: of the last record, or the start */
    struct walk_partition *partitions;
    int32_t count;
    int32_t open; /* partitions that are not over */
};

static enum status fail(const struct kafka_walk *walk, rd_kafka_resp_err_t code, const char *doing,
                        struct error *error)
{
    return error_set(error, kafka_delivery_status(code), "Kafka topic %s, %s: %s", walk->topic, doing,
                     rd_kafka_err2str(code));
}

static void on_log(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
    (void)handle;
    log_kafka(level, facility, text);
}

static enum status open_handle(struct kafka_walk *walk, const struct kafka_walk_settings *with,
                               struct error *error)
{
    rd_kafka_conf_t *conf = NULL;
    const struct kafka_conf_item items[] = {
        {.name = "client.id", .value = "reset-relay"},
        {.name = "fetch.wait.max.ms", .value = "100"},
        {.name = "queued.max.messages.kbytes", .value = "16384"},
        {.name = "group.id", .value = with->group, .fixed = true},
        {.name = "enable.auto.commit", .value = "false", .fixed = true},
        {.name = "enable.auto.offset.store", .value = "false", .fixed = true},
        {.name = "auto.offset.reset", .value = "earliest", .fixed = true},
        {.name = "enable.partition.eof", .value = "true", .fixed = true},
        {.name = NULL},
    };
    enum status status = kafka_conf_build(&with->properties, items, &conf, error);
    if (status != STATUS_OK)
        return status;
    rd_kafka_conf_set_log_cb(conf, on_log);
    status = kafka_conf_handle(RD_KAFKA_CONSUMER, conf, &walk->handle, error);
    if (status != STATUS_OK)
        return status;
    rd_kafka_poll_set_consumer(walk->handle);
    walk->commits = rd_kafka_queue_new(walk->handle);
    return STATUS_OK;
}

static enum status count_partitions(struct kafka_walk *walk, struct error *error)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(walk->handle, walk->topic, NULL);
    if (!topic)
        return fail(walk, rd_kafka_last_error(), "the name", error);
    rd_kafka_resp_err_t code = rd_kafka_metadata(walk->handle, 0, topic, &metadata, walk->deadline_ms);
    rd_kafka_topic_destroy(topic);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topic_cnt == 1)
        code = metadata->topics[0].err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topic_cnt == 1)
        walk->count = metadata->topics[0].partition_cnt;
    if (metadata)
        rd_kafka_metadata_destroy(metadata);
    if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT)
        return error_set(error, STATUS_UNAVAILABLE, "no Kafka broker answers: %s", rd_kafka_err2str(code));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fail(walk, code, "its partitions", error);
    walk->partitions = calloc((size_t)walk->count + 1, sizeof *walk->partitions);
    return walk->partitions ? STATUS_OK : error_set(error, STATUS_MEMORY, "no memory for a walk");
}

static enum status find_ends(struct kafka_walk *walk, struct error *error)
{
    for (int32_t i = 0; i < walk->count; i++) {
        struct walk_partition *partition = &walk->partitions[i];
        rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
            walk->handle, walk->topic, i, &partition->start, &partition->end, walk->deadline_ms);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
            return fail(walk, code, "its end", error);
        partition->passed = -1;
    }
    return STATUS_OK;
}

static enum status find_starts(struct kafka_walk *walk, rd_kafka_topic_partition_list_t *list,
                               struct error *error)
{
    for (int32_t i = 0; i < walk->count; i++)
        rd_kafka_topic_partition_list_add(list, walk->topic, i);
    rd_kafka_resp_err_t code = rd_kafka_committed(walk->handle, list, walk->deadline_ms);
    for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        struct walk_partition *partition = &walk->partitions[list->elems[i].partition];
        code = list->elems[i].err;
        if (list->elems[i].offset > partition->start)
            partition->start = list->elems[i].offset;
    }
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? STATUS_OK : fail(walk, code, "the group's offsets", error);
}

/* Where the topic has nothing since that time, the answer is the end: -1. */
static rd_kafka_resp_err_t ask_times(struct kafka_walk *walk, rd_kafka_topic_partition_list_t *list,
                                     int64_t time_ms)
{
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = time_ms;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(walk->handle, list, walk->deadline_ms);
    for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        code = list->elems[i].err;
    return code;
}

/* librdkafka's mock cluster says "the end" of every time: a partition that has records and none since 1970 is
 * such a one's. */
static enum status knows_times(struct kafka_walk *walk, bool *knows, struct error *error)
{
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    int32_t full = 0;
    while (full < walk->count && walk->partitions[full].start >= walk->partitions[full].end)
        full++;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    *knows = full < walk->count;
    if (*knows) {
        rd_kafka_topic_partition_list_add(one, walk->topic, full);
        code = ask_times(walk, one, 1);
        *knows = one->elems[0].offset >= 0;
    }
    rd_kafka_topic_partition_list_destroy(one);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? STATUS_OK : fail(walk, code, "its first time", error);
}

static enum status find_time(struct kafka_walk *walk, rd_kafka_topic_partition_list_t *list, int64_t from_ms,
                             struct error *error)
{
    bool knows = false;
    enum status status = knows_times(walk, &knows, error);
    if (status != STATUS_OK || !knows)
        return status;
    for (int32_t i = 0; i < walk->count; i++)
        rd_kafka_topic_partition_list_add(list, walk->topic, i);
    rd_kafka_resp_err_t code = ask_times(walk, list, from_ms);
    for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        struct walk_partition *partition = &walk->partitions[list->elems[i].partition];
        int64_t offset = list->elems[i].offset;
        if (offset < 0 || offset > partition->start)
            partition->start = offset < 0 ? partition->end : offset;
    }
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? STATUS_OK : fail(walk, code, "a time in it", error);
}

static enum status assign(struct kafka_walk *walk, rd_kafka_topic_partition_list_t *list, struct error *error)
{
    for (int32_t i = 0; i < walk->count; i++) {
        struct walk_partition *partition = &walk->partitions[i];
        partition->over = partition->start >= partition->end;
        if (partition->over)
            continue;
        walk->open++;
        rd_kafka_topic_partition_list_add(list, walk->topic, i)->offset = partition->start;
    }
    rd_kafka_resp_err_t code =
        walk->open > 0 ? rd_kafka_assign(walk->handle, list) : RD_KAFKA_RESP_ERR_NO_ERROR;
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? STATUS_OK : fail(walk, code, "reading it", error);
}

static enum status find_way(struct kafka_walk *walk, const struct kafka_walk_settings *with,
                            struct error *error)
{
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(walk->count);
    rd_kafka_topic_partition_list_t *assigned = rd_kafka_topic_partition_list_new(walk->count);
    enum status status = find_ends(walk, error);
    if (status == STATUS_OK && !with->from_beginning)
        status = find_starts(walk, offsets, error);
    else if (status == STATUS_OK && with->from_ms > 0)
        status = find_time(walk, offsets, with->from_ms, error);
    if (status == STATUS_OK)
        status = assign(walk, assigned, error);
    rd_kafka_topic_partition_list_destroy(offsets);
    rd_kafka_topic_partition_list_destroy(assigned);
    return status;
}

enum status kafka_walk_open(const struct kafka_walk_settings *with, struct kafka_walk **result,
                            struct error *error)
{
    struct kafka_walk *walk = calloc(1, sizeof *walk);
    if (!walk)
        return error_set(error, STATUS_MEMORY, "no memory for a walk");
    snprintf(walk->topic, sizeof walk->topic, "%s", with->topic);
    walk->deadline_ms = with->deadline_ms;
    enum status status = open_handle(walk, with, error);
    if (status == STATUS_OK)
        status = count_partitions(walk, error);
    if (status == STATUS_OK)
        status = find_way(walk, with, error);
    if (status != STATUS_OK) {
        kafka_walk_free(&walk);
        return status;
    }
    walk->quiet_since_ms = clock_monotonic_ms();
    *result = walk;
    return STATUS_OK;
}

void kafka_walk_free(struct kafka_walk **walk)
{
    struct kafka_walk *gone = *walk;
    *walk = NULL;
    if (!gone)
        return;
    if (gone->commits)
        rd_kafka_queue_destroy(gone->commits);
    kafka_handle_destroy(&gone->handle, FREE_MS, false);
    free(gone->partitions);
    free(gone);
}

static void end_partition(struct kafka_walk *walk, struct walk_partition *partition)
{
    walk->open -= !partition->over;
    partition->over = true;
}

/* OK with no record: the message was none of ours. */
static enum status take(struct kafka_walk *walk, const rd_kafka_message_t *message,
                        struct kafka_record **record, struct error *error)
{
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return fail(walk, message->err, "reading it", error);
    struct walk_partition *partition = &walk->partitions[message->partition];
    bool inside = !partition->over && message->offset < partition->end;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF || message->offset >= partition->end - 1)
        end_partition(walk, partition);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF || !inside)
        return STATUS_OK;
    *record = kafka_record_of(
        message, (struct kafka_reference){.partition = message->partition, .offset = message->offset});
    return *record ? STATUS_OK : error_set(error, STATUS_MEMORY, "no memory for a record");
}

enum status kafka_walk_next(struct kafka_walk *walk, int wait_ms, struct kafka_record **record,
                            struct error *error)
{
    int64_t until_ms = clock_monotonic_ms() + wait_ms;
    *record = NULL;
    while (walk->open > 0) {
        int64_t left_ms = until_ms - clock_monotonic_ms();
        rd_kafka_message_t *message = rd_kafka_consumer_poll(walk->handle, left_ms > 0 ? (int)left_ms : 0);
        if (message) {
            enum status status = take(walk, message, record, error);
            rd_kafka_message_destroy(message);
            walk->quiet_since_ms = clock_monotonic_ms();
            if (status != STATUS_OK || *record)
                return status;
        } else if (clock_monotonic_ms() - walk->quiet_since_ms > walk->deadline_ms) {
            return error_set(error, STATUS_TIMEOUT, "Kafka topic %s: no records for %d s", walk->topic,
                             walk->deadline_ms / 1000);
        } else if (left_ms <= 0) {
            return error_set(error, STATUS_FULL, "Kafka topic %s: no records yet", walk->topic);
        }
    }
    return error_set(error, STATUS_NOT_FOUND, "Kafka topic %s is walked to its end", walk->topic);
}

void kafka_walk_pass(struct kafka_walk *walk, const struct kafka_record *record)
{
    struct walk_partition *partition = &walk->partitions[record->reference.partition];
    if (!partition->stopped)
        partition->passed = record->reference.offset + 1;
}

void kafka_walk_stop_at(struct kafka_walk *walk, const struct kafka_record *record)
{
    walk->partitions[record->reference.partition].stopped = true;
}

static rd_kafka_resp_err_t commit_list(struct kafka_walk *walk, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t code = rd_kafka_commit_queue(walk->handle, list, walk->commits, NULL, NULL);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return code;
    rd_kafka_event_t *event = rd_kafka_queue_poll(walk->commits, walk->deadline_ms);
    if (!event)
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    code = rd_kafka_event_error(event);
    rd_kafka_topic_partition_list_t *answered = rd_kafka_event_topic_partition_list(event);
    for (int i = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && answered && i < answered->cnt; i++)
        code = answered->elems[i].err;
    rd_kafka_event_destroy(event);
    return code;
}

enum status kafka_walk_commit(struct kafka_walk *walk, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(walk->count);
    for (int32_t i = 0; i < walk->count; i++)
        if (walk->partitions[i].passed >= 0)
            rd_kafka_topic_partition_list_add(list, walk->topic, i)->offset = walk->partitions[i].passed;
    rd_kafka_resp_err_t code = list->cnt > 0 ? commit_list(walk, list) : RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_topic_partition_list_destroy(list);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fail(walk, code, "moving the group's offsets", error);
    for (int32_t i = 0; i < walk->count; i++)
        walk->partitions[i].passed = -1;
    return STATUS_OK;
}
