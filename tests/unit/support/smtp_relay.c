/* One buffer in and one out for each connection; all replies to what came in one packet go out in one, unless
 * the script wants fragments: then one byte is sent in each turn of the loop. */
#include "support/smtp_relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/listener.h>

#define CONNECTIONS 64
#define ROOM        (256 * 1024)

struct relay_connection {
    struct smtp_relay *relay;
    struct event *readable, *writable;
    int socket;
    size_t in_size, out_size;
    bool data, ending, silent;
    bool mail, recipient; /* of the transaction */
    char in[ROOM], out[ROOM];
};

struct smtp_relay {
    struct event_base *base;
    struct smtp_relay_script script;
    struct smtp_relay_memory memory;
    struct evconnlistener *listener;
    struct relay_connection *connections[CONNECTIONS];
    unsigned seen[9];
    char url[64];
};

static const char *const commands[] = {"GREETING", "EHLO", "STARTTLS", "AUTH", "MAIL",
                                       "RCPT",     "DATA", "DOT",      "RSET"};

static void close_connection(struct relay_connection *connection)
{
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (connection->relay->connections[i] == connection)
            connection->relay->connections[i] = NULL;
    connection->relay->memory.open--;
    event_free(connection->readable);
    event_free(connection->writable);
    close(connection->socket);
    free(connection);
}

static void say(struct relay_connection *connection, const char *reply)
{
    size_t size = strlen(reply);
    if (connection->out_size + size > ROOM)
        abort();
    memcpy(connection->out + connection->out_size, reply, size);
    connection->out_size += size;
    event_add(connection->writable, NULL);
}

/* Says what the script has for this command, else `usual`; whether it was a yes. */
static bool answer(struct relay_connection *connection, const char *command, const char *usual)
{
    struct smtp_relay *relay = connection->relay;
    unsigned seen = 0;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i], command) == 0)
            seen = ++relay->seen[i];
    for (size_t i = 0; i < sizeof relay->script.faults / sizeof *relay->script.faults; i++) {
        const struct smtp_relay_fault *fault = &relay->script.faults[i];
        if (!fault->command || strcmp(fault->command, command) != 0 || seen < fault->first ||
            (fault->last > 0 && seen > fault->last))
            continue;
        usual = fault->reply;
        connection->ending = usual == RELAY_CUT || (strncmp(usual, "421", 3) == 0);
    }
    connection->silent = usual && !*usual;
    if (usual)
        say(connection, usual);
    else
        event_add(connection->writable, NULL);
    if (usual && strcmp(command, "DATA") == 0 && strncmp(usual, "354", 3) == 0)
        connection->data = true;
    return usual && *usual == '2';
}

static void remember(struct smtp_relay *relay, const char *verb)
{
    size_t size = strlen(relay->memory.commands);
    snprintf(relay->memory.commands + size, sizeof relay->memory.commands - size, "%.4s ", verb);
}

static void obey(struct relay_connection *connection, const char *line)
{
    struct smtp_relay *relay = connection->relay;
    remember(relay, line);
    if (strncasecmp(line, "EHLO", 4) == 0) {
        char reply[512] = "250-relay\r\n", offers[256], *rest = offers, *word;
        snprintf(offers, sizeof offers, "%s", relay->script.offers);
        for (char *byte = offers; *byte; byte++)
            *byte = *byte == ' ' ? '\n' : *byte == '_' ? ' ' : *byte;
        while ((word = strsep(&rest, "\n"))) {
            size_t size = strlen(reply);
            snprintf(reply + size, sizeof reply - size, *word ? "250-%s\r\n" : "%s", word);
        }
        size_t size = strlen(reply);
        snprintf(reply + size, sizeof reply - size, "250 HELP\r\n");
        answer(connection, "EHLO", reply);
    } else if (strncmp(line, "STARTTLS", 8) == 0) {
        answer(connection, "STARTTLS", "220 go\r\n");
    } else if (strncmp(line, "AUTH", 4) == 0) {
        answer(connection, "AUTH", "334 \r\n");
    } else if (strcmp(line, "AHVzZXIAc2VjcmV0") == 0) { /* \0user\0secret */
        say(connection, "235 2.7.0 ok\r\n");
    } else if (strncmp(line, "MAIL", 4) == 0) {
        bool accepted =
            answer(connection, "MAIL", connection->mail ? "503 5.5.1 nested\r\n" : "250 2.1.0 ok\r\n");
        connection->mail = connection->mail || accepted;
    } else if (strncmp(line, "RCPT", 4) == 0) {
        connection->recipient =
            answer(connection, "RCPT", connection->mail ? "250 2.1.5 ok\r\n" : "503 5.5.1 no MAIL\r\n");
    } else if (strncmp(line, "DATA", 4) == 0) {
        bool wanted = connection->recipient || relay->script.lenient;
        if (relay->script.deaf)
            event_del(connection->readable);
        answer(connection, "DATA", wanted ? "354 go\r\n" : "554 5.5.1 no valid recipients\r\n");
    } else if (strncmp(line, "RSET", 4) == 0) {
        relay->memory.resets++;
        connection->mail = connection->recipient = false;
        answer(connection, "RSET", "250 ok\r\n");
    } else if (strncmp(line, "QUIT", 4) == 0) {
        relay->memory.quits++;
        connection->ending = true;
        say(connection, "221 bye\r\n");
    } else {
        say(connection, "500 what?\r\n");
    }
}

