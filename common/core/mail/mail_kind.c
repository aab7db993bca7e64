/* The table of the kinds of mail: what each one carries and who triggers it.  A secret is in one kind only:
 * the link in the mail that is about it, the password in the mail that brings it. */
#include "core/mail/mail_kind.h"

enum { SELF = 1 << MAIL_TRIGGER_SELF, ADMINISTRATOR = 1 << MAIL_TRIGGER_ADMINISTRATOR };
enum { MANAGER = 1 << MAIL_TRIGGER_MANAGER, ANYBODY = SELF | ADMINISTRATOR | MANAGER };

static const struct {
    const char *name;
    bool link, password, ends, happened;
    unsigned triggers;
} kinds[MAIL_KIND_COUNT] = {
    [MAIL_LINK] = {.name = "link", .link = true, .ends = true, .triggers = ANYBODY},
    [MAIL_TEMPORARY_PASSWORD_MAILED] = {.name = "temporary_password_mailed",
                                        .password = true,
                                        .ends = true,
                                        .triggers = ADMINISTRATOR},
    [MAIL_TEMPORARY_PASSWORD_NOTICE] = {.name = "temporary_password_notice",
                                        .ends = true,
                                        .triggers = ADMINISTRATOR},
    [MAIL_PASSWORD_CHANGED] = {.name = "password_changed", .happened = true, .triggers = ANYBODY},
};

enum presence mail_kind_value(enum mail_kind kind, enum mail_value value)
{
    switch (value) {
    case MAIL_VALUE_LINK:
        return kinds[kind].link ? PRESENT_ALWAYS : PRESENT_NEVER;
    case MAIL_VALUE_PASSWORD:
        return kinds[kind].password ? PRESENT_ALWAYS : PRESENT_NEVER;
    case MAIL_VALUE_EXPIRES:
    case MAIL_VALUE_LIFETIME:
        return kinds[kind].ends ? PRESENT_ALWAYS : PRESENT_NEVER;
    case MAIL_VALUE_HAPPENED:
        return kinds[kind].happened ? PRESENT_ALWAYS : PRESENT_NEVER;
    case MAIL_VALUE_NAME:
    case MAIL_VALUE_SUPPORT:
    case MAIL_VALUE_IMPRINT:
    case MAIL_VALUE_LOGO:
        return PRESENT_SOMETIMES;
    case MAIL_VALUE_TENANT:
    case MAIL_VALUE_HOST:
    case MAIL_VALUE_REQUEST_ID:
    case MAIL_VALUE_COLOUR:
    case MAIL_VALUE_ON_COLOUR:
    case MAIL_VALUE_EDGE:
    case MAIL_VALUE_COUNT:
    default:
        return PRESENT_ALWAYS;
    }
}

enum presence mail_kind_trigger(enum mail_kind kind, enum mail_trigger trigger)
{
    unsigned wanted = 1U << trigger, all = kinds[kind].triggers;
    if (!(all & wanted))
        return PRESENT_NEVER;
    return all == wanted ? PRESENT_ALWAYS : PRESENT_SOMETIMES;
}

const char *mail_kind_name(enum mail_kind kind)
{
    return kinds[kind].name;
}

enum mail_kind mail_kind_named(struct text name)
{
    unsigned kind = 0;
    while (kind < MAIL_KIND_COUNT && !text_equal(name, text_of(kinds[kind].name)))
        kind++;
    return (enum mail_kind)kind;
}
