/* The INI file, by inih.
 *
 * inih tells the first bad line only, keeps lines in 200 bytes and breaks longer ones in two, so it is fed
 * line by line from a reader of ours that knows where it is: a line of "name = value" for which inih has
 * called nobody was a bad one, and of a line that is too long for inih the value is taken from the line
 * itself.
 *
 * The file is read whole first, through one descriptor, so that what was judged (owner, mode) is what was
 * parsed; its memory is wiped.  Only a file that holds a secret must be 0600. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ini.h>
#include <sodium.h>

#include "io/config_assign.h"

#define FILE_LIMIT  ((size_t)256 * 1024)
#define VALUE_LIMIT 4096

struct reader {
    struct config_loader *loader;
    const char *path;
    struct text rest, line;
    int number;   /* of the line, from 1 */
    bool pending; /* inih must call the handler for this line */
    bool cut;     /* inih does not have the whole line */
    char origin[512];
};

static struct text trim(struct text text)
{
    while (text.size && (unsigned char)text.bytes[0] <= ' ')
        text = (struct text){text.bytes + 1, text.size - 1};
    while (text.size && (unsigned char)text.bytes[text.size - 1] <= ' ')
        text.size--;
    return text;
}

static void check_last_line(struct reader *reader)
{
    if (reader->pending)
        config_fault(reader->loader, reader->origin, "this is neither [section] nor key = value");
    reader->pending = false;
}

static char *read_line(char *line, int size, void *context)
{
    struct reader *reader = context;
    check_last_line(reader);
    if (reader->rest.size == 0)
        return NULL;
    const char *end = memchr(reader->rest.bytes, '\n', reader->rest.size);
    size_t taken = end ? (size_t)(end - reader->rest.bytes) + 1 : reader->rest.size;
    reader->line = trim((struct text){reader->rest.bytes, taken});
    reader->rest = (struct text){reader->rest.bytes + taken, reader->rest.size - taken};
    snprintf(reader->origin, sizeof reader->origin, "%.480s:%d", reader->path, ++reader->number);
    if (reader->number == 1 && reader->line.size >= 3 && memcmp(reader->line.bytes, "\xef\xbb\xbf", 3) == 0)
        reader->line = trim((struct text){reader->line.bytes + 3, reader->line.size - 3});
    const struct text text = reader->line;
    bool section = text.size && text.bytes[0] == '[';
    reader->pending = text.size && text.bytes[0] != ';' && text.bytes[0] != '#' &&
                      (!section || !memchr(text.bytes, ']', text.size));
    reader->cut = text.size > (size_t)size - 2;
    snprintf(line, (size_t)size, "%.*s\n", (int)(reader->cut ? (size_t)size - 2 : text.size), text.bytes);
    return line;
}

/* What stands behind the first '=' or ':' of the line, comment taken off as inih does: " ;". */
static void copy_value(const struct text line, char value[VALUE_LIMIT])
{
    size_t at = 0;
    while (at < line.size && line.bytes[at] != '=' && line.bytes[at] != ':')
        at++;
    struct text text = trim((struct text){line.bytes + at + 1, line.size - at - 1});
    for (size_t i = 1; i < text.size; i++)
        if (text.bytes[i] == ';' && (unsigned char)text.bytes[i - 1] <= ' ')
            text = trim((struct text){text.bytes, i});
    snprintf(value, VALUE_LIMIT, "%.*s", (int)text.size, text.bytes);
}

static int take_pair(void *context, const char *section, const char *key, const char *value)
{
    struct reader *reader = context;
    char whole[VALUE_LIMIT];
    reader->pending = false;
    if (reader->cut && reader->line.size >= VALUE_LIMIT) {
        config_fault(reader->loader, reader->origin, "the line is longer than %d bytes", VALUE_LIMIT - 1);
        return 1;
    }
    if (reader->cut)
        copy_value(reader->line, whole);
    if (*section == 0)
        config_fault(reader->loader, reader->origin, "%.60s stands before the first [section]", key);
    else
        config_assign(reader->loader, &(struct config_assignment){CONFIG_LAYER_FILE, reader->origin, section,
                                                                  key, reader->cut ? whole : value});
    sodium_memzero(whole, sizeof whole);
    return 1;
}

static bool read_bytes(struct config_loader *loader, const char *path, int descriptor, struct buffer *bytes)
{
    for (;;) {
        char *end = buffer_reserve(bytes, 4096);
        if (!end) {
            config_fault(loader, path, "the file is larger than %zu bytes", FILE_LIMIT - 4096);
            return false;
        }
        ssize_t size = read(descriptor, end, 4096);
        if (size == 0)
            break;
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0) {
            config_fault(loader, path, "cannot read: %s", strerror(errno));
            return false;
        }
        buffer_grow_by(bytes, (size_t)size);
    }
    if (bytes->size && memchr(bytes->bytes, 0, bytes->size)) {
        config_fault(loader, path, "has a NUL byte in it: this is no INI file");
        return false;
    }
    return true;
}

static void check_mode(struct config_loader *loader, const char *path, int descriptor)
{
    struct stat file;
    if (!*loader->secret_key || fstat(descriptor, &file) < 0)
        return;
    if (file.st_mode & 077)
        config_fault(loader, path, "has mode %04o, but %s in it is a secret: chmod 600 %.200s",
                     (unsigned)(file.st_mode & 07777), loader->secret_key, path);
    if (file.st_uid != geteuid() && file.st_uid != 0)
        config_fault(loader, path, "belongs to user %ld, but %s in it is a secret: make it our own or root's",
                     (long)file.st_uid, loader->secret_key);
}

bool config_read_file(struct config_loader *loader, const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0) {
        config_fault(loader, path, "cannot open: %s", strerror(errno));
        return false;
    }
    struct buffer bytes;
    buffer_init_secret(&bytes, FILE_LIMIT);
    bool whole = read_bytes(loader, path, descriptor, &bytes);
    if (whole) {
        struct reader reader = {.loader = loader, .path = path, .rest = buffer_text(&bytes)};
        ini_allow_multiline = false; /* an indented line is a line like any other */
        ini_parse_stream(read_line, &reader, take_pair, &reader);
        check_last_line(&reader);
        check_mode(loader, path, descriptor);
    }
    buffer_clear(&bytes);
    close(descriptor);
    return whole;
}
