/* The last gate before an address stands in a header and in RCPT TO: one mailbox and nothing that could begin
 * another one, end the line or open a comment.  The decoder has checked it already; here it is checked again,
 * because a mistake there would otherwise be an injection. */
#include "core/mail/address.h"

#include "core/mail/characters.h"

enum { ADDRESS_SIZE = 254, LOCAL_SIZE = 64, LABEL_SIZE = 63 };

static enum status refused(struct error *error, const char *why)
{
    return error_set_field(error, STATUS_INVALID, "/user/email", "the mail address %s", why);
}

static bool is_letter_or_digit(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/* atext of RFC 5322, section 3.2.3, and any part of a character outside ASCII. */
static bool is_atom_byte(unsigned char byte)
{
    return is_letter_or_digit(byte) || byte >= 0x80 || (byte && strchr("!#$%&'*+-/=?^_`{|}~", byte));
}

/* qtext of RFC 5322, section 3.2.4; a backslash takes the next printable byte.  Without the space, which the
 * RFC has: it separates words of a command, and core/smtp/content.h lets none pass. */
static bool quoted_local_valid(struct text local)
{
    if (memchr(local.bytes, ' ', local.size))
        return false;
    for (size_t i = 1; i + 1 < local.size; i++) {
        if (local.bytes[i] == '\\') {
            if (++i + 1 >= local.size)
                return false;
        } else if (local.bytes[i] == '"') /* one that is escaped was passed over with its backslash */
            return false;
    }
    return local.size > 2 && local.bytes[local.size - 1] == '"';
}

static bool local_valid(struct text local)
{
    if (local.bytes[0] == '"')
        return quoted_local_valid(local);
    for (size_t i = 0; i < local.size; i++)
        if (local.bytes[i] != '.' && !is_atom_byte((unsigned char)local.bytes[i]))
            return false;
    return true;
}

static bool literal_valid(struct text domain)
{
    for (size_t i = 1; i + 1 < domain.size; i++) {
        unsigned char byte = (unsigned char)domain.bytes[i];
        if (!is_letter_or_digit(byte) && byte != '.' && byte != ':' && byte != '-')
            return false;
    }
    return domain.size > 2 && domain.bytes[domain.size - 1] == ']';
}

static bool domain_valid(struct text domain)
{
    if (domain.size && domain.bytes[0] == '[')
        return literal_valid(domain);
    size_t label = 0;
    for (size_t i = 0; i < domain.size; i++) {
        unsigned char byte = (unsigned char)domain.bytes[i];
        if (byte == '.') {
            if (label == 0 || domain.bytes[i - 1] == '-')
                return false;
            label = 0;
        } else if (byte == '-' ? label == 0 : !is_letter_or_digit(byte) && byte < 0x80) {
            return false;
        } else if (++label > LABEL_SIZE) {
            return false;
        }
    }
    return label > 0 && domain.bytes[domain.size - 1] != '-';
}

/* The @ that ends the local part; inside quotes there may be others. */
static size_t find_at(struct text address)
{
    for (size_t i = address.size; i-- > 0;)
        if (address.bytes[i] == '@')
            return i;
    return 0;
}

enum status address_check(struct text address, struct error *error)
{
    if (address.size == 0)
        return refused(error, "is empty");
    if (address.size > ADDRESS_SIZE)
        return refused(error, "has more than 254 bytes");
    uint32_t code = 0;
    for (size_t at = 0; at < address.size;) {
        size_t size = character_read(address, at, &code);
        if (size == 0)
            return refused(error, "is not UTF-8");
        if (character_is_control(code))
            return refused(error, "has a control character");
        if (code == '<' || code == '>')
            return refused(error, "has a '<' or '>'; give it bare");
        at += size;
    }
    size_t at = find_at(address);
    if (at == 0)
        return refused(error, "has no local part before an '@'");
    if (at > LOCAL_SIZE)
        return refused(error, "has more than 64 bytes before the '@'");
    if (!local_valid((struct text){address.bytes, at}))
        return refused(error, "has a character before the '@' that wants quotes");
    if (!domain_valid(address_domain(address)))
        return refused(error, "has no domain of letters, digits and hyphens after the '@'");
    return STATUS_OK;
}

bool address_needs_smtputf8(struct text address)
{
    for (size_t i = 0; i < address.size; i++)
        if ((unsigned char)address.bytes[i] >= 0x80)
            return true;
    return false;
}

struct text address_domain(struct text address)
{
    size_t at = find_at(address);
    return (struct text){address.bytes + at + 1, address.size - at - 1};
}

void address_write(struct text address, struct buffer *out)
{
    size_t at = find_at(address);
    bool quote = address.bytes[0] == '.' || address.bytes[at - 1] == '.';
    for (size_t i = 1; i < at && !quote; i++)
        quote = address.bytes[i] == '.' && address.bytes[i - 1] == '.';
    if (!quote || address.bytes[0] == '"') {
        buffer_append_text(out, address);
        return;
    }
    buffer_append_byte(out, '"');
    buffer_append(out, address.bytes, at);
    buffer_append_byte(out, '"');
    buffer_append(out, address.bytes + at, address.size - at);
}
