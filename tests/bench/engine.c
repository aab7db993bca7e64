/* The worker's SMTP engine alone: the same message to as many recipients as wanted, through the pool that the
 * worker has, without Kafka and Redis.
 *
 *     bench_engine PORT MAILS CONNECTIONS FILE
 *
 * FILE is the message with CRLF line ends.  The pool has the worker's own settings; what is behind a
 * connection's message is not asked for more often than the pool has room.  Ends with 0 when every mail was
 * accepted. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "worker/smtp/pool.h"

enum { MESSAGE_SIZE = 1024 * 1024, ADDRESS_SIZE = 64 };

struct slot {
    struct engine *engine;
    struct slot *next; /* free */
    char address[ADDRESS_SIZE];
};

struct engine {
    struct event_base *base;
    struct smtp_pool *pool;
    struct event *feed;
    struct text message;
    struct slot *slots, *free;
    size_t wanted, begun, finished, accepted;
    bool fed; /* in this turn of the loop */
};

static bool may_send_dot(void *context)
{
    (void)context;
    return true;
}

static void done(void *context, const struct smtp_result *result)
{
    struct slot *slot = context;
    struct engine *engine = slot->engine;
    engine->finished++;
    if (result->kind == SMTP_ACCEPTED)
        engine->accepted++;
    else
        fprintf(stderr, "%s: %s at %s, %d\n", slot->address, smtp_result_kind_name(result->kind),
                smtp_stage_name(result->stage), result->code);
    slot->next = engine->free;
    engine->free = slot;
    if (engine->finished == engine->wanted)
        event_base_loopbreak(engine->base);
    else if (!engine->fed && engine->begun < engine->wanted)
        event_active(engine->feed, EV_TIMEOUT, 1);
    engine->fed = true;
}

static void connect_failed(void *context, enum smtp_reason reason, const struct error *error)
{
    (void)context;
    fprintf(stderr, "connect: %s: %s\n", smtp_reason_name(reason), error->text);
    exit(69);
}

static void feed(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor, (void)what;
    struct engine *engine = context;
    engine->fed = false;
    while (engine->begun < engine->wanted && engine->free && smtp_pool_room(engine->pool) > 0) {
        struct slot *slot = engine->free;
        struct error error;
        engine->free = slot->next;
        snprintf(slot->address, sizeof slot->address, "u%zu@example.com", engine->begun++);
        const struct smtp_submission submission = {.recipient = text_of(slot->address),
                                                   .message = engine->message,
                                                   .context = slot,
                                                   .may_send_dot = may_send_dot,
                                                   .done = done};
        if (smtp_pool_submit(engine->pool, &submission, NULL, &error) != STATUS_OK) {
            fprintf(stderr, "%s\n", error.text);
            exit(70);
        }
    }
}

static struct text read_message(const char *path)
{
    static char bytes[MESSAGE_SIZE];
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    return (struct text){bytes, size};
}

static bool start(struct engine *engine, const char *port, size_t connections, struct error *error)
{
    char url[64];
    struct smtp_settings settings;
    smtp_settings_default(&settings);
    snprintf(url, sizeof url, "smtp://127.0.0.1:%s", port);
    settings.url = url;
    settings.tls_required = false;
    settings.envelope_from = "no-reply@example.org";
    settings.helo = "engine.test";
    settings.connections = connections;
    engine->base = event_base_new();
    size_t count = connections * 4;
    engine->slots = calloc(count, sizeof *engine->slots);
    if (!engine->base || !engine->slots)
        return false;
    for (size_t i = 0; i < count; i++) {
        engine->slots[i].engine = engine;
        engine->slots[i].next = engine->free;
        engine->free = &engine->slots[i];
    }
    engine->feed = event_new(engine->base, -1, 0, feed, engine);
    const struct smtp_pool_observer observer = {.connect_failed = connect_failed};
    return engine->feed &&
           smtp_pool_new(engine->base, &settings, &observer, &engine->pool, error) == STATUS_OK;
}

int main(int argc, char **argv)
{
    struct engine engine = {0};
    struct error error = {0};
    if (argc != 5) {
        fprintf(stderr, "bench_engine PORT MAILS CONNECTIONS FILE\n");
        return 64;
    }
    signal(SIGPIPE, SIG_IGN);
    engine.wanted = strtoul(argv[2], NULL, 10);
    engine.message = read_message(argv[4]);
    if (engine.wanted == 0 || engine.message.size == 0 ||
        !start(&engine, argv[1], strtoul(argv[3], NULL, 10), &error)) {
        fprintf(stderr, "the engine cannot start: %s\n", error.text[0] ? error.text : strerror(errno));
        return 70;
    }
    event_active(engine.feed, EV_TIMEOUT, 1);
    event_base_dispatch(engine.base);
    smtp_pool_free(&engine.pool);
    event_free(engine.feed);
    event_base_free(engine.base);
    free(engine.slots);
    return engine.accepted == engine.wanted ? 0 : 1;
}
