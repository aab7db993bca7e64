/* Rate and time left come from the whole run so far: steady figures, no history to keep. */
#include "producer/send_progress.h"

#include <inttypes.h>
#include <stdio.h>

void send_progress_write_time(int64_t seconds, char text[static 32])
{
    if (seconds < 60)
        snprintf(text, 32, "%" PRId64 " s", seconds);
    else if (seconds < 3600)
        snprintf(text, 32, "%" PRId64 " min %" PRId64 " s", seconds / 60, seconds % 60);
    else if (seconds < 100 * 3600)
        snprintf(text, 32, "%" PRId64 " h %" PRId64 " min", seconds / 3600, seconds / 60 % 60);
    else
        snprintf(text, 32, "days");
}

/* Rounded up: "0 s left" means done. */
static int64_t seconds_left(const struct send_progress *progress)
{
    double left = (double)(progress->bytes_total - progress->bytes_read);
    double seconds = (double)progress->elapsed_ms / 1000 * left / (double)progress->bytes_read;
    return seconds < 1e9 ? (int64_t)seconds + (left > 0) : INT64_C(1000000000);
}

void send_progress_write(const struct send_progress *progress, char text[static SEND_PROGRESS_SIZE])
{
    char refused[40] = "", failed[40] = "", left[80] = "";
    int64_t elapsed_ms = progress->elapsed_ms > 0 ? progress->elapsed_ms : 1;
    uint64_t settled = progress->accepted + progress->refused + progress->failed;
    if (progress->refused > 0)
        snprintf(refused, sizeof refused, "%" PRIu64 " refused, ", progress->refused);
    if (progress->failed > 0)
        snprintf(failed, sizeof failed, "%" PRIu64 " failed, ", progress->failed);
    if (progress->bytes_total > 0 && progress->bytes_read > 0 &&
        progress->bytes_read <= progress->bytes_total) {
        char time[32];
        send_progress_write_time(seconds_left(progress), time);
        snprintf(left, sizeof left, ", %d %%, %s left",
                 (int)(100.0 * (double)progress->bytes_read / (double)progress->bytes_total), time);
    }
    snprintf(text, SEND_PROGRESS_SIZE, "%" PRIu64 " %s, %s%s%" PRIu64 " a second%s", progress->accepted,
             progress->checked_only ? "valid" : "acknowledged", refused, failed,
             (uint64_t)((double)settled * 1000 / (double)elapsed_ms), left);
}
