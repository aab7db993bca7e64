/* Reading one lane: as many records as there is room for, never more.
 *
 * What does not fit stays in librdkafka's queue, which stops fetching at its own limit.  A pause throws away
 * what was fetched, so only a lane that is set aside for long is paused.  One record may be held here: one
 * whose partition has an unfinished record so far back that the window of offsets is full, or one for which
 * there was no memory. The lane then rests until that partition moves, or a second has gone by: what was read
 * is never left out, because whoever completes the next record would commit past it. */
#include <stdlib.h>

#include "io/failpoint.h"
#include "io/kafka_conf.h"
#include "io/kafka_consumer_state.h"
#include "io/kafka_message.h"

enum { RECORDS_A_TURN = 512 };

enum taken { TAKEN, DROPPED, HELD };

static void drop_unread(struct kafka_lane *lane)
{
    if (lane->unread)
        rd_kafka_event_destroy(lane->unread);
    lane->unread = NULL;
    lane->unread_message = NULL;
}

void kafka_lane_drop_held(struct kafka_lane *lane)
{
    kafka_record_free(&lane->held);
    lane->stalled = lane->counted = false;
    drop_unread(lane);
}

void kafka_lane_look(struct kafka_lane *lane)
{
    if (lane->held || lane->unread)
        kafka_queue_again(&lane->queue);
}

static void for_partitions(const struct kafka_lane *lane,
                           rd_kafka_resp_err_t (*change)(rd_kafka_t *, rd_kafka_topic_partition_list_t *))
{
    const struct kafka_consumer *consumer = lane->consumer;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)consumer->assignment.count);
    for (size_t i = 0; i < consumer->assignment.count; i++)
        if (consumer->assignment.shares[i].id.lane == lane->number)
            rd_kafka_topic_partition_list_add(list, lane->topic, consumer->assignment.shares[i].id.partition);
    if (list->cnt > 0)
        change(consumer->handle, list);
    rd_kafka_topic_partition_list_destroy(list);
}

/* What was fetched before a pause is dropped by librdkafka when somebody asks for it. */
static void drop_fetched(struct kafka_lane *lane)
{
    rd_kafka_event_t *event = lane->held || lane->unread ? NULL : kafka_queue_next(&lane->queue);
    if (event == NULL)
        return;
    if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_FETCH ||
        (lane->unread_message = rd_kafka_event_message_next(event)) == NULL) {
        kafka_conf_notice(lane->consumer->handle, event, lane->consumer->callbacks.notice,
                          lane->consumer->callbacks.context);
        rd_kafka_event_destroy(event);
        return;
    }
    lane->unread = event; /* it is counted as read: it is not asked for again */
}

void kafka_lane_set_aside(struct kafka_lane *lane)
{
    if (lane->aside)
        return;
    lane->aside = true;
    for_partitions(lane, rd_kafka_pause_partitions);
    drop_fetched(lane);
}

void kafka_lane_take_up(struct kafka_lane *lane)
{
    if (!lane->aside)
        return;
    lane->aside = false;
    for_partitions(lane, rd_kafka_resume_partitions);
}

static enum status add_offset(struct kafka_lane *lane, struct kafka_share *share,
                              const struct kafka_record *record)
{
    int64_t offset = record->reference.offset, seconds = record->timestamp_ms / 1000;
    enum status status = offsets_add(&share->offsets, offset, seconds);
    if (status != STATUS_INVALID)
        return status;
    /* Lower than what was read before: the log was cut or the topic made anew, and the position was reset. */
    kafka_consumer_say(lane->consumer, 4, "REWIND", "a partition goes on at a lower offset than before");
    kafka_assignment_rewind(&lane->consumer->assignment, share);
    return offsets_add(&share->offsets, offset, seconds);
}

static enum taken hold(struct kafka_lane *lane, struct kafka_record *record, bool stalled, bool counted)
{
    lane->held = record;
    lane->stalled = stalled;
    lane->counted = counted;
    return HELD;
}

/* Takes the record.  `counted`: its offset is in the window. */
static enum taken give_out(struct kafka_lane *lane, struct kafka_record *record, bool counted)
{
    struct kafka_consumer *consumer = lane->consumer;
    struct kafka_share *share =
        kafka_assignment_find(&consumer->assignment, lane->number, record->reference.partition);
    if (share == NULL) { /* of an assignment that is over: the next owner gets it */
        kafka_record_free(&record);
        return DROPPED;
    }
    enum status status = counted ? STATUS_OK : add_offset(lane, share, record);
    if (status != STATUS_OK)
        return hold(lane, record, status == STATUS_FULL, false);
    record->reference.epoch = share->id.epoch;
    if (consumer->callbacks.record(consumer->callbacks.context, lane->number, record))
        return TAKEN;
    return hold(lane, record, false, true);
}

static enum taken take_message(struct kafka_lane *lane, const rd_kafka_message_t *message)
{
    if (message->err) {
        kafka_consumer_say(lane->consumer, 4, rd_kafka_err2name(message->err),
                           rd_kafka_message_errstr(message));
        return DROPPED;
    }
    const struct kafka_reference reference = {
        .lane = lane->number, .partition = message->partition, .offset = message->offset};
    struct kafka_record *record = FAILPOINT("kafka.record") ? NULL : kafka_record_of(message, reference);
    return record ? give_out(lane, record, false) : HELD;
}

static enum taken take_event(struct kafka_lane *lane, rd_kafka_event_t *event)
{
    const struct kafka_consumer_callbacks *callbacks = &lane->consumer->callbacks;
    const rd_kafka_message_t *message;
    enum taken taken = DROPPED;
    if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_FETCH)
        kafka_conf_notice(lane->consumer->handle, event, callbacks->notice, callbacks->context);
    else if ((message = rd_kafka_event_message_next(event)) != NULL) /* one for each event, in all versions */
        taken = take_message(lane, message);
    if (taken == HELD && !lane->held) {
        kafka_consumer_say(lane->consumer, 3, "MEMORY", "no memory for a record: its lane waits");
        lane->unread = event;
        lane->unread_message = message;
        return HELD;
    }
    rd_kafka_event_destroy(event);
    return taken;
}

static enum taken take_held(struct kafka_lane *lane)
{
    struct kafka_record *record = lane->held;
    bool counted = lane->counted;
    lane->held = NULL;
    lane->stalled = lane->counted = false;
    return give_out(lane, record, counted);
}

static enum taken take_unread(struct kafka_lane *lane)
{
    enum taken taken = take_message(lane, lane->unread_message);
    if (taken != HELD || lane->held)
        drop_unread(lane);
    return taken;
}

/* False: nothing to take. */
static bool take_next(struct kafka_lane *lane, enum taken *taken)
{
    if (lane->held || lane->unread) {
        *taken = lane->held ? take_held(lane) : take_unread(lane);
        return true;
    }
    rd_kafka_event_t *event = kafka_queue_next(&lane->queue);
    if (event)
        *taken = take_event(lane, event);
    return event != NULL;
}

void kafka_lane_read(void *context)
{
    struct kafka_lane *lane = context;
    struct kafka_consumer *consumer = lane->consumer;
    size_t room = 0;
    for (size_t left = RECORDS_A_TURN; left > 0; left--) {
        enum taken taken;
        if (consumer->closing)
            return;
        if (room == 0)
            room = consumer->callbacks.room(consumer->callbacks.context, lane->number);
        if (room == 0)
            return; /* rests until kafka_consumer_resume() */
        if (!take_next(lane, &taken) || taken == HELD)
            return;
        if (taken == TAKEN)
            room--;
    }
    kafka_queue_again(&lane->queue);
}
