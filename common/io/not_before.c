/* The switch that ends every link and temporary password made before a moment.  It is thrown in an emergency,
 * so the log says in either case what counts now. */
#include "io/not_before.h"

#include "core/timestamp.h"
#include "io/config_reload.h"
#include "io/log.h"

void not_before_reload(const struct config *config, struct reset_store *store, struct metrics *metrics)
{
    struct error error = {0};
    char time[TIMESTAMP_SIZE];
    int64_t not_before_ms = 0;
    bool failed = config_reload_not_before(config, &not_before_ms, &error) != STATUS_OK;
    metrics_set(metrics, METRIC_RELOAD_FAILED, LABELS("not_before"), failed);
    if (failed) {
        log_write(LOG_LEVEL_ERROR, "reload failed: the old token.not_before stays", LOG_ERROR(&error));
        return;
    }
    reset_store_set_not_before(store, not_before_ms);
    timestamp_format(not_before_ms, time);
    log_write(LOG_LEVEL_INFO, "token.not_before is read again",
              LOG_TEXT("not_before", not_before_ms ? time : "not set"));
}
