/* What the audit topic says of one request: its own records, those of requests that were folded into it, and
 * of the notice that its change of the password caused. */
#ifndef PRODUCER_TRAIL_STORY_H
#define PRODUCER_TRAIL_STORY_H

#include <stdint.h>

#include "core/buffer.h"
#include "core/status.h"

enum { TRAIL_RECORDS_MOST = 1000, TRAIL_BYTES_MOST = 8 * 1024 * 1024 };

struct trail_story;

/* `id`: a UUID in lower case.  NULL without memory. */
struct trail_story *trail_story_new(struct text id);
void trail_story_free(struct trail_story **story);

/* Looks at one record of the topic: kept when its request_id, into or completes is the id, and its own id is
 * new.  What is no audit record is passed over.  FULL: more than TRAIL_RECORDS_MOST of them; MEMORY. */
enum status trail_story_read(struct trail_story *story, struct text value, struct error *error) WARN_UNUSED;

size_t trail_story_count(const struct trail_story *story);

/* In the order of their times: one record a line, as JSON; or a table for people, in which nothing that
 * strangers wrote can move the cursor or turn the text around. */
void trail_story_write_lines(struct trail_story *story, struct buffer *out);
void trail_story_write_table(struct trail_story *story, struct buffer *out);

#endif
