/* Plain templates of the kinds of mail that a test is not about: every kind must be there in every language.
 */
#ifndef TESTS_UNIT_MAIL_SOURCES_H
#define TESTS_UNIT_MAIL_SOURCES_H

#include "core/mail/template.h"

#define PLAIN_SUBJECT TEXT("subject: S\n")
#define PLAIN_MAILS(folder, tag)                                                                             \
    {                                                                                                        \
        folder "/" tag ".mail", folder "/" tag ".mail", PLAIN_SUBJECT                                        \
    }
#define PLAIN_PAGES(folder, text, html)                                                                      \
    {folder "/page.txt", folder "/page.txt", TEXT(text)},                                                    \
    {                                                                                                        \
        folder "/page.html", folder "/page.html", TEXT(html)                                                 \
    }

/* A whole locale. */
#define LOCALE(direction)                                                                                    \
    "direction: " direction "\nmonths: a|b|c|d|e|f|g|h|i|j|k|l\nweekdays: a|b|c|d|e|f|g\ntime: {{day}} "     \
    "{{zone}}\nplural: none\nminutes: m\nhours: h\ndays: d\n"
#define TEXT_LINK "\n{{link}}\n"
#define HTML_LINK "<a href=\"{{link}}\">{{link}}</a>"

/* All but MAIL_LINK, in one language; the pages of all but MAIL_LINK. */
#define OTHER_MAILS(tag)                                                                                     \
    PLAIN_MAILS("temporary_password_mailed", tag), PLAIN_MAILS("temporary_password_notice", tag),            \
        PLAIN_MAILS("password_changed", tag)
#define OTHER_PAGES                                                                                          \
    PLAIN_PAGES("temporary_password_mailed", "{{password}}\n", "<p>{{password}}</p>"),                       \
        PLAIN_PAGES("temporary_password_notice", "{{expires}}\n", "<p>{{expires}}</p>"),                     \
        PLAIN_PAGES("password_changed", "{{happened}}\n", "<p>{{happened}}</p>")

#endif
