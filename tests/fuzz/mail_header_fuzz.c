/* What stands in a header: whatever a phrase or an address says, it is one header, in short lines of ASCII,
 * and reads back as what was given.  The address is what stands behind the input's last line end. */
#include <gmime/gmime.h>

#include "core/mail/address.h"
#include "core/mail/characters.h"
#include "core/mail/encoded_word.h"
#include "core/mail/mailbox.h"
#include "core/mail/name.h"
#include "core/smtp/content.h"
#include "fuzz.h"

enum { LINE_MOST = 76 };

/* One header with its folded lines: none too long but for one that is an address alone. */
static void check_form(struct text header, struct text address)
{
    size_t line = 0;
    bool ascii = !address_needs_smtputf8(address);
    for (size_t i = 0; i < header.size; i++) {
        unsigned char byte = (unsigned char)header.bytes[i];
        if (byte == '\r') {
            HOLDS(i + 1 < header.size && header.bytes[i + 1] == '\n');
            HOLDS(i + 2 == header.size || header.bytes[i + 2] == ' ');
            HOLDS(line <= LINE_MOST || line <= address.size + 8);
            line = 0;
            i++;
            continue;
        }
        HOLDS(byte >= ' ' && byte != 0x7F && (byte < 0x80 || !ascii));
        line++;
    }
    HOLDS(line == 0);
}

static void write_mailbox(struct text phrase, struct text address)
{
    struct buffer out;
    buffer_init(&out, 16384);
    buffer_append_string(&out, "To:");
    mailbox_append(phrase, address, &out);
    HOLDS(!out.failed);
    check_form(buffer_text(&out), address);
    HOLDS(memmem(out.bytes, out.size, "\r\n", 2));
    buffer_append_byte(&out, 0);
    InternetAddressList *list = internet_address_list_parse(NULL, out.bytes + 3);
    HOLDS(list && internet_address_list_length(list) == 1);
    g_object_unref(list);
    buffer_clear(&out);
}

/* Word by word, as RFC 2047 has it: GMime takes neighbouring words for one stream and stops at padding. */
static void decode(char *line, struct buffer *out)
{
    for (char *next; line; line = next) {
        next = strstr(line, "\r\n ");
        if (next) {
            *next = 0;
            next += 3;
        }
        char *word = g_mime_utils_header_decode_text(NULL, line);
        HOLDS(word);
        buffer_append_string(out, word);
        g_free(word);
    }
}

/* Decoded, it is what was given. */
static void write_text(struct text value)
{
    struct buffer out, decoded;
    buffer_init(&out, 16384);
    buffer_init(&decoded, 16384);
    encoded_text_append(value, 9, &out);
    HOLDS(!out.failed);
    buffer_append_byte(&out, 0);
    decode(out.bytes, &decoded);
    HOLDS(text_equal(buffer_text(&decoded), value));
    buffer_clear(&decoded);
    buffer_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size > 2048)
        return 0;
    struct text input = fuzz_own(bytes, size);
    struct error error = {0};
    const char *cut = size ? memrchr(input.bytes, '\n', size) : NULL;
    size_t phrase_size = cut ? (size_t)(cut - input.bytes) : 0;
    struct text phrase = {input.bytes, phrase_size};
    struct text address = cut ? (struct text){cut + 1, size - phrase_size - 1} : input;
    bool clean = characters_clean(phrase);
    if (clean && phrase.size && phrase.bytes[0] != ' ' && phrase.bytes[phrase.size - 1] != ' ')
        write_text(phrase);
    if (name_usable(phrase))
        HOLDS(clean && !memchr(phrase.bytes, '@', phrase.size) && !memchr(phrase.bytes, '/', phrase.size));
    if (address_check(address, &error) == STATUS_OK) {
        HOLDS(smtp_address_is_safe(address) && characters_clean(address));
        HOLDS(address_domain(address).size > 0);
        write_mailbox(name_usable(phrase) ? phrase : (struct text){"", 0}, address);
    } else {
        HOLDS(error.text[0]);
    }
    fuzz_disown(&input);
    return 0;
}
