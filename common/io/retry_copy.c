/* Headers are text, as Kafka Connect writes them, so that any console client shows them.  A copy's headers
 * replace those of the copy before it; the original's own headers go through untouched. */
#include "io/retry_copy.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/signature.h"

static const char *const own_headers[] = {"attempt", "retry-at", "reason", "generation", "copy", "t0"};
static const char connect_prefix[] = "__connect.errors.";

static bool is_own(const char *name)
{
    for (size_t i = 0; i < sizeof own_headers / sizeof *own_headers; i++)
        if (strcmp(name, own_headers[i]) == 0)
            return true;
    return strncmp(name, connect_prefix, sizeof connect_prefix - 1) == 0;
}

/* The end of the year 9999; and what no copy comes near: the number after it still fits. */
static const int64_t latest_ms = INT64_C(253402300799999), most_copies = 1000000;

/* Where timestamps are the producers' (CreateTime) they may be anything. */
struct retry_position retry_position_of_original(const struct kafka_record *record)
{
    int64_t t0_ms = record->timestamp_ms;
    return (struct retry_position){.t0_ms = t0_ms < 0 ? 0 : t0_ms > latest_ms ? latest_ms : t0_ms};
}

static enum status read_number(const struct kafka_record *record, const char *name, int64_t most,
                               int64_t *number, struct error *error)
{
    struct text value;
    if (!kafka_record_header(record, name, &value) || value.size == 0 || value.size > 18)
        return error_set(error, STATUS_INVALID, "the header %s is missing or too long", name);
    int64_t sum = 0;
    for (size_t i = 0; i < value.size; i++) {
        if (value.bytes[i] < '0' || value.bytes[i] > '9')
            return error_set(error, STATUS_INVALID, "the header %s is not a number", name);
        sum = sum * 10 + (value.bytes[i] - '0');
    }
    if (sum > most)
        return error_set(error, STATUS_INVALID, "the header %s is out of range", name);
    *number = sum;
    return STATUS_OK;
}

enum status retry_position_read(const struct kafka_record *record, struct retry_position *position,
                                struct error *error)
{
    int64_t generation = 0, copy = 0, attempt = 0;
    enum status status;
    *position = (struct retry_position){0};
    if ((status = read_number(record, "generation", UINT32_MAX, &generation, error)) ||
        (status = read_number(record, "copy", most_copies, &copy, error)) ||
        (status = read_number(record, "attempt", UINT32_MAX, &attempt, error)) ||
        (status = read_number(record, "t0", latest_ms, &position->t0_ms, error)) ||
        (status = read_number(record, "retry-at", latest_ms, &position->retry_at_ms, error)))
        return status;
    struct text reason;
    if (!kafka_record_header(record, "reason", &reason) || !reason_of_name(reason, &position->reason))
        position->reason = REASON_NONE; /* only tells people why */
    position->generation = (uint32_t)generation;
    position->copy = (uint32_t)copy;
    position->attempt = (uint32_t)attempt;
    return STATUS_OK;
}

static void add(struct retry_copy *copy, const char *name, struct text value)
{
    copy->headers[copy->count++] = (struct kafka_header){.name = name, .value = value};
}

static void add_number(struct retry_copy *copy, const char *name, int64_t number)
{
    char *digits = copy->numbers[copy->number_count++];
    int size = snprintf(digits, sizeof copy->numbers[0], "%" PRId64, number);
    add(copy, name, (struct text){digits, (size_t)size});
}

void retry_copy_init(struct retry_copy *copy, const struct kafka_record *original,
                     const struct retry_position *position, const struct retry_fault *fault)
{
    struct text signature;
    copy->count = 0;
    copy->number_count = 0;
    /* First, so that no number of others leaves it out: without it the copy would be nobody's. */
    if (kafka_record_header(original, SIGNATURE_HEADER, &signature))
        add(copy, SIGNATURE_HEADER, signature);
    for (size_t i = 0; i < original->header_count && copy->count < RETRY_COPY_HEADERS; i++)
        if (!is_own(original->headers[i].name) && strcmp(original->headers[i].name, SIGNATURE_HEADER) != 0)
            add(copy, original->headers[i].name, original->headers[i].value);
    add_number(copy, "generation", position->generation);
    add_number(copy, "copy", position->copy);
    add_number(copy, "attempt", position->attempt);
    add_number(copy, "t0", position->t0_ms);
    add_number(copy, "retry-at", position->retry_at_ms);
    add(copy, "reason", text_of(reason_name(position->reason)));
    if (!fault->stage)
        return;
    add(copy, "__connect.errors.topic", text_of(original->topic));
    add_number(copy, "__connect.errors.partition", original->reference.partition);
    add_number(copy, "__connect.errors.offset", original->reference.offset);
    add(copy, "__connect.errors.connector.name", TEXT("reset-worker"));
    add(copy, "__connect.errors.stage", text_of(fault->stage));
    add(copy, "__connect.errors.exception.class.name", text_of(reason_name(position->reason)));
    add(copy, "__connect.errors.exception.message", text_of(fault->message));
}

void retry_topic_name(const char *requested, const char *tier, char name[static RETRY_TOPIC_SIZE])
{
    snprintf(name, RETRY_TOPIC_SIZE, "%s.retry.%s", requested, tier);
}
