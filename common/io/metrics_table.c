/* THE table of metrics.  Base units, `_total` on counters, labels with small closed sets of values only: a
 * label that could carry a tenant, a user or an address would make the monitoring a copy of personal data,
 * and grow without end. */
#include "io/metrics_table.h"

/* From the pure steps (10 microseconds) to the reply to the final dot (RFC 5321 gives it 10 minutes). */
static const double stage_buckets[] = {0.00001, 0.0001, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600, 0};
static const double request_buckets[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                         0.25,   0.5,   1,      2.5,   5,    10,    0};
/* From the usual second over the retry tiers to the day after which a request expires. */
static const double accepted_buckets[] = {0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86400, 0};

#define OURS(name_, type_) .name = "reset_relay_" name_, .type = type_

const struct metric_description metrics_table[METRIC_COUNT] = {
    [METRIC_BUILD_INFO] = {OURS("build_info", METRIC_GAUGE), .labels = {"program", "version"},
                           .help = "Always 1; the labels say what is running."},
    [METRIC_READY] = {OURS("ready", METRIC_GAUGE), .help = "1 when /readyz answers 200, else 0."},
    [METRIC_OUTCOMES] = {OURS("outcomes_total", METRIC_COUNTER), .labels = {"outcome", "reason"},
                         .help = "Audited outcomes of requests, by outcome and reason."},
    [METRIC_STAGE_SECONDS] = {OURS("stage_seconds", METRIC_HISTOGRAM), .labels = {"stage"},
                              .help = "Time that an event spent in each step of the pipeline.",
                              .buckets = stage_buckets},
    [METRIC_REQUEST_TO_ACCEPTED] = {OURS("request_to_accepted_seconds", METRIC_HISTOGRAM),
                                    .help =
                                        "Time from the request's record in Kafka to the relay's acceptance "
                                        "of the mail.",
                                    .buckets = accepted_buckets},
    [METRIC_EVENTS_IN_FLIGHT] = {OURS("events_in_flight", METRIC_GAUGE),
                                 .help = "Events taken from Kafka and not finished."},
    [METRIC_EVENTS_CONSUMED] = {OURS("events_consumed_total", METRIC_COUNTER), .labels = {"lane"},
                                .help = "Records taken from Kafka, by lane (requested or a retry tier)."},
    [METRIC_CONSUMER_LAG] = {OURS("consumer_lag", METRIC_GAUGE), .labels = {"topic", "partition"},
                             .help = "Records between the committed offset and the end of our partitions."},
    [METRIC_OLDEST_UNFINISHED] = {OURS("oldest_unfinished_seconds", METRIC_GAUGE),
                                  .help =
                                      "How long the oldest unfinished event is past due; an event that waits "
                                      "for its retry is not due."},
    [METRIC_SMTP_CONNECTIONS] = {OURS("smtp_connections", METRIC_GAUGE), .labels = {"state"},
                                 .help = "Connections to the mail relay, by state."},
    [METRIC_SMTP_REPLIES] = {OURS("smtp_replies_total", METRIC_COUNTER), .labels = {"stage", "class"},
                             .help = "Replies of the mail relay, by stage and class (none: no reply came)."},
    [METRIC_MAYBE_MAILED] =
        {OURS("maybe_mailed_total", METRIC_COUNTER),
         .help = "Deliveries cut between the final dot and its reply: the mail may be out and "
                 "will be sent again with the same link."},
    [METRIC_BREAKER_OPEN] = {OURS("breaker_open", METRIC_GAUGE), .labels = {"dependency"},
                             .help = "1 while work is held because the dependency is in trouble."},
    [METRIC_AUDIT_LINES_DROPPED] = {OURS("audit_lines_dropped_total", METRIC_COUNTER),
                                    .help =
                                        "Audit lines that stdout did not take in time; the audit topic has "
                                        "their records."},
    [METRIC_NAMES_LEFT_OUT] = {OURS("names_left_out_total", METRIC_COUNTER),
                               .help = "Mails sent without the user's name because it looked like a lure."},
    [METRIC_SIGNATURE_FAILURES] = {OURS("signature_failures_total", METRIC_COUNTER), .labels = {"reason"},
                                   .help = "Records without a signature of a known publisher."},
    [METRIC_MAC_FAILURES] = {OURS("mac_failures_total", METRIC_COUNTER),
                             .help =
                                 "Records in Redis with a wrong mac: somebody else writes there, or a record "
                                 "key is missing here."},
    [METRIC_PASSWORD_TRIES] = {OURS("password_tries_total", METRIC_COUNTER), .labels = {"result"},
                               .help =
                                   "Temporary passwords that were tried: right, wrong, or early (during the "
                                   "delay after wrong ones)."},
    [METRIC_PASSWORD_HASHES] = {OURS("password_hashes_total", METRIC_COUNTER), .labels = {"result"},
                                .help =
                                    "Passwords for Argon2id: done, busy (both threads were: answered 503) or "
                                    "failed."},
    [METRIC_REDIS_ERRORS] = {OURS("redis_errors_total", METRIC_COUNTER), .labels = {"kind"},
                             .help = "Commands that Redis did not carry out, by kind of error."},
    [METRIC_REDIS_DATA_LOST] = {OURS("redis_data_lost_total", METRIC_COUNTER),
                                .help = "Requests whose record in Redis was gone and had to be built again."},
    [METRIC_KAFKA_PRODUCE_ERRORS] = {OURS("kafka_produce_errors_total", METRIC_COUNTER), .labels = {"class"},
                                     .help = "Records that Kafka did not acknowledge, by class of error."},
    [METRIC_KAFKA_PRODUCER_RESTARTS] = {OURS("kafka_producer_restarts_total", METRIC_COUNTER),
                                        .help = "Producer handles replaced after a fatal error."},
    [METRIC_REBALANCES] = {OURS("kafka_rebalances_total", METRIC_COUNTER),
                           .help = "Times that partitions were assigned or taken away."},
    [METRIC_HTTP_REQUESTS] = {OURS("http_requests_total", METRIC_COUNTER), .labels = {"route", "status"},
                              .help = "Answered HTTP requests, by route and status."},
    [METRIC_HTTP_REQUEST_SECONDS] = {OURS("http_request_seconds", METRIC_HISTOGRAM), .labels = {"route"},
                                     .help = "Time from a whole request to its answer.",
                                     .buckets = request_buckets},
    [METRIC_HTTP_REFUSED] = {OURS("http_refused_total", METRIC_COUNTER), .labels = {"reason"},
                             .help = "Requests and connections refused before a route was known."},
    [METRIC_HTTP_CONNECTIONS] = {OURS("http_connections", METRIC_GAUGE),
                                 .help = "Open connections of the intake."},
    [METRIC_RELOAD_FAILED] = {OURS("reload_failed", METRIC_GAUGE), .labels = {"what"},
                              .help = "1 while what SIGHUP found is wrong and what was read before counts."},
    [METRIC_REDEEMED_UNCOMPLETED] = {OURS("redeemed_uncompleted_total", METRIC_COUNTER),
                                     .help =
                                         "Redeemed requests that no change of the password followed within "
                                         "token.completed_within."},
    [METRIC_CLOCK_DIFFERENCE] = {OURS("clock_difference_seconds", METRIC_GAUGE), .labels = {"clock"},
                                 .help = "Our clock minus the one named."},
    [METRIC_PROCESS_START_TIME] = {.name = "process_start_time_seconds",
                                   .type = METRIC_GAUGE,
                                   .help = "Start of the process, Unix time."},
    [METRIC_PROCESS_CPU] = {.name = "process_cpu_seconds_total",
                            .type = METRIC_COUNTER,
                            .help = "CPU time used, user and system."},
    [METRIC_PROCESS_MEMORY] = {.name = "process_resident_memory_bytes",
                               .type = METRIC_GAUGE,
                               .help = "Resident memory."},
    [METRIC_PROCESS_DESCRIPTORS] = {.name = "process_open_fds",
                                    .type = METRIC_GAUGE,
                                    .help = "Open file descriptors."},
    [METRIC_PROCESS_DESCRIPTORS_LIMIT] = {.name = "process_max_fds",
                                          .type = METRIC_GAUGE,
                                          .help = "File descriptors that the process may open."},
};
