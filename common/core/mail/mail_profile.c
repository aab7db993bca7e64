/* What all mails of a worker share, checked and put into its final form once: a wrong sender is a matter for
 * the start, not for the first mail.  The profile owns the sender's address and header; link and templates
 * stay their owner's. */
#include "core/mail/mail_profile.h"

#include <stdlib.h>

#include "core/mail/address.h"
#include "core/mail/characters.h"
#include "core/mail/mailbox.h"

static struct text trimmed(struct text text)
{
    while (text.size && text.bytes[0] == ' ')
        text = (struct text){text.bytes + 1, text.size - 1};
    while (text.size && text.bytes[text.size - 1] == ' ')
        text.size--;
    return text;
}

/* Takes `Name <address>` apart; without '<' it is the address alone. */
static void split_mailbox(struct text from, struct text *phrase, struct text *address)
{
    from = trimmed(from);
    const char *open =
        from.size && from.bytes[from.size - 1] == '>' ? memrchr(from.bytes, '<', from.size) : NULL;
    *address = from;
    *phrase = (struct text){"", 0};
    if (!open)
        return;
    *phrase = trimmed((struct text){from.bytes, (size_t)(open - from.bytes)});
    *address = (struct text){open + 1, from.size - (size_t)(open - from.bytes) - 2};
    if (phrase->size >= 2 && phrase->bytes[0] == '"' && phrase->bytes[phrase->size - 1] == '"')
        *phrase = (struct text){phrase->bytes + 1, phrase->size - 2};
}

static enum status check_from(struct text phrase, struct text address, struct error *error)
{
    struct error why;
    if (address_check(address, &why))
        return error_set_field(error, STATUS_CONFIG, "smtp.from", "smtp.from: %s", why.text);
    if (address_needs_smtputf8(address))
        return error_set_field(error, STATUS_CONFIG, "smtp.from", "smtp.from: the address wants to be ASCII");
    if (!characters_clean(phrase) || phrase.size > 128)
        return error_set_field(
            error, STATUS_CONFIG, "smtp.from",
            "smtp.from: the name wants at most 128 bytes of UTF-8 without control characters");
    return STATUS_OK;
}

enum status mail_profile_new(struct text from, const struct link_pattern *link,
                             const struct template_set *templates, struct mail_profile **profile,
                             struct error *error)
{
    struct text phrase, address;
    *profile = NULL;
    split_mailbox(from, &phrase, &address);
    enum status status = check_from(phrase, address, error);
    if (status)
        return status;
    struct mail_profile *made = calloc(1, sizeof *made);
    char *copy = malloc(address.size + 1);
    if (!made || !copy) {
        free(made);
        free(copy);
        return error_set(error, STATUS_MEMORY, "no memory for the mail profile");
    }
    memcpy(copy, address.bytes, address.size);
    copy[address.size] = 0;
    made->from = copy;
    made->link = *link;
    made->templates = templates;
    buffer_init(&made->from_header, 4096);
    buffer_append_string(&made->from_header, "From: ");
    mailbox_append(phrase, address, &made->from_header);
    buffer_init(&made->after_id, 4096);
    buffer_append_byte(&made->after_id, '@');
    buffer_append_text(&made->after_id, address_domain(address));
    buffer_append_string(&made->after_id, ">\r\nAuto-Submitted: auto-generated\r\nContent-Language: ");
    if (made->from_header.failed || made->after_id.failed) {
        mail_profile_free(&made);
        return error_set(error, STATUS_MEMORY, "no memory for the mail profile");
    }
    *profile = made;
    return STATUS_OK;
}

void mail_profile_free(struct mail_profile **profile)
{
    if (!*profile)
        return;
    free((*profile)->from);
    buffer_clear(&(*profile)->from_header);
    buffer_clear(&(*profile)->after_id);
    free(*profile);
    *profile = NULL;
}

struct text mail_profile_from(const struct mail_profile *profile)
{
    return text_of(profile->from);
}

const struct link_pattern *mail_profile_link(const struct mail_profile *profile)
{
    return &profile->link;
}
