/* The relay's own headers on copies in the retry and dead-letter topics: how far a request has come.  Key,
 * value and the other headers of a copy are the original's, its signature among them.
 *
 * On the requested topic these headers mean nothing and are dropped: anyone may write there. */
#ifndef IO_RETRY_COPY_H
#define IO_RETRY_COPY_H

#include <stdint.h>

#include "core/outcome.h"
#include "core/status.h"
#include "io/kafka_producer.h"
#include "io/kafka_record.h"

struct retry_position {
    uint32_t generation; /* grows with each replay of a dead letter */
    uint32_t copy;       /* number of the copy within the generation */
    uint32_t attempt;    /* answers of the relay so far */
    int64_t t0_ms;       /* Kafka's timestamp of the original record */
    int64_t retry_at_ms; /* Redis's time; 0 in dead letters */
    enum reason reason;  /* why the copy was made */
};

/* The original's position: nothing has happened yet. */
struct retry_position retry_position_of_original(const struct kafka_record *record);

/* Reads a copy's headers; STATUS_INVALID names the header that is missing or no number. */
enum status retry_position_read(const struct kafka_record *record, struct retry_position *position,
                                struct error *error) WARN_UNUSED;

/* Why a record became a dead letter, in Kafka Connect's words (`__connect.errors.*`). */
struct retry_fault {
    const char *stage;   /* of the pipeline; NULL: no fault to tell (a retry copy that only waits) */
    const char *message; /* one sentence without addresses */
};

#define RETRY_COPY_HEADERS 48 /* headers of an original beyond this number are left out */

/* The headers of a copy.  Points into the record and into itself: never copied, used before the record is
 * freed. */
struct retry_copy {
    struct kafka_header headers[RETRY_COPY_HEADERS + 16];
    size_t count;
    char numbers[8][24];
    size_t number_count;
};

void retry_copy_init(struct retry_copy *copy, const struct kafka_record *original,
                     const struct retry_position *position, const struct retry_fault *fault);

/* "<requested>.retry.<tier>", with the tier as configured; the caller's 250 bytes (Kafka's limit and a NUL).
 */
#define RETRY_TOPIC_SIZE 250
void retry_topic_name(const char *requested, const char *tier, char name[static RETRY_TOPIC_SIZE]);

#endif
