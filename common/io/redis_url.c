/* Read left to right, each part cut off where its sign stands.  `rediss://` is refused, never read as
 * `redis://`: hiredis 0.14 (Debian 12) has no TLS. */
#include "io/redis_url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <sodium.h>

enum { DEFAULT_PORT = 6379, PORT_MOST = 65535, DATABASE_MOST = 9999 };

static enum status wrong(struct error *error, const char *what)
{
    return error_set_field(error, STATUS_CONFIG, "redis.url",
                           "redis.url: %s; write redis://[user:password@]host[:port][/db] or unix:///path",
                           what);
}

/* What stands before the last `sign`; false when there is none. */
static bool cut_last(struct text *text, char sign, struct text *before)
{
    const char *at = text->size ? memrchr(text->bytes, sign, text->size) : NULL;
    if (!at)
        return false;
    size_t size = (size_t)(at - text->bytes);
    *before = (struct text){text->bytes, size};
    *text = (struct text){at + 1, text->size - size - 1};
    return true;
}

static bool cut_first(struct text text, char sign, struct text *before, struct text *after)
{
    const char *at = text.size ? memchr(text.bytes, sign, text.size) : NULL;
    size_t size = at ? (size_t)(at - text.bytes) : text.size;
    *before = (struct text){text.bytes, size};
    *after = at ? (struct text){at + 1, text.size - size - 1} : (struct text){NULL, 0};
    return at != NULL;
}

static bool read_number(struct text text, int most, int *number)
{
    *number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
        *number = *number * 10 + (text.bytes[i] - '0');
        if (*number > most)
            return false;
    }
    return text.size > 0;
}

/* Decodes %XX into `word`; false when it does not fit, is no hex, or holds a NUL. */
static bool read_word(struct text text, char *word, size_t most)
{
    size_t to = 0;
    for (size_t from = 0; from < text.size; from++) {
        unsigned char byte = (unsigned char)text.bytes[from];
        if (byte == '%') {
            if (text.size - from < 3 ||
                sodium_hex2bin(&byte, 1, text.bytes + from + 1, 2, NULL, NULL, NULL) != 0)
                return false;
            from += 2;
        }
        if (byte == '\0' || to == most)
            return false;
        word[to++] = (char)byte;
    }
    word[to] = '\0';
    return true;
}

static bool read_login(struct text login, struct redis_url *url)
{
    struct text user, password;
    cut_first(login, ':', &user, &password);
    return read_word(user, url->user, REDIS_URL_WORD_MOST) &&
           read_word(password, url->password, REDIS_URL_WORD_MOST) && (url->password[0] || !url->user[0]);
}

static enum status parse_tcp(struct text rest, struct redis_url *url, struct error *error)
{
    struct text host, port, database;
    url->port = DEFAULT_PORT;
    if (cut_first(rest, '/', &rest, &database) && database.size &&
        !read_number(database, DATABASE_MOST, &url->database))
        return wrong(error, "the database after the / is no number");
    bool has_port;
    if (rest.size && rest.bytes[0] == '[') {
        struct text after;
        if (!cut_first((struct text){rest.bytes + 1, rest.size - 1}, ']', &host, &after) ||
            (after.size && after.bytes[0] != ':'))
            return wrong(error, "the brackets of the address do not close");
        has_port = after.size > 0;
        port = has_port ? (struct text){after.bytes + 1, after.size - 1} : after;
    } else {
        has_port = cut_first(rest, ':', &host, &port);
    }
    if (has_port && (!read_number(port, PORT_MOST, &url->port) || url->port == 0))
        return wrong(error, "the port is no number from 1 to 65535");
    if (host.size == 0 || host.size > REDIS_URL_HOST_MOST)
        return wrong(error, "the host is missing or too long");
    memcpy(url->host, host.bytes, host.size);
    return STATUS_OK;
}

static enum status parse_unix(struct text rest, struct redis_url *url, struct error *error)
{
    struct text path, query;
    if (cut_first(rest, '?', &path, &query) &&
        (query.size < 4 || memcmp(query.bytes, "db=", 3) != 0 ||
         !read_number((struct text){query.bytes + 3, query.size - 3}, DATABASE_MOST, &url->database)))
        return wrong(error, "after the ? stands only db=N");
    if (path.size == 0 || path.bytes[0] != '/' || path.size > REDIS_URL_PATH_MOST)
        return wrong(error, "the socket's path is not absolute or over 107 bytes");
    memcpy(url->path, path.bytes, path.size);
    return STATUS_OK;
}

enum status redis_url_parse(struct text text, struct redis_url *url, struct error *error)
{
    static const struct text tcp = {"redis://", 8}, tls = {"rediss://", 9}, local = {"unix://", 7};
    *url = (struct redis_url){0};
    if (text.size >= tls.size && memcmp(text.bytes, tls.bytes, tls.size) == 0)
        return error_set_field(
            error, STATUS_CONFIG, "redis.url",
            "redis.url asks for TLS (rediss://), which this build's hiredis does not have; put a TLS "
            "proxy on loopback before it and write redis://127.0.0.1:PORT");
    bool is_tcp = text.size >= tcp.size && memcmp(text.bytes, tcp.bytes, tcp.size) == 0;
    bool is_local = text.size >= local.size && memcmp(text.bytes, local.bytes, local.size) == 0;
    if (!is_tcp && !is_local)
        return wrong(error, "it begins with neither redis:// nor unix://");
    size_t scheme = is_tcp ? tcp.size : local.size;
    struct text rest = {text.bytes + scheme, text.size - scheme}, login;
    enum status status;
    if (cut_last(&rest, '@', &login) && !read_login(login, url))
        status = wrong(
            error, "the user and password before the @ cannot be read (a %XX, the length, or no password)");
    else
        status = is_tcp ? parse_tcp(rest, url, error) : parse_unix(rest, url, error);
    if (status != STATUS_OK)
        redis_url_clear(url);
    return status;
}

void redis_url_clear(struct redis_url *url)
{
    sodium_memzero(url, sizeof *url);
}

bool redis_url_is_local(const struct redis_url *url)
{
    struct in_addr four;
    struct in6_addr six;
    if (url->path[0] || strcmp(url->host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, url->host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, url->host, &six) == 1 && memcmp(&six, &in6addr_loopback, sizeof six) == 0;
}
