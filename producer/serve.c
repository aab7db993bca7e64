/* Builds the intake, runs it, tears it down in reverse.  What only the configuration decides fails here with
 * exit 78, before anything listens; what the world decides (Kafka or Redis away) shows in /readyz, and
 * requests are answered 503.
 *
 * SIGTERM: the listening socket closes, requests under way are answered (their connections close with the
 * answer), the audit records still on their way are waited for; http.drain bounds it all. */
#include "producer/serve.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <event2/http.h>

#include "io/clock.h"
#include "io/free_memory.h"
#include "io/log.h"
#include "io/not_before.h"
#include "io/password_stretcher.h"
#include "io/redis_record_store.h"
#include "io/wiped_memory.h"
#include "producer/http_listener.h"
#include "producer/password_verify.h"
#include "producer/routes.h"
#include "producer/serve_health.h"

enum {
    EVHTTP_HEADER_ROOM = 64 * 1024,
    EVHTTP_BODY_ROOM = 64 * 1024,
    ANSWER_MARGIN_MS = 60000,
    REQUEST_BYTES_MOST = 64 << 20, /* a quarter of the unit's MemoryMax */
    CLOSE_MOST_MS = 5000
};

void serve_count_kafka_error(struct serve *serve, enum status status)
{
    static const char *const classes[] = {
        [STATUS_TIMEOUT] = "deadline",  [STATUS_FULL] = "full",           [STATUS_UNAVAILABLE] = "retryable",
        [STATUS_INVALID] = "permanent", [STATUS_NOT_FOUND] = "permanent", [STATUS_DENIED] = "permanent",
    };
    size_t known = sizeof classes / sizeof *classes;
    const char *name = (size_t)status < known ? classes[status] : NULL;
    metrics_add(serve->metrics, METRIC_KAFKA_PRODUCE_ERRORS, LABELS(name ? name : "retryable"), 1);
}

void serve_note_delivery(struct serve *serve, const struct kafka_delivery *delivery)
{
    if (delivery->status == STATUS_OK && delivery->broker_timestamp)
        kafka_clock_note(&serve->kafka_clock, clock_realtime_ms(), delivery->timestamp_ms,
                         clock_monotonic_ms());
    if (delivery->status == STATUS_OK || serve->ended)
        return;
    serve_count_kafka_error(serve, delivery->status);
    log_write(LOG_LEVEL_WARNING, "Kafka has not acknowledged a record",
              LOG_TEXT("status", status_name(delivery->status)),
              LOG_TEXT("reason", delivery->reason ? delivery->reason : ""));
}

static void on_notice(void *context, int severity, const char *facility, const char *text)
{
    (void)context;
    log_kafka(severity, facility, text);
}

static void on_redis_ready(void *context)
{
    struct serve *serve = context;
    serve->redis_fault[0] = '\0';
    log_write(LOG_LEVEL_INFO, "redis is ready");
}

static void on_redis_down(void *context, enum redis_fault fault, const char *reason)
{
    struct serve *serve = context;
    metrics_add(serve->metrics, METRIC_REDIS_ERRORS, LABELS(redis_fault_name(fault)), 1);
    if (strcmp(serve->redis_fault, reason) != 0)
        log_write(LOG_LEVEL_WARNING, "redis is not ready", LOG_TEXT("reason", reason));
    snprintf(serve->redis_fault, sizeof serve->redis_fault, "%s", reason);
}

static void leave_loop(struct serve *serve)
{
    event_base_loopbreak(serve->base);
}

static void on_drained(void *context, enum status status)
{
    (void)status;
    leave_loop(context);
}

static void on_empty(void *context)
{
    struct serve *serve = context;
    kafka_producer_drain(serve->kafka, (int)config_duration_ms(serve->config, CONFIG_HTTP_DRAIN) + 1,
                         on_drained, serve);
}

static void on_drain_end(evutil_socket_t unused, short what, void *context)
{
    (void)unused, (void)what;
    struct serve *serve = context;
    log_write(LOG_LEVEL_WARNING, "http.drain is over: the connections left are cut",
              LOG_NUMBER("connections", http_connections_open(serve->connections)));
    leave_loop(serve);
}

static void on_signal(void *context, int signal)
{
    struct serve *serve = context;
    int64_t drain_ms = config_duration_ms(serve->config, CONFIG_HTTP_DRAIN);
    const struct timeval limit = clock_span(drain_ms);
    log_write(LOG_LEVEL_INFO, "draining", LOG_NUMBER("signal", signal),
              LOG_NUMBER("connections", http_connections_open(serve->connections)));
    serve->draining = true;
    http_listener_free(&serve->listener);
    event_add(serve->drain_end, &limit);
    process_end_within(drain_ms + CLOSE_MOST_MS, serve->exit_code);
    http_connections_drain(serve->connections, on_empty, serve);
}

