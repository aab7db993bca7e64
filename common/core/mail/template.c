/* The set of all templates: which files belong together, which one serves a reader, and rendering.
 *
 * A set is made of locales/TAG.locale (a language), KIND/TAG.mail (the sentences of one kind of mail in it)
 * and page.txt and page.html (how the sentences become a mail; KIND/page.* where a kind wants its own). Every
 * kind must speak every language.  The set owns everything and keeps nothing of the sources. */
#include "core/mail/template.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/mail/characters.h"
#include "core/mail/mail_kind.h"
#include "core/mail/template_part.h"

enum { LOCALES_MAX = 64, PATH_SIZE = 96, ENCODED_LIMIT = 2 * 1024 * 1024 };

struct mail_template {
    const struct locale *locale;
    struct template_part parts[2][MAIL_PART_COUNT]; /* for mails without and with a tenant's branding */
};

struct template_set {
    struct locale *locales[LOCALES_MAX];
    size_t count;
    size_t fallback; /* the default's index */
    struct mail_template mails[MAIL_KIND_COUNT][LOCALES_MAX];
};

struct sources {
    const struct template_source *list;
    size_t count;
};

static const struct template_source *find_source(struct sources sources, const char *folder, struct text name,
                                                 const char *extension)
{
    char path[PATH_SIZE];
    int size = snprintf(path, sizeof path, "%s%s%.*s.%s", folder, *folder ? "/" : "", (int)name.size,
                        name.bytes, extension);
    for (size_t i = 0; i < sources.count && size > 0 && (size_t)size < sizeof path; i++)
        if (strcmp(sources.list[i].path, path) == 0)
            return &sources.list[i];
    return NULL;
}

/* The TAG of FOLDER/TAG.EXTENSION, size 0 where `path` is none of these. */
static struct text tag_of(const char *path, const char *folder, const char *extension)
{
    size_t folder_size = strlen(folder), extension_size = strlen(extension), size = strlen(path);
    if (size < folder_size + extension_size + 3 || memcmp(path, folder, folder_size) != 0 ||
        path[folder_size] != '/' || path[size - extension_size - 1] != '.' ||
        strcmp(path + size - extension_size, extension) != 0)
        return (struct text){"", 0};
    return (struct text){path + folder_size + 1, size - folder_size - extension_size - 2};
}

static enum status add_locale(struct template_set *set, const struct template_source *source,
                              struct error *error)
{
    struct text tag = tag_of(source->path, "locales", "locale");
    if (tag.size == 0)
        return STATUS_OK;
    if (set->count == LOCALES_MAX)
        return error_set(error, STATUS_CONFIG, "%s:1: more than %d locales", source->file, LOCALES_MAX);
    enum status status = locale_parse(tag, source->file, source->content, &set->locales[set->count], error);
    set->count += status ? 0 : 1;
    return status;
}

/* Sentences that nobody would ever read are a mistake in a name. */
static enum status check_source(const struct template_set *set, const struct template_source *source,
                                struct error *error)
{
    size_t size = strlen(source->path);
    if (size < 5 || strcmp(source->path + size - 5, ".mail") != 0)
        return STATUS_OK;
    for (size_t kind = 0; kind < MAIL_KIND_COUNT; kind++) {
        struct text tag = tag_of(source->path, mail_kind_name((enum mail_kind)kind), "mail");
        for (size_t i = 0; i < set->count; i++)
            if (text_equal(locale_tag(set->locales[i]), tag))
                return STATUS_OK;
    }
    return error_set(error, STATUS_CONFIG,
                     "%s:1: there is no such kind of mail, or no locales/TAG.locale for its language",
                     source->file);
}

/* Encodes now what is the same in every mail. */
static enum status encode_literals(struct template_part *part, enum transfer transfer, struct error *error)
{
    part->transfer = transfer;
    buffer_init(&part->encoded, ENCODED_LIMIT);
    for (size_t i = 0; i < part->count; i++) {
        struct segment *segment = &part->segments[i];
        if (segment->kind == SEGMENT_LITERAL)
            transfer_cut(part->transfer, (struct text){part->literals.bytes + segment->at, segment->size},
                         segment->cuts, &part->encoded);
    }
    return part->encoded.failed ? error_set(error, STATUS_MEMORY, "no memory for the encoded templates")
                                : STATUS_OK;
}

