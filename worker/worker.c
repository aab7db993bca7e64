/* Builds a worker, runs it, tears it down in reverse.  What only the configuration decides fails here with
 * exit 78, before anything is connected; what the world decides (Redis, Kafka, the relay away) shows in
 * /readyz, and the worker waits. */
#include "worker/worker.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <gmime/gmime.h>

#include "io/clock.h"
#include "io/config_rules.h"
#include "io/free_memory.h"
#include "io/log.h"
#include "io/redis_record_store.h"
#include "worker/credentials.h"
#include "worker/drain.h"
#include "worker/health.h"
#include "worker/intake.h"
#include "worker/job.h"
#include "worker/mail_branding.h"
#include "worker/mail_templates.h"
#include "worker/reload.h"
#include "worker/settings.h"

/* Audit records travel together: each on its own costs the broker, librdkafka's thread and us a request
 * (measured: 26 us of 135 an event).  The mail is out by then; only the offset waits. */
enum { LINGER_MS = 10 };

int64_t worker_now_ms(const struct worker *worker)
{
    int64_t redis_ms = worker->redis ? redis_now_ms(worker->redis) : 0;
    return redis_ms ? redis_ms : clock_realtime_ms();
}

static void on_store_started(void *context, const struct reset_answer *answer)
{
    struct worker *worker = context;
    struct gate *gate = worker->gates[DEPENDENCY_REDIS];
    if (answer->status != STATUS_OK) {
        const char *why = answer->error ? answer->error->text : status_name(answer->status);
        snprintf(worker->redis_fault, sizeof worker->redis_fault, "%s", why);
        gate_failure(gate, why);
        return;
    }
    worker->store_started = true;
    worker->redis_fault[0] = '\0';
    gate_success(gate);
    intake_resume(worker);
}

static void on_redis_ready(void *context)
{
    struct worker *worker = context;
    log_write(LOG_LEVEL_INFO, "redis is ready");
    reset_store_start(worker->store, on_store_started, worker);
}

static void on_redis_down(void *context, enum redis_fault fault, const char *reason)
{
    struct worker *worker = context;
    metrics_add(worker->metrics, METRIC_REDIS_ERRORS, LABELS(redis_fault_name(fault)), 1);
    snprintf(worker->redis_fault, sizeof worker->redis_fault, "%s", reason);
    gate_failure(worker->gates[DEPENDENCY_REDIS], reason);
}

static bool probe_redis(void *context)
{
    struct worker *worker = context;
    if (!redis_is_ready(worker->redis)) {
        gate_failure(worker->gates[DEPENDENCY_REDIS], worker->redis_fault);
        return false;
    }
    if (!worker->store_started) {
        reset_store_start(worker->store, on_store_started, worker);
        return false;
    }
    return true;
}

static bool probe_smtp(void *context)
{
    struct worker *worker = context;
    struct smtp_pool_state state;
    smtp_pool_state(worker->smtp, &state);
    if (state.open > 0)
        return true;
    smtp_pool_connect(worker->smtp);
    return false;
}

static void on_smtp_connected(void *context)
{
    struct worker *worker = context;
    gate_reachable(worker->gates[DEPENDENCY_SMTP]); /* whatever stands before a relay may accept and cut */
}

static void on_smtp_failed(void *context, enum smtp_reason reason, const struct error *error)
{
    (void)reason;
    struct worker *worker = context;
    struct smtp_pool_state state;
    smtp_pool_state(worker->smtp, &state);
    if (state.open == 0) /* else the relay is there and only wants fewer connections */
        gate_failure(worker->gates[DEPENDENCY_SMTP], error->text);
}

static void on_gate_opened(void *context)
{
    intake_resume(context);
}

static void on_notice(void *context, int severity, const char *facility, const char *text)
{
    (void)context;
    log_kafka(severity, facility, text);
}

/* Whatever hangs, also in the tearing down: the one who waits for us waits no longer than `worker.drain`. */
static void drain(struct worker *worker)
{
    drain_begin(worker);
    process_end_within(worker->drain_until_ms - worker->drain_margin_ms / 20 - clock_monotonic_ms(),
                       worker->exit_code);
}

