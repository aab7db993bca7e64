/* The consumer's life: made, joined, polled, left, freed; and what it can tell about itself.
 *
 * Memory: librdkafka stops fetching for a lane when its queue (all the lane's partitions share it) holds
 * `memory` bytes of values or LANE_RECORDS records, and one answer of a broker brings 4 MB at most.  The
 * number counts: a record that came alone takes 2.3 KB beside its value, since it keeps its whole answer
 * (measured; 0.8 KB where many came together).  A broker whose every partition is over the
 * limit is looked at again within a second only (2.0.2 has no property for it); the empty retry topics, asked
 * every 100 ms, usually wake it earlier.  Membership: the group's queue is polled every second, whatever the
 * lanes do. */
#include "io/kafka_consumer.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/clock.h"
#include "io/kafka_conf.h"
#include "io/kafka_consumer_state.h"

enum { LANE_BYTES = 4 << 20, STORE_MS = 100, TICK_MS = 1000, CLOSE_LOOK_MS = 10, FREE_MS = 2000 };

#define LANE_RECORDS "4000" /* of a second, where a worker does its most */

/* A rebalance waits for its slowest member, max.poll.interval.ms at most (a minute here). */
enum { JOIN_MOST_MS = 90000 };

static void arm(struct event *timer, int delay_ms)
{
    const struct timeval delay = clock_span(delay_ms);
    event_add(timer, &delay);
}

static void on_store(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor, (void)what;
    kafka_group_store(context);
}

static void end_close(struct kafka_consumer *consumer, enum status status)
{
    kafka_closed *closed = consumer->closed;
    consumer->closed = NULL;
    consumer->left = status == STATUS_OK;
    closed(consumer->closed_context, status);
}

/* What there was no memory for is tried again: a record, or a whole assignment. */
static void look_after_memory(struct kafka_consumer *consumer)
{
    kafka_group_look(consumer);
    for (size_t i = 0; i < consumer->lane_count; i++)
        kafka_lane_look(&consumer->lanes[i]);
}

static void on_tick(evutil_socket_t descriptor, short what, void *context)
{
    struct kafka_consumer *consumer = context;
    (void)descriptor, (void)what;
    if (!consumer->closing) {
        arm(consumer->tick_timer, TICK_MS);
        kafka_group_read(consumer);
        look_after_memory(consumer);
        return;
    }
    kafka_group_read_farewell(consumer);
    if (rd_kafka_consumer_closed(consumer->handle))
        end_close(consumer, STATUS_OK);
    else if (clock_monotonic_ms() >= consumer->close_by_ms)
        end_close(consumer, STATUS_TIMEOUT);
    else
        arm(consumer->tick_timer, CLOSE_LOOK_MS);
}

static enum status build_conf(const struct kafka_consumer_settings *with, rd_kafka_conf_t **conf,
                              struct error *error)
{
    char kilobytes[24];
    snprintf(kilobytes, sizeof kilobytes, "%zu",
             (with->memory ? with->memory : (size_t)LANE_BYTES) / 1024 + 1);
    const struct kafka_conf_item items[] = {
        {.name = "client.id", .value = "reset-relay"},
        {.name = "partition.assignment.strategy", .value = "roundrobin"},
        {.name = "session.timeout.ms", .value = "15000"},
        {.name = "max.poll.interval.ms", .value = "60000"},
        {.name = "auto.commit.interval.ms", .value = "1000"},
        {.name = "queued.min.messages", .value = LANE_RECORDS},
        {.name = "queued.max.messages.kbytes", .value = kilobytes},
        {.name = "fetch.message.max.bytes", .value = "262144"},
        {.name = "fetch.max.bytes", .value = "4194304"},
        {.name = "fetch.wait.max.ms", .value = "100"},
        {.name = "fetch.error.backoff.ms", .value = "200"},
        {.name = "fetch.queue.backoff.ms", .value = "50", .optional = true}, /* since 2.2 */
        {.name = "check.crcs", .value = "true"},
        {.name = "socket.nagle.disable", .value = "true"},
        {.name = "reconnect.backoff.ms", .value = "50"},
        {.name = "reconnect.backoff.max.ms", .value = "1000"},
        {.name = "topic.metadata.refresh.interval.ms", .value = "30000"},
        {.name = "group.id", .value = with->group, .fixed = true},
        {.name = "enable.auto.commit", .value = "true", .fixed = true},
        {.name = "enable.auto.offset.store", .value = "false", .fixed = true},
        {.name = "auto.offset.reset", .value = "earliest", .fixed = true},
        {.name = NULL},
    };
    return kafka_conf_build(&with->properties, items, conf, error);
}

