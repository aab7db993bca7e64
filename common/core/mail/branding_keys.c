/* Values are text that is escaped wherever it is put, so what is checked is what escaping cannot mend: that
 * links and hosts are among those that the operator allows, that a colour is one, and that nothing is of a
 * length or a direction that would bury the mail. */
#include "core/mail/branding_keys.h"

#include "core/mail/characters.h"
#include "core/mail/mailbox.h"

enum { NAME_CHARACTERS = 64, LINE_CHARACTERS = 300 };

/* A button whose colour is closer to the white page than 3 : 1 (WCAG 2.2, 1.4.11) has an edge that is seen.
 */
static const double edge_contrast = 3.0;
static const char edge_grey[] = "#64748b";

static bool has_at_most(struct text value, size_t characters)
{
    size_t count = 0;
    for (size_t i = 0; i < value.size; i++)
        count += ((unsigned char)value.bytes[i] & 0xC0) != 0x80;
    return count <= characters;
}

static bool same_host(struct text one, struct text other)
{
    if (one.size != other.size)
        return false;
    for (size_t i = 0; i < one.size; i++) {
        char a = one.bytes[i], b = other.bytes[i];
        a = (char)(a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a);
        b = (char)(b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b);
        if (a != b)
            return false;
    }
    return true;
}

static bool is_allowed(struct text host, const struct branding_rules *rules)
{
    bool found = same_host(host, rules->link_host);
    for (size_t i = 0; i < rules->allowed_count && !found; i++)
        found = same_host(host, text_of(rules->allowed[i]));
    return found;
}

static const char *set_text(struct text value, size_t characters, struct text *text)
{
    *text = value;
    return has_at_most(value, characters) ? NULL
                                          : "is too long: a name has at most 64 characters, a line 300";
}

static const char *set_colour(struct text value, struct branding *branding)
{
    if (!colour_parse(value, branding->colour))
        return "is no colour: #rrggbb or #rgb";
    bool seen = colour_contrast(branding->colour, "#ffffff") >= edge_contrast;
    memcpy(branding->on_colour, colour_readable_on(branding->colour), COLOUR_SIZE);
    memcpy(branding->edge, seen ? branding->colour : edge_grey, COLOUR_SIZE);
    return NULL;
}

static const char *set_link(struct text value, const struct branding_rules *rules, struct branding *branding)
{
    const char *fault = link_fault(value, &branding->link);
    branding->has_link = !fault;
    if (fault)
        return fault;
    return is_allowed(branding->link.host, rules)
               ? NULL
               : "leads to a host that is neither that of link.url nor in link.allowed";
}

static const char *set_sign_in(struct text value, const struct branding_rules *rules,
                               struct branding *branding)
{
    branding->sign_in = value;
    if (!link_host_valid(value))
        return "is no host, as a browser shows it: app.example.com";
    return is_allowed(value, rules) ? NULL : "is neither the host of link.url nor in link.allowed";
}

static const char *set_logo(struct text value, struct branding *branding)
{
    branding->logo = value;
    return link_image_valid(value) ? NULL : "is no https:// URL of an image (RFC 3986; at most 1024 bytes)";
}

static const char *set_from_name(struct text value, const struct branding_rules *rules,
                                 struct branding *branding, struct buffer *headers)
{
    if (!has_at_most(value, NAME_CHARACTERS))
        return "is too long: a name has at most 64 characters";
    for (size_t i = 0; i < value.size; i++)
        if (strchr("@<>", value.bytes[i]))
            return "has a character that belongs to an address; the address is that of smtp.from";
    size_t start = headers->size;
    buffer_append_string(headers, "From: ");
    mailbox_append(value, rules->sender, headers);
    branding->from_header = (struct text){NULL, headers->size - start};
    return headers->failed ? "makes the file's sender names too large" : NULL;
}

enum key { KEY_NAME, KEY_FROM_NAME, KEY_SUPPORT, KEY_FOOTER, KEY_LOGO, KEY_COLOUR, KEY_LINK, KEY_SIGN_IN };

static const char *const names[BRANDING_KEYS] = {
    [KEY_NAME] = "name", [KEY_FROM_NAME] = "from_name", [KEY_SUPPORT] = "support", [KEY_FOOTER] = "footer",
    [KEY_LOGO] = "logo", [KEY_COLOUR] = "colour",       [KEY_LINK] = "link",       [KEY_SIGN_IN] = "sign_in",
};
const char branding_key_names[] = "name, from_name, support, footer, logo, colour, link, sign_in";

size_t branding_key_named(struct text name)
{
    size_t key = 0;
    while (key < BRANDING_KEYS && !text_equal(name, text_of(names[key])))
        key++;
    return key;
}

const char *branding_key_set(size_t key, struct text value, const struct branding_rules *rules,
                             struct branding *branding, struct buffer *headers)
{
    if (value.size == 0)
        return "is empty; leave the line out";
    if (!characters_clean(value))
        return "is not UTF-8, or has a character that controls text or its direction";
    switch ((enum key)key) {
    case KEY_NAME:
        return set_text(value, NAME_CHARACTERS, &branding->name);
    case KEY_FROM_NAME:
        return set_from_name(value, rules, branding, headers);
    case KEY_SUPPORT:
        return set_text(value, LINE_CHARACTERS, &branding->support);
    case KEY_FOOTER:
        return set_text(value, LINE_CHARACTERS, &branding->footer);
    case KEY_LOGO:
        return set_logo(value, branding);
    case KEY_COLOUR:
        return set_colour(value, branding);
    case KEY_LINK:
        return set_link(value, rules, branding);
    case KEY_SIGN_IN:
    default:
        return set_sign_in(value, rules, branding);
    }
}
