/* One thread for one blocking call, for what happens a few times a minute: a probe, an examination.
 *
 * The thread writes to an eventfd as its last act, and the loop joins it then: no thread outlives its
 * offload. */
#include "io/offload.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct offload {
    pthread_t thread;
    struct event *event; /* owned */
    int descriptor;      /* owned */
    void (*work)(void *context);
    void (*done)(void *context);
    void *context;
};

static void *run(void *context)
{
    struct offload *offload = context;
    static const uint64_t one = 1;
    offload->work(offload->context);
    ssize_t written = write(offload->descriptor, &one, sizeof one);
    (void)written; /* an eventfd takes a 1 */
    return NULL;
}

static void release(struct offload *offload)
{
    if (offload->event)
        event_free(offload->event);
    if (offload->descriptor >= 0)
        close(offload->descriptor);
    free(offload);
}

static void on_done(evutil_socket_t descriptor, short what, void *context)
{
    struct offload *offload = context;
    void (*done)(void *) = offload->done;
    void *argument = offload->context;
    (void)descriptor, (void)what;
    pthread_join(offload->thread, NULL);
    release(offload);
    done(argument);
}

enum status offload_start(struct event_base *base, void (*work)(void *context), void (*done)(void *context),
                          void *context, struct offload **result, struct error *error)
{
    sigset_t all, before;
    struct offload *offload = calloc(1, sizeof *offload);
    if (offload == NULL)
        return error_set(error, STATUS_MEMORY, "no memory for a helper thread");
    *offload = (struct offload){.work = work, .done = done, .context = context};
    offload->descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (offload->descriptor >= 0)
        offload->event = event_new(base, offload->descriptor, EV_READ, on_done, offload);
    if (offload->event == NULL || event_add(offload->event, NULL) != 0) {
        release(offload);
        return error_set(error, STATUS_MEMORY,
                         "no descriptor for a helper thread: raise the limit of open files");
    }
    sigfillset(&all); /* signals are the loop's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&offload->thread, NULL, run, offload);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure) {
        release(offload);
        return error_set(error, STATUS_MEMORY, "no helper thread: raise the limit of processes");
    }
    *result = offload;
    return STATUS_OK;
}

void offload_cancel(struct offload **offload)
{
    if (*offload == NULL)
        return;
    pthread_join((*offload)->thread, NULL);
    release(*offload);
    *offload = NULL;
}
