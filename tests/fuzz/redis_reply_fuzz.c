/* A Redis that answers nonsense, on a socket: whatever it says, every question is answered for exactly once,
 * and only an answer of the right form is taken for one.
 *
 * The first byte of an input says whether the greeting goes well (odd) or is the input, too; the rest is what
 * comes back for the questions, before the connection ends. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"
#include "io/redis_record_store.h"

enum { READ_KEYS = 3, SWAP_KEYS = 2, QUESTIONS = 3 };

#define SHA "0123456789abcdef0123456789abcdef01234567"

static const char *const greeting[] = {
    "+OK\r\n",                                               /* CLIENT SETNAME */
    "*2\r\n$10\r\n1763788200\r\n$6\r\n123456\r\n",           /* TIME */
    "$38\r\nmaxmemory:0\r\nrole:master\r\nredis_mode:x\r\n", /* INFO */
    "$13\r\n1763700000000\r\n",                              /* GET of born */
    "$40\r\n" SHA "\r\n",
    "$40\r\n" SHA "\r\n", /* SCRIPT LOAD */
};
enum { GREETING = sizeof greeting / sizeof *greeting };

/* One input's run; the loop, the socket's folder and the listener are the process's. */
static struct {
    struct event_base *base;
    struct evconnlistener *listener;
    char folder[32], path[64], url[80];
    struct bufferevent *server;
    struct text said;
    size_t greeted;
    bool well, spoken, down;
    struct redis *redis;
    struct redis_record_store *store;
    int asked, answered[QUESTIONS];
} run;

static void speak(void)
{
    if (run.spoken)
        return;
    run.spoken = true;
    struct evbuffer *out = bufferevent_get_output(run.server);
    evbuffer_add(out, run.said.bytes, run.said.size);
}

/* How many commands stand in what the client wrote: each is an array, and no argument of ours has a line that
 * looks like one. */
static size_t take_commands(struct evbuffer *in)
{
    size_t count = 0, size = evbuffer_get_length(in);
    const char *bytes = (const char *)evbuffer_pullup(in, -1);
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == '*' && (i == 0 || bytes[i - 1] == '\n') && i + 1 < size && bytes[i + 1] <= '9')
            count++;
    evbuffer_drain(in, size);
    return count;
}

static void on_commands(struct bufferevent *server, void *context)
{
    (void)context;
    size_t count = take_commands(bufferevent_get_input(server));
    for (; run.well && count > 0 && run.greeted < GREETING; count--)
        evbuffer_add_printf(bufferevent_get_output(server), "%s", greeting[run.greeted++]);
    if (count > 0)
        speak();
}

static void on_written(struct bufferevent *server, void *context)
{
    (void)context;
    if (run.spoken)
        (void)shutdown(bufferevent_getfd(server), SHUT_WR);
}

static void on_end(struct bufferevent *server, short what, void *context)
{
    (void)what, (void)context;
    bufferevent_disable(server, EV_READ | EV_WRITE);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t socket, struct sockaddr *address,
                      int size, void *context)
{
    (void)listener, (void)address, (void)size, (void)context;
    HOLDS(!run.server);
    run.server = bufferevent_socket_new(run.base, socket, BEV_OPT_CLOSE_ON_FREE);
    HOLDS(run.server);
    bufferevent_setcb(run.server, on_commands, on_written, on_end, NULL);
    bufferevent_enable(run.server, EV_READ | EV_WRITE);
}

static void answered(void *context)
{
    int *count = context;
    HOLDS(++*count == 1);
}

static void on_read(void *context, const struct record_store_reply *reply)
{
    answered(context);
    HOLDS(reply->status == STATUS_OK ? reply->count == READ_KEYS && reply->now_ms > 0 : reply->error != NULL);
}

static void on_swap(void *context, const struct record_store_reply *reply)
{
    answered(context);
    if (reply->status == STATUS_CONFLICT)
        HOLDS(reply->count == SWAP_KEYS && reply->now_ms > 0);
    else
        HOLDS(reply->status == STATUS_OK || (reply->error && reply->error->text[0]));
}

