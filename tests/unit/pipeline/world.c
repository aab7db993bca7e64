/* Builds the worker that worker.c would build, but for what has a socket, and turns its loop. */
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <gmime/gmime.h>
#include <sodium.h>

#include "core/timestamp.h"
#include "io/clock.h"
#include "io/log.h"
#include "pipeline/world.h"
#include "support/failing_memory.h"
#include "worker/mail_templates.h"

#define START_MS    INT64_C(1790000000000)
#define TOKEN_KEYS  "t1 1111111111111111111111111111111111111111111111111111111111111111\n"
#define RECORD_KEYS "r1 2222222222222222222222222222222222222222222222222222222222222222\n"
#define PUBLISHERS                                                                                           \
    "portal 0123456789abcdef0123456789abcdef request:admin,request:self,request:temporary_password,notify "  \
    "acme\n"                                                                                                 \
    "campaign 00112233445566778899aabbccddeeff request:admin,request:bulk acme\n"                            \
    "intake 8899aabbccddeeff0011223344556677 request:admin,assert:key acme\n"                                \
    "kiosk fedcba9876543210fedcba9876543210 request:self acme\n"

static int64_t now_us; /* of all clocks that never jump */
static int sink = -1;

int64_t clock_monotonic_us(void)
{
    return now_us;
}

int64_t clock_monotonic_ms(void)
{
    return now_us / 1000;
}

int64_t clock_boottime_ms(void)
{
    return now_us / 1000;
}

int64_t clock_realtime_ms(void)
{
    return START_MS + now_us / 1000;
}

void world_move_clocks(int64_t milliseconds)
{
    now_us += milliseconds * 1000;
}

int64_t worker_now_ms(const struct worker *worker)
{
    const struct world *world = (const struct world *)(const void *)worker; /* its first member */
    return memory_store_time(world->memory);
}

void world_note(struct world *world, const char *word)
{
    memory_spared++;
    if (world->journal.size > 0)
        buffer_append_string(&world->journal, ", ");
    buffer_append_string(&world->journal, word);
    memory_spared--;
}

bool world_request(struct world *world, struct request_record *record)
{
    struct text bytes = memory_store_get(world->memory, TEXT("request:" WORLD_ID));
    return bytes.bytes && request_record_parse(bytes, record) == STATUS_OK;
}

static bool probe_relay(void *context)
{
    return !((struct world *)context)->relay_away;
}

static void open_gates(struct world *world)
{
    struct gate_options options[DEPENDENCY_COUNT] = {
        [DEPENDENCY_REDIS] = {.name = "redis", .threshold = 1},
        [DEPENDENCY_SMTP] = {.name = "smtp", .threshold = 3, .probe = probe_relay, .context = world},
        [DEPENDENCY_KAFKA] = {.name = "kafka", .threshold = 1},
    };
    struct error error = {0};
    for (size_t i = 0; i < DEPENDENCY_COUNT; i++) {
        options[i].first_ms = options[i].most_ms = 1;
        assert_ok(
            gate_new(world->worker.base, &options[i], world->worker.metrics, &world->worker.gates[i], &error),
            &error);
    }
}

static void set_up(struct world *world)
{
    struct worker_settings *values = &world->worker.settings;
    static const char *const tiers[] = {"1", "2", "3"};
    *values = (struct worker_settings){.topic_audit = "audit",
                                       .topic_dead_letter = "dead",
                                       .tiers_ms = {60000, 600000, 1200000},
                                       .tier_names = tiers,
                                       .tiers = 3,
                                       .concurrency = 8,
                                       .drain_ms = 30000,
                                       .dot_ms = 300000,
                                       .park_ms = 30000,
                                       .name = "tests"};
    snprintf(values->topics[LANE_REQUESTED], RETRY_TOPIC_SIZE, "requested");
    for (unsigned i = 0; i < values->tiers; i++)
        retry_topic_name("requested", tiers[i], values->topics[1 + i]);
    values->policy.roles[0] = TEXT("admin");
    values->policy.policy.admin_roles = values->policy.roles;
    values->policy.policy.admin_role_count = 1;
    for (unsigned method = 0; method < METHOD_PASSWORD_CHANGED; method++)
        values->policy.policy.methods[method] = true;
}

/* Read once: they are the same in every world, and there are many worlds. */
static struct template_set *shared_templates;

static void open_mail(struct worker *worker)
{
    struct error error = {0};
    assert_ok(link_parse(TEXT("https://app.example/reset?token={token}"), &worker->link, &error), &error);
    if (!shared_templates)
        assert_ok(mail_templates_load(NULL, NULL, &shared_templates, &error), &error);
    worker->templates = shared_templates;
    assert_ok(mail_profile_new(TEXT("relay@acme.example"), &worker->link, worker->templates, &worker->profile,
                               &error),
              &error);
    assert_ok(time_zones_new("/nowhere", &worker->zones, &error), &error);
}

