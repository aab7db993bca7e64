/* The mail templates of a worker: those built in, with an operator's folder laid over them. */
#ifndef WORKER_MAIL_TEMPLATES_H
#define WORKER_MAIL_TEMPLATES_H

#include "core/mail/template.h"
#include "core/status.h"

/* Loads the set; `default_locale` (`[templates] default_locale`; NULL: "en") serves readers whose own
 * language is not there.  `directory` (`[templates] directory`; NULL or empty: none) has files as
 * templates/README.md tells; each stands in for the built-in one of the same name.  STATUS_CONFIG, naming the
 * file, for one that cannot be read or parsed, or that has more than 128 KiB.  The caller frees the set with
 * template_set_free. */
enum status mail_templates_load(const char *directory, const char *default_locale, struct template_set **set,
                                struct error *error) WARN_UNUSED;

#endif
