/* A zone is a small file that is read once: names come from requests, so a name must have the form of one (no
 * dot, hence no way out of the directory) before anything is opened, and what is kept is bounded by a cap far
 * above the number of zones there are.  A name that is no zone is asked for again each time, which costs one
 * failed open; its mail says UTC. */
#include "io/time_zones.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/log.h"

enum { ZONES_MOST = 2048, FILE_MOST = 64 * 1024, NAME_SIZE = 65 };

struct entry {
    char name[NAME_SIZE];
    struct time_zone *zone; /* owned; NULL: the file is no zone of ours */
};

struct time_zones {
    int directory;         /* -1: there is none */
    struct entry *entries; /* owned; ordered by name */
    size_t count, capacity;
};

static bool has_file(int directory, const char *name)
{
    return directory >= 0 && faccessat(directory, name, R_OK, 0) == 0;
}

enum status time_zones_new(const char *directory, struct time_zones **zones, struct error *error)
{
    const char *path = directory ? directory : "/usr/share/zoneinfo";
    *zones = calloc(1, sizeof **zones);
    if (!*zones)
        return error_set(error, STATUS_MEMORY, "no memory for the time zones");
    (*zones)->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!has_file((*zones)->directory, "UTC") && !has_file((*zones)->directory, "Etc/UTC"))
        log_write(LOG_LEVEL_WARNING, "there are no time zones: mails tell times in UTC; install tzdata",
                  LOG_TEXT("directory", path));
    return STATUS_OK;
}

void time_zones_free(struct time_zones **zones)
{
    if (!*zones)
        return;
    for (size_t i = 0; i < (*zones)->count; i++)
        time_zone_free(&(*zones)->entries[i].zone);
    free((*zones)->entries);
    if ((*zones)->directory >= 0)
        (void)close((*zones)->directory);
    free(*zones);
    *zones = NULL;
}

/* Reads a regular file; NULL content where there is none of a zone's size. */
static struct text read_whole(int descriptor, char *content)
{
    struct stat file;
    size_t size = 0;
    if (fstat(descriptor, &file) < 0 || !S_ISREG(file.st_mode) || file.st_size > FILE_MOST)
        return (struct text){NULL, 0};
    while (size < FILE_MOST) {
        ssize_t got = read(descriptor, content + size, FILE_MOST - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return (struct text){NULL, 0};
        if (got == 0)
            break;
        size += (size_t)got;
    }
    return (struct text){content, size};
}

/* False where there is no file of that name. */
static bool load(const struct time_zones *zones, const char *name, struct time_zone **zone)
{
    int descriptor = openat(zones->directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0)
        return false;
    struct error error;
    char *content = malloc(FILE_MOST);
    struct text text = content ? read_whole(descriptor, content) : (struct text){NULL, 0};
    bool there = text.bytes != NULL;
    if (there && time_zone_parse(text, zone, &error))
        log_write(LOG_LEVEL_WARNING, "a time zone cannot be used: its mails tell times in UTC",
                  LOG_TEXT("zone", name), LOG_ERROR(&error));
    free(content);
    (void)close(descriptor);
    return there;
}

/* Where the name is, or where it belongs. */
static size_t place_of(const struct time_zones *zones, const char *name, bool *found)
{
    size_t low = 0, high = zones->count;
    *found = false;
    while (low < high && !*found) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(zones->entries[middle].name, name);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
        *found = order == 0;
        low = *found ? middle : low;
    }
    return low;
}

static bool make_room(struct time_zones *zones)
{
    if (zones->count < zones->capacity)
        return true;
    size_t capacity = zones->capacity ? zones->capacity * 2 : 16;
    struct entry *entries =
        capacity <= ZONES_MOST ? realloc(zones->entries, capacity * sizeof *entries) : NULL;
    if (!entries)
        return false;
    zones->entries = entries;
    zones->capacity = capacity;
    return true;
}

static bool begins_with(struct text name, const char *folder)
{
    size_t size = strlen(folder);
    return name.size > size && memcmp(name.bytes, folder, size) == 0;
}

const struct time_zone *time_zones_find(struct time_zones *zones, struct text name)
{
    char key[NAME_SIZE];
    bool found;
    /* The machine's other trees: the same zones again, and those that count leap seconds. */
    if (!time_zone_name_valid(name) || begins_with(name, "posix/") || begins_with(name, "right/"))
        return NULL;
    (void)snprintf(key, sizeof key, "%.*s", (int)name.size, name.bytes);
    size_t place = place_of(zones, key, &found);
    if (found)
        return zones->entries[place].zone;
    struct time_zone *zone = NULL;
    if (zones->directory < 0 || !make_room(zones) || !load(zones, key, &zone))
        return NULL;
    struct entry *entry = &zones->entries[place];
    memmove(entry + 1, entry, (zones->count - place) * sizeof *entry);
    zones->count++;
    (void)snprintf(entry->name, sizeof entry->name, "%s", key);
    entry->zone = zone;
    return zone;
}