static void reload_credentials(struct serve *serve)
{
    struct credentials *fresh = NULL;
    struct error error = {0};
    bool failed = credentials_load(serve->config, &fresh, &error) != STATUS_OK;
    metrics_set(serve->metrics, METRIC_RELOAD_FAILED, LABELS("credentials"), failed);
    if (failed) {
        log_write(LOG_LEVEL_ERROR, "reload failed: the old keys and publishers stay", LOG_ERROR(&error));
        return;
    }
    event_publisher_sign_as(serve->publisher, fresh->own);
    credentials_release(&serve->credentials);
    serve->credentials = fresh;
    log_write(LOG_LEVEL_INFO, "keys and publishers are read again");
}

static void on_reload(void *context)
{
    struct serve *serve = context;
    reload_credentials(serve);
    if (serve->store)
        not_before_reload(serve->config, serve->store, serve->metrics);
}

static enum status open_base(struct serve *serve, struct error *error)
{
    struct process_signal_callbacks signals = {.drain = on_signal, .reload = on_reload, .context = serve};
    serve->base = event_base_new();
    serve->metrics = metrics_new("reset-producer");
    if (!serve->base || !serve->metrics)
        return error_set(error, STATUS_MEMORY, "no memory for the event loop");
    serve->drain_end = event_new(serve->base, -1, 0, on_drain_end, serve);
    if (!serve->drain_end)
        return error_set(error, STATUS_MEMORY, "no memory for a timer");
    enum status status;
    if ((status = process_signals_new(serve->base, &signals, &serve->signals, error)) ||
        (status = free_memory_new(serve->base, FREE_MEMORY_EVERY_MS, &serve->free_memory, error)))
        return status;
    return audit_stream_new(serve->base, STDOUT_FILENO, serve->metrics, &serve->audit_lines, error);
}

static enum status open_kafka(struct serve *serve, struct error *error)
{
    const struct config *config = serve->config;
    struct kafka_producer_settings producer = {
        .properties = config_kafka_properties(config),
        .deadline_ms = (int)config_duration_ms(config, CONFIG_HTTP_KAFKA_DEADLINE),
        .notice = on_notice,
    };
    enum status status;
    if ((status = kafka_producer_new(serve->base, &producer, &serve->kafka, error)) ||
        (status = event_publisher_new(serve->kafka, config_text(config, CONFIG_TOPICS_REQUESTED),
                                      &serve->publisher, error)))
        return status;
    event_publisher_sign_as(serve->publisher, serve->credentials->own);
    return audit_trail_new(serve->kafka, config_text(config, CONFIG_TOPICS_AUDIT), serve->audit_lines,
                           serve->metrics, &serve->audit, error);
}

static enum status open_redis(struct serve *serve, struct error *error)
{
    struct redis_options options;
    struct redis_script scripts[REDIS_RECORD_STORE_SCRIPTS];
    struct redis_events events = {.ready = on_redis_ready, .down = on_redis_down, .context = serve};
    struct reset_store_settings store = {.not_before_ms =
                                             config_time_ms(serve->config, CONFIG_TOKEN_NOT_BEFORE)};
    enum status status;
    if (!config_is_set(serve->config, CONFIG_REDIS_URL)) {
        if (serve->policy.policy.methods[METHOD_TEMPORARY_PASSWORD_HANDED] ||
            serve->policy.policy.methods[METHOD_TEMPORARY_PASSWORD_CHOSEN])
            log_write(LOG_LEVEL_WARNING,
                      "temporary passwords that are handed over or chosen are refused: they "
                      "need redis.url, or leave them out of policy.temporary_password");
        return STATUS_OK;
    }
    config_read_redis(serve->config, "reset-producer", &options);
    redis_record_store_scripts(scripts);
    options.scripts = scripts;
    options.script_count = REDIS_RECORD_STORE_SCRIPTS;
    if ((status = redis_new(serve->base, &options, &events, &serve->redis, error)) ||
        (status = redis_record_store_new(serve->redis, &serve->records, error)))
        return status;
    int64_t replicas = config_number(serve->config, CONFIG_REDIS_WAIT_REPLICAS);
    if (replicas > 0 && (status = redis_record_store_settle(
                             serve->records, (unsigned)replicas,
                             config_duration_ms(serve->config, CONFIG_REDIS_WAIT_TIMEOUT), error)))
        return status;
    struct record_store port = redis_record_store_port(serve->records);
    serve->store = reset_store_new(&port, &store);
    serve->stretcher = password_stretcher_new(serve->base);
    if (!serve->store || !serve->stretcher)
        return error_set(error, STATUS_MEMORY, "no memory for the store");
    return uncompleted_new(serve->base, serve->store, serve->metrics,
                           config_duration_ms(serve->config, CONFIG_TOKEN_COMPLETED_WITHIN),
                           &serve->uncompleted, error);
}

