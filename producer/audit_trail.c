/* The Kafka topic is the authority.  Records of one user share a key, the user's, so they stay in order. */
#include "producer/audit_trail.h"

#include <stdlib.h>

#include "core/uuid.h"
#include "io/clock.h"
#include "io/process.h"

enum { KEY_MOST = 4096 };

struct audit_trail {
    struct kafka_producer *kafka;
    const char *topic;
    struct audit_stream *lines;
    struct metrics *metrics;
    struct buffer record, key;
};

enum status audit_trail_new(struct kafka_producer *kafka, const char *topic, struct audit_stream *lines,
                            struct metrics *metrics, struct audit_trail **trail, struct error *error)
{
    struct audit_trail *made = calloc(1, sizeof *made);
    if (!made)
        return error_set(error, STATUS_MEMORY, "no memory for the audit trail");
    *made = (struct audit_trail){.kafka = kafka, .topic = topic, .lines = lines, .metrics = metrics};
    buffer_init(&made->record, AUDIT_MAXIMUM_SIZE);
    buffer_init(&made->key, KEY_MOST);
    *trail = made;
    return STATUS_OK;
}

void audit_trail_free(struct audit_trail **trail)
{
    struct audit_trail *gone = *trail;
    *trail = NULL;
    if (!gone)
        return;
    buffer_clear(&gone->record);
    buffer_clear(&gone->key);
    free(gone);
}

static void write_key(struct audit_trail *trail, const struct audit_record *record)
{
    buffer_reset(&trail->key);
    if (!record->tenant.size || !record->user_id.size)
        return;
    buffer_append_text(&trail->key, record->tenant);
    buffer_append_byte(&trail->key, '/');
    buffer_append_text(&trail->key, record->user_id);
}

enum status audit_trail_write(struct audit_trail *trail, struct audit_record *record,
                              kafka_delivered *written, void *context, struct error *error)
{
    char id[UUID_LENGTH + 1];
    record->source = TEXT("/reset-relay/producer");
    record->time_ms = clock_realtime_ms();
    if (!record->id) {
        struct uuid uuid = process_uuid(record->time_ms);
        uuid_print(&uuid, id);
        record->id = id;
    }
    buffer_reset(&trail->record);
    audit_encode(record, &trail->record);
    record->id = record->id == id ? NULL : record->id;
    write_key(trail, record);
    if (trail->record.failed || trail->key.failed)
        return error_set(error, STATUS_MEMORY, "no memory for an audit record");
    if (trail->lines)
        audit_stream_write(trail->lines, buffer_text(&trail->record));
    metrics_add(trail->metrics, METRIC_OUTCOMES,
                LABELS(outcome_name(record->outcome), reason_name(record->reason)), 1);
    const struct kafka_header type = {"content-type", TEXT("application/cloudevents+json")};
    return kafka_producer_send(trail->kafka,
                               &(struct kafka_message){
                                   .topic = trail->topic,
                                   .key = trail->key.size ? buffer_text(&trail->key) : (struct text){NULL, 0},
                                   .value = buffer_text(&trail->record),
                                   .headers = &type,
                                   .header_count = 1,
                               },
                               written, context, error);
}
