/* The rules are those of CLDR 44 for integers; a language with another one adds its row here.  Where CLDR has
 * a form for zero alone (Arabic), ours is that of "many": a time span of none is never said. */
#include "core/mail/plural.h"

static const struct {
    struct text name;
    size_t forms;
} rules[] = {
    [PLURAL_NONE] = {{"none", 4}, 1},     [PLURAL_ONE] = {{"one", 3}, 2},
    [PLURAL_POLISH] = {{"polish", 6}, 3}, [PLURAL_RUSSIAN] = {{"russian", 7}, 3},
    [PLURAL_CZECH] = {{"czech", 5}, 3},   [PLURAL_ARABIC] = {{"arabic", 6}, 5},
};

bool plural_named(struct text name, enum plural *plural)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (text_equal(rules[i].name, name)) {
            *plural = (enum plural)i;
            return true;
        }
    }
    return false;
}

size_t plural_forms(enum plural plural)
{
    return rules[plural].forms;
}

static bool ends_in_few(int64_t number)
{
    int64_t last = number % 10, two = number % 100;
    return last >= 2 && last <= 4 && (two < 12 || two > 14);
}

static size_t arabic_form(int64_t number)
{
    int64_t two = number % 100;
    if (number == 1 || number == 2)
        return (size_t)number - 1;
    if (two >= 3 && two <= 10)
        return 2;
    return two >= 11 || number == 0 ? 3 : 4;
}

size_t plural_form(enum plural plural, int64_t number)
{
    switch (plural) {
    case PLURAL_ONE:
        return number != 1;
    case PLURAL_POLISH:
        return number == 1 ? 0 : ends_in_few(number) ? 1 : 2;
    case PLURAL_RUSSIAN:
        return number % 10 == 1 && number % 100 != 11 ? 0 : ends_in_few(number) ? 1 : 2;
    case PLURAL_CZECH:
        return number == 1 ? 0 : number >= 2 && number <= 4 ? 1 : 2;
    case PLURAL_ARABIC:
        return arabic_form(number);
    case PLURAL_NONE:
    default:
        return 0;
    }
}
