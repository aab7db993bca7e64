/* The pages are shown in frames of a phone's width, each read only when it comes into view; the frames run no
 * script and get no origin.  The index itself needs nothing from elsewhere either. */
#include "worker/gallery.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/mail/escape.h"

#define INDEX_LIMIT ((size_t)4 * 1024 * 1024)

struct gallery {
    const char *folder;
    const struct mail_profile *profile;
    const struct template_set *set;
    struct buffer index, content;
    struct error *error;
};

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Mails of reset-relay</title>\n<style>\n"
    ":root { color-scheme: light dark; --line: #cbd5e1; --soft: #475569; --back: #f8fafc; --card: #fff; }\n"
    "@media (prefers-color-scheme: dark) {\n"
    ":root { --line: #334155; --soft: #cbd5e1; --back: #0f172a; --card: #1e293b; } }\n"
    "body { margin: 0; padding: 24px; background: var(--back); font: 16px/1.5 system-ui, sans-serif; }\n"
    "h1 { margin: 0 0 4px; font-size: 24px; } h2 { margin: 40px 0 12px; font-size: 18px; }\n"
    "p { margin: 0; color: var(--soft); } nav a { margin-right: 16px; }\n"
    "ul { display: grid; grid-template-columns: repeat(auto-fill, 362px); gap: 24px; margin: 0; padding: 0; "
    "list-style: none; }\n"
    "li { border: 1px solid var(--line); border-radius: 12px; background: var(--card); overflow: hidden; }\n"
    "li div { padding: 12px 16px; border-bottom: 1px solid var(--line); }\n"
    "h3 { margin: 0; font-size: 16px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }\n"
    "iframe { display: block; width: 360px; height: 520px; border: 0; background: #fff; }\n"
    "@media (max-width: 420px) { body { padding: 24px 0; } h1, h2, body > p, nav { margin-inline: 16px; } "
    "ul { grid-template-columns: 100%; } iframe { width: 100%; } }\n"
    "</style>\n</head>\n<body>\n<h1>Mails of reset-relay</h1>\n"
    "<p>Every kind in every language, from an example. No link and no password in them works.</p>\n<nav>\n";

static enum status write_file(struct gallery *gallery, const char *name, struct text content)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", gallery->folder, name) >= sizeof path)
        return error_set(gallery->error, STATUS_UNAVAILABLE, "%.160s: the name is too long", gallery->folder);
    FILE *stream = fopen(path, "wbe");
    bool whole = stream && fwrite(content.bytes, 1, content.size, stream) == content.size;
    if (stream && fclose(stream) != 0)
        whole = false;
    return whole ? STATUS_OK
                 : error_set(gallery->error, STATUS_UNAVAILABLE, "%.200s cannot be written: %s", path,
                             strerror(errno));
}

/* The example in one kind and language, as a file with that ending. */
static enum status write_shape(struct gallery *gallery, const struct mail *mail, const char *ending)
{
    char name[128];
    struct message_facts facts;
    buffer_reset(&gallery->content);
    enum status status =
        strcmp(ending, "eml") == 0
            ? message_build(gallery->profile, mail, &gallery->content, &facts, gallery->error)
            : message_render_part(gallery->profile, mail, strcmp(ending, "html") == 0 ? MAIL_HTML : MAIL_TEXT,
                                  &gallery->content, gallery->error);
    (void)snprintf(name, sizeof name, "%s.%.*s.%s", mail_kind_name(mail->kind), (int)mail->locale.size,
                   mail->locale.bytes, ending);
    return status ? status : write_file(gallery, name, buffer_text(&gallery->content));
}

static void append_file(struct buffer *out, const struct mail *mail, const char *ending)
{
    buffer_append_string(out, mail_kind_name(mail->kind));
    buffer_append_byte(out, '.');
    buffer_append_text(out, mail->locale);
    buffer_append_byte(out, '.');
    buffer_append_string(out, ending);
}

static void append_link(struct buffer *out, const struct mail *mail, const char *ending, const char *title)
{
    buffer_append_string(out, " · <a href=\"");
    append_file(out, mail, ending);
    buffer_append_string(out, "\">");
    buffer_append_string(out, title);
    buffer_append_string(out, "</a>");
}

