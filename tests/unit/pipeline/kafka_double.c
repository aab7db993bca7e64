/* Kafka as the worker sees it: what is produced is acknowledged in order and only when the test lets it; what
 * is completed counts once, and only in its own epoch. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "pipeline/world.h"
#include "support/failing_memory.h"

/* The handles that the worker passes along are the world itself. */
static struct world *world_of(const void *handle)
{
    return (struct world *)(uintptr_t)handle;
}

static struct kafka_record *record_of(const struct kafka_message *message)
{
    struct kafka_record_header headers[RETRY_COPY_HEADERS + 16];
    for (size_t i = 0; i < message->header_count; i++)
        headers[i] = (struct kafka_record_header){message->headers[i].name, message->headers[i].value};
    return kafka_record_copy(&(struct kafka_record){.topic = "",
                                                    .key = message->key,
                                                    .value = message->value,
                                                    .headers = headers,
                                                    .header_count = message->header_count});
}

static void read_audit(struct produced *produced)
{
    struct text value = produced->record->value;
    json_error_t error;
    json_t *root = json_loadb(value.bytes, value.size, 0, &error);
    assert_non_null(root);
    json_t *data = json_object_get(root, "data");
    const char *outcome = json_string_value(json_object_get(data, "outcome"));
    const char *reason = json_string_value(json_object_get(data, "reason"));
    assert_non_null(outcome);
    snprintf(produced->outcome, sizeof produced->outcome, "%s", outcome);
    snprintf(produced->reason, sizeof produced->reason, "%s", reason ? reason : "none");
    json_decref(root);
}

enum status kafka_producer_send(struct kafka_producer *producer, const struct kafka_message *message,
                                kafka_delivered *delivered, void *context, struct error *error)
{
    struct world *world = world_of(producer);
    enum kafka_fault fault = KAFKA_FAULT_NONE;
    world->kafka_calls++;
    if (world->kafka_nth > 0 && --world->kafka_nth == 0)
        fault = world->kafka_fault;
    if (fault == KAFKA_FAULT_FULL)
        return error_set(error, STATUS_FULL, "the local queue is full");
    assert_true(world->produced_count < WORLD_WAITING);
    struct produced *produced = &world->produced[world->produced_count++];
    *produced = (struct produced){.delivered = delivered, .context = context, .fault = fault};
    snprintf(produced->topic, sizeof produced->topic, "%s", message->topic);
    memory_spared++;
    produced->record = record_of(message);
    memory_spared--;
    if (strcmp(message->topic, "audit") == 0)
        read_audit(produced);
    return STATUS_OK;
}

/* It is durable from here on. */
static void keep(struct world *world, struct produced *produced)
{
    char word[64];
    struct produced *place = &world->copy;
    if (strcmp(produced->topic, "audit") == 0) {
        place = strcmp(produced->outcome, "completed") == 0 ? &world->completed_audit : &world->audit;
        snprintf(word, sizeof word, "%s", produced->outcome);
    } else if (strcmp(produced->topic, "dead") == 0) {
        place = &world->dead_letter;
        snprintf(word, sizeof word, "dead letter");
    } else {
        snprintf(word, sizeof word, "copy %s", strrchr(produced->topic, '.') + 1);
    }
    world_note(world, word);
    kafka_record_free(&place->record);
    *place = *produced;
}

bool world_answer_kafka(struct world *world)
{
    if (world->on_closed) {
        kafka_closed *closed = world->on_closed;
        world->on_closed = NULL;
        world_revoke(world);
        world->closed = true;
        closed(world->closed_context, STATUS_OK);
        return true;
    }
    if (world->on_drained && world->produced_count == 0) {
        kafka_drained *drained = world->on_drained;
        world->on_drained = NULL;
        world->drained = true;
        drained(world->drained_context, STATUS_OK);
        return true;
    }
    if (world->produced_count == 0 || world->hold_kafka)
        return false;
    static const enum status reports[] = {
        [KAFKA_FAULT_NONE] = STATUS_OK,
        [KAFKA_FAULT_FULL] = STATUS_FULL,
        [KAFKA_FAULT_UNAVAILABLE] = STATUS_UNAVAILABLE,
        [KAFKA_FAULT_LOST] = STATUS_TIMEOUT,
        [KAFKA_FAULT_TOO_LARGE] = STATUS_INVALID,
    };
    struct produced first = world->produced[0];
    memmove(world->produced, world->produced + 1, --world->produced_count * sizeof first);
    struct kafka_delivery report = {.status = reports[first.fault], .reason = "as the test wants it"};
    if (first.fault == KAFKA_FAULT_NONE || first.fault == KAFKA_FAULT_LOST)
        keep(world, &first);
    else
        kafka_record_free(&first.record);
    first.delivered(first.context, &report);
    return true;
}

void world_free_produced(struct world *world)
{
    for (size_t i = 0; i < world->produced_count; i++)
        kafka_record_free(&world->produced[i].record);
    world->produced_count = 0;
    kafka_record_free(&world->copy.record);
    kafka_record_free(&world->dead_letter.record);
    kafka_record_free(&world->audit.record);
    kafka_record_free(&world->completed_audit.record);
}

bool kafka_consumer_complete(struct kafka_consumer *consumer, struct kafka_reference reference)
{
    struct world *world = world_of(consumer);
    if (reference.epoch != world->epoch || world->completed[reference.offset])
        return false;
    world->completed[reference.offset] = true;
    world_note(world, "offset");
    return true;
}

void kafka_consumer_set_aside(struct kafka_consumer *consumer, size_t lane)
{
    world_of(consumer)->aside |= 1U << lane;
}

void kafka_consumer_resume(struct kafka_consumer *consumer, size_t lane)
{
    world_of(consumer)->aside &= ~(1U << lane);
}

void kafka_consumer_close(struct kafka_consumer *consumer, int deadline_ms, kafka_closed *closed,
                          void *context)
{
    (void)deadline_ms;
    struct world *world = world_of(consumer);
    world_note(world, "closed");
    world->on_closed = closed;
    world->closed_context = context;
}

void kafka_producer_drain(struct kafka_producer *producer, int deadline_ms, kafka_drained *drained,
                          void *context)
{
    (void)deadline_ms;
    struct world *world = world_of(producer);
    world->on_drained = drained;
    world->drained_context = context;
}
