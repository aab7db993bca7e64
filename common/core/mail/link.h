/* The address of the application's reset page, with one {token} in it: checked once at start, filled in for
 * each mail. */
#ifndef CORE_MAIL_LINK_H
#define CORE_MAIL_LINK_H

#include "core/buffer.h"
#include "core/status.h"
#include "core/text.h"

/* Parts of the text given to link_parse, which must outlive them. */
struct link_pattern {
    struct text before, after; /* what stands before and after {token} */
    struct text host;          /* for display, with the port when one is given: app.example.com:8443 */
};

/* Checks `url`: absolute, ASCII (RFC 3986), https unless the host is loopback, no user information, exactly
 * one {token}, after the host.  Otherwise STATUS_CONFIG, and the error says which of these is broken. */
enum status link_parse(struct text url, struct link_pattern *link, struct error *error) WARN_UNUSED;

/* The same for a URL of another name: what is wrong with it, as the end of a sentence that begins with that
 * name, or NULL. */
const char *link_fault(struct text url, struct link_pattern *link);

/* Whether `url` is an https URL of an image: absolute, ASCII, with a valid host, at most 1024 bytes. */
bool link_image_valid(struct text url);

/* Whether `host` is a host's name as a browser shows it, with or without a port. */
bool link_host_valid(struct text host);

/* Whether `token` consists of 1 to 128 characters of base64url (RFC 4648, section 5), as every token of ours
 * does. */
bool link_token_valid(struct text token);

/* Appends the whole URL. */
void link_write(const struct link_pattern *link, struct text token, struct buffer *out);

#endif
