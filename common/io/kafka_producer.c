/* The producer: messages in, exactly one answer for each, whatever happens to librdkafka's handle in between.
 *
 * Every message has a flight from send to answer; librdkafka carries the pointer to it and the only copy of
 * the bytes.  kafka_renewal.c reads the reports and survives fatal errors.
 * The deadline is ours: librdkafka looks for expired messages once a second, and a message that moved to
 * another handle would start anew there.  A message answered at its deadline may still be on its way: its
 * flight stays, silent, until librdkafka reports it. */
#include "io/kafka_producer.h"

#include <stdio.h>
#include <stdlib.h>

#include "io/clock.h"
#include "io/failpoint.h"
#include "io/kafka_conf.h"
#include "io/kafka_delivery.h"
#include "io/kafka_probe.h"
#include "io/kafka_producer_state.h"

enum { DEADLINE_MS = 30000, FREE_MS = 2000 };

void kafka_producer_arm(struct event *timer, int64_t delay_ms)
{
    if (delay_ms < 1)
        delay_ms = 1;
    const struct timeval delay = clock_span(delay_ms);
    event_add(timer, &delay);
}

static void tell_drained(struct kafka_producer *producer, enum status status)
{
    kafka_drained *drained = producer->drained;
    producer->drained = NULL;
    event_del(producer->drain_timer);
    if (drained)
        drained(producer->drained_context, status);
}

static void on_drain_end(evutil_socket_t descriptor, short what, void *context)
{
    struct kafka_producer *producer = context;
    (void)descriptor, (void)what;
    tell_drained(producer, producer->waiting.count == 0 ? STATUS_OK : STATUS_TIMEOUT);
}

static void on_deadline(evutil_socket_t descriptor, short what, void *context)
{
    struct kafka_producer *producer = context;
    struct kafka_flight *flight;
    (void)descriptor, (void)what;
    int64_t now = clock_monotonic_ms();
    const struct kafka_delivery late =
        kafka_delivery_failed(STATUS_TIMEOUT, true, "Kafka did not acknowledge the message in time");
    while ((flight = producer->waiting.first) != NULL && flight->deadline_ms <= now) {
        kafka_flight_move(flight, &producer->silent);
        producer->figures.failed++;
        kafka_flight_answer(flight, &late);
    }
    if (flight)
        kafka_producer_arm(producer->deadline_timer, flight->deadline_ms - now);
    if (producer->drained && producer->waiting.count == 0)
        tell_drained(producer, STATUS_OK);
}

static enum status build_template(const struct kafka_producer_settings *settings, int deadline_ms,
                                  rd_kafka_conf_t **template, struct error *error)
{
    char deadline[16], propagation[16], linger[16];
    snprintf(deadline, sizeof deadline, "%d", deadline_ms);
    snprintf(propagation, sizeof propagation, "%d", deadline_ms / 2);
    snprintf(linger, sizeof linger, "%d", settings->linger_ms);
    const struct kafka_conf_item items[] = {
        {.name = "client.id", .value = "reset-relay"},
        {.name = "linger.ms", .value = linger},
        {.name = "partitioner", .value = "murmur2_random"},
        {.name = "socket.nagle.disable", .value = "true"},
        {.name = "queue.buffering.max.messages", .value = "100000"},
        {.name = "queue.buffering.max.kbytes", .value = "65536"},
        {.name = "retry.backoff.ms", .value = "50"},
        {.name = "reconnect.backoff.ms", .value = "50"},
        {.name = "reconnect.backoff.max.ms", .value = "1000"},
        {.name = "topic.metadata.refresh.interval.ms", .value = "30000"},
        {.name = "topic.metadata.propagation.max.ms", .value = propagation},
        {.name = "enable.idempotence", .value = "true", .fixed = true},
        {.name = "acks", .value = "all", .fixed = true},
        {.name = "message.timeout.ms", .value = deadline, .fixed = true},
        {.name = NULL},
    };
    return kafka_conf_build(&settings->properties, items, template, error);
}

enum status kafka_producer_new(struct event_base *base, const struct kafka_producer_settings *settings,
                               struct kafka_producer **result, struct error *error)
{
    struct kafka_producer *producer = calloc(1, sizeof *producer);
    *result = NULL;
    if (producer == NULL)
        return error_set(error, STATUS_MEMORY, "no memory for a Kafka producer");
    producer->base = base;
    producer->deadline_ms = settings->deadline_ms > 0 ? settings->deadline_ms : DEADLINE_MS;
    producer->notice = settings->notice;
    producer->notice_context = settings->notice_context;
    producer->deadline_timer = event_new(base, -1, 0, on_deadline, producer);
    producer->renewal_timer = event_new(base, -1, 0, kafka_renewal_tick, producer);
    producer->drain_timer = event_new(base, -1, 0, on_drain_end, producer);
    enum status status = STATUS_OK;
    if (!producer->deadline_timer || !producer->renewal_timer || !producer->drain_timer)
        status = error_set(error, STATUS_MEMORY, "no memory for a Kafka producer");
    if (status == STATUS_OK)
        status = build_template(settings, producer->deadline_ms, &producer->template, error);
    if (status == STATUS_OK)
        status = kafka_carrier_new(base, producer->template, kafka_renewal_read, producer, &producer->carrier,
                                   error);
    if (status != STATUS_OK) {
        kafka_producer_free(&producer);
        return status;
    }
    producer->figures.handles = 1;
    producer->loopback_only = settings->properties.loopback_only;
    producer->limit = (uint64_t)kafka_conf_number(producer->carrier->handle, "queue.buffering.max.messages");
    *result = producer;
    return STATUS_OK;
}

