/* A doubly linked list: every message leaves it from wherever it stands.
 *
 * All messages have the same time to live, so that the order of sending is the order of deadlines, also for
 * those that are produced again: they keep their place. */
#include "io/kafka_flight.h"

#include <stdlib.h>

#include "io/failpoint.h"
#include "io/kafka_delivery.h"

static void append(struct kafka_flights *list, struct kafka_flight *flight)
{
    flight->list = list;
    flight->previous = list->last;
    flight->next = NULL;
    if (list->last)
        list->last->next = flight;
    else
        list->first = flight;
    list->last = flight;
    list->count++;
}

static void take_off(struct kafka_flight *flight)
{
    struct kafka_flights *list = flight->list;
    if (flight->previous)
        flight->previous->next = flight->next;
    else
        list->first = flight->next;
    if (flight->next)
        flight->next->previous = flight->previous;
    else
        list->last = flight->previous;
    list->count--;
}

struct kafka_flight *kafka_flight_new(struct kafka_flights *list)
{
    struct kafka_flight *flight = calloc(1, sizeof *flight);
    if (flight)
        append(list, flight);
    return flight;
}

void kafka_flight_move(struct kafka_flight *flight, struct kafka_flights *list)
{
    take_off(flight);
    append(list, flight);
}

void kafka_flight_free(struct kafka_flight *flight)
{
    take_off(flight);
    free(flight);
}

void kafka_flight_answer(struct kafka_flight *flight, const struct kafka_delivery *delivery)
{
    kafka_delivered *delivered = flight->delivered;
    const struct kafka_delivery lost = kafka_delivery_failed(STATUS_TIMEOUT, true, "a failpoint");
    flight->delivered = NULL;
    if (delivered)
        delivered(flight->context, FAILPOINT("kafka.produce.answer") ? &lost : delivery);
}
