/* The rules are those that stop guessing and no others (NIST SP 800-63B-4, 3.1.1.2): length, nothing common,
 * nothing that is known of the user.  No rule asks for digits or signs.
 *
 * What is known of the user is compared folded (core/common_passwords.h) and in its parts, so that
 * "J4ne.D0e!2024" is refused to Jane Doe; parts of less than four characters are in too many words to count.
 * The bytes are compared as they are otherwise: two spellings of one letter (NFC, NFD) are two letters. */
#include "core/chosen_password.h"

#include "core/common_passwords.h"
#include "core/mail/characters.h"

enum { PART_LEAST = 4 /* characters */ };

static enum status refuse(struct error *error, const char *rule)
{
    return error_set_field(error, STATUS_INVALID, "/password", "/password %s", rule);
}

/* 0 where a character controls text, or there is no valid UTF-8. */
static size_t characters_of(struct text text)
{
    size_t count = 0;
    uint32_t code;
    if (!characters_clean(text))
        return 0;
    for (size_t at = 0; at < text.size; count++)
        at += character_read(text, at, &code);
    return count;
}

/* Latin letters with marks have two cases, too: C3 80 to C3 9E are the capitals of C3 A0 to C3 BE. */
static char fold(struct text text, size_t at)
{
    unsigned char byte = (unsigned char)text.bytes[at];
    bool capital = at > 0 && (unsigned char)text.bytes[at - 1] == 0xC3 && byte >= 0x80 && byte <= 0x9E;
    return capital && byte != 0x97 ? (char)(byte + 0x20) : common_password_fold((char)byte);
}

static bool contains(struct text password, struct text part)
{
    if (characters_of(part) < PART_LEAST)
        return false;
    for (size_t from = 0; from + part.size <= password.size; from++) {
        size_t at = 0;
        while (at < part.size && fold(password, from + at) == fold(part, at))
            at++;
        if (at == part.size)
            return true;
    }
    return false;
}

static bool separates(char byte)
{
    return byte == ' ' || byte == '.' || byte == '-' || byte == '_' || byte == '+' || byte == ',' ||
           byte == '\'' || byte == '@';
}

/* The whole, or a part between signs. */
static bool contains_any(struct text password, struct text known)
{
    size_t begin = 0;
    if (contains(password, known))
        return true;
    for (size_t at = 0; at <= known.size; at++) {
        if (at < known.size && !separates(known.bytes[at]))
            continue;
        if (contains(password, (struct text){known.bytes + begin, at - begin}))
            return true;
        begin = at + 1;
    }
    return false;
}

static struct text local_part(struct text address)
{
    const char *at = address.size ? memchr(address.bytes, '@', address.size) : NULL;
    return (struct text){address.bytes, at ? (size_t)(at - address.bytes) : 0};
}

enum status chosen_password_check(const struct request *request, struct error *error)
{
    struct text password = request->password;
    if (!characters_clean(password))
        return refuse(error, "has a control or bidirectional character");
    size_t characters = characters_of(password);
    if (characters < CHOSEN_PASSWORD_LEAST || characters > CHOSEN_PASSWORD_MOST)
        return refuse(error, "must have 12 to 128 characters");
    if (contains_any(password, request->user_name))
        return refuse(error, "must not have a part of the user's name in it");
    if (contains_any(password, local_part(request->user_email)) || contains(password, request->user_email))
        return refuse(error, "must not have a part of the user's address in it");
    if (contains(password, request->user_id))
        return refuse(error, "must not have the user's id in it");
    if (common_password_pieces(password) < CHOSEN_PASSWORD_PIECES_LEAST)
        return refuse(error, "is too common: words, runs and years that many people take; choose another");
    return STATUS_OK;
}
