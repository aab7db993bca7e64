/* The command `reset-worker render`: one mail on stdout, from an example, to look at templates. */
#ifndef WORKER_RENDER_H
#define WORKER_RENDER_H

#include "io/command_line.h"

/* Its row in the program's table of commands. */
#define RENDER_COMMAND                                                                                       \
    {                                                                                                        \
        .name = "render", .help = "one mail on stdout, from an example", .options = {                        \
            {"template", "KIND", false,                                                                      \
             "which mail: link (the default), temporary_password_mailed, temporary_password_notice, "        \
             "password_changed"},                                                                            \
            {"locale", "TAG", false, "a language tag such as en (the default), ar, ja-JP"},                  \
            {"html", NULL, false, "the HTML part alone"},                                                    \
            {"text", NULL, false, "the plain text part alone"},                                              \
            {"eml", NULL, false, "the whole message (the default)"},                                         \
            {"directory", "DIR", false, "templates that stand in for the built-in ones"},                    \
            {"trigger", "WHO", false, "self, administrator (the default) or manager"},                       \
            {"name", "NAME", false, "the user's name; may be empty"},                                        \
            {"to", "ADDRESS", false, "the user's address"},                                                  \
        }                                                                                                    \
    }

/* What the configuration says; NULL or empty: the example's own. */
struct render_settings {
    const char *directory; /* [templates] directory; --directory goes before it */
    const char *link_url;  /* [link] url */
    const char *from;      /* [smtp] from */
};

/* Initialises GMime itself.  Errors go to stderr.  Returns an exit code: 0, 64 (usage), 78 (configuration) or
 * 74 (stdout cannot be written). */
int render_command(const struct command_line *line, const struct render_settings *settings);

#endif