static enum status open_http(struct serve *serve, struct error *error)
{
    const struct config *config = serve->config;
    const struct http_connection_limits limits = {
        .request = {.header = (size_t)config_number(config, CONFIG_HTTP_HEADER_LIMIT),
                    .body = (size_t)config_number(config, CONFIG_HTTP_BODY_LIMIT),
                    .one_value_target = TEXT(PASSWORD_VERIFY_PATH)},
        .total = (size_t)config_number(config, CONFIG_HTTP_CONNECTIONS),
        .bytes = REQUEST_BYTES_MOST,
        .per_address = (size_t)config_number(config, CONFIG_HTTP_CONNECTIONS_PER_ADDRESS),
        .idle_ms = config_duration_ms(config, CONFIG_HTTP_IDLE_TIMEOUT),
        .total_ms = config_duration_ms(config, CONFIG_HTTP_TOTAL_TIMEOUT),
        .answer_ms = 2 * config_duration_ms(config, CONFIG_HTTP_KAFKA_DEADLINE) + ANSWER_MARGIN_MS,
    };
    serve->http = evhttp_new(serve->base);
    if (!serve->http)
        return error_set(error, STATUS_MEMORY, "no memory for HTTP");
    evhttp_set_max_headers_size(serve->http, (ev_ssize_t)(limits.request.header + EVHTTP_HEADER_ROOM));
    evhttp_set_max_body_size(serve->http, (ev_ssize_t)(limits.request.body + EVHTTP_BODY_ROOM));
    evhttp_set_allowed_methods(serve->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
                                                EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
                                                EVHTTP_REQ_TRACE | EVHTTP_REQ_PATCH);
    evhttp_set_gencb(serve->http, routes_dispatch, serve);
    enum status status =
        http_connections_new(serve->base, serve->http, &limits, serve->metrics, &serve->connections, error);
    if (status != STATUS_OK)
        return status;
    return http_listener_new(serve->base, serve->http, config_address(config, CONFIG_HTTP_LISTEN),
                             &serve->listener, error);
}

static enum status open_limits(struct serve *serve, struct error *error)
{
    struct rate per_client = config_rate(serve->config, CONFIG_LIMITS_PER_CLIENT);
    struct rate per_key = config_rate(serve->config, CONFIG_LIMITS_PER_KEY);
    return intake_limits_new(&per_client, &per_key, &serve->limits, error);
}

/* In the order of what fails first for the configuration's sake. */
static enum status open_all(struct serve *serve, struct error *error)
{
    enum status status;
    if ((status = open_base(serve, error)) ||
        (status = credentials_load(serve->config, &serve->credentials, error)) ||
        (status = open_limits(serve, error)) || (status = open_kafka(serve, error)) ||
        (status = open_redis(serve, error)) || (status = open_http(serve, error)))
        return status;
    return serve_health_start(serve, error);
}

/* Whatever still waits for an answer gets one from the thing that goes.  Redis goes before the stretcher: a
 * try that waits to be charged has a place of the stretcher's, and gives it back. */
static void close_all(struct serve *serve)
{
    serve->ended = true;
    serve_health_stop(serve);
    redis_free(&serve->redis);
    password_stretcher_free(&serve->stretcher);
    kafka_producer_free(&serve->kafka);
    http_listener_free(&serve->listener);
    if (serve->http)
        evhttp_free(serve->http);
    http_connections_free(&serve->connections);
    uncompleted_free(&serve->uncompleted);
    reset_store_free(&serve->store);
    redis_record_store_free(&serve->records);
    audit_trail_free(&serve->audit);
    event_publisher_free(&serve->publisher);
    intake_limits_free(&serve->limits);
    credentials_release(&serve->credentials);
    audit_stream_free(&serve->audit_lines, 1000);
    process_signals_free(&serve->signals);
    free_memory_free(&serve->free_memory);
    if (serve->drain_end)
        event_free(serve->drain_end);
    if (serve->base)
        event_base_free(serve->base);
    metrics_free(&serve->metrics);
}

int serve_run(const struct config *config)
{
    struct serve serve = {.config = config, .exit_code = PROCESS_EXIT_OK};
    struct error error = {0};
    wiped_memory_start();
    config_read_policy(config, &serve.policy);
    serve.bind_address = config_choice(config, CONFIG_TOKEN_BIND_ADDRESS) == CONFIG_BIND_ADDRESS_REQUIRE;
    enum status status = open_all(&serve, &error);
    if (status == STATUS_OK) {
        log_write(LOG_LEVEL_INFO, "producer serves", LOG_TEXT("version", RESET_VERSION),
                  LOG_FLAG("tokens", serve.store));
        event_base_dispatch(serve.base);
        log_write(LOG_LEVEL_INFO, "producer ends");
    } else {
        log_write(LOG_LEVEL_ERROR, "the producer cannot start", LOG_ERROR(&error));
        serve.exit_code = status == STATUS_CONFIG || status == STATUS_INVALID ? PROCESS_EXIT_CONFIG
                                                                              : PROCESS_EXIT_UNAVAILABLE;
    }
    close_all(&serve);
    return serve.exit_code;
}