enum status kafka_consumer_check(const struct kafka_consumer_settings *with, struct error *error)
{
    rd_kafka_conf_t *conf = NULL;
    rd_kafka_t *handle = NULL;
    enum status status = build_conf(with, &conf, error);
    if (status == STATUS_OK)
        status = kafka_conf_handle(RD_KAFKA_CONSUMER, conf, &handle, error);
    if (handle)
        rd_kafka_destroy(handle);
    return status;
}

static enum status open_lanes(struct kafka_consumer *consumer, const struct kafka_consumer_settings *with,
                              struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < with->lanes && status == STATUS_OK; i++) {
        struct kafka_lane *lane = &consumer->lanes[i];
        *lane = (struct kafka_lane){.consumer = consumer, .number = i, .queue.descriptor = -1};
        consumer->lane_count = i + 1;
        lane->topic = strdup(with->topics[i]);
        if (lane->topic == NULL)
            return error_set(error, STATUS_MEMORY, "no memory for a Kafka consumer");
        status = kafka_queue_open(&lane->queue, consumer->base, rd_kafka_queue_new(consumer->handle),
                                  kafka_lane_read, lane, error);
    }
    return status;
}

static enum status subscribe(struct kafka_consumer *consumer, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)consumer->lane_count);
    for (size_t i = 0; i < consumer->lane_count; i++)
        rd_kafka_topic_partition_list_add(list, consumer->lanes[i].topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(consumer->handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code)
        return error_set(error, STATUS_CONFIG, "Kafka refuses the subscription: %s", rd_kafka_err2str(code));
    return STATUS_OK;
}

static enum status start(struct kafka_consumer *consumer, const struct kafka_consumer_settings *with,
                         struct error *error)
{
    rd_kafka_conf_t *conf = NULL;
    enum status status = build_conf(with, &conf, error);
    if (status != STATUS_OK)
        return status;
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_REBALANCE |
                                       RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_ERROR |
                                       RD_KAFKA_EVENT_LOG);
    status = kafka_conf_handle(RD_KAFKA_CONSUMER, conf, &consumer->handle, error);
    if (status != STATUS_OK)
        return status;
    rd_kafka_poll_set_consumer(consumer->handle);
    consumer->store_timer = event_new(consumer->base, -1, 0, on_store, consumer);
    consumer->tick_timer = event_new(consumer->base, -1, 0, on_tick, consumer);
    if (!consumer->store_timer || !consumer->tick_timer)
        return error_set(error, STATUS_MEMORY, "no memory for a Kafka consumer");
    arm(consumer->tick_timer, TICK_MS);
    status = kafka_queue_open(&consumer->group, consumer->base, rd_kafka_queue_get_consumer(consumer->handle),
                              kafka_group_read, consumer, error);
    if (status == STATUS_OK)
        status = kafka_queue_open(&consumer->farewell, consumer->base, rd_kafka_queue_new(consumer->handle),
                                  kafka_group_read_farewell, consumer, error);
    if (status == STATUS_OK)
        status = open_lanes(consumer, with, error);
    return status == STATUS_OK ? subscribe(consumer, error) : status;
}

enum status kafka_consumer_new(struct event_base *base, const struct kafka_consumer_settings *with,
                               const struct kafka_consumer_callbacks *callbacks,
                               struct kafka_consumer **result, struct error *error)
{
    *result = NULL;
    if (with->lanes == 0 || with->lanes > KAFKA_LANES_MAX)
        return error_set(error, STATUS_CONFIG, "a Kafka consumer takes 1 to %d topics", KAFKA_LANES_MAX);
    struct kafka_consumer *consumer = calloc(1, sizeof *consumer);
    if (consumer == NULL)
        return error_set(error, STATUS_MEMORY, "no memory for a Kafka consumer");
    consumer->base = base;
    consumer->callbacks = *callbacks;
    consumer->group.descriptor = consumer->farewell.descriptor = -1;
    consumer->outside_ms = clock_monotonic_ms();
    kafka_assignment_init(&consumer->assignment);
    enum status status = start(consumer, with, error);
    if (status != STATUS_OK) {
        kafka_consumer_free(&consumer);
        return status;
    }
    *result = consumer;
    return STATUS_OK;
}

bool kafka_consumer_complete(struct kafka_consumer *consumer, struct kafka_reference reference)
{
    struct kafka_share *share = kafka_assignment_of(&consumer->assignment, reference);
    if (share == NULL)
        return false;
    int64_t before = offsets_low(&share->offsets);
    if (!offsets_complete(&share->offsets, reference.offset))
        return false;
    if (offsets_low(&share->offsets) != before) {
        if (!event_pending(consumer->store_timer, EV_TIMEOUT, NULL))
            arm(consumer->store_timer, STORE_MS);
        kafka_lane_look(&consumer->lanes[reference.lane]);
    }
    return true;
}

