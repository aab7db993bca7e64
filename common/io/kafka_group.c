/* Life in the group: partitions come and go, low marks are stored, and in the end we leave.
 *
 * Assigned: each partition's queue is forwarded to its lane's BEFORE the fetching starts, so that no record
 * ever stands between the rebalances.  Revoked: the worker is told first; then the low marks are stored, and
 * librdkafka commits them before it answers the group; an assignment that was lost commits nothing, its
 * partitions have another owner. Committing is librdkafka's (auto commit of what was stored): it knows when a
 * commit is allowed, we know what is done. */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/clock.h"
#include "io/failpoint.h"
#include "io/kafka_conf.h"
#include "io/kafka_consumer_state.h"

void kafka_consumer_say(const struct kafka_consumer *consumer, int severity, const char *facility,
                        const char *text)
{
    kafka_conf_say(consumer->callbacks.notice, consumer->callbacks.context, severity, facility, "%s", text);
}

static bool find_lane(const struct kafka_consumer *consumer, const char *topic, size_t *lane)
{
    for (*lane = 0; *lane < consumer->lane_count; (*lane)++)
        if (strcmp(consumer->lanes[*lane].topic, topic) == 0)
            return true;
    return false;
}

/* _STATE: not ours any more, the revocation is on its way.  Whatever else it is, the offset stands until it
 * is stored: nobody else would look at it again before the partition's next record ends. */
static void look_at_stored(struct kafka_consumer *consumer, const rd_kafka_topic_partition_list_t *list)
{
    const struct timeval soon = {.tv_sec = 1};
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *element = &list->elems[i];
        size_t lane;
        if (!element->err || element->err == RD_KAFKA_RESP_ERR__STATE ||
            !find_lane(consumer, element->topic, &lane))
            continue;
        struct kafka_share *share = kafka_assignment_find(&consumer->assignment, lane, element->partition);
        kafka_consumer_say(consumer, 4, rd_kafka_err2name(element->err), "an offset could not be stored");
        if (share)
            share->stored = -1;
        event_add(consumer->store_timer, &soon);
    }
}

static void store(struct kafka_consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
    if (!FAILPOINT("kafka.store")) {
        rd_kafka_offsets_store(consumer->handle, list);
        return;
    }
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].err = RD_KAFKA_RESP_ERR__FAIL;
}

void kafka_group_store(struct kafka_consumer *consumer)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    for (size_t i = 0; i < consumer->assignment.count; i++) {
        struct kafka_share *share = &consumer->assignment.shares[i];
        int64_t low = offsets_low(&share->offsets);
        if (low < 0 || low == share->stored)
            continue;
        if (list == NULL)
            list = rd_kafka_topic_partition_list_new((int)consumer->assignment.count);
        rd_kafka_topic_partition_list_add(list, consumer->lanes[share->id.lane].topic, share->id.partition)
            ->offset = low;
        share->stored = low;
    }
    if (list == NULL)
        return;
    store(consumer, list);
    look_at_stored(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
}

static void forward(struct kafka_consumer *consumer, const struct kafka_lane *lane, int32_t partition)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_partition(consumer->handle, lane->topic, partition);
    if (queue) {
        rd_kafka_queue_forward(queue, lane->queue.queue);
        rd_kafka_queue_destroy(queue); /* only this reference to it */
    }
}

/* The partitions as the callbacks see them.  Their place was made with the assignment: a revocation cannot
 * wait for memory. */
static const struct kafka_partition *ids_of(struct kafka_consumer *consumer)
{
    for (size_t i = 0; i < consumer->assignment.count; i++)
        consumer->ids[i] = consumer->assignment.shares[i].id;
    return consumer->ids;
}

static enum status take_over(struct kafka_consumer *consumer, const rd_kafka_topic_partition_list_t *list)
{
    size_t count = 0;
    struct kafka_partition *ids = calloc(list->cnt > 0 ? (size_t)list->cnt : 1, sizeof *ids);
    if (ids == NULL)
        return STATUS_MEMORY;
    for (int i = 0; i < list->cnt; i++) {
        ids[count].partition = list->elems[i].partition;
        if (find_lane(consumer, list->elems[i].topic, &ids[count].lane))
            count++;
    }
    enum status status = kafka_assignment_set(&consumer->assignment, ids, count);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        forward(consumer, &consumer->lanes[ids[i].lane], ids[i].partition);
    free(consumer->ids);
    consumer->ids = ids;
    return status;
}

/* False: no memory.  Until the group is answered nothing is fetched, and it keeps us as a member. */
static bool assign(struct kafka_consumer *consumer, const rd_kafka_topic_partition_list_t *list)
{
    if (take_over(consumer, list) != STATUS_OK)
        return false;
    rd_kafka_assign(consumer->handle, list);
    consumer->member = true;
    consumer->trouble[0] = '\0';
    if (consumer->callbacks.assigned)
        consumer->callbacks.assigned(consumer->callbacks.context, ids_of(consumer),
                                     consumer->assignment.count);
    for (size_t i = 0; i < consumer->lane_count; i++)
        kafka_queue_again(&consumer->lanes[i].queue);
    return true;
}

