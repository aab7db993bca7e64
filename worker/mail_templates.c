/* Reads the operator's templates and lays them over those that the binary carries.  Only the folders and
 * endings that templates have are looked at, so an editor's backup file or a README beside them does no harm.
 * Everything read is freed again once the set is parsed; the set keeps its own. */
#include "worker/mail_templates.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/whole_file.h"
#include "worker/built_in_templates.h"

enum { FILES_MAX = 512, FILE_LIMIT = 128 * 1024 };

/* A file of the operator's; the template_source of the same index points into it. */
struct loaded {
    char *path, *file;
    struct buffer content;
};

struct collection {
    struct template_source sources[FILES_MAX];
    struct loaded loaded[FILES_MAX];
    size_t count;
};

static bool has_ending(const char *name, const char *const *endings)
{
    size_t size = strlen(name);
    for (; *endings; endings++)
        if (size > strlen(*endings) && strcmp(name + size - strlen(*endings), *endings) == 0)
            return name[0] != '.';
    return false;
}

static struct template_source *slot_of(struct collection *collection, const char *path)
{
    for (size_t i = 0; i < collection->count; i++)
        if (strcmp(collection->sources[i].path, path) == 0)
            return &collection->sources[i];
    return collection->count < FILES_MAX ? &collection->sources[collection->count++] : NULL;
}

static enum status add_file(struct collection *collection, const char *directory, const char *path,
                            struct error *error)
{
    struct template_source *slot = slot_of(collection, path);
    if (!slot)
        return error_set(error, STATUS_CONFIG, "%s/%s:1: more than %d template files", directory, path,
                         FILES_MAX);
    struct loaded *loaded = &collection->loaded[slot - collection->sources];
    buffer_init(&loaded->content, FILE_LIMIT);
    size_t size = strlen(directory) + strlen(path) + 2;
    loaded->path = strdup(path);
    loaded->file = malloc(size);
    if (!loaded->path || !loaded->file)
        return error_set(error, STATUS_MEMORY, "no memory for the templates of %s", directory);
    (void)snprintf(loaded->file, size, "%s/%s", directory, path);
    slot->path = loaded->path;
    slot->file = loaded->file;
    enum status status = whole_file_read(loaded->file, "", &loaded->content, error);
    slot->content = buffer_text(&loaded->content);
    return status;
}

static enum status add_folder(struct collection *collection, const char *directory, const char *folder,
                              const char *const *endings, struct error *error)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", directory, folder) >= sizeof path)
        return error_set(error, STATUS_CONFIG, "templates.directory is too long");
    DIR *listing = opendir(path);
    if (!listing && errno == ENOENT && *folder)
        return STATUS_OK; /* nothing of this kind stands in */
    if (!listing)
        return error_set(error, STATUS_CONFIG, "%s:1: templates.directory cannot be read: %s", path,
                         strerror(errno));
    enum status status = STATUS_OK;
    for (struct dirent *found = readdir(listing); found && !status; found = readdir(listing)) {
        if (!has_ending(found->d_name, endings))
            continue;
        (void)snprintf(path, sizeof path, "%s%s%s", folder, *folder ? "/" : "", found->d_name);
        status = add_file(collection, directory, path, error);
    }
    (void)closedir(listing);
    return status;
}

static enum status add_directory(struct collection *collection, const char *directory, struct error *error)
{
    static const char *const pages[] = {".txt", ".html", NULL};
    static const char *const locales[] = {".locale", NULL};
    static const char *const mails[] = {".mail", ".txt", ".html", NULL};
    enum status status = add_folder(collection, directory, "", pages, error);
    if (!status)
        status = add_folder(collection, directory, "locales", locales, error);
    for (unsigned kind = 0; kind < MAIL_KIND_COUNT && !status; kind++)
        status = add_folder(collection, directory, mail_kind_name((enum mail_kind)kind), mails, error);
    return status;
}

enum status mail_templates_load(const char *directory, const char *default_locale, struct template_set **set,
                                struct error *error)
{
    *set = NULL;
    struct collection *collection = calloc(1, sizeof *collection);
    if (!collection)
        return error_set(error, STATUS_MEMORY, "no memory for the templates");
    for (; collection->count < built_in_templates_count; collection->count++) {
        const struct built_in_template *file = &built_in_templates[collection->count];
        collection->sources[collection->count] =
            (struct template_source){file->path, file->file, {(const char *)file->bytes, *file->size}};
    }
    enum status status = directory && *directory ? add_directory(collection, directory, error) : STATUS_OK;
    if (!status)
        status = template_set_new(collection->sources, collection->count,
                                  default_locale ? default_locale : "en", set, error);
    for (size_t i = 0; i < collection->count; i++) {
        buffer_clear(&collection->loaded[i].content);
        free(collection->loaded[i].path);
        free(collection->loaded[i].file);
    }
    free(collection);
    return status;
}
