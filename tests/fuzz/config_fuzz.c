/* The INI file of a process: refused with every fault on a clean line of its own, or what --print-config
 * shows of it means the same when it is read again.  The first byte of an input picks the program. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "io/config.h"

enum { TEXT_MOST = 1 << 20 };

/* A file in memory: `path` names it for as long as the descriptor is open. */
static int file_of(struct text content, char path[64])
{
    int descriptor = memfd_create("config", MFD_CLOEXEC);
    HOLDS(descriptor >= 0 && fchmod(descriptor, 0600) == 0);
    HOLDS(content.size == 0 || write(descriptor, content.bytes, content.size) == (ssize_t)content.size);
    HOLDS(snprintf(path, 64, "/proc/self/fd/%d", descriptor) < 64);
    return descriptor;
}

static enum status load(struct text content, enum config_program program, struct buffer *faults,
                        struct buffer *print)
{
    char path[64];
    struct config *config = NULL;
    int descriptor = file_of(content, path);
    struct config_source source = {.path = path};
    buffer_reset(faults);
    buffer_reset(print);
    enum status status = config_load(program, &source, &config, faults);
    HOLDS(config || status != STATUS_OK);
    if (config) {
        size_t count;
        config_print(config, print);
        (void)config_list(config, CONFIG_POLICY_ADMIN_ROLES, &count);
        (void)config_duration_list(config, CONFIG_TOPICS_RETRY, &count);
        (void)config_address(config, CONFIG_ADMIN_LISTEN);
        (void)config_rate(config, CONFIG_LIMITS_PER_USER);
    }
    config_free(&config);
    close(descriptor);
    return status;
}

static void check_faults(const struct buffer *faults)
{
    HOLDS(faults->size > 0 && faults->bytes[faults->size - 1] == '\n');
    for (size_t i = 0; i < faults->size; i++) {
        unsigned char byte = (unsigned char)faults->bytes[i];
        HOLDS(byte == '\n' || (byte >= ' ' && byte != 0x7F));
    }
}

/* Without the comments: they say where a value came from. */
static void strip_comments(struct buffer *print)
{
    struct text rest = buffer_text(print);
    struct buffer kept;
    buffer_init(&kept, TEXT_MOST);
    while (rest.size) {
        const char *end = memchr(rest.bytes, '\n', rest.size);
        size_t size = end ? (size_t)(end - rest.bytes) + 1 : rest.size;
        if (rest.bytes[0] != '#')
            buffer_append(&kept, rest.bytes, size);
        rest = (struct text){rest.bytes + size, rest.size - size};
    }
    HOLDS(!kept.failed);
    buffer_clear(print);
    *print = kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1 || size > 8192)
        return 0;
    enum config_program program = bytes[0] & 1 ? CONFIG_PRODUCER : CONFIG_WORKER;
    struct text content = fuzz_own(bytes + 1, size - 1);
    struct buffer faults, print, again;
    buffer_init(&faults, TEXT_MOST);
    buffer_init(&print, TEXT_MOST);
    buffer_init(&again, TEXT_MOST);
    if (load(content, program, &faults, &print) == STATUS_OK) {
        HOLDS(faults.size == 0);
        strip_comments(&print);
        enum status status = load(buffer_text(&print), program, &faults, &again);
        if (status != STATUS_OK)
            (void)fprintf(stderr, "%.*s", (int)faults.size, faults.bytes);
        HOLDS(status == STATUS_OK);
        strip_comments(&again);
        HOLDS(text_equal(buffer_text(&print), buffer_text(&again)));
    } else {
        check_faults(&faults);
    }
    buffer_clear(&faults);
    buffer_clear(&print);
    buffer_clear(&again);
    fuzz_disown(&content);
    return 0;
}