/* Quoted-printable takes 3 bytes for one beyond ASCII, base64 4/3 and its line ends for any. */
static enum transfer shorter_transfer(const struct template_part *part)
{
    return part->beyond_ascii * 5 < part->ascii ? TRANSFER_QUOTED_PRINTABLE : TRANSFER_BASE64;
}

static enum status add_part(struct sources sources, struct template_input *input, struct mail_template *mail,
                            struct error *error)
{
    struct template_part *part = &mail->parts[input->branded][input->part];
    static const char *const extensions[] = {[MAIL_TEXT] = "txt", [MAIL_HTML] = "html"};
    input->page = NULL;
    if (input->part != MAIL_SUBJECT) {
        const char *extension = extensions[input->part];
        input->page = find_source(sources, mail_kind_name(input->kind), TEXT("page"), extension);
        if (!input->page)
            input->page = find_source(sources, "", TEXT("page"), extension);
        if (!input->page)
            return error_set(error, STATUS_CONFIG, "page.%s:1: the file is missing", extension);
    }
    enum status status = template_part_parse(input, part, error);
    if (status || input->part == MAIL_SUBJECT)
        return status;
    /* Both in the same encoding: it is asked for once. */
    return encode_literals(part, shorter_transfer(&mail->parts[true][input->part]), error);
}

static enum status add_mail(struct template_set *set, struct sources sources, enum mail_kind kind,
                            size_t locale, struct entries *entries, struct error *error)
{
    struct text tag = locale_tag(set->locales[locale]);
    const struct template_source *source = find_source(sources, mail_kind_name(kind), tag, "mail");
    if (!source)
        return error_set(error, STATUS_CONFIG,
                         "%s/%.*s.mail:1: the file is missing, as locales/%.*s.locale is there",
                         mail_kind_name(kind), (int)tag.size, tag.bytes, (int)tag.size, tag.bytes);
    struct mail_template *mail = &set->mails[kind][locale];
    mail->locale = set->locales[locale];
    enum status status = entries_parse(source->file, source->content, entries, error);
    struct template_input input = {.kind = kind, .entries = entries, .locale = mail->locale};
    for (unsigned i = 0; i < 2 * MAIL_PART_COUNT && !status; i++) {
        input.part = (enum mail_part)(i % MAIL_PART_COUNT);
        input.branded = i < MAIL_PART_COUNT; /* first what has everything in it */
        status = add_part(sources, &input, mail, error);
    }
    return status ? status : entries_check_used(entries, error);
}

static enum status fill(struct template_set *set, struct sources sources, const char *default_locale,
                        struct entries *entries, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sources.count && !status; i++)
        status = add_locale(set, &sources.list[i], error);
    for (size_t i = 0; i < sources.count && !status; i++)
        status = check_source(set, &sources.list[i], error);
    if (status)
        return status;
    set->fallback = locale_lookup(set->locales, set->count, text_of(default_locale));
    if (set->fallback == SIZE_MAX)
        return error_set(error, STATUS_CONFIG,
                         "locales/%s.locale:1: the file of the default locale is missing", default_locale);
    for (size_t kind = 0; kind < MAIL_KIND_COUNT && !status; kind++)
        for (size_t i = 0; i < set->count && !status; i++)
            status = add_mail(set, sources, (enum mail_kind)kind, i, entries, error);
    return status;
}

enum status template_set_new(const struct template_source *sources, size_t count, const char *default_locale,
                             struct template_set **set, struct error *error)
{
    struct template_set *made = calloc(1, sizeof *made);
    struct entries *entries = calloc(1, sizeof *entries);
    enum status status = made && entries
                             ? fill(made, (struct sources){sources, count}, default_locale, entries, error)
                             : error_set(error, STATUS_MEMORY, "no memory for the templates");
    free(entries);
    if (status)
        template_set_free(&made);
    *set = made;
    return status;
}

void template_set_free(struct template_set **set)
{
    if (!*set)
        return;
    for (size_t i = 0; i < LOCALES_MAX; i++) {
        for (size_t kind = 0; kind < MAIL_KIND_COUNT; kind++)
            for (size_t part = 0; part < MAIL_PART_COUNT; part++) {
                template_part_clear(&(*set)->mails[kind][i].parts[false][part]);
                template_part_clear(&(*set)->mails[kind][i].parts[true][part]);
            }
        locale_free(&(*set)->locales[i]);
    }
    free(*set);
    *set = NULL;
}

