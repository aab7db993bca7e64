/* One complete message (RFC 5322, multipart/alternative) from the values of one request.
 * The encodings are GMime's: main calls g_mime_init() once before, g_mime_shutdown() after; there is no other
 * state. */
#ifndef CORE_MAIL_MESSAGE_H
#define CORE_MAIL_MESSAGE_H

#include <stdint.h>

#include "core/buffer.h"
#include "core/mail/branding.h"
#include "core/mail/link.h"
#include "core/mail/template.h"
#include "core/mail/time_zone.h"
#include "core/status.h"
#include "core/text.h"

/* The cap for the buffer that takes a message, bytes; a usual one has 10 to 20 KiB. */
#define MESSAGE_LIMIT ((size_t)256 * 1024)

/* What is the same for every mail; prepared once. */
struct mail_profile;

/* `from` is `name@example.com` or `Name <name@example.com>`, ASCII in the address.  `templates` and what
 * `link` points to must outlive the profile.  STATUS_CONFIG where `from` is no address. */
enum status mail_profile_new(struct text from, const struct link_pattern *link,
                             const struct template_set *templates, struct mail_profile **profile,
                             struct error *error) WARN_UNUSED;
void mail_profile_free(struct mail_profile **profile);

/* The link that it was made with. */
const struct link_pattern *mail_profile_link(const struct mail_profile *profile);

/* The address alone, for MAIL FROM where smtp.envelope_from is not set. */
struct text mail_profile_from(const struct mail_profile *profile);

struct mail {
    enum mail_kind kind;
    enum mail_trigger trigger;
    struct text to;     /* address, UTF-8; refused again here when it is not one (core/mail/address.h) */
    struct text name;   /* of the user, UTF-8; may be empty; left out unless name_usable (core/mail/name.h) */
    struct text tenant; /* the tenant's id, UTF-8; shown where `branding` has no name of its own */
    const struct branding *branding; /* the tenant's (branding_find); NULL: none */
    struct text locale;              /* BCP 47; may be empty */
    const struct time_zone
        *zone;               /* the reader's (io/time_zones.h finds it by its name); NULL: times in UTC */
    struct text token;       /* MAIL_LINK: base64url; secret */
    struct text password;    /* MAIL_TEMPORARY_PASSWORD_MAILED: letters, digits, hyphens, as shown; secret */
    struct text request_id;  /* letters, digits and hyphens, at most 64 */
    struct text incarnation; /* names this link, password or notice: 1 to 32 characters of hex or base64url;
                                the same one, the same Message-ID */
    int64_t expires_at_ms;  /* when the link or the temporary password ends, UTC; not MAIL_PASSWORD_CHANGED */
    int64_t lifetime_ms;    /* how long it lives altogether ("24 hours"); 0: counted from now_ms */
    int64_t happened_at_ms; /* MAIL_PASSWORD_CHANGED: when the password was changed, UTC */
    int64_t now_ms;         /* for Date, UTC */
};

struct message_facts {
    bool needs_smtputf8; /* the To address is not ASCII: only a relay with SMTPUTF8 (RFC 6531) may have the
                            message */
    bool name_left_out;  /* a name was given and not used */
};

/* Writes the message into `out` (a secret buffer; emptied first): CRLF only, 7 bit but for a UTF-8 address,
 * lines of at most 76 characters but for a long address, not dot-stuffed, closed by CRLF.  The same mail
 * gives the same bytes. STATUS_INVALID, with the field, for a value that must not stand in a message;
 * STATUS_FULL where `out` is too small, STATUS_MEMORY. */
enum status message_build(const struct mail_profile *profile, const struct mail *mail, struct buffer *out,
                          struct message_facts *facts, struct error *error) WARN_UNUSED;

/* Appends one part of the same message as the reader's program has it after decoding; errors as above. */
enum status message_render_part(const struct mail_profile *profile, const struct mail *mail,
                                enum mail_part part, struct buffer *out, struct error *error) WARN_UNUSED;

#endif
