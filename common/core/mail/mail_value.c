/* The names that templates know values by, and which values want care: secrets are put only where a page
 * shows them, colours are the only ones that a style may have, and what belongs to a tenant's branding is
 * decided at start for mails that have none. */
#include "core/mail/mail_value.h"

#include <stdint.h>

#include "core/mail/colour.h"
#include "core/mail/mail_kind.h"

static const struct text value_names[MAIL_VALUE_COUNT] = {
    [MAIL_VALUE_NAME] = {"name", 4},
    [MAIL_VALUE_TENANT] = {"tenant", 6},
    [MAIL_VALUE_LINK] = {"link", 4},
    [MAIL_VALUE_PASSWORD] = {"password", 8},
    [MAIL_VALUE_HOST] = {"host", 4},
    [MAIL_VALUE_EXPIRES] = {"expires", 7},
    [MAIL_VALUE_LIFETIME] = {"lifetime", 8},
    [MAIL_VALUE_HAPPENED] = {"happened", 8},
    [MAIL_VALUE_REQUEST_ID] = {"request_id", 10},
    [MAIL_VALUE_SUPPORT] = {"support", 7},
    [MAIL_VALUE_IMPRINT] = {"imprint", 7},
    [MAIL_VALUE_LOGO] = {"logo", 4},
    [MAIL_VALUE_COLOUR] = {"colour", 6},
    [MAIL_VALUE_ON_COLOUR] = {"on_colour", 9},
    [MAIL_VALUE_EDGE] = {"edge", 4},
};

struct text mail_value_name(enum mail_value value)
{
    return value_names[value];
}

size_t mail_value_named(struct text name)
{
    for (size_t i = 0; i < MAIL_VALUE_COUNT; i++)
        if (text_equal(value_names[i], name))
            return i;
    return SIZE_MAX;
}

bool mail_value_is_secret(enum mail_value value)
{
    return value == MAIL_VALUE_LINK || value == MAIL_VALUE_PASSWORD;
}

enum mail_value mail_value_secret_of(enum mail_kind kind)
{
    if (mail_kind_value(kind, MAIL_VALUE_LINK) == PRESENT_ALWAYS)
        return MAIL_VALUE_LINK;
    return mail_kind_value(kind, MAIL_VALUE_PASSWORD) == PRESENT_ALWAYS ? MAIL_VALUE_PASSWORD
                                                                        : MAIL_VALUE_COUNT;
}

bool mail_value_is_of_branding(enum mail_value value)
{
    return value == MAIL_VALUE_SUPPORT || value == MAIL_VALUE_IMPRINT || value == MAIL_VALUE_LOGO;
}

bool mail_value_is_colour(enum mail_value value)
{
    return value == MAIL_VALUE_COLOUR || value == MAIL_VALUE_ON_COLOUR || value == MAIL_VALUE_EDGE;
}

struct text mail_value_plain_colour(enum mail_value value)
{
    if (value == MAIL_VALUE_COLOUR)
        return TEXT(COLOUR_PLAIN);
    return value == MAIL_VALUE_EDGE ? TEXT(COLOUR_EDGE_PLAIN) : TEXT(COLOUR_ON_PLAIN);
}
