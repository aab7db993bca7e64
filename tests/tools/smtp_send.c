/* Sends one message to each address on stdin through the pool and prints how each ended:
 *     ADDRESS kind stage reason code class.subject.detail
 * in the order in which they end; then, on stderr, the count, the seconds and the pool's counters.
 *
 *     smtp_send url=smtp://127.0.0.1:2525 tls=off connections=4 dot=2000 < addresses
 *
 * Also content=FILE for the message (LF becomes CRLF; `%s` once is replaced by the address), probe=1 to
 * connect only, withhold=N to refuse the Nth dot, copies=N to send that many for each line, quiet=1 for no
 * lines at all. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "core/buffer.h"
#include "worker/smtp/pool.h"

struct sender {
    struct event_base *base;
    struct smtp_pool *pool;
    char **addresses;
    size_t count, next, copies, finished, total;
    long withhold, dots;
    bool quiet, times, probe, failed;
    const char *format;
    struct event *feed;
};

struct mail {
    struct sender *sender;
    char *address;
    struct buffer message;
    double since;
};

static char *read_file(FILE *file, size_t *size)
{
    struct buffer all;
    buffer_init(&all, 64 * 1024 * 1024);
    char *end;
    while ((end = buffer_reserve(&all, 4096))) {
        size_t count = fread(end, 1, 4096, file);
        buffer_grow_by(&all, count);
        if (count == 0)
            break;
    }
    buffer_append_byte(&all, '\0');
    *size = all.size - 1;
    return all.bytes;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool may_send_dot(void *context)
{
    struct mail *mail = context;
    return ++mail->sender->dots != mail->sender->withhold;
}

static void done(void *context, const struct smtp_result *result)
{
    struct mail *mail = context;
    struct sender *sender = mail->sender;
    if (sender->times)
        printf("%.1f ms ", (seconds() - mail->since) * 1000);
    if (!sender->quiet)
        printf("%s %s %s %s %d %d.%d.%d\n", mail->address, smtp_result_kind_name(result->kind),
               smtp_stage_name(result->stage), smtp_reason_name(result->reason), result->code,
               result->enhanced.class, result->enhanced.subject, result->enhanced.detail);
    buffer_clear(&mail->message);
    free(mail);
    if (++sender->finished == sender->total)
        smtp_pool_drain(sender->pool);
    event_active(sender->feed, EV_TIMEOUT, 1);
}

static void write_message(struct buffer *message, const char *format, const char *address)
{
    buffer_init(message, 64 * 1024 * 1024);
    for (const char *at = format; *at; at++) {
        if (at[0] == '%' && at[1] == 's') {
            buffer_append_string(message, address);
            at++;
        } else if (*at == '\n') {
            buffer_append_string(message, "\r\n");
        } else {
            buffer_append_byte(message, *at);
        }
    }
}

static void feed(evutil_socket_t socket, short what, void *argument)
{
    struct sender *sender = argument;
    struct smtp_pool_state state;
    (void)socket;
    (void)what;
    while (sender->next < sender->total && smtp_pool_room(sender->pool) > 0) {
        struct mail *mail = calloc(1, sizeof *mail);
        struct error error;
        if (!mail)
            abort();
        mail->sender = sender;
        mail->since = seconds();
        mail->address = sender->addresses[sender->next++ / sender->copies];
        write_message(&mail->message, sender->format, mail->address);
        const struct smtp_submission submission = {
            .recipient = text_of(mail->address),
            .message = buffer_text(&mail->message),
            .context = mail,
            .may_send_dot = may_send_dot,
            .done = done,
        };
        if (smtp_pool_submit(sender->pool, &submission, NULL, &error) != STATUS_OK) {
            fprintf(stderr, "%s\n", error.text);
            exit(1);
        }
    }
    smtp_pool_state(sender->pool, &state);
    if (sender->finished == sender->total && !sender->probe) {
        struct timeval soon = {0, 2000};
        if (state.open + state.connecting == 0)
            event_base_loopbreak(sender->base);
        else
            event_add(sender->feed, &soon);
    }
}

static void connected(void *context)
{
    struct sender *sender = context;
    if (sender->probe) {
        printf("connected\n");
        event_base_loopbreak(sender->base);
    }
}

static void connect_failed(void *context, enum smtp_reason reason, const struct error *error)
{
    struct sender *sender = context;
    fprintf(stderr, "connect failed: %s: %s\n", smtp_reason_name(reason), error->text);
    sender->failed = true;
    if (sender->probe)
        event_base_loopbreak(sender->base);
}

static void set(struct smtp_settings *settings, struct sender *sender, const char *key, const char *value)
{
    unsigned number = (unsigned)strtoul(value, NULL, 10);
    struct smtp_deadlines *deadlines = &settings->deadlines;
    const struct {
        const char *key;
        const char **text;
        unsigned *number;
    } keys[] = {
        {"url", &settings->url, NULL},
        {"username", &settings->username, NULL},
        {"password", &settings->password, NULL},
        {"ca", &settings->ca_file, NULL},
        {"helo", &settings->helo, NULL},
        {"from", &settings->envelope_from, NULL},
        {"connect", NULL, &deadlines->connect},
        {"mail", NULL, &deadlines->mail},
        {"rcpt", NULL, &deadlines->rcpt},
        {"data", NULL, &deadlines->data},
        {"block", NULL, &deadlines->content},
        {"dot", NULL, &deadlines->dot},
        {"idle", NULL, &settings->idle},
        {"queue", NULL, &settings->queue},
        {"patience", NULL, &settings->ahead_patience},
        {"pause", NULL, &settings->growth_pause},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i].key, key) != 0)
            continue;
        if (keys[i].text)
            *keys[i].text = value;
        else
            *keys[i].number = number;
        return;
    }
    if (strcmp(key, "tls") == 0)
        settings->tls_required = strcmp(value, "off") != 0;
    else if (strcmp(key, "connections") == 0)
        settings->connections = number;
    else if (strcmp(key, "messages") == 0)
        settings->messages_per_connection = number;
    else if (strcmp(key, "limit") == 0)
        settings->message_limit = number;
    else if (strcmp(key, "withhold") == 0)
        sender->withhold = (long)number;
    else if (strcmp(key, "copies") == 0)
        sender->copies = number;
    else if (strcmp(key, "quiet") == 0)
        sender->quiet = number != 0;
    else if (strcmp(key, "times") == 0)
        sender->times = number != 0;
    else if (strcmp(key, "probe") == 0)
        sender->probe = number != 0;
    else
        fprintf(stderr, "what is %s?\n", key);
}

static size_t split_lines(char *all, char ***lines)
{
    size_t count = 0, room = 0;
    char *rest = all, *line;
    *lines = NULL;
    while ((line = strsep(&rest, "\n"))) {
        if (count == room) {
            room = room ? room * 2 : 64;
            *lines = realloc(*lines, room * sizeof **lines);
            if (!*lines)
                abort();
        }
        if (*line)
            (*lines)[count++] = line;
    }
    return count;
}

int main(int argc, char **argv)
{
    struct smtp_settings settings;
    struct sender sender = {.copies = 1,
                            .format = "From: <a@example.com>\nTo: <%s>\nSubject: x\n\n.\n..\ntext\n"};
    char *content = NULL, *all = NULL;
    struct error error;
    size_t size;
    smtp_settings_default(&settings);
    signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value)
            return 64;
        *value++ = '\0';
        if (strcmp(argv[i], "content") == 0) {
            FILE *file = fopen(value, "rb");
            if (!file)
                return 66;
            sender.format = content = read_file(file, &size);
            fclose(file);
        } else {
            set(&settings, &sender, argv[i], value);
        }
    }
    if (!sender.probe) {
        all = read_file(stdin, &size);
        sender.count = split_lines(all, &sender.addresses);
    }
    sender.total = sender.count * sender.copies;
    sender.base = event_base_new();
    const struct smtp_pool_observer observer = {&sender, connected, connect_failed};
    if (smtp_pool_new(sender.base, &settings, &observer, &sender.pool, &error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 78;
    }
    sender.feed = event_new(sender.base, -1, 0, feed, &sender);
    double begin = seconds();
    if (sender.probe)
        smtp_pool_connect(sender.pool);
    else
        event_active(sender.feed, EV_TIMEOUT, 1);
    event_base_dispatch(sender.base);
    double took = seconds() - begin;
    struct smtp_pool_state state;
    smtp_pool_state(sender.pool, &state);
    fprintf(
        stderr,
        "sent %zu in %.2f s, %.0f/s; connects %llu failures %llu moved %llu accepted %llu uncertain %llu\n",
        sender.finished, took, (double)sender.finished / took, state.connects, state.connect_failures,
        state.moved, state.accepted, state.uncertain);
    smtp_pool_free(&sender.pool);
    event_free(sender.feed);
    event_base_free(sender.base);
    free(sender.addresses);
    free(all);
    free(content);
    return sender.probe && sender.failed ? 69 : 0;
}
