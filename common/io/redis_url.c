/* Read left to right, each part cut off where its sign stands.  `rediss://` is never read as `redis://`:
 * whether this build can speak TLS is asked where the connection is made (io/redis_tls.h). */
#include "io/redis_url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <sodium.h>

enum { DEFAULT_PORT = 6379, PORT_MOST = 65535, DATABASE_MOST = 9999 };

static enum status wrong(struct error *error, const char *what)
{
    return error_set_field(
        error, STATUS_CONFIG, "redis.url",
        "redis.url: %s; write redis://[user:password@]host[:port][/db], rediss:// (TLS) or unix:///path",
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

/* Cuts "host:port", "[address]:port", or either without a port. */
static bool cut_host(struct text text, struct text *host, struct text *port, bool *has_port)
{
    if (text.size == 0 || text.bytes[0] != '[') {
        *has_port = cut_first(text, ':', host, port);
        return true;
    }
    struct text after;
    if (!cut_first((struct text){text.bytes + 1, text.size - 1}, ']', host, &after) ||
        (after.size && after.bytes[0] != ':'))
        return false;
    *has_port = after.size > 0;
    *port = *has_port ? (struct text){after.bytes + 1, after.size - 1} : after;
    return true;
}

static bool keep_host(struct text text, char host[REDIS_URL_HOST_MOST + 1])
{
    if (text.size == 0 || text.size > REDIS_URL_HOST_MOST || memchr(text.bytes, '\0', text.size))
        return false;
    memcpy(host, text.bytes, text.size);
    host[text.size] = '\0';
    return true;
}

bool redis_host_parse(struct text text, int default_port, char host[REDIS_URL_HOST_MOST + 1], int *port)
{
    struct text name, digits;
    bool has_port;
    *port = default_port;
    return cut_host(text, &name, &digits, &has_port) &&
           (!has_port || (read_number(digits, PORT_MOST, port) && *port > 0)) && keep_host(name, host);
}

static enum status parse_tcp(struct text rest, struct redis_url *url, struct error *error)
{
    struct text host, port, database;
    url->port = DEFAULT_PORT;
    if (cut_first(rest, '/', &rest, &database) && database.size &&
        !read_number(database, DATABASE_MOST, &url->database))
        return wrong(error, "the database after the / is no number");
    if (!cut_host(rest, &host, &port, &url->names_port))
        return wrong(error, "the brackets of the address do not close");
    if (url->names_port && (!read_number(port, PORT_MOST, &url->port) || url->port == 0))
        return wrong(error, "the port is no number from 1 to 65535");
    if (!keep_host(host, url->host))
        return wrong(error, "the host is missing or too long");
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

static bool begins_with(struct text text, struct text scheme)
{
    return text.size >= scheme.size && memcmp(text.bytes, scheme.bytes, scheme.size) == 0;
}

enum status redis_url_parse(struct text text, struct redis_url *url, struct error *error)
{
    static const struct text tcp = {"redis://", 8}, tls = {"rediss://", 9}, local = {"unix://", 7};
    *url = (struct redis_url){.tls = begins_with(text, tls)};
    bool is_local = begins_with(text, local);
    if (!is_local && !url->tls && !begins_with(text, tcp))
        return wrong(error, "it begins with none of redis://, rediss:// and unix://");
    size_t scheme = is_local ? local.size : tcp.size + url->tls;
    struct text rest = {text.bytes + scheme, text.size - scheme}, login;
    enum status status;
    if (cut_last(&rest, '@', &login) && !read_login(login, url))
        status = wrong(
            error, "the user and password before the @ cannot be read (a %XX, the length, or no password)");
    else
        status = is_local ? parse_unix(rest, url, error) : parse_tcp(rest, url, error);
    if (status != STATUS_OK)
        redis_url_clear(url);
    return status;
}

void redis_url_clear(struct redis_url *url)
{
    sodium_memzero(url, sizeof *url);
}

bool redis_host_is_local(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    if (strcmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, host, &six) == 1 && memcmp(&six, &in6addr_loopback, sizeof six) == 0;
}

bool redis_url_is_local(const struct redis_url *url)
{
    return url->path[0] || redis_host_is_local(url->host);
}