static void on_started(void *context, const struct reset_answer *answer)
{
    *(enum status *)context = answer->status;
}

static void open_store(struct world *world, const struct reset_limits *limits)
{
    struct worker *worker = &world->worker;
    world->memory = memory_store_new();
    memory_store_set_time(world->memory, START_MS + now_us / 1000 - 60000);
    struct record_store port = world_port(world);
    worker->store = reset_store_new(
        &port, &(struct reset_store_settings){
                   .limits = *limits, .token_keys = worker->token_keys, .record_keys = worker->record_keys});
    enum status started = STATUS_TIMEOUT;
    reset_store_start(worker->store, on_started, &started);
    assert_int_equal(started, STATUS_OK);
    worker->store_started = true;
    memory_store_set_time(world->memory, START_MS + now_us / 1000);
    memory_store_defer(world->memory, true);
}

void world_open(struct world *world)
{
    world_open_limited(world, &(struct reset_limits){0});
}

void world_open_limited(struct world *world, const struct reset_limits *limits)
{
    static bool initialised;
    struct error error = {0};
    if (!initialised) {
        assert_true(sodium_init() >= 0);
        g_mime_init();
        sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
        assert_true(sink >= 0);
        log_open("tests", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, sink);
        initialised = true;
    }
    memset(world, 0, sizeof *world);
    struct worker *worker = &world->worker;
    buffer_init(&world->journal, 16384);
    world->offset = WORLD_OFFSET;
    set_up(world);
    worker->base = event_base_new();
    worker->metrics = metrics_new("tests");
    assert_ok(audit_stream_new(worker->base, sink, worker->metrics, &worker->audit_lines, &error), &error);
    assert_ok(keyring_parse(TEXT(TOKEN_KEYS), "token keys", &worker->token_keys, &error), &error);
    assert_ok(keyring_parse(TEXT(RECORD_KEYS), "record keys", &worker->record_keys, &error), &error);
    assert_ok(publishers_parse(TEXT(PUBLISHERS), "publishers", &worker->publishers, &error), &error);
    open_gates(world);
    open_mail(worker);
    open_store(world, limits);
    worker->producer = (struct kafka_producer *)(void *)world;
    worker->consumer = (struct kafka_consumer *)(void *)world;
    worker->smtp = (struct smtp_pool *)(void *)world;
    assert_ok(intake_start(worker, &error), &error);
}

void world_close(struct world *world)
{
    struct worker *worker = &world->worker;
    worker->ended = true;
    while (memory_store_waiting(world->memory) > 0)
        memory_store_serve(world->memory, 0);
    while (worker->jobs) {
        struct job *job = worker->jobs;
        job_free(&job);
    }
    for (size_t i = 0; i < world->delivery_count; i++)
        free(world->deliveries[i]);
    world_free_produced(world);
    kafka_record_free(&world->given);
    intake_stop(worker);
    reset_store_free(&worker->store);
    memory_store_free(&world->memory);
    time_zones_free(&worker->zones);
    mail_profile_free(&worker->profile);
    worker->templates = NULL; /* shared */
    for (size_t i = 0; i < DEPENDENCY_COUNT; i++)
        gate_free(&worker->gates[i]);
    keyring_free(&worker->token_keys);
    keyring_free(&worker->record_keys);
    publishers_free(&worker->publishers);
    audit_stream_free(&worker->audit_lines, 0);
    metrics_free(&worker->metrics);
    event_base_free(worker->base);
    buffer_clear(&world->journal);
}

/* What a reset's data has and a change's has not, or the other way round. */
static void write_matter(const struct occasion *with, char *matter, size_t size)
{
    if (with->method != METHOD_PASSWORD_CHANGED)
        snprintf(matter, size, "\"method\":\"%s\"", method_name(with->method));
    else if (with->completes)
        snprintf(matter, size, "\"address\":\"current\",\"request_id\":\"%s\"", with->completes);
    else
        snprintf(matter, size, "\"address\":\"current\"");
}

static void write_event(const struct world *world, const struct occasion *with, struct buffer *value)
{
    char text[1200], time[TIMESTAMP_SIZE], user[300], matter[120];
    const char *tenant = with->actor_tenant ? with->actor_tenant : "acme";
    bool change = with->method == METHOD_PASSWORD_CHANGED;
    timestamp_format(memory_store_time(world->memory) + with->ahead_ms - with->late_ms, time);
    snprintf(user, sizeof user, "{\"id\":\"u1\",\"email\":\"%s\",\"name\":\"%s\"%s}",
             with->email ? with->email : "u1@acme.example", with->name ? with->name : "Una",
             change ? "" : ",\"role\":\"member\"");
    write_matter(with, matter, sizeof matter);
    snprintf(text, sizeof text,
             "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/tests\",\"type\":\"%s"
             "\",\"time\":\"%s\",\"datacontenttype\":\"application/json\",\"data\":{\"tenant\":\"acme\","
             "\"user\":%s,\"actor\":{\"role\":\"%s\",\"id\":\"a1\",\"tenant\":\"%s\"},%s%s%s}}",
             with->id ? with->id : WORLD_ID, change ? EVENT_COMPLETED_TYPE : EVENT_TYPE, time,
             with->user ? with->user : user, with->actor_role ? with->actor_role : "admin", tenant, matter,
             with->stamp ? ",\"asserted_by\":" : "", with->stamp ? with->stamp : "");
    buffer_append_string(value, with->value ? with->value : text);
}

