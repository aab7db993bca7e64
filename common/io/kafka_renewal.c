/* Reports of a producer's handles, and what follows when one of them breaks.
 *
 * A fatal error of the idempotent producer ends a handle for good.  Then a new one is made, the old one is
 * purged, and what comes back in its reports unacknowledged is given to the new one, bytes and headers as
 * they were: librdkafka's copy in the report is the only one.  When new handles break too, they are made at
 * growing intervals, up to 4 s; reports that come meanwhile stay in the old queue.  An old handle is
 * destroyed when all its reports are in, or 5 s later. */
#include <stdlib.h>

#include "io/clock.h"
#include "io/kafka_conf.h"
#include "io/kafka_delivery.h"
#include "io/kafka_producer_state.h"

enum {
    EVENTS_A_TURN = 64,
    OLD_HANDLE_MS = 5000,
    RENEWAL_FIRST_MS = 250,
    RENEWAL_MAX_MS = 4000,
    LOOK_MS = 250
};

static void end_flight(struct kafka_producer *producer, struct kafka_flight *flight,
                       const struct kafka_delivery *delivery)
{
    if (flight->delivered && delivery->status == STATUS_OK)
        producer->figures.delivered++;
    else if (flight->delivered)
        producer->figures.failed++;
    kafka_flight_answer(flight, delivery);
    kafka_flight_free(flight);
    if (producer->drained && producer->waiting.count == 0)
        event_active(producer->drain_timer, EV_TIMEOUT, 0);
}

static void take_off(struct kafka_flights *from, const struct kafka_carrier *carrier,
                     struct kafka_flights *to)
{
    for (struct kafka_flight *flight = from->first, *next; flight; flight = next) {
        next = flight->next;
        if (flight->carrier == carrier)
            kafka_flight_move(flight, to);
    }
}

/* Old handles whose reports are all in, or not waited for any more. */
static void release_old(struct kafka_producer *producer, int64_t now)
{
    struct kafka_flights lost = {0};
    const struct kafka_delivery never = kafka_delivery_failed(
        STATUS_UNAVAILABLE, true, "the Kafka client broke and never reported the message");
    for (struct kafka_carrier **link = &producer->old, *carrier; (carrier = *link) != NULL;) {
        if (carrier == producer->probed ||
            (carrier->messages > 0 && (carrier->held || now < carrier->gone_ms))) {
            link = &carrier->next;
            continue;
        }
        take_off(&producer->waiting, carrier, &lost);
        take_off(&producer->silent, carrier, &lost);
        *link = carrier->next;
        kafka_carrier_free(&carrier, 0);
    }
    for (struct kafka_flight *flight; (flight = lost.first) != NULL;)
        end_flight(producer, flight, &never);
    if (producer->old)
        kafka_producer_arm(producer->renewal_timer, LOOK_MS);
}

/* The handle is dead: make another as soon as its turn has come.  True: there is a living one. */
bool kafka_renewal_ready(struct kafka_producer *producer)
{
    struct kafka_carrier *broken = producer->carrier, *fresh = NULL;
    struct error error = {0};
    if (!broken->broken)
        return true;
    int64_t now = clock_monotonic_ms(), due = broken->born_ms + producer->renewal_ms;
    if (now < due) {
        kafka_producer_arm(producer->renewal_timer, due - now);
        return false;
    }
    if (kafka_carrier_new(producer->base, producer->template, kafka_renewal_read, producer, &fresh, &error) !=
        STATUS_OK) {
        kafka_conf_say(producer->notice, producer->notice_context, 3, "RENEW", "%s", error.text);
        kafka_producer_arm(producer->renewal_timer, 1000);
        return false;
    }
    producer->figures.handles++;
    producer->renewal_ms = producer->renewal_ms ? producer->renewal_ms * 2 : RENEWAL_FIRST_MS;
    if (producer->renewal_ms > RENEWAL_MAX_MS)
        producer->renewal_ms = RENEWAL_MAX_MS;
    kafka_conf_say(producer->notice, producer->notice_context, 4, "RENEW",
                   "new Kafka handle; %llu unacknowledged messages are produced again",
                   (unsigned long long)broken->messages);
    broken->gone_ms = now + OLD_HANDLE_MS;
    broken->next = producer->old;
    producer->old = broken;
    producer->carrier = fresh;
    kafka_carrier_purge(broken);
    for (struct kafka_carrier *old = producer->old; old; old = old->next)
        kafka_queue_again(&old->queue);
    kafka_producer_arm(producer->renewal_timer, LOOK_MS);
    return true;
}

