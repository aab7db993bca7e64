/* The loop of `send`.  Lines are read only while there is room in the window of requests under way and in the
 * output; whatever makes room (an acknowledgement, a reader of the results) pumps again.  A turn takes a
 * bounded number of lines, so that acknowledgements and signals come between. */
#include "producer/send_state.h"

enum { LINES_A_TURN = 512, RETRY_MS = 20 };

void send_pump_soon(struct send *send)
{
    if (!event_pending(send->turn, EV_TIMEOUT, NULL))
        event_active(send->turn, EV_TIMEOUT, 0);
}

static void count(struct send_progress *progress, enum send_state state)
{
    if (state == SEND_REFUSED)
        progress->refused++;
    else if (state == SEND_FAILED)
        progress->failed++;
    else
        progress->accepted++;
}

static void give_out(struct send *send)
{
    const struct send_entry *entry;
    while (!result_output_is_full(send->output) && (entry = send_window_oldest(send->window)) != NULL) {
        count(&send->progress, entry->state);
        if (!result_output_failure(send->output))
            send_entry_write(entry, result_output_lines(send->output));
        send_window_drop(send->window);
    }
    result_output_flush(send->output);
    if (result_output_failure(send->output))
        send->stopping = true;
}

static void wait_for_room(struct send *send)
{
    static const struct timeval soon = {.tv_usec = RETRY_MS * 1000};
    send->holding = true;
    line_reader_again(send->reader);
    event_add(send->retry, &soon);
}

/* False: no line to be had now. */
static bool take_line(struct send *send)
{
    struct text line;
    switch (line_reader_next(send->reader, &line)) {
    case LINE_FOUND:
        if (send_line(send, line) != SEND_LINE_HOLD)
            return true;
        wait_for_room(send);
        return false;
    case LINE_TOO_LONG:
        send_line_too_long(send);
        return true;
    case LINE_MORE:
        if (!send->readable)
            return send_input_read(send);
        send->waiting_for_input = true;
        event_add(send->readable, NULL);
        return false;
    case LINE_END:
    default:
        send->input_over = true;
        return false;
    }
}

static bool wants_line(const struct send *send)
{
    return !send->input_over && !send->stopping && !send->holding && !send->waiting_for_input &&
           !send_window_is_full(send->window) && !result_output_is_full(send->output);
}

void send_pump(struct send *send)
{
    int budget = LINES_A_TURN;
    give_out(send);
    while (budget > 0 && wants_line(send) && take_line(send))
        budget--;
    give_out(send);
    bool done = (send->input_over || send->stopping) && send_window_size(send->window) == 0 &&
                result_output_is_empty(send->output);
    if (done)
        event_base_loopbreak(send->base);
    else if (wants_line(send) || (send_window_oldest(send->window) && !result_output_is_full(send->output)))
        send_pump_soon(send);
}
