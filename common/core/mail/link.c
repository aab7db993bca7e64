/* The link's base comes from the configuration alone, never from a request, so no Host header can send a
 * token elsewhere.  It is checked at start, where a mistake can still be told to somebody who can mend it: a
 * link over plain HTTP, or one whose token lands in the host name, would give every token away. */
#include "core/mail/link.h"

#include <stdint.h>

enum { LINK_SIZE = 1024, TOKEN_SIZE = 128 };

static const struct text placeholder = {"{token}", 7};
static const char url_characters[] = "-._~:/?#[]@!$&'()*+,;=%"; /* beside letters and digits */

static bool starts_with(struct text text, struct text prefix)
{
    return text.size >= prefix.size && memcmp(text.bytes, prefix.bytes, prefix.size) == 0;
}

static size_t find(struct text text, struct text wanted, size_t from)
{
    for (size_t i = from; i + wanted.size <= text.size; i++)
        if (memcmp(text.bytes + i, wanted.bytes, wanted.size) == 0)
            return i;
    return SIZE_MAX;
}

static bool is_alphanumeric(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static bool all_of(struct text text, const char *others)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_alphanumeric(text.bytes[i]) && (text.bytes[i] == 0 || !strchr(others, text.bytes[i])))
            return false;
    return true;
}

/* Takes the port off; false where what looks like one is none. */
static bool split_port(struct text authority, struct text *name)
{
    size_t end = authority.size;
    while (end > 0 && authority.bytes[end - 1] >= '0' && authority.bytes[end - 1] <= '9')
        end--;
    bool port = end > 0 && authority.bytes[end - 1] == ':' && authority.bytes[0] != '[';
    if (authority.bytes[0] == '[')
        port = end > 1 && authority.bytes[end - 1] == ':' && authority.bytes[end - 2] == ']';
    size_t digits = authority.size - end;
    *name = (struct text){authority.bytes, port ? end - 1 : authority.size};
    return !port || (digits > 0 && digits <= 5);
}

static bool name_valid(struct text name)
{
    if (name.size == 0)
        return false;
    if (name.bytes[0] == '[')
        return name.size > 2 && name.bytes[name.size - 1] == ']' &&
               all_of((struct text){name.bytes + 1, name.size - 2}, ":.");
    return all_of(name, "-.");
}

static bool is_loopback(struct text name)
{
    return text_equal(name, TEXT("localhost")) || text_equal(name, TEXT("[::1]")) ||
           (starts_with(name, TEXT("127.")) && all_of(name, ".") && name.size <= 15);
}

/* NULL, or what is wrong. */
static const char *host_fault(struct text authority, bool secure)
{
    struct text name;
    for (size_t i = 0; i < authority.size; i++)
        if (authority.bytes[i] == '@')
            return "has user information (an '@' before the path); take it out";
    if (authority.size == 0 || !split_port(authority, &name) || !name_valid(name))
        return "has no valid host (letters, digits, hyphens and dots, in punycode where it is international)";
    if (!secure && !is_loopback(name))
        return "is not https://, and its host is not loopback: links would travel in the clear";
    return NULL;
}

static struct text host_of(struct text url, size_t start, size_t end)
{
    size_t at = start;
    while (at < end && !strchr("/?#", url.bytes[at]))
        at++;
    return (struct text){url.bytes + start, at - start};
}

const char *link_fault(struct text url, struct link_pattern *link)
{
    *link = (struct link_pattern){{0}, {0}, {0}};
    if (url.size == 0 || url.size > LINK_SIZE)
        return url.size ? "has more than 1024 bytes" : "is empty; give the reset page with {token} in it";
    bool secure = starts_with(url, TEXT("https://"));
    if (!secure && !starts_with(url, TEXT("http://")))
        return "does not begin with https://";
    size_t token = find(url, placeholder, 0);
    if (token == SIZE_MAX)
        return "has no {token}; put it where the reset page expects the token";
    if (find(url, placeholder, token + 1) != SIZE_MAX)
        return "has {token} more than once";
    link->before = (struct text){url.bytes, token};
    link->after = (struct text){url.bytes + token + placeholder.size, url.size - token - placeholder.size};
    if (!all_of(link->before, url_characters) || !all_of(link->after, url_characters))
        return "has a character that no URL may have (RFC 3986); percent-encode it";
    size_t start = secure ? 8 : 7;
    link->host = host_of(url, start, token);
    if (link->host.size == token - start)
        return "has {token} in the host; put it into the path, the query or, best, after '#'";
    return host_fault(link->host, secure);
}

enum status link_parse(struct text url, struct link_pattern *link, struct error *error)
{
    const char *fault = link_fault(url, link);
    return fault ? error_set_field(error, STATUS_CONFIG, "link.url", "link.url %s", fault) : STATUS_OK;
}

bool link_image_valid(struct text url)
{
    return url.size <= LINK_SIZE && starts_with(url, TEXT("https://")) && all_of(url, url_characters) &&
           !host_fault(host_of(url, 8, url.size), true);
}

bool link_host_valid(struct text host)
{
    return !host_fault(host, true);
}

bool link_token_valid(struct text token)
{
    return token.size > 0 && token.size <= TOKEN_SIZE && all_of(token, "-_");
}

void link_write(const struct link_pattern *link, struct text token, struct buffer *out)
{
    buffer_append_text(out, link->before);
    buffer_append_text(out, token);
    buffer_append_text(out, link->after);
}
