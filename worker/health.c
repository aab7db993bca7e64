/* Ready means: an event that comes now can be taken to its end.  Kafka's metadata and the topics' settings
 * are asked for now and then on librdkafka's threads; Redis and the relay report by themselves. */
#include "worker/health.h"

#include <stdio.h>
#include <string.h>

#include "io/clock.h"
#include "io/config_rules.h"
#include "io/kafka_topics.h"
#include "io/log.h"
#include "worker/settings.h"

enum { EVERY_S = 10, KAFKA_DEADLINE_MS = 5000 };

static void ready(void *context, struct admin_checks *checks)
{
    struct worker *worker = context;
    char outside[320] = "";
    bool member = worker->closed || kafka_consumer_is_member(worker->consumer, outside, sizeof outside);
    admin_checks_add(checks, "draining", !worker->draining, "draining: nothing new is taken");
    admin_checks_add(checks, "redis", worker->store_started && redis_is_ready(worker->redis),
                     worker->redis_fault[0] ? worker->redis_fault : "not connected yet");
    admin_checks_add(checks, "kafka", worker->kafka_fault[0] == '\0', worker->kafka_fault);
    admin_checks_add(checks, "group", member, outside);
    admin_checks_add(checks, "topics", worker->topics.fault[0] == '\0', worker->topics.fault);
    static const char *const names[DEPENDENCY_COUNT] = {[DEPENDENCY_REDIS] = "redis_breaker",
                                                        [DEPENDENCY_SMTP] = "smtp_breaker",
                                                        [DEPENDENCY_KAFKA] = "kafka_breaker"};
    for (size_t i = 0; i < DEPENDENCY_COUNT; i++)
        admin_checks_add(checks, names[i], gate_is_open(worker->gates[i]), gate_reason(worker->gates[i]));
}

static void collect_lanes(struct worker *worker)
{
    int64_t now_ms = worker_now_ms(worker), oldest_ms = 0;
    metrics_forget(worker->metrics, METRIC_CONSUMER_LAG);
    for (size_t lane = 0; lane <= worker->settings.tiers; lane++) {
        struct kafka_lane_figures figures = kafka_consumer_lane(worker->consumer, lane);
        metrics_set(worker->metrics, METRIC_CONSUMER_LAG, LABELS(worker->settings.topics[lane], "all"),
                    (double)figures.lag);
        if (figures.oldest_unfinished_s < 0)
            continue;
        /* A record of a retry tier is due a tier's length after it was written. */
        int64_t tier_ms = lane == LANE_REQUESTED ? 0 : worker->settings.tiers_ms[lane - 1];
        int64_t past_due_ms = now_ms - figures.oldest_unfinished_s * 1000 - tier_ms;
        if (past_due_ms > oldest_ms)
            oldest_ms = past_due_ms;
    }
    metrics_set(worker->metrics, METRIC_OLDEST_UNFINISHED, NO_LABELS, (double)oldest_ms / 1000);
}

static void collect(void *context)
{
    struct worker *worker = context;
    struct smtp_pool_state smtp;
    smtp_pool_state(worker->smtp, &smtp);
    metrics_set(worker->metrics, METRIC_SMTP_CONNECTIONS, LABELS("busy"), (double)smtp.busy);
    metrics_set(worker->metrics, METRIC_SMTP_CONNECTIONS, LABELS("idle"), (double)(smtp.open - smtp.busy));
    metrics_set(worker->metrics, METRIC_SMTP_CONNECTIONS, LABELS("connecting"), (double)smtp.connecting);
    metrics_set(worker->metrics, METRIC_EVENTS_IN_FLIGHT, NO_LABELS, (double)worker->job_count);
    uint64_t handles = kafka_producer_figures(worker->producer).handles;
    if (handles > worker->kafka_handles)
        metrics_add(worker->metrics, METRIC_KAFKA_PRODUCER_RESTARTS, NO_LABELS,
                    (double)(handles - worker->kafka_handles));
    worker->kafka_handles = handles;
    if (redis_now_ms(worker->redis))
        metrics_set(worker->metrics, METRIC_CLOCK_DIFFERENCE, LABELS("redis"),
                    (double)(clock_realtime_ms() - redis_now_ms(worker->redis)) / 1000);
    if (!worker->closed)
        collect_lanes(worker);
}

