/* The diagnostic log: one line per record on stderr, JSON or readable.
 *
 *     log_write(LOG_LEVEL_WARNING, "broker is not there", LOG_TEXT("broker", name), LOG_NUMBER("tries", 3));
 *
 * The message is a constant sentence (it is the key of the rate limit); what varies goes into fields.
 * Everything is escaped: no byte of a field can end the line, colour a terminal or turn the direction of
 * writing.  Never a token, a password or an e-mail address.  Callable from any thread; the sink is the one
 * global of the programs. */
#ifndef IO_LOG_H
#define IO_LOG_H

#include <stdint.h>

#include "core/status.h"
#include "core/text.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format {
    LOG_FORMAT_AUTO,
    LOG_FORMAT_JSON,
    LOG_FORMAT_TEXT
}; /* auto: text on a terminal, else JSON */

enum log_field_kind { LOG_FIELD_END, LOG_FIELD_TEXT, LOG_FIELD_NUMBER, LOG_FIELD_FLAG };

struct log_field {
    enum log_field_kind kind;
    const char *key; /* a constant in lower case */
    struct text text;
    int64_t number;
};

#define LOG_BYTES(key_, text_)  ((struct log_field){.kind = LOG_FIELD_TEXT, .key = (key_), .text = (text_)})
#define LOG_TEXT(key_, string_) LOG_BYTES(key_, text_of(string_))
#define LOG_NUMBER(key_, number_)                                                                            \
    ((struct log_field){.kind = LOG_FIELD_NUMBER, .key = (key_), .number = (int64_t)(number_)})
#define LOG_FLAG(key_, flag_)                                                                                \
    ((struct log_field){.kind = LOG_FIELD_FLAG, .key = (key_), .number = (flag_) ? 1 : 0})
#define LOG_ERROR(error_) LOG_TEXT("error", (error_)->text) /* a `const struct error *` */

/* log_write(level, "message", fields...).  More than LOG_BURST records with the same message within
 * LOG_WINDOW_MS are left out and counted; the next one that is written carries `left_out`.  Debug records are
 * not limited. */
#define LOG_BURST     20
#define LOG_WINDOW_MS 10000
#define log_write(level, ...)                                                                                \
    do {                                                                                                     \
        if (log_wants(level))                                                                                \
            log_record(level, __VA_ARGS__, (struct log_field){.kind = LOG_FIELD_END});                       \
    } while (0)

/* Before it: level info, format auto, descriptor 2.  `program` is a constant. */
void log_open(const char *program, enum log_level level, enum log_format format, int descriptor);

/* Writes how many records are still left out, if any. */
void log_close(void);

bool log_wants(enum log_level level);
void log_record(enum log_level level, const char *message, ...); /* use log_write */

/* librdkafka's and libevent's own messages.  `level` is syslog's (rd_kafka_conf_set_log_cb passes it so). */
void log_kafka(int level, const char *facility, const char *message);
void log_take_libevent(void);

#endif
