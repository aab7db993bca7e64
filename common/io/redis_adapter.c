/* hiredis on libevent.  hiredis's own adapter adds a one-shot event for every read and every write, two
 * system calls each time; this one keeps one persistent read event, and writes at the end of the loop's turn
 * without asking the kernel first: all commands of a turn leave in few writes.  Only what the socket does not
 * take waits for it to become writable.  A long turn does not wait for its end: while we work on its later
 * events, Redis works on the commands of the earlier ones. */
#include <stdlib.h>

#include "io/redis_connection.h"

enum { UNSENT_MOST = 8 * 1024 };

struct adapter {
    redisAsyncContext *link;
    size_t unsent; /* bytes of commands since the last write, in this turn of the loop */
    void (*gone)(redisAsyncContext *link);
    struct event *read, *write;
    bool reading, connected, writing;
};

static void on_readable(evutil_socket_t socket, short what, void *context)
{
    struct adapter *adapter = context;
    (void)socket, (void)what;
    if (redis_replies_have_room(adapter->link))
        redisAsyncHandleRead(adapter->link);
}

static void on_writable(evutil_socket_t socket, short what, void *context)
{
    struct adapter *adapter = context;
    (void)socket, (void)what;
    adapter->unsent = 0;
    adapter->writing = true;
    redisAsyncHandleWrite(
        adapter->link); /* may end in cleanup, which leaves the adapter to us while writing */
    if (!adapter->link) {
        free(adapter);
        return;
    }
    adapter->writing = false;
}

static void add_read(void *context)
{
    struct adapter *adapter = context;
    if (!adapter->reading)
        adapter->reading = event_add(adapter->read, NULL) == 0;
}

static void delete_read(void *context)
{
    struct adapter *adapter = context;
    event_del(adapter->read);
    adapter->reading = false;
}

static void add_write(void *context)
{
    struct adapter *adapter = context;
    if (!adapter->connected || adapter->writing)
        event_add(adapter->write, NULL);
    else
        event_active(adapter->write, EV_WRITE, 0);
}

static void delete_write(void *context)
{
    struct adapter *adapter = context;
    event_del(adapter->write);
}

static void clean_up(void *context)
{
    struct adapter *adapter = context;
    redisAsyncContext *link = adapter->link;
    event_free(adapter->read);
    event_free(adapter->write);
    adapter->link = NULL;
    adapter->gone(link);
    link->ev.data = NULL;
    if (!adapter->writing)
        free(adapter);
}

/* Failures show again in the write at the turn's end, from where callbacks may come. */
void redis_adapter_appended(redisAsyncContext *link, size_t size)
{
    struct adapter *adapter = link->ev.data;
    adapter->unsent += size;
    if (!adapter->connected || adapter->writing || adapter->unsent < UNSENT_MOST)
        return;
    int all_sent;
    adapter->unsent = 0;
    (void)redisBufferWrite(&link->c, &all_sent);
}

void redis_adapter_connected(redisAsyncContext *link)
{
    ((struct adapter *)link->ev.data)->connected = true;
}

bool redis_adapter_attach(struct event_base *base, redisAsyncContext *link,
                          void (*gone)(redisAsyncContext *link))
{
    struct adapter *adapter = calloc(1, sizeof *adapter);
    if (!adapter)
        return false;
    adapter->link = link;
    adapter->gone = gone;
    adapter->read = event_new(base, link->c.fd, EV_READ | EV_PERSIST, on_readable, adapter);
    adapter->write = event_new(base, link->c.fd, EV_WRITE, on_writable, adapter);
    if (!adapter->read || !adapter->write || event_add(adapter->write, NULL) != 0) {
        if (adapter->read)
            event_free(adapter->read);
        if (adapter->write)
            event_free(adapter->write);
        free(adapter);
        return false;
    }
    link->ev.data = adapter;
    link->ev.addRead = add_read;
    link->ev.delRead = delete_read;
    link->ev.addWrite = add_write;
    link->ev.delWrite = delete_write;
    link->ev.cleanup = clean_up;
    return true;
}
