/* What the intake accepts becomes an event that the worker takes, and that asks for the same. */
#ifndef FUZZ_PUBLISH_H
#define FUZZ_PUBLISH_H

#include "core/event.h"
#include "fuzz.h"

/* `holds` looks at what else must be true of the request that was accepted and of the one that arrived. */
static inline void fuzz_publish(const struct request *accepted,
                                void (*holds)(const struct request *accepted, const struct request *taken))
{
    struct buffer out;
    struct error error;
    struct reset_event *event = NULL;
    enum reason reason;
    unsigned char before[EVENT_DIGEST_SIZE], after[EVENT_DIGEST_SIZE];
    buffer_init(&out, EVENT_MAXIMUM_SIZE);
    struct event_stamp stamp = {.id = "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7",
                                .time_ms = INT64_C(1763788200000),
                                .source = TEXT("/fuzz"),
                                .asserted_by = {.channel = CHANNEL_HTTP, .key_id = TEXT("k1")}};
    HOLDS(reset_event_encode(accepted, &stamp, &out, &error) == STATUS_OK);
    HOLDS(reset_event_decode(buffer_text(&out), &event, &reason, &error) == STATUS_OK);
    request_digest(accepted, before);
    request_digest(&event->request, after);
    HOLDS(memcmp(before, after, sizeof before) == 0);
    holds(accepted, &event->request);
    reset_event_free(&event);
    buffer_clear(&out);
}

#endif
