/* What the topics' settings were when they were last looked at, and whether a worker can run with them. */
#ifndef WORKER_TOPIC_WATCH_H
#define WORKER_TOPIC_WATCH_H

#include "io/kafka_topics.h"

struct worker_settings;

struct topic_watch {
    char fault[512];                 /* why the worker is not ready; "" when the topics are well */
    struct kafka_topics_report seen; /* the last answer */
    bool answered;
    int64_t looked_ms; /* monotonic */
};

void topic_watch_init(struct topic_watch *watch);

/* Whether to look (again): at every turn until all is well, then every five minutes.  A topic can be altered
 * under a worker that runs.  True counts as a look. */
bool topic_watch_due(struct topic_watch *watch, int64_t monotonic_ms);

/* What came of it; of the report only the topics that a worker reads.  `loopback`: the brokers are the
 * developer's own, who may do without LogAppendTime.  Says in the log what was not so before. */
void topic_watch_note(struct topic_watch *watch, const struct worker_settings *values, bool loopback,
                      enum status status, const struct kafka_topics_report *report,
                      const struct error *error);

#endif
