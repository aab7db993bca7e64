/* A file is read as a whole before it replaces what is there: whoever edits it while SIGHUP comes breaks
 * nothing.  Mails that are built later look as the new file says; those that are out do not change. */
#include "worker/reload.h"

#include "io/log.h"
#include "io/not_before.h"
#include "worker/credentials.h"
#include "worker/mail_branding.h"

static void reload_tenants(struct worker *worker)
{
    struct branding_set *fresh = NULL;
    struct error error = {0};
    bool failed = mail_branding_load(worker->config, worker->profile, &fresh, &error) != STATUS_OK;
    metrics_set(worker->metrics, METRIC_RELOAD_FAILED, LABELS("tenants"), failed);
    if (failed) {
        log_write(LOG_LEVEL_ERROR, "reload failed: tenants' mails look as before", LOG_ERROR(&error));
        return;
    }
    branding_set_free(&worker->brandings);
    worker->brandings = fresh;
    log_write(LOG_LEVEL_INFO, "how tenants' mails look is read again");
}

void reload_run(struct worker *worker)
{
    credentials_reload(worker);
    not_before_reload(worker->config, worker->store, worker->metrics);
    if (config_is_set(worker->config, CONFIG_TEMPLATES_TENANTS))
        reload_tenants(worker);
}