const struct mail_template *template_find(const struct template_set *set, enum mail_kind kind,
                                          struct text locale)
{
    size_t found = locale_lookup(set->locales, set->count, locale);
    return &set->mails[kind][found == SIZE_MAX ? set->fallback : found];
}

const struct locale *template_locale(const struct mail_template *mail)
{
    return mail->locale;
}

size_t template_locales(const struct template_set *set)
{
    return set->count;
}

const struct locale *template_locale_at(const struct template_set *set, size_t index)
{
    return set->locales[index];
}

/* Where the locale runs to the right, or the value does, they are kept from reordering each other. */
static enum isolation isolation_of(const struct mail_template *mail, const struct segment *segment,
                                   struct text value)
{
    switch (segment->value) {
    case MAIL_VALUE_LINK: /* stand on their own */
    case MAIL_VALUE_PASSWORD:
    case MAIL_VALUE_EXPIRES: /* the locale's own words */
    case MAIL_VALUE_LIFETIME:
    case MAIL_VALUE_HAPPENED:
        return ISOLATE_NOT;
    default:
        break;
    }
    if (!locale_right_to_left(mail->locale) && !characters_right_to_left(value))
        return ISOLATE_NOT;
    bool machine = segment->value == MAIL_VALUE_HOST || segment->value == MAIL_VALUE_REQUEST_ID;
    return machine ? ISOLATE_LEFT_TO_RIGHT : ISOLATE_FIRST_STRONG;
}

static bool section_holds(const struct segment *section, const struct mail_values *values)
{
    bool holds = section->condition == CONDITION_VALUE ? values->value[section->value].size > 0
                                                       : values->trigger == section->trigger;
    return holds != section->negated;
}

static void write_value(const struct mail_template *mail, const struct segment *segment,
                        const struct mail_values *values, struct buffer *out)
{
    struct text value = values->value[segment->value];
    if (segment->value == MAIL_VALUE_PASSWORD && segment->place == PLACE_HTML_TEXT)
        escape_append_groups(value, out);
    else
        escape_append(segment->place, isolation_of(mail, segment, value), value, out);
}

void template_render(const struct mail_template *mail, enum mail_part part, const struct mail_values *values,
                     struct buffer *out)
{
    const struct template_part *parsed = &mail->parts[values->branded][part];
    for (size_t i = 0; i < parsed->count; i++) {
        const struct segment *segment = &parsed->segments[i];
        if (segment->kind == SEGMENT_LITERAL)
            buffer_append(out, parsed->literals.bytes + segment->at, segment->size);
        else if (segment->kind == SEGMENT_VALUE)
            write_value(mail, segment, values, out);
        else if (!section_holds(segment, values))
            i = segment->end - 1;
    }
}

/* What stands from `start` on is to be encoded yet; gives where the next such bytes begin. */
static size_t write_encoded_literal(const struct template_part *parsed, const struct segment *segment,
                                    struct buffer *out, size_t start)
{
    const struct transfer_cut *cut = &segment->cuts[(out->size - start) % TRANSFER_PHASES];
    const char *literal = parsed->literals.bytes + segment->at;
    buffer_append(out, literal, cut->head);
    if (cut->size == 0)
        return start;
    transfer_encode(parsed->transfer, out, start);
    buffer_append(out, parsed->encoded.bytes + cut->at, cut->size);
    start = out->size;
    buffer_append(out, literal + segment->size - cut->tail, cut->tail);
    return start;
}

void template_render_encoded(const struct mail_template *mail, enum mail_part part,
                             const struct mail_values *values, struct buffer *out)
{
    const struct template_part *parsed = &mail->parts[values->branded][part];
    size_t start = out->size;
    for (size_t i = 0; i < parsed->count; i++) {
        const struct segment *segment = &parsed->segments[i];
        if (segment->kind == SEGMENT_LITERAL)
            start = write_encoded_literal(parsed, segment, out, start);
        else if (segment->kind == SEGMENT_VALUE)
            write_value(mail, segment, values, out);
        else if (!section_holds(segment, values))
            i = segment->end - 1;
    }
    transfer_end(parsed->transfer, out, start);
}

const char *template_encoding(const struct mail_template *mail, enum mail_part part)
{
    return transfer_name(mail->parts[true][part].transfer);
}
