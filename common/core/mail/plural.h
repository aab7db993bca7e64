/* Which form of a word goes with a number: the plural rules of languages (Unicode CLDR), for whole numbers.
 */
#ifndef CORE_MAIL_PLURAL_H
#define CORE_MAIL_PLURAL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

enum plural { PLURAL_NONE, PLURAL_ONE, PLURAL_POLISH, PLURAL_RUSSIAN, PLURAL_CZECH, PLURAL_ARABIC };

enum { PLURAL_FORMS_MAX = 5 };

/* "none", "one", "polish", "russian", "czech" or "arabic"; otherwise false. */
bool plural_named(struct text name, enum plural *plural);

/* How many forms there are, 1 to PLURAL_FORMS_MAX. */
size_t plural_forms(enum plural plural);

/* Which of them goes with `number`, from 0. */
size_t plural_form(enum plural plural, int64_t number);

#endif
