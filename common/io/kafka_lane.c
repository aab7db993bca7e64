/* Reading one lane: as many records as there is room for, never more.
 *
 * What does not fit stays in librdkafka's queue, which stops fetching at its own limit; nothing is paused,
 * because a pause throws away what was fetched.  One record may be held here: one whose partition has an
 * unfinished record so far back that the window of offsets is full.  The lane then rests until that partition
 * moves. */
#include <stdlib.h>

#include "io/kafka_conf.h"
#include "io/kafka_consumer_state.h"
#include "io/kafka_message.h"

enum { RECORDS_A_TURN = 512 };

enum taken { TAKEN, DROPPED, HELD };

void kafka_lane_drop_held(struct kafka_lane *lane)
{
    kafka_record_free(&lane->held);
    lane->stalled = false;
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

/* Takes the record. */
static enum taken give_out(struct kafka_lane *lane, struct kafka_record *record)
{
    struct kafka_consumer *consumer = lane->consumer;
    struct kafka_share *share =
        kafka_assignment_find(&consumer->assignment, lane->number, record->reference.partition);
    if (share == NULL) { /* of an assignment that is over: the next owner gets it */
        kafka_record_free(&record);
        return DROPPED;
    }
    enum status status = add_offset(lane, share, record);
    if (status != STATUS_OK) {
        lane->stalled = status == STATUS_FULL;
        lane->held = record;
        return HELD;
    }
    record->reference.epoch = share->id.epoch;
    consumer->callbacks.record(consumer->callbacks.context, lane->number, record);
    return TAKEN;
}

static enum taken take_message(struct kafka_lane *lane, const rd_kafka_message_t *message)
{
    struct kafka_consumer *consumer = lane->consumer;
    if (message->err) {
        kafka_consumer_say(consumer, 4, rd_kafka_err2name(message->err), rd_kafka_message_errstr(message));
        return DROPPED;
    }
    const struct kafka_reference reference = {
        .lane = lane->number, .partition = message->partition, .offset = message->offset};
    struct kafka_record *record = kafka_record_of(message, reference);
    if (record)
        return give_out(lane, record);
    /* Without memory it is not given out and never completed, so that the next assignment begins with it. */
    struct kafka_share *share =
        kafka_assignment_find(&consumer->assignment, lane->number, message->partition);
    kafka_consumer_say(consumer, 3, "MEMORY",
                       "no memory for a record: its partition waits for the next assignment");
    if (share && offsets_add(&share->offsets, message->offset, 0) != STATUS_OK)
        kafka_assignment_rewind(&consumer->assignment, share);
    return DROPPED;
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
    rd_kafka_event_destroy(event);
    return taken;
}

/* False: nothing to take. */
static bool take_next(struct kafka_lane *lane, enum taken *taken)
{
    struct kafka_record *record = lane->held;
    if (record) {
        lane->held = NULL;
        lane->stalled = false;
        *taken = give_out(lane, record);
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
