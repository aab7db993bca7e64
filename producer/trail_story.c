/* Records may repeat with the same id: the first is kept.  A record of the topic is cheap to pass over: only
 * one that has the id's letters somewhere is parsed. */
#include "producer/trail_story.h"

#include <stdlib.h>

#include <jansson.h>

#include "core/event.h"
#include "core/json_bytes.h"
#include "core/timestamp.h"
#include "core/uuid.h"
#include "producer/trail_table.h"

struct trail_story {
    char id[UUID_LENGTH + 1];
    struct trail_record *records[TRAIL_RECORDS_MOST]; /* owned */
    size_t count, bytes;
};

struct trail_story *trail_story_new(struct text id)
{
    struct trail_story *story = calloc(1, sizeof *story);
    if (story && uuid_read(id, story->id))
        return story;
    free(story);
    return NULL;
}

static void free_record(struct trail_record *record)
{
    json_decref(record->tree);
    free(record);
}

void trail_story_free(struct trail_story **story)
{
    struct trail_story *gone = *story;
    *story = NULL;
    if (!gone)
        return;
    for (size_t i = 0; i < gone->count; i++)
        free_record(gone->records[i]);
    free(gone);
}

static bool is_id(const struct trail_story *story, json_t *data, const char *name)
{
    const char *value = json_string_value(json_object_get(data, name));
    return value && strcmp(value, story->id) == 0;
}

static bool belongs(const struct trail_story *story, const struct trail_record *record)
{
    return is_id(story, record->data, "request_id") || is_id(story, record->data, "into") ||
           is_id(story, record->data, "completes");
}

static bool is_known(const struct trail_story *story, const struct trail_record *record)
{
    for (size_t i = 0; i < story->count; i++)
        if (strcmp(story->records[i]->id, record->id) == 0)
            return true;
    return false;
}

/* False: no audit record. */
static bool understand(struct trail_record *record)
{
    json_t *time = json_object_get(record->tree, "time");
    record->id = json_string_value(json_object_get(record->tree, "id"));
    record->data = json_object_get(record->tree, "data");
    return record->id && json_is_object(record->data) && json_is_string(time) &&
           json_is_string(json_object_get(record->data, "outcome")) &&
           timestamp_parse((struct text){json_string_value(time), json_string_length(time)},
                           &record->time_ms);
}

enum status trail_story_read(struct trail_story *story, struct text value, struct error *error)
{
    json_t *tree = NULL;
    struct error fault;
    if (value.size == 0 || !memmem(value.bytes, value.size, story->id, UUID_LENGTH) ||
        json_read(value, EVENT_MAXIMUM_SIZE, &tree, NULL, &fault) != STATUS_OK)
        return STATUS_OK;
    struct trail_record *record = calloc(1, sizeof *record);
    if (!record) {
        json_decref(tree);
        return error_set(error, STATUS_MEMORY, "no memory for the records of a request");
    }
    record->tree = tree;
    if (!understand(record) || !belongs(story, record) || is_known(story, record)) {
        free_record(record);
        return STATUS_OK;
    }
    if (story->count == TRAIL_RECORDS_MOST || story->bytes + value.size > TRAIL_BYTES_MOST) {
        free_record(record);
        return error_set(error, STATUS_FULL, "more than %d records are about %s", TRAIL_RECORDS_MOST,
                         story->id);
    }
    record->order = story->count;
    story->records[story->count++] = record;
    story->bytes += value.size;
    return STATUS_OK;
}

size_t trail_story_count(const struct trail_story *story)
{
    return story->count;
}

static int compare(const void *left, const void *right)
{
    const struct trail_record *a = *(struct trail_record *const *)left;
    const struct trail_record *b = *(struct trail_record *const *)right;
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

static void sort(struct trail_story *story)
{
    if (story->count > 0)
        qsort(story->records, story->count, sizeof *story->records, compare);
}

void trail_story_write_lines(struct trail_story *story, struct buffer *out)
{
    sort(story);
    for (size_t i = 0; i < story->count; i++) {
        json_write_tree(out, story->records[i]->tree, JSON_ENSURE_ASCII);
        buffer_append_byte(out, '\n');
    }
}

void trail_story_write_table(struct trail_story *story, struct buffer *out)
{
    sort(story);
    trail_table_write(text_of(story->id), (const struct trail_record *const *)story->records, story->count,
                      out);
}
