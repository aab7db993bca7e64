/* Which metrics exist: names, types, labels, help and buckets stand in metrics_table.c. */
#ifndef IO_METRICS_TABLE_H
#define IO_METRICS_TABLE_H

#include <stddef.h>

/* All names begin with reset_relay_ but process_*. */
enum metric {
    METRIC_BUILD_INFO,           /* {program,version} */
    METRIC_READY,                /* 1 or 0 */
    METRIC_OUTCOMES,             /* outcomes_total{outcome,reason} */
    METRIC_STAGE_SECONDS,        /* stage_seconds{stage} */
    METRIC_REQUEST_TO_ACCEPTED,  /* request_to_accepted_seconds: event's Kafka timestamp to the relay's 250 */
    METRIC_EVENTS_IN_FLIGHT,     /* events_in_flight */
    METRIC_EVENTS_CONSUMED,      /* events_consumed_total{lane} */
    METRIC_CONSUMER_LAG,         /* consumer_lag{topic,partition} */
    METRIC_OLDEST_UNFINISHED,    /* oldest_unfinished_seconds: past due */
    METRIC_SMTP_CONNECTIONS,     /* smtp_connections{state} */
    METRIC_SMTP_REPLIES,         /* smtp_replies_total{stage,class}: class 2xx 3xx 4xx 5xx none */
    METRIC_MAYBE_MAILED,         /* maybe_mailed_total */
    METRIC_BREAKER_OPEN,         /* breaker_open{dependency} */
    METRIC_AUDIT_LINES_DROPPED,  /* audit_lines_dropped_total: on stdout; the topic has them */
    METRIC_NAMES_LEFT_OUT,       /* names_left_out_total */
    METRIC_SIGNATURE_FAILURES,   /* signature_failures_total{reason} */
    METRIC_MAC_FAILURES,         /* mac_failures_total: somebody wrote into Redis */
    METRIC_PASSWORD_TRIES,       /* password_tries_total{result}: right wrong early */
    METRIC_PASSWORD_HASHES,      /* password_hashes_total{result}: done busy failed */
    METRIC_REDIS_ERRORS,         /* redis_errors_total{kind} */
    METRIC_REDIS_DATA_LOST,      /* redis_data_lost_total: records rebuilt after a loss */
    METRIC_KAFKA_PRODUCE_ERRORS, /* kafka_produce_errors_total{class}: retryable, permanent, fatal, full,
                                    deadline */
    METRIC_KAFKA_PRODUCER_RESTARTS, /* kafka_producer_restarts_total */
    METRIC_REBALANCES,              /* kafka_rebalances_total */
    METRIC_HTTP_REQUESTS,           /* http_requests_total{route,status} */
    METRIC_HTTP_REQUEST_SECONDS,    /* http_request_seconds{route} */
    METRIC_HTTP_REFUSED,            /* http_refused_total{reason}: before a route was known */
    METRIC_HTTP_CONNECTIONS,        /* http_connections */
    METRIC_RELOAD_FAILED,           /* reload_failed{what}: credentials, not_before, tenants */
    METRIC_REDEEMED_UNCOMPLETED,    /* redeemed_uncompleted_total */
    METRIC_CLOCK_DIFFERENCE,        /* clock_difference_seconds{clock}: ours minus kafka's or redis's */
    METRIC_PROCESS_START_TIME,      /* process_*: filled by metrics_render */
    METRIC_PROCESS_CPU,
    METRIC_PROCESS_MEMORY,
    METRIC_PROCESS_DESCRIPTORS,
    METRIC_PROCESS_DESCRIPTORS_LIMIT,
    METRIC_COUNT
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_description {
    const char *name;
    enum metric_type type;
    const char *labels[2]; /* names; NULL where there is none */
    const char *help;
    const double *buckets; /* upper bounds, ascending, closed by 0; histograms only */
};

extern const struct metric_description metrics_table[METRIC_COUNT];

#endif