static void take_content(struct relay_connection *connection, const char *content, size_t size)
{
    struct smtp_relay_memory *memory = &connection->relay->memory;
    size_t used = 0;
    for (size_t i = 0; i < size && used + 1 < sizeof memory->content; i++)
        if (content[i] != '.' || (i > 0 && content[i - 1] != '\n'))
            memory->content[used++] = content[i];
        else if (i + 1 < size && content[i + 1] == '.')
            memory->content[used++] = content[i++];
    memory->content[used] = '\0';
    memory->mails += connection->recipient;
    memory->empty_dots += !connection->recipient;
    const char *usual = connection->recipient ? "250 2.0.0 queued\r\n" : "554 5.5.1 no valid recipients\r\n";
    connection->data = connection->mail = connection->recipient = false;
    answer(connection, "DOT", usual);
}

/* Takes one command or one mail off the buffer. */
static bool take_one(struct relay_connection *connection)
{
    char *in = connection->in, *end;
    in[connection->in_size] = '\0';
    if (connection->data && strncmp(in, ".\r\n", 3) == 0) {
        end = in + 3;
        take_content(connection, in, 0);
    } else if (connection->data) {
        end = strstr(in, "\r\n.\r\n");
        if (!end)
            return false;
        connection->relay->memory.groups += strncmp(end + 5, "MAIL", 4) == 0;
        take_content(connection, in, (size_t)(end - in) + 2);
        end += 5;
    } else {
        end = strstr(in, "\r\n");
        if (!end)
            return false;
        *end = '\0';
        obey(connection, in);
        end += 2;
    }
    connection->in_size -= (size_t)(end - in);
    memmove(in, end, connection->in_size);
    return true;
}

static void obey_all(struct relay_connection *connection)
{
    while (!connection->ending && !connection->silent && take_one(connection))
        ;
}

static void on_readable(evutil_socket_t socket, short what, void *argument)
{
    struct relay_connection *connection = argument;
    (void)what;
    ssize_t count = recv(socket, connection->in + connection->in_size, ROOM - 1 - connection->in_size, 0);
    if (count <= 0) {
        connection->relay->memory.cuts += count < 0;
        close_connection(connection);
        return;
    }
    int on = 1; /* what was read is acknowledged now, not with the next answer */
    setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    connection->in_size += (size_t)count;
    obey_all(connection);
}

static void on_writable(evutil_socket_t socket, short what, void *argument)
{
    struct relay_connection *connection = argument;
    size_t size = connection->relay->script.fragments && connection->out_size > 0 ? 1 : connection->out_size;
    (void)what;
    ssize_t count = size > 0 ? send(socket, connection->out, size, MSG_NOSIGNAL) : 0;
    if (count < 0) {
        close_connection(connection);
        return;
    }
    connection->out_size -= (size_t)count;
    memmove(connection->out, connection->out + count, connection->out_size);
    if (connection->out_size > 0)
        return;
    event_del(connection->writable);
    if (connection->ending)
        close_connection(connection);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t socket, struct sockaddr *address,
                      int size, void *argument)
{
    struct smtp_relay *relay = argument;
    struct relay_connection *connection = calloc(1, sizeof *connection);
    size_t place = 0;
    int on = 1;
    (void)listener;
    (void)address;
    (void)size;
    while (place < CONNECTIONS && relay->connections[place])
        place++;
    if (!connection || place == CONNECTIONS)
        abort();
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    relay->connections[place] = connection;
    connection->relay = relay;
    connection->socket = socket;
    connection->readable = event_new(relay->base, socket, EV_READ | EV_PERSIST, on_readable, connection);
    connection->writable = event_new(relay->base, socket, EV_WRITE | EV_PERSIST, on_writable, connection);
    event_add(connection->readable, NULL);
    relay->memory.connections++;
    if (++relay->memory.open > relay->memory.most)
        relay->memory.most = relay->memory.open;
    if (relay->script.connections > 0 && relay->memory.open > relay->script.connections) {
        connection->ending = true;
        say(connection, "421 4.7.0 too many connections\r\n");
        return;
    }
    answer(connection, "GREETING", "220 relay ESMTP\r\n");
}

struct smtp_relay *smtp_relay_new(struct event_base *base, const struct smtp_relay_script *script)
{
    struct smtp_relay *relay = calloc(1, sizeof *relay);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (!relay)
        abort();
    relay->base = base;
    relay->script = *script;
    relay->listener = evconnlistener_new_bind(base, on_accept, relay, LEV_OPT_CLOSE_ON_FREE, 64,
                                              (struct sockaddr *)&address, sizeof address);
    int little = 4096;
    if (script->deaf && relay->listener)
        setsockopt(evconnlistener_get_fd(relay->listener), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    if (!relay->listener ||
        getsockname(evconnlistener_get_fd(relay->listener), (struct sockaddr *)&address, &size) != 0)
        abort();
    snprintf(relay->url, sizeof relay->url, "smtp://127.0.0.1:%u", ntohs(address.sin_port));
    return relay;
}

void smtp_relay_free(struct smtp_relay **relay)
{
    if (!*relay)
        return;
    smtp_relay_hang_up(*relay);
    evconnlistener_free((*relay)->listener);
    free(*relay);
    *relay = NULL;
}

const char *smtp_relay_url(const struct smtp_relay *relay)
{
    return relay->url;
}

const struct smtp_relay_memory *smtp_relay_memory(const struct smtp_relay *relay)
{
    return &relay->memory;
}

void smtp_relay_hang_up(struct smtp_relay *relay)
{
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (relay->connections[i])
            close_connection(relay->connections[i]);
}

void smtp_relay_hear(struct smtp_relay *relay)
{
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (relay->connections[i])
            event_add(relay->connections[i]->readable, NULL);
}

void smtp_relay_say(struct smtp_relay *relay, const char *reply)
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct relay_connection *connection = relay->connections[i];
        if (!connection || !connection->silent)
            continue;
        connection->silent = false;
        say(connection, reply);
        obey_all(connection);
    }
}