/* A card: the language, the subject, the three files, and the page. */
static enum status index_mail(struct gallery *gallery, const struct mail *mail, bool right_to_left)
{
    struct buffer *index = &gallery->index;
    buffer_reset(&gallery->content);
    enum status status =
        message_render_part(gallery->profile, mail, MAIL_SUBJECT, &gallery->content, gallery->error);
    buffer_append_string(index, right_to_left ? "<li><div><h3 dir=\"rtl\" lang=\"" : "<li><div><h3 lang=\"");
    buffer_append_text(index, mail->locale);
    buffer_append_string(index, "\">");
    escape_append(PLACE_HTML_TEXT, ISOLATE_NOT, buffer_text(&gallery->content), index);
    buffer_append_string(index, "</h3><p>");
    buffer_append_text(index, mail->locale);
    append_link(index, mail, "html", "HTML");
    append_link(index, mail, "txt", "text");
    append_link(index, mail, "eml", "message");
    buffer_append_string(index, "</p></div>\n<iframe loading=\"lazy\" sandbox=\"\" src=\"");
    append_file(index, mail, "html");
    buffer_append_string(index, "\" title=\"");
    append_file(index, mail, "html");
    buffer_append_string(index, "\"></iframe></li>\n");
    return status;
}

static void append_heading(struct buffer *out, enum mail_kind kind)
{
    buffer_append_string(out, "<h2 id=\"");
    buffer_append_string(out, mail_kind_name(kind));
    buffer_append_string(out, "\">");
    buffer_append_string(out, mail_kind_name(kind));
    buffer_append_string(out, "</h2>\n<ul>\n");
}

static enum status write_kind(struct gallery *gallery, const struct mail *example, enum mail_kind kind)
{
    static const char *const endings[] = {"html", "txt", "eml"};
    enum status status = STATUS_OK;
    append_heading(&gallery->index, kind);
    for (size_t i = 0; i < template_locales(gallery->set) && !status; i++) {
        const struct locale *locale = template_locale_at(gallery->set, i);
        struct mail mail = *example;
        mail.kind = kind;
        mail.locale = locale_tag(locale);
        for (size_t ending = 0; ending < 3 && !status; ending++)
            status = write_shape(gallery, &mail, endings[ending]);
        if (!status)
            status = index_mail(gallery, &mail, locale_right_to_left(locale));
    }
    buffer_append_string(&gallery->index, "</ul>\n");
    return status;
}

static void begin_index(struct buffer *index)
{
    buffer_append_string(index, head);
    for (unsigned kind = 0; kind < MAIL_KIND_COUNT; kind++) {
        const char *name = mail_kind_name((enum mail_kind)kind);
        buffer_append_string(index, "<a href=\"#");
        buffer_append_string(index, name);
        buffer_append_string(index, "\">");
        buffer_append_string(index, name);
        buffer_append_string(index, "</a>\n");
    }
    buffer_append_string(index, "</nav>\n");
}

enum status gallery_write(const char *folder, const struct mail_profile *profile,
                          const struct template_set *set, const struct mail *example, struct error *error)
{
    if (mkdir(folder, 0777) < 0 && errno != EEXIST)
        return error_set(error, STATUS_UNAVAILABLE, "%.200s cannot be made: %s", folder, strerror(errno));
    struct gallery gallery = {.folder = folder, .profile = profile, .set = set, .error = error};
    enum status status = STATUS_OK;
    buffer_init(&gallery.index, INDEX_LIMIT);
    buffer_init(&gallery.content, MESSAGE_LIMIT);
    begin_index(&gallery.index);
    for (unsigned kind = 0; kind < MAIL_KIND_COUNT && !status; kind++)
        status = write_kind(&gallery, example, (enum mail_kind)kind);
    buffer_append_string(&gallery.index, "</body>\n</html>\n");
    if (!status && gallery.index.failed)
        status = error_set(error, STATUS_MEMORY, "no memory for the gallery's index");
    if (!status)
        status = write_file(&gallery, "index.html", buffer_text(&gallery.index));
    buffer_clear(&gallery.index);
    buffer_clear(&gallery.content);
    return status;
}