static void on_plain(void *context, const struct redis_answer *answer)
{
    answered(context);
    HOLDS(answer->status == STATUS_OK ? answer->reply != NULL : answer->text && !answer->reply);
}

static void on_ready(void *context)
{
    (void)context;
    if (run.asked > 0)
        return;
    struct error error;
    struct record_store port = redis_record_store_port(run.store);
    const struct text keys[READ_KEYS] = {TEXT("user:a"), TEXT("request:b"), TEXT("token:c")};
    const struct record_store_change changes[SWAP_KEYS] = {
        {.key = TEXT("user:a"), .compared = true, .expected = TEXT("1"), .action = RECORD_STORE_KEEP},
        {.key = TEXT("token:c"), .action = RECORD_STORE_SET, .value = TEXT("v"), .expires_at_ms = 9},
    };
    run.asked = QUESTIONS;
    port.operations->read(port.context, keys, READ_KEYS, on_read, &run.answered[0]);
    port.operations->swap(port.context, changes, SWAP_KEYS, false, on_swap, &run.answered[1]);
    if (redis_command(run.redis, (struct text[]){TEXT("PING")}, 1, on_plain, &run.answered[2], &error) !=
        STATUS_OK)
        run.answered[2] = 1;
}

static void on_down(void *context, enum redis_fault fault, const char *reason)
{
    (void)context;
    run.down = true;
    HOLDS(fault != REDIS_FAULT_NONE && reason[0]);
}

static void leave(void)
{
    (void)unlink(run.path);
    (void)rmdir(run.folder);
}

static void listen_once(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (run.base)
        return;
    HOLDS(snprintf(run.folder, sizeof run.folder, "/tmp/redis-fuzz-XXXXXX") < (int)sizeof run.folder);
    HOLDS(mkdtemp(run.folder));
    (void)snprintf(run.path, sizeof run.path, "%s/s", run.folder);
    (void)snprintf(run.url, sizeof run.url, "unix://%s", run.path);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", run.path);
    HOLDS(atexit(leave) == 0);
    run.base = event_base_new();
    run.listener = evconnlistener_new_bind(run.base, on_accept, NULL, LEV_OPT_CLOSE_ON_FREE, 8,
                                           (struct sockaddr *)&address, sizeof address);
    HOLDS(run.base && run.listener);
}

static void begin(struct text input)
{
    struct redis_script scripts[REDIS_RECORD_STORE_SCRIPTS];
    struct redis_events events = {.ready = on_ready, .down = on_down};
    struct error error;
    redis_record_store_scripts(scripts);
    struct redis_options options = {.url = run.url,
                                    .prefix = "p",
                                    .client_name = "fuzz",
                                    .connect_timeout_ms = 600000,
                                    .command_timeout_ms = 600000,
                                    .most_pending = 16,
                                    .scripts = scripts,
                                    .script_count = REDIS_RECORD_STORE_SCRIPTS};
    run.well = (unsigned char)input.bytes[0] & 1;
    run.said = (struct text){input.bytes + 1, input.size - 1};
    run.spoken = run.down = false;
    run.greeted = 0;
    run.asked = 0;
    run.server = NULL;
    memset(run.answered, 0, sizeof run.answered);
    HOLDS(redis_new(run.base, &options, &events, &run.redis, &error) == STATUS_OK);
    HOLDS(redis_record_store_new(run.redis, &run.store, &error) == STATUS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2 || size > 4096)
        return 0;
    listen_once();
    struct text input = fuzz_own(bytes, size);
    begin(input);
    while (!run.down)
        HOLDS(event_base_loop(run.base, EVLOOP_ONCE) == 0);
    redis_free(&run.redis);
    for (int i = 0; i < run.asked; i++)
        HOLDS(run.answered[i] == 1);
    redis_record_store_free(&run.store);
    if (run.server)
        bufferevent_free(run.server);
    fuzz_disown(&input);
    return 0;
}
