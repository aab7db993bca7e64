/* Whoever registers chooses the name, and may choose "Hacked? evil.example" to make our mail carry a bait
 * that mail programs turn into a link.  Refusing the request would tell the attacker something, so the mail
 * goes out without the name. "J.R.R. Tolkien" has dots and is a name: after the dot of a domain stand two
 * letters or more. */
#include "core/mail/name.h"

#include "core/mail/characters.h"

enum { NAME_CHARACTERS = 64 };

static bool is_word(uint32_t code)
{
    return code >= 0x80 || (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
           (code >= 'a' && code <= 'z');
}

static bool is_domain_dot(uint32_t code)
{
    return code == '.' || code == 0x3002 || code == 0xFF0E || code == 0xFF61; /* IDNA's dots too */
}

bool name_usable(struct text name)
{
    uint32_t code = 0, before = 0;
    size_t characters = 0, letters_after_dot = 0;
    bool after_dot = false, blank = true;
    for (size_t at = 0; at < name.size;) {
        size_t size = character_read(name, at, &code);
        if (size == 0 || character_is_control(code) || ++characters > NAME_CHARACTERS)
            return false;
        if (code == '/' || code == '\\' || code == '@' || code == '<' || code == '>' ||
            (before == '=' && code == '?'))
            return false;
        if (is_domain_dot(code)) {
            after_dot = is_word(before) && !is_domain_dot(before);
            letters_after_dot = 0;
        } else if (!is_word(code)) {
            after_dot = false;
        } else if (after_dot && ++letters_after_dot == 2) {
            return false;
        }
        blank = blank && (code == ' ' || code == 0xA0 || code == 0x3000);
        before = code;
        at += size;
    }
    return !blank;
}