bool kafka_consumer_owns(const struct kafka_consumer *consumer, struct kafka_reference reference)
{
    return kafka_assignment_of(&consumer->assignment, reference) != NULL;
}

bool kafka_consumer_is_member(const struct kafka_consumer *consumer, char *why, size_t size)
{
    int64_t outside_ms = clock_monotonic_ms() - consumer->outside_ms;
    if (consumer->member || (!consumer->trouble[0] && outside_ms <= JOIN_MOST_MS))
        return true;
    snprintf(why, size, "the consumer group has not let this worker in for %lld s: %s",
             (long long)(outside_ms / 1000), consumer->trouble[0] ? consumer->trouble : "it does not answer");
    return false;
}

void kafka_consumer_set_aside(struct kafka_consumer *consumer, size_t lane)
{
    if (lane < consumer->lane_count && !consumer->closing)
        kafka_lane_set_aside(&consumer->lanes[lane]);
}

void kafka_consumer_resume(struct kafka_consumer *consumer, size_t lane)
{
    if (lane >= consumer->lane_count || consumer->closing)
        return;
    kafka_lane_take_up(&consumer->lanes[lane]);
    kafka_queue_again(&consumer->lanes[lane].queue);
}

struct kafka_lane_figures kafka_consumer_lane(const struct kafka_consumer *consumer, size_t number)
{
    const struct kafka_lane *lane = &consumer->lanes[number];
    struct kafka_lane_figures figures = {.oldest_unfinished_s = -1, .stalled = lane->stalled};
    for (size_t i = 0; i < consumer->assignment.count; i++) {
        const struct kafka_share *share = &consumer->assignment.shares[i];
        int64_t first = -1, end = -1, low = offsets_low(&share->offsets);
        int64_t oldest = offsets_oldest_seconds(&share->offsets);
        if (share->id.lane != number)
            continue;
        figures.partitions++;
        figures.unfinished += share->offsets.unfinished;
        if (oldest >= 0 && (figures.oldest_unfinished_s < 0 || oldest < figures.oldest_unfinished_s))
            figures.oldest_unfinished_s = oldest;
        if (low >= 0 &&
            rd_kafka_get_watermark_offsets(consumer->handle, lane->topic, share->id.partition, &first,
                                           &end) == RD_KAFKA_RESP_ERR_NO_ERROR &&
            end > low)
            figures.lag += (uint64_t)(end - low);
    }
    return figures;
}

void kafka_consumer_close(struct kafka_consumer *consumer, int deadline_ms, kafka_closed *closed,
                          void *context)
{
    consumer->closed = closed;
    consumer->closed_context = context;
    consumer->close_by_ms = clock_monotonic_ms() + deadline_ms;
    consumer->closing = true;
    kafka_group_read(consumer); /* what waits there is not lost when the queue is redirected */
    kafka_group_store(consumer);
    rd_kafka_error_t *failure = rd_kafka_consumer_close_queue(consumer->handle, consumer->farewell.queue);
    if (failure) { /* after a fatal error librdkafka refuses; there is nothing to leave */
        kafka_consumer_say(consumer, 4, "CLOSE", rd_kafka_error_string(failure));
        rd_kafka_error_destroy(failure);
        consumer->close_by_ms = 0;
    }
    arm(consumer->tick_timer, CLOSE_LOOK_MS);
}

void kafka_consumer_free(struct kafka_consumer **result)
{
    struct kafka_consumer *consumer = *result;
    if (consumer == NULL)
        return;
    for (size_t i = 0; i < consumer->lane_count; i++) {
        kafka_lane_drop_held(&consumer->lanes[i]);
        kafka_queue_close(&consumer->lanes[i].queue);
        free(consumer->lanes[i].topic);
    }
    kafka_group_drop_unassigned(consumer);
    kafka_queue_close(&consumer->group);
    kafka_queue_close(&consumer->farewell);
    if (!kafka_handle_destroy(&consumer->handle, FREE_MS, consumer->left))
        kafka_consumer_say(consumer, 4, "DESTROY", "the Kafka client takes long to end and is left alone");
    kafka_assignment_clear(&consumer->assignment);
    free(consumer->ids);
    if (consumer->store_timer)
        event_free(consumer->store_timer);
    if (consumer->tick_timer)
        event_free(consumer->tick_timer);
    free(consumer);
    *result = NULL;
}