static void on_probed(void *context, enum status status, int partitions, const struct error *error)
{
    (void)partitions;
    struct worker *worker = context;
    if (status == STATUS_CONFIG && strcmp(worker->kafka_fault, error->text) != 0)
        log_write(LOG_LEVEL_ERROR, "Kafka is not as this worker needs it", LOG_ERROR(error));
    snprintf(worker->kafka_fault, sizeof worker->kafka_fault, "%s", status == STATUS_OK ? "" : error->text);
}

static bool on_loopback(const struct worker *worker)
{
    const char *servers = config_kafka_value(worker->config, "bootstrap.servers");
    char host[256];
    if (!servers)
        return false;
    snprintf(host, sizeof host, "%.*s", (int)strcspn(servers, ":,"), servers);
    return config_is_loopback(host);
}

static void on_examined(void *context, enum status status, const struct kafka_topics_report *report,
                        const struct error *error)
{
    struct worker *worker = context;
    worker->examination = NULL;
    topic_watch_note(&worker->topics, &worker->settings, on_loopback(worker), status, report, error);
}

static void examine_topics(struct worker *worker)
{
    struct kafka_topics_plan plan;
    struct kafka_properties properties = config_kafka_properties(worker->config);
    struct error error = {0};
    enum status status;
    if ((status = settings_topics(&worker->settings, &plan, &error)) ||
        (status = kafka_topics_examine_start(worker->base, &properties, &plan, KAFKA_DEADLINE_MS, on_examined,
                                             worker, &worker->examination, &error)))
        topic_watch_note(&worker->topics, &worker->settings, false, status, NULL, &error);
}

static void on_time(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor, (void)what;
    struct worker *worker = context;
    struct error error = {0};
    enum status status = kafka_producer_probe(worker->producer, worker->settings.topics[LANE_REQUESTED],
                                              KAFKA_DEADLINE_MS, on_probed, worker, &error);
    if (status != STATUS_OK && status != STATUS_CONFLICT)
        snprintf(worker->kafka_fault, sizeof worker->kafka_fault, "%s", error.text);
    if (!worker->examination && topic_watch_due(&worker->topics, clock_monotonic_ms()))
        examine_topics(worker);
}

enum status health_start(struct worker *worker, struct error *error)
{
    struct config_address address = config_address(worker->config, CONFIG_ADMIN_LISTEN);
    struct admin_http_callbacks callbacks = {.ready = ready, .collect = collect, .context = worker};
    enum status status = admin_http_new(worker->base, address.host, address.port, worker->metrics, &callbacks,
                                        &worker->admin, error);
    if (status != STATUS_OK)
        return status;
    worker->kafka_handles = 1;
    snprintf(worker->kafka_fault, sizeof worker->kafka_fault, "not asked yet");
    topic_watch_init(&worker->topics);
    worker->health = event_new(worker->base, -1, EV_PERSIST, on_time, worker);
    struct timeval every = {.tv_sec = EVERY_S};
    if (!worker->health || event_add(worker->health, &every))
        return error_set(error, STATUS_MEMORY, "no memory for the health timer");
    on_time(-1, 0, worker);
    log_write(LOG_LEVEL_INFO, "admin port is open", LOG_TEXT("host", address.host),
              LOG_NUMBER("port", admin_http_port(worker->admin)));
    return STATUS_OK;
}

void health_stop(struct worker *worker)
{
    if (worker->health)
        event_free(worker->health);
    worker->health = NULL;
    kafka_topics_examine_cancel(&worker->examination);
    admin_http_free(&worker->admin);
}
