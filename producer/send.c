/* `send`: builds the run from the configuration, lets the loop work, tells how it went, tears down.
 *
 * The results are the program's output and go to stdout; what is for people goes to stderr: progress when
 * that is a terminal, and one sentence at the end.  The first delivery that Kafka fails stops the reading:
 * the rest would fail the same way, each after its deadline. */
#include "producer/send.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/clock.h"
#include "producer/credentials.h"
#include "producer/send_state.h"

enum { PREFIX_MOST = 200, SHOW_MS = 500 };

static void on_turn(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor, (void)what;
    send_pump(context);
}

static void on_retry(evutil_socket_t descriptor, short what, void *context)
{
    struct send *send = context;
    (void)descriptor, (void)what;
    send->holding = false;
    send_pump(send);
}

static void on_output(void *context)
{
    send_pump_soon(context);
}

static void on_show(evutil_socket_t descriptor, short what, void *context)
{
    struct send *send = context;
    char text[SEND_PROGRESS_SIZE];
    (void)descriptor, (void)what;
    send->progress.elapsed_ms = clock_monotonic_ms() - send->started_ms;
    send_progress_write(&send->progress, text);
    fprintf(stderr, "\r%s\033[K", text);
    send->shown = true;
}

static void on_signal(void *context, int number)
{
    struct send *send = context;
    send->signal = number;
    send->stopping = true;
    send_pump_soon(send);
}

static enum status open_kafka(struct send *send, const struct config *config, struct error *error)
{
    const struct kafka_producer_settings values = {.properties = config_kafka_properties(config)};
    if (send->dry_run)
        return STATUS_OK;
    enum status status = kafka_producer_new(send->base, &values, &send->kafka, error);
    if (status != STATUS_OK)
        return status;
    status = event_publisher_new(send->kafka, config_text(config, CONFIG_TOPICS_REQUESTED), &send->publisher,
                                 error);
    if (status != STATUS_OK)
        return status;
    event_publisher_sign_as(send->publisher, send->own);
    return audit_trail_new(send->kafka, config_text(config, CONFIG_TOPICS_AUDIT), NULL, NULL, &send->audit,
                           error);
}

static enum status open_parts(struct send *send, const struct config *config, struct error *error)
{
    const struct process_signal_callbacks callbacks = {.drain = on_signal, .context = send};
    enum status status = process_signals_new(send->base, &callbacks, &send->signals, error);
    if (status == STATUS_OK)
        status = result_output_new(send->base, STDOUT_FILENO, on_output, send, &send->output, error);
    if (status != STATUS_OK)
        return status;
    send->window = send_window_new((size_t)config_number(config, CONFIG_SEND_IN_FLIGHT), send);
    send->reader = line_reader_new(REQUEST_MAXIMUM_SIZE);
    send->turn = event_new(send->base, -1, 0, on_turn, send);
    send->retry = event_new(send->base, -1, 0, on_retry, send);
    if (isatty(STDERR_FILENO))
        send->show = event_new(send->base, -1, EV_PERSIST, on_show, send);
    if (!send->window || !send->reader || !send->turn || !send->retry)
        return error_set(error, STATUS_MEMORY, "no memory for send.in_flight requests: lower it");
    return STATUS_OK;
}

static enum status open_all(struct send *send, const struct config *config, const char *path,
                            struct error *error)
{
    enum status status;
    config_read_policy(config, &send->policy);
    send->base = event_base_new();
    if (!send->base)
        return error_set(error, STATUS_MEMORY, "no memory for an event loop");
    if ((status = credentials_load_own(config, &send->publishers, &send->own, error)) ||
        (status = open_parts(send, config, error)) || (status = send_input_open(send, path, error)))
        return status;
    return open_kafka(send, config, error);
}

static void close_all(struct send *send)
{
    send_input_close(send);
    event_publisher_free(&send->publisher);
    kafka_producer_free(&send->kafka);
    audit_trail_free(&send->audit);
    struct event *events[] = {send->turn, send->retry, send->show};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i])
            event_free(events[i]);
    result_output_free(&send->output);
    send_window_free(&send->window);
    line_reader_free(&send->reader);
    process_signals_free(&send->signals);
    publishers_free(&send->publishers);
    if (send->base)
        event_base_free(send->base);
}

static void tell_end(const struct send *send)
{
    const struct send_progress *progress = &send->progress;
    char time[32];
    send_progress_write_time((clock_monotonic_ms() - send->started_ms + 500) / 1000, time);
    if (send->shown)
        fputs("\r\033[K", stderr);
    fprintf(stderr,
            "reset-producer: %" PRIu64 " requests %s, %" PRIu64 " refused, %" PRIu64 " failed in %s\n",
            progress->accepted, send->dry_run ? "valid" : "acknowledged", progress->refused, progress->failed,
            time);
    if (send->input_failure)
        fprintf(stderr, "reset-producer: reading failed: %s\n", strerror(send->input_failure));
    if (result_output_failure(send->output))
        fprintf(stderr, "reset-producer: writing results failed: %s\n",
                strerror(result_output_failure(send->output)));
    if (send->stopping && !send->input_over)
        fprintf(stderr, "reset-producer: stopped after line %" PRIu64 "%s: what follows was not sent%s\n",
                send->last_line, send->kafka_failed ? " because Kafka did not acknowledge" : "",
                send->prefix ? "; the whole file may be sent again with the same prefix" : "");
}

static int exit_code(const struct send *send)
{
    if (send->kafka_failed || send->progress.failed > 0)
        return PROCESS_EXIT_UNAVAILABLE;
    if (result_output_failure(send->output))
        return PROCESS_EXIT_OUTPUT;
    if (send->input_failure)
        return PROCESS_EXIT_FAILURE;
    if (send->progress.refused > 0)
        return PROCESS_EXIT_DATA;
    return send->signal && !send->input_over ? 128 + send->signal : PROCESS_EXIT_OK;
}

static int run(struct send *send)
{
    static const struct timeval interval = {.tv_usec = SHOW_MS * 1000};
    send->started_ms = clock_monotonic_ms();
    if (send->show)
        event_add(send->show, &interval);
    send_pump_soon(send);
    event_base_dispatch(send->base);
    tell_end(send);
    return exit_code(send);
}

static int fail(const struct error *error)
{
    fprintf(stderr, "reset-producer: %s\n", error->text);
    if (error->status == STATUS_CONFIG)
        return PROCESS_EXIT_CONFIG;
    return error->status == STATUS_NOT_FOUND ? PROCESS_EXIT_USAGE : PROCESS_EXIT_UNAVAILABLE;
}

int send_command(const struct command_line *line, const struct config *config)
{
    struct send send = {
        .prefix = command_line_value(line, "idempotency-prefix", 0),
        .dry_run = command_line_flag(line, "dry-run"),
    };
    struct error error = {0};
    if (send.prefix && (send.prefix[0] == '\0' || strlen(send.prefix) > PREFIX_MOST)) {
        fprintf(stderr, "reset-producer: --idempotency-prefix takes 1 to %d bytes\n", PREFIX_MOST);
        return PROCESS_EXIT_USAGE;
    }
    send.progress.checked_only = send.dry_run;
    enum status status = open_all(&send, config, command_line_operand(line, 0), &error);
    int code = status == STATUS_OK ? run(&send) : fail(&error);
    close_all(&send);
    return code;
}