/* As a lane does: without memory it is offered again. */
static void offer(struct world *world, const struct kafka_record *record)
{
    memory_spared++;
    struct kafka_record *copy = kafka_record_copy(record);
    memory_spared--;
    assert_non_null(copy);
    while (!intake_record(&world->worker, copy->reference.lane, copy))
        ;
}

static void give(struct world *world, struct kafka_record record)
{
    record.reference.epoch = world->epoch;
    record.reference.offset = world->offset++;
    kafka_record_free(&world->given);
    memory_spared++;
    world->given = kafka_record_copy(&record);
    memory_spared--;
    offer(world, &record);
}

void world_give_again(struct world *world)
{
    world->given->reference.epoch = world->epoch;
    world->completed[world->given->reference.offset] = false; /* had it been committed, nobody would */
    offer(world, world->given);
}

void world_event(struct world *world, struct occasion with)
{
    struct buffer value, signature;
    buffer_init(&value, 4096);
    buffer_init(&signature, 400);
    memory_spared++;
    write_event(world, &with, &value);
    const struct publisher *publisher =
        publishers_find(world->worker.publishers, text_of(with.signature ? with.signature : "portal"));
    const struct publisher *signer =
        with.wrong_secret ? publishers_find(world->worker.publishers, TEXT("kiosk")) : publisher;
    signature_make(&signer->key, publisher->name, buffer_text(&value), &signature);
    memory_spared--;
    struct kafka_record_header header = {SIGNATURE_HEADER, buffer_text(&signature)};
    give(world, (struct kafka_record){.topic = "requested",
                                      .timestamp_ms = memory_store_time(world->memory) - with.late_ms,
                                      .timestamp_type = KAFKA_TIMESTAMP_LOG_APPEND,
                                      .key = TEXT("acme/u1"),
                                      .value = with.tombstone ? (struct text){0} : buffer_text(&value),
                                      .headers = &header,
                                      .header_count = with.unsigned_ ? 0 : 1});
    buffer_clear(&value);
    buffer_clear(&signature);
}

void world_redeliver(struct world *world)
{
    struct kafka_record record = *world->copy.record;
    struct retry_position position;
    struct error error = {0};
    assert_ok(retry_position_read(&record, &position, &error), &error);
    while (strcmp(world->worker.settings.topics[record.reference.lane], world->copy.topic) != 0)
        record.reference.lane++;
    record.topic = world->copy.topic;
    record.timestamp_ms = memory_store_time(world->memory);
    if (position.retry_at_ms > memory_store_time(world->memory))
        world_pass(world, position.retry_at_ms - memory_store_time(world->memory));
    give(world, record);
}

void world_stage(struct world *world, enum method method)
{
    enum status staged = STATUS_TIMEOUT;
    struct reset_stage question = {.request_id = TEXT(WORLD_ID),
                                   .tenant = TEXT("acme"),
                                   .user_id = TEXT("u1"),
                                   .method = method,
                                   .verifier = {1, 2, 3},
                                   .record_key = keyring_current(world->worker.record_keys)};
    memory_store_defer(world->memory, false);
    reset_store_stage(world->worker.store, &question, on_started, &staged);
    memory_store_defer(world->memory, true);
    assert_int_equal(staged, STATUS_OK);
}

void world_kill(struct world *world)
{
    struct worker *worker = &world->worker;
    worker->ended = true; /* what is answered from here on is answered to nobody */
    while (memory_store_waiting(world->memory) > 0)
        memory_store_serve(world->memory, 0);
    for (size_t i = 0; i < world->delivery_count; i++) {
        world->mails_out += world->deliveries[i]->at_dot && world->deliveries[i]->relay == RELAY_ACCEPTS;
        free(world->deliveries[i]);
    }
    world->delivery_count = 0;
    for (size_t i = 0; i < world->produced_count; i++)
        kafka_record_free(&world->produced[i].record);
    world->produced_count = 0;
    while (worker->jobs) {
        struct job *job = worker->jobs;
        job_free(&job);
    }
    worker->ended = false;
    world->epoch++;
    world_note(world, "killed");
}