static void on_consumer_failed(void *context, const struct error *error)
{
    struct worker *worker = context;
    log_write(LOG_LEVEL_ERROR,
              "the group member is dead for good: ending, so that a fresh process takes over",
              LOG_ERROR(error));
    worker->exit_code = PROCESS_EXIT_UNAVAILABLE;
    drain(worker);
}

static void on_signal(void *context, int signal)
{
    (void)signal;
    drain(context);
}

static void on_reload(void *context)
{
    reload_run(context);
}

static enum status open_gates(struct worker *worker, struct error *error)
{
    const struct gate_options options[DEPENDENCY_COUNT] = {
        [DEPENDENCY_REDIS] = {"redis", 1, 50, 5000, probe_redis, on_gate_opened, worker},
        [DEPENDENCY_SMTP] = {"smtp", 3, 200, 30000, probe_smtp, on_gate_opened, worker},
        [DEPENDENCY_KAFKA] = {"kafka", 1, 200, 10000, NULL, on_gate_opened, worker},
    };
    for (size_t i = 0; i < DEPENDENCY_COUNT; i++) {
        enum status status = gate_new(worker->base, &options[i], worker->metrics, &worker->gates[i], error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status open_mail(struct worker *worker, struct error *error)
{
    const struct config *config = worker->config;
    enum status status;
    g_mime_init();
    if ((status = link_parse(text_of(config_text(config, CONFIG_LINK_URL)), &worker->link, error)) ||
        (status = mail_templates_load(config_text(config, CONFIG_TEMPLATES_DIRECTORY),
                                      config_text(config, CONFIG_TEMPLATES_DEFAULT_LOCALE),
                                      &worker->templates, error)) ||
        (status = mail_profile_new(text_of(config_text(config, CONFIG_SMTP_FROM)), &worker->link,
                                   worker->templates, &worker->profile, error)) ||
        (status = mail_branding_load(config, worker->profile, &worker->brandings, error)) ||
        (status = time_zones_new(NULL, &worker->zones, error)))
        return status;
    struct smtp_settings smtp;
    char envelope[256];
    struct text from = mail_profile_from(worker->profile);
    snprintf(envelope, sizeof envelope, "%.*s", (int)from.size, from.bytes);
    settings_smtp(config, envelope, &smtp);
    struct smtp_pool_observer observer = {
        .context = worker, .connected = on_smtp_connected, .connect_failed = on_smtp_failed};
    return smtp_pool_new(worker->base, &smtp, &observer, &worker->smtp, error);
}

static enum status open_redis(struct worker *worker, struct error *error)
{
    struct redis_options options;
    struct redis_script scripts[REDIS_RECORD_STORE_SCRIPTS];
    config_read_redis(worker->config, worker->settings.name, &options);
    redis_record_store_scripts(scripts);
    options.scripts = scripts;
    options.script_count = REDIS_RECORD_STORE_SCRIPTS;
    struct redis_events events = {.ready = on_redis_ready, .down = on_redis_down, .context = worker};
    struct reset_store_settings store;
    settings_store(worker->config, &store);
    store.token_keys = worker->token_keys;
    store.record_keys = worker->record_keys;
    enum status status;
    if ((status = redis_new(worker->base, &options, &events, &worker->redis, error)) ||
        (status = redis_record_store_new(worker->redis, &worker->records, error)))
        return status;
    struct record_store port = redis_record_store_port(worker->records);
    worker->store = reset_store_new(&port, &store);
    return worker->store ? STATUS_OK : error_set(error, STATUS_MEMORY, "no memory for the store");
}

static enum status open_kafka(struct worker *worker, struct error *error)
{
    struct kafka_producer_settings producer = {
        .properties = config_kafka_properties(worker->config), .linger_ms = LINGER_MS, .notice = on_notice};
    enum status status = kafka_producer_new(worker->base, &producer, &worker->producer, error);
    if (status != STATUS_OK)
        return status;
    const char *topics[KAFKA_LANES_MAX];
    size_t lanes = 1 + worker->settings.tiers;
    for (size_t lane = 0; lane < lanes; lane++)
        topics[lane] = worker->settings.topics[lane];
    struct kafka_consumer_settings consumer = {
        .properties = config_kafka_properties(worker->config),
        .group = config_text(worker->config, CONFIG_WORKER_GROUP_ID),
        .topics = topics,
        .lanes = lanes,
    };
    struct kafka_consumer_callbacks callbacks = {
        .context = worker,
        .room = intake_room,
        .record = intake_record,
        .revoked = intake_revoked,
        .failed = on_consumer_failed,
        .notice = on_notice,
    };
    return kafka_consumer_new(worker->base, &consumer, &callbacks, &worker->consumer, error);
}

static enum status open_base(struct worker *worker, struct error *error)
{
    struct process_signal_callbacks signals = {.drain = on_signal, .reload = on_reload, .context = worker};
    worker->base = event_base_new();
    worker->metrics = metrics_new("reset-worker");
    if (!worker->base || !worker->metrics)
        return error_set(error, STATUS_MEMORY, "no memory for the event loop");
    enum status status;
    if ((status = process_signals_new(worker->base, &signals, &worker->signals, error)) ||
        (status = free_memory_new(worker->base, FREE_MEMORY_EVERY_MS, &worker->free_memory, error)))
        return status;
    return audit_stream_new(worker->base, STDOUT_FILENO, worker->metrics, &worker->audit_lines, error);
}

/* In the order of what fails first for the configuration's sake. */
static enum status open_all(struct worker *worker, struct error *error)
{
    enum status status;
    if ((status = open_base(worker, error)) || (status = credentials_load(worker, error)) ||
        (status = open_gates(worker, error)) || (status = open_mail(worker, error)) ||
        (status = open_redis(worker, error)) || (status = intake_start(worker, error)) ||
        (status = open_kafka(worker, error)))
        return status;
    return health_start(worker, error);
}

/* Whatever still waits for an answer gets one from the thing that goes; `ended` keeps jobs from going on with
 * it.  The audit's lines go out first: the rest may be cut short at the end of the drain. */
static void close_all(struct worker *worker)
{
    worker->ended = true;
    audit_stream_free(&worker->audit_lines, 1000);
    health_stop(worker);
    smtp_pool_free(&worker->smtp);
    redis_free(&worker->redis);
    kafka_producer_free(&worker->producer);
    while (worker->jobs) {
        struct job *job = worker->jobs;
        job_free(&job);
    }
    kafka_consumer_free(&worker->consumer);
    intake_stop(worker);
    reset_store_free(&worker->store);
    redis_record_store_free(&worker->records);
    time_zones_free(&worker->zones);
    branding_set_free(&worker->brandings);
    mail_profile_free(&worker->profile);
    template_set_free(&worker->templates);
    for (size_t i = 0; i < DEPENDENCY_COUNT; i++)
        gate_free(&worker->gates[i]);
    credentials_clear(worker);
    random_stock_clear(&worker->randomness);
    process_signals_free(&worker->signals);
    free_memory_free(&worker->free_memory);
    metrics_free(&worker->metrics);
    if (worker->base)
        event_base_free(worker->base);
}

int worker_run(const struct config *config)
{
    struct worker worker = {.config = config, .exit_code = PROCESS_EXIT_OK};
    struct error error = {0};
    settings_read(config, &worker.settings);
    enum status status = open_all(&worker, &error);
    if (status == STATUS_OK) {
        log_write(LOG_LEVEL_INFO, "worker runs", LOG_TEXT("version", RESET_VERSION),
                  LOG_TEXT("name", worker.settings.name),
                  LOG_NUMBER("concurrency", worker.settings.concurrency));
        event_base_dispatch(worker.base);
        log_write(LOG_LEVEL_INFO, "worker ends", LOG_NUMBER("events_given_back", worker.job_count));
    } else {
        log_write(LOG_LEVEL_ERROR, "the worker cannot start", LOG_ERROR(&error));
        worker.exit_code = status == STATUS_CONFIG || status == STATUS_INVALID ? PROCESS_EXIT_CONFIG
                                                                               : PROCESS_EXIT_UNAVAILABLE;
    }
    close_all(&worker);
    return worker.exit_code;
}
