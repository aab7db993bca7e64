/* The command `reset-worker render`: one mail on stdout, or all of them in a folder, from an example, to look
 * at templates. */
#ifndef WORKER_RENDER_H
#define WORKER_RENDER_H

#include "io/command_line.h"
#include "io/config.h"

/* Its row in the program's table of commands. */
#define RENDER_COMMAND                                                                                       \
    {                                                                                                        \
        .name = "render", .help = "one mail on stdout, from an example, or all of them as files",            \
        .options = {                                                                                         \
            {"template", "KIND", false,                                                                      \
             "which mail: link (the default), temporary_password_mailed, temporary_password_notice, "        \
             "password_changed"},                                                                            \
            {"locale", "TAG", false,                                                                         \
             "a language tag such as ar, ja-JP; the default is templates.default_locale"},                   \
            {"html", NULL, false, "the HTML part alone"},                                                    \
            {"text", NULL, false, "the plain text part alone"},                                              \
            {"eml", NULL, false, "the whole message (the default)"},                                         \
            {"all", "DIR", false, "every kind in every language, as files in DIR with an index.html"},       \
            {"directory", "DIR", false, "templates that stand in for the built-in ones"},                    \
            {"trigger", "WHO", false, "self, administrator (the default) or manager"},                       \
            {"tenant", "ID", false, "the tenant, as templates.tenants has it"},                              \
            {"timezone", "ZONE", false, "the user's time zone, such as Europe/Berlin; UTC otherwise"},       \
            {"name", "NAME", false, "the user's name; may be empty"},                                        \
            {"to", "ADDRESS", false, "the user's address"},                                                  \
        }                                                                                                    \
    }

/* Initialises GMime itself.  What the configuration lacks ([link] url, [smtp] from) is the example's own.
 * Errors go to stderr.  Returns an exit code: 0, 64 (usage), 78 (configuration) or 74 (a file or stdout
 * cannot be written). */
int render_command(const struct command_line *line, const struct config *config);

#endif
