/* Where log records go, and how many of them.
 *
 * One sink for the process, the only mutable global of the programs: librdkafka's threads and libevent log
 * from places that no context reaches.  A mutex guards it; a record is one write(2).  A sink that cannot take
 * a line loses it and counts it: the log must never be the reason for a stop.  Repetition is held down per
 * message, so that an outage that fails ten thousand events a second stays readable. */
#include "io/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include "io/clock.h"
#include "io/log_line.h"

#define FIELDS   24
#define MESSAGES 128 /* that the limit can tell apart; more are not limited */

struct message {
    uint64_t name;
    int64_t window_ms; /* when its window began */
    int64_t written, left_out;
};

static struct {
    pthread_mutex_t lock;
    const char *program;
    enum log_level level;
    bool json, colour;
    int descriptor;
    struct message messages[MESSAGES];
    struct buffer line;
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .program = "reset-relay",
          .level = LOG_LEVEL_INFO,
          .json = true,
          .descriptor = STDERR_FILENO,
          .line = {.limit = 2 * LOG_LINE_LIMIT}};

void log_open(const char *program, enum log_level level, enum log_format format, int descriptor)
{
    pthread_mutex_lock(&sink.lock);
    bool terminal = isatty(descriptor) == 1;
    sink.program = program;
    __atomic_store_n(&sink.level, level, __ATOMIC_RELAXED);
    sink.json = format == LOG_FORMAT_JSON || (format == LOG_FORMAT_AUTO && !terminal);
    sink.colour = terminal && !getenv("NO_COLOR");
    sink.descriptor = descriptor;
    memset(sink.messages, 0, sizeof sink.messages);
    pthread_mutex_unlock(&sink.lock);
}

bool log_wants(enum log_level level)
{
    return level <= __atomic_load_n(&sink.level, __ATOMIC_RELAXED);
}

static struct message *find_message(enum log_level level, const char *text)
{
    uint64_t name = 14695981039346656037U + level; /* FNV-1a */
    for (; *text; text++)
        name = (name ^ (unsigned char)*text) * 1099511628211U;
    for (size_t i = 0; i < MESSAGES; i++) {
        struct message *message = &sink.messages[(name + i) % MESSAGES];
        if (message->written == 0)
            *message = (struct message){.name = name, .window_ms = INT64_MIN / 2};
        if (message->name == name)
            return message;
    }
    return NULL;
}

/* Whether the record goes out; `left_out` is how many before it did not. */
static bool admit(enum log_level level, const char *text, int64_t *left_out)
{
    struct message *message = level == LOG_LEVEL_DEBUG ? NULL : find_message(level, text);
    *left_out = 0;
    if (!message)
        return true;
    int64_t now = clock_monotonic_ms();
    if (now - message->window_ms >= LOG_WINDOW_MS) {
        *left_out = message->left_out;
        *message = (struct message){.name = message->name, .window_ms = now};
    }
    if (message->written < LOG_BURST) {
        message->written++;
        return true;
    }
    message->left_out++;
    return false;
}

static void put(const char *bytes, size_t size)
{
    while (size) {
        ssize_t written = write(sink.descriptor, bytes, size);
        if (written >= 0) {
            bytes += written;
            size -= (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd ready = {.fd = sink.descriptor, .events = POLLOUT};
            if (poll(&ready, 1, 100) <= 0)
                return;
        } else if (errno != EINTR) {
            return;
        }
    }
}

static void write_line(enum log_level level, const char *message, const struct log_field *fields,
                       size_t count)
{
    const struct log_line line = {clock_realtime_ms(), level, sink.program, message, fields, count};
    buffer_reset(&sink.line);
    if (sink.json)
        log_line_json(&line, &sink.line);
    else
        log_line_text(&line, sink.colour, &sink.line);
    put(sink.line.bytes, sink.line.size);
}

void log_record(enum log_level level, const char *message, ...)
{
    struct log_field fields[FIELDS + 1];
    size_t count = 0;
    va_list arguments;
    va_start(arguments, message);
    for (;;) {
        struct log_field field = va_arg(arguments, struct log_field);
        if (field.kind == LOG_FIELD_END)
            break;
        if (count < FIELDS)
            fields[count++] = field;
    }
    va_end(arguments);
    int cause = errno; /* logging must not change what the caller is about to look at */
    int64_t left_out = 0;
    pthread_mutex_lock(&sink.lock);
    if (admit(level, message, &left_out)) {
        if (left_out)
            fields[count++] = LOG_NUMBER("left_out", left_out);
        write_line(level, message, fields, count);
    }
    pthread_mutex_unlock(&sink.lock);
    errno = cause;
}

void log_close(void)
{
    pthread_mutex_lock(&sink.lock);
    int64_t left_out = 0;
    for (size_t i = 0; i < MESSAGES; i++)
        left_out += sink.messages[i].left_out;
    if (left_out) {
        const struct log_field field = LOG_NUMBER("left_out", left_out);
        write_line(LOG_LEVEL_WARNING, "repeated records were left out of this log", &field, 1);
    }
    memset(sink.messages, 0, sizeof sink.messages);
    buffer_clear(&sink.line);
    pthread_mutex_unlock(&sink.lock);
}

void log_kafka(int level, const char *facility, const char *message)
{
    enum log_level ours = level <= LOG_ERR       ? LOG_LEVEL_ERROR
                          : level <= LOG_WARNING ? LOG_LEVEL_WARNING
                          : level <= LOG_INFO    ? LOG_LEVEL_INFO
                                                 : LOG_LEVEL_DEBUG;
    log_write(ours, "librdkafka", LOG_TEXT("facility", facility), LOG_TEXT("text", message));
}

static void take_libevent(int severity, const char *message)
{
    enum log_level ours = severity == EVENT_LOG_ERR    ? LOG_LEVEL_ERROR
                          : severity == EVENT_LOG_WARN ? LOG_LEVEL_WARNING
                          : severity == EVENT_LOG_MSG  ? LOG_LEVEL_INFO
                                                       : LOG_LEVEL_DEBUG;
    log_write(ours, "libevent", LOG_TEXT("text", message));
}

void log_take_libevent(void)
{
    event_set_log_callback(take_libevent);
}
