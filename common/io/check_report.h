/* What the `check` commands of both programs print: a line per thing, `redis      ok`, and the exit code that
 * follows from all of them; with the checks that both have. */
#ifndef IO_CHECK_REPORT_H
#define IO_CHECK_REPORT_H

#include <stdbool.h>

#include "core/status.h"
#include "io/settings.h"

struct config;
struct event_base;
struct kafka_topics_plan;

struct check_report {
    struct event_base *base; /* owned; for whatever is asked on a loop */
    int code;                /* 0; 69 something is not there; 78 something is configured wrong */
    bool answered;
    struct error answer;
};

enum status check_report_open(struct check_report *report, struct error *error) WARN_UNUSED;
void check_report_close(struct check_report *report);

/* One line on stdout; `text` may be empty. */
void check_report_say(struct check_report *report, const char *what, enum status status, const char *text);

/* The same about what the program runs with, though not as planned; the exit code stays. */
void check_report_warn(struct check_report *report, const char *what, const char *text);

/* For what answers by a callback: the callback calls check_report_answer (once; more are ignored), the check
 * waits for it, 30 seconds at most, and says it. */
void check_report_answer(struct check_report *report, enum status status, const char *text);
void check_report_wait(struct check_report *report, const char *what);

/* Redis as redis.url names it: connected, password, eviction policy. */
void check_report_redis(struct check_report *report, const struct config *config, const char *client_name);

/* Whether CONFIG_HTTP_LISTEN (whose port processes share) or CONFIG_ADMIN_LISTEN can be listened on.  Taken:
 * a warning, since it may be by this very program, running. */
void check_report_listen(struct check_report *report, const struct config *config, enum config_key key);

/* The properties as a Kafka producer takes them; a broker that answers, and a line for each topic of the
 * plan. */
void check_report_kafka(struct check_report *report, const struct config *config,
                        const struct kafka_topics_plan *plan);

#endif