enum status kafka_producer_send(struct kafka_producer *producer, const struct kafka_message *message,
                                kafka_delivered *delivered, void *context, struct error *error)
{
    if (producer->closing)
        return error_set(error, STATUS_UNAVAILABLE, "the Kafka producer is being closed");
    if (producer->waiting.count >= producer->limit)
        return error_set(error, STATUS_FULL, "%llu messages wait for Kafka: send more slowly",
                         (unsigned long long)producer->waiting.count);
    if (!kafka_renewal_ready(producer) || FAILPOINT("kafka.produce"))
        return error_set(error, STATUS_UNAVAILABLE, "the Kafka client is being renewed: try again");
    struct kafka_flight *flight = kafka_flight_new(&producer->waiting);
    if (flight == NULL)
        return error_set(error, STATUS_MEMORY, "no memory for a message to Kafka");
    struct kafka_carrier *carrier = producer->carrier;
    rd_kafka_resp_err_t code = kafka_delivery_produce(carrier->handle, message, flight);
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        kafka_renewal_check(carrier);
        carrier = producer->carrier;
        code = kafka_delivery_produce(carrier->handle, message, flight);
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka_flight_free(flight);
        return error_set(error, kafka_delivery_status(code), "Kafka topic %s: %s", message->topic,
                         rd_kafka_err2str(code));
    }
    carrier->messages++;
    flight->carrier = carrier;
    flight->delivered = delivered;
    flight->context = context;
    flight->deadline_ms = clock_monotonic_ms() + producer->deadline_ms;
    if (!event_pending(producer->deadline_timer, EV_TIMEOUT, NULL))
        kafka_producer_arm(producer->deadline_timer, producer->deadline_ms);
    return STATUS_OK;
}

void kafka_producer_drain(struct kafka_producer *producer, int deadline_ms, kafka_drained *drained,
                          void *context)
{
    producer->drained = drained;
    producer->drained_context = context;
    kafka_producer_arm(producer->drain_timer, producer->waiting.count == 0 ? 0 : deadline_ms);
}

static void on_probe_end(void *context)
{
    struct kafka_producer *producer = context;
    producer->probe = NULL;
    producer->probed = NULL;
}

enum status kafka_producer_probe(struct kafka_producer *producer, const char *topic, int deadline_ms,
                                 kafka_probed *probed, void *context, struct error *error)
{
    if (producer->probe)
        return error_set(error, STATUS_CONFLICT, "Kafka is being asked already");
    producer->probed = producer->carrier;
    enum status status =
        kafka_probe_start(producer->base, producer->carrier->handle, producer->loopback_only, topic,
                          deadline_ms, probed, context, on_probe_end, producer, &producer->probe, error);
    if (status != STATUS_OK)
        producer->probed = NULL;
    return status;
}

struct kafka_producer_figures kafka_producer_figures(const struct kafka_producer *producer)
{
    struct kafka_producer_figures figures = producer->figures;
    figures.in_flight = producer->waiting.count;
    return figures;
}

static void end_all(struct kafka_flights *list)
{
    const struct kafka_delivery closing =
        kafka_delivery_failed(STATUS_UNAVAILABLE, true, "the Kafka producer was closed");
    for (struct kafka_flight *flight; (flight = list->first) != NULL; kafka_flight_free(flight))
        kafka_flight_answer(flight, &closing);
}

void kafka_producer_free(struct kafka_producer **result)
{
    struct kafka_producer *producer = *result;
    if (producer == NULL)
        return;
    producer->closing = true;
    kafka_probe_cancel(&producer->probe);
    end_all(&producer->waiting);
    end_all(&producer->silent);
    while (producer->old) {
        struct kafka_carrier *carrier = producer->old;
        producer->old = carrier->next;
        kafka_carrier_free(&carrier, FREE_MS / 2);
    }
    kafka_carrier_free(&producer->carrier, FREE_MS);
    struct event *timers[] = {producer->deadline_timer, producer->renewal_timer, producer->drain_timer};
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++)
        if (timers[i])
            event_free(timers[i]);
    if (producer->template)
        rd_kafka_conf_destroy(producer->template);
    free(producer);
    *result = NULL;
}