void kafka_group_drop_unassigned(struct kafka_consumer *consumer)
{
    if (consumer->unassigned)
        rd_kafka_event_destroy(consumer->unassigned);
    consumer->unassigned = NULL;
}

void kafka_group_look(struct kafka_consumer *consumer)
{
    if (consumer->unassigned && assign(consumer, rd_kafka_event_topic_partition_list(consumer->unassigned)))
        kafka_group_drop_unassigned(consumer);
}

static void revoke(struct kafka_consumer *consumer)
{
    bool lost = rd_kafka_assignment_lost(consumer->handle) != 0;
    if (consumer->member)
        consumer->outside_ms = clock_monotonic_ms();
    consumer->member = false;
    if (consumer->assignment.count > 0)
        consumer->callbacks.revoked(consumer->callbacks.context, ids_of(consumer), consumer->assignment.count,
                                    lost);
    if (!lost)
        kafka_group_store(consumer);
    for (size_t i = 0; i < consumer->lane_count; i++) {
        kafka_lane_drop_held(&consumer->lanes[i]);
        kafka_lane_take_up(&consumer->lanes[i]); /* or it would come back paused */
    }
    kafka_assignment_clear(&consumer->assignment);
    rd_kafka_assign(consumer->handle, NULL);
}

/* True: the event is kept. */
static bool on_rebalance(struct kafka_consumer *consumer, rd_kafka_event_t *event)
{
    kafka_group_drop_unassigned(consumer);
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        revoke(consumer);
        return false;
    }
    if (assign(consumer, rd_kafka_event_topic_partition_list(event)))
        return false;
    kafka_consumer_say(consumer, 3, "MEMORY", "no memory for an assignment: it is taken over later");
    consumer->unassigned = event;
    return true;
}

static void on_commit(struct kafka_consumer *consumer, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    (void)FAILPOINT("kafka.commit.answer");
    if (code && code != RD_KAFKA_RESP_ERR__NO_OFFSET)
        kafka_conf_say(consumer->callbacks.notice, consumer->callbacks.context, 4, rd_kafka_err2name(code),
                       "offsets were not committed: %s", rd_kafka_err2str(code));
}

/* A fatal error comes as an event under its own name, and perhaps in a lane's queue: so the handle is asked.
 */
static void look_for_fatal(struct kafka_consumer *consumer)
{
    char reason[200] = "";
    struct error error;
    if (consumer->fatal || rd_kafka_fatal_error(consumer->handle, reason, sizeof reason) == 0)
        return;
    consumer->fatal = true;
    error_set(&error, STATUS_UNAVAILABLE, "the Kafka consumer is beyond repair: %s", reason);
    if (consumer->callbacks.failed)
        consumer->callbacks.failed(consumer->callbacks.context, &error);
}

/* Cannot happen: the lanes' queues take all records.  Should it, the record is marked unfinished, not lost.
 */
static void on_stray_record(struct kafka_consumer *consumer, rd_kafka_event_t *event)
{
    size_t lane;
    const rd_kafka_message_t *message = rd_kafka_event_message_next(event);
    if (message == NULL || message->err || !find_lane(consumer, rd_kafka_topic_name(message->rkt), &lane))
        return;
    struct kafka_share *share = kafka_assignment_find(&consumer->assignment, lane, message->partition);
    kafka_consumer_say(consumer, 3, "STRAY",
                       "a record came outside its lane: it waits for the next assignment");
    if (share && offsets_add(&share->offsets, message->offset, 0) != STATUS_OK)
        kafka_assignment_rewind(&consumer->assignment, share);
}

/* A refusal to let us in is an error like any other, and asked for again for ever: only here it can be seen
 * that nothing comes of it. */
static void note_trouble(struct kafka_consumer *consumer, rd_kafka_event_t *event)
{
    if (!consumer->member && rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
        snprintf(consumer->trouble, sizeof consumer->trouble, "%s", rd_kafka_event_error_string(event));
}

static void read_queue(struct kafka_consumer *consumer, struct kafka_queue *queue)
{
    for (rd_kafka_event_t *event; (event = kafka_queue_next(queue)) != NULL;) {
        switch (rd_kafka_event_type(event)) {
        case RD_KAFKA_EVENT_REBALANCE:
            if (on_rebalance(consumer, event))
                continue;
            break;
        case RD_KAFKA_EVENT_OFFSET_COMMIT:
            on_commit(consumer, event);
            break;
        case RD_KAFKA_EVENT_FETCH:
            on_stray_record(consumer, event);
            break;
        default:
            note_trouble(consumer, event);
            kafka_conf_notice(consumer->handle, event, consumer->callbacks.notice,
                              consumer->callbacks.context);
        }
        rd_kafka_event_destroy(event);
    }
}

void kafka_group_read(void *context)
{
    struct kafka_consumer *consumer = context;
    read_queue(consumer, &consumer->group);
    look_for_fatal(consumer);
}

void kafka_group_read_farewell(void *context)
{
    struct kafka_consumer *consumer = context;
    read_queue(consumer, &consumer->farewell);
}