void kafka_renewal_tick(evutil_socket_t descriptor, short what, void *context)
{
    struct kafka_producer *producer = context;
    (void)descriptor, (void)what;
    if (kafka_renewal_ready(producer))
        release_old(producer, clock_monotonic_ms());
}

void kafka_renewal_check(struct kafka_carrier *carrier)
{
    char reason[200] = "";
    struct kafka_producer *producer = carrier->producer;
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(carrier->handle, reason, sizeof reason);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || carrier->broken)
        return;
    carrier->broken = true;
    kafka_conf_say(producer->notice, producer->notice_context, 3, rd_kafka_err2name(code),
                   "the Kafka producer is beyond repair: %s", reason);
    if (carrier == producer->carrier)
        kafka_renewal_ready(producer);
}

/* False: the new handle broke as well, before it took the message. */
static bool take_report(struct kafka_carrier *carrier, const rd_kafka_message_t *message)
{
    struct kafka_producer *producer = carrier->producer;
    struct kafka_flight *flight = message->_private;
    struct kafka_delivery delivery = kafka_delivery_of(message);
    if (delivery.status == STATUS_UNAVAILABLE && carrier->broken && flight->delivered) {
        struct kafka_carrier *next = producer->carrier;
        rd_kafka_resp_err_t code = kafka_delivery_repeat(next->handle, message, flight);
        if (code == RD_KAFKA_RESP_ERR__FATAL)
            return false;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            carrier->messages--;
            flight->carrier = next;
            next->messages++;
            return true;
        }
        delivery = kafka_delivery_failed(kafka_delivery_status(code), true, rd_kafka_err2str(code));
    }
    carrier->messages--;
    if (delivery.status == STATUS_OK)
        producer->renewal_ms = 0; /* handles live again: the next one comes at once */
    end_flight(producer, flight, &delivery);
    return true;
}

/* False: the reports must wait for a handle that can take again what failed here. */
static bool take_reports(struct kafka_carrier *carrier, rd_kafka_event_t *event)
{
    struct kafka_producer *producer = carrier->producer;
    kafka_renewal_check(carrier);
    if (carrier->broken && !kafka_renewal_ready(producer))
        return false;
    const rd_kafka_message_t *message = carrier->held_message;
    carrier->held_message = NULL;
    while (message || (message = rd_kafka_event_message_next(event)) != NULL) {
        if (!take_report(carrier, message)) {
            carrier->held_message = message; /* the event gives each only once */
            kafka_renewal_check(producer->carrier);
            return false;
        }
        message = NULL;
    }
    return true;
}

void kafka_renewal_read(void *context)
{
    struct kafka_carrier *carrier = context;
    struct kafka_producer *producer = carrier->producer;
    rd_kafka_event_t *event = carrier->held;
    carrier->held = NULL;
    for (int events = 0; event || (event = kafka_queue_next(&carrier->queue)) != NULL; events++) {
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR && !take_reports(carrier, event)) {
            carrier->held = event;
            return; /* kafka_renewal_ready() reads on */
        }
        if (kafka_conf_notice(carrier->handle, event, producer->notice, producer->notice_context))
            kafka_renewal_check(carrier);
        rd_kafka_event_destroy(event);
        event = NULL;
        if (events == EVENTS_A_TURN) {
            kafka_queue_again(&carrier->queue);
            return;
        }
    }
}
