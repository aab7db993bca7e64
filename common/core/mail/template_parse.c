/* Turns a page and the sentences of one language into a flat list of segments.
 *
 * {{value}} is a placeholder, {{>sentence}} puts a sentence of the language's file there, {{#x}}...{{/x}}
 * shows what is between when x holds and {{^x}}...{{/x}} when it does not.  Where x is a value or a trigger,
 * the mail decides, unless its kind always or never has it; where it is a kind or a sentence, that is decided
 * now, too.  {{lang}} and {{dir}} are the locale's.  Sentences are text: they are escaped here for the place
 * where the page puts them, so a translator never thinks of HTML. Everything wrong is found here, at start,
 * with file and line. */
#include "core/mail/template_part.h"

#include <stdlib.h>

#include "core/mail/html_place.h"
#include "core/mail/mail_kind.h"
#include "core/mail/mail_value.h"

enum { NESTING = 4, LITERALS_LIMIT = 128 * 1024 };

static const struct text trigger_names[] = {
    [MAIL_TRIGGER_SELF] = {"self", 4},
    [MAIL_TRIGGER_ADMINISTRATOR] = {"administrator", 13},
    [MAIL_TRIGGER_MANAGER] = {"manager", 7},
};

struct section {
    struct text name;
    size_t segment; /* SIZE_MAX: decided now, has none */
    bool hidden;    /* decided now: not shown */
};

struct parser {
    const struct template_input *input;
    struct template_part *part;
    struct error *error;
    const char *file; /* being read: the page or the sentences */
    unsigned line;
    struct html_place html;
    struct section sections[NESTING];
    size_t depth, hidden; /* how many sections are open, and of them not shown */
    size_t doubtful;      /* how many of them the mail decides */
    bool in_sentence;
    bool line_has_secret, line_has_more; /* text: link and password must stand alone on their lines */
    bool has_text_secret, has_button_link;
};

/* As much of a name as stands well in an error's one line. */
static int shown_size(struct text name)
{
    int size = 0;
    while ((size_t)size < name.size && size < 60 && (unsigned char)name.bytes[size] >= ' ')
        size++;
    return size;
}

static enum status fault(struct parser *parser, const char *what, struct text name)
{
    return error_set(parser->error, STATUS_CONFIG, "%s:%u: %s `%.*s`", parser->file, parser->line, what,
                     shown_size(name), name.bytes);
}

static size_t find_name(const struct text *names, size_t count, struct text name)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(names[i], name))
            return i;
    return SIZE_MAX;
}

static struct segment *add_segment(struct parser *parser)
{
    struct template_part *part = parser->part;
    if (part->count == part->capacity) {
        size_t capacity = part->capacity ? part->capacity * 2 : 32;
        struct segment *segments = realloc(part->segments, capacity * sizeof *segments);
        if (!segments)
            return NULL;
        part->segments = segments;
        part->capacity = capacity;
    }
    part->segments[part->count] = (struct segment){0};
    return &part->segments[part->count++];
}

static enum place place_here(const struct parser *parser)
{
    if (parser->input->part == MAIL_HTML)
        return html_place_here(&parser->html);
    return parser->input->part == MAIL_TEXT ? PLACE_TEXT : PLACE_SUBJECT;
}

/* Appends to the literals (LF becomes CRLF), and to the last segment when it is a literal that ends there. */
static enum status add_literal(struct parser *parser, struct text bytes)
{
    struct buffer *literals = &parser->part->literals;
    size_t before = literals->size;
    for (size_t i = 0; i < bytes.size; i++) {
        char byte = bytes.bytes[i];
        if (byte == '\n')
            buffer_append_byte(literals, '\r');
        if (byte != '\r')
            buffer_append_byte(literals, byte);
        *((unsigned char)byte < 0x80 ? &parser->part->ascii : &parser->part->beyond_ascii) += 1;
    }
    struct segment *last = parser->part->count ? &parser->part->segments[parser->part->count - 1] : NULL;
    bool section_ends_here = false; /* a section that was just closed must not swallow what follows */
    for (size_t i = 0; i < parser->part->count; i++)
        section_ends_here |= parser->part->segments[i].kind == SEGMENT_SECTION &&
                             parser->part->segments[i].end == parser->part->count;
    if (!last || last->kind != SEGMENT_LITERAL || section_ends_here)
        last = literals->size > before ? add_segment(parser) : NULL;
    if (literals->failed || (literals->size > before && !last))
        return error_set(parser->error, STATUS_CONFIG, "%s:%u: the template is larger than %d KiB",
                         parser->file, parser->line, LITERALS_LIMIT / 1024);
    if (last) {
        last->at = last->size ? last->at : before;
        last->size += literals->size - before;
    }
    return STATUS_OK;
}

/* What stands between placeholders: markup of the page, or text of a sentence. */
static enum status take_literal(struct parser *parser, struct text bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.bytes[i] == '\n') {
            if (parser->line_has_secret && parser->line_has_more)
                return fault(parser, "must stand alone on its line, or readers misread it:",
                             mail_value_name(mail_value_secret_of(parser->input->kind)));
            parser->line_has_secret = parser->line_has_more = false;
            parser->line++;
        } else if (bytes.bytes[i] != '\r') {
            parser->line_has_more = parser->line_has_more || parser->input->part == MAIL_TEXT;
        }
    }
    if (parser->hidden)
        return STATUS_OK;
    if (!parser->in_sentence) {
        if (parser->input->part == MAIL_HTML)
            html_place_follow(&parser->html, bytes);
        return add_literal(parser, bytes);
    }
    enum place place = place_here(parser);
    if (place == PLACE_NONE || place == PLACE_HTML_URL || place == PLACE_HTML_IMAGE ||
        place == PLACE_HTML_STYLE)
        return fault(parser, "the page puts this sentence where no text is safe:", bytes);
    struct buffer escaped;
    buffer_init(&escaped, LITERALS_LIMIT);
    escape_append(place, ISOLATE_NOT, bytes, &escaped);
    enum status status = add_literal(parser, buffer_text(&escaped));
    buffer_clear(&escaped);
    html_place_value(&parser->html);
    return status;
}

/* Whether the value may stand there: the kind of mail has no say in this. */
static enum status check_place(struct parser *parser, enum mail_value value, enum place place)
{
    struct text name = mail_value_name(value);
    if (place == PLACE_NONE || (place == PLACE_HTML_STYLE && !mail_value_is_colour(value)))
        return fault(
            parser,
            "no value is safe in this place (unquoted, style, script, comment or inside a URL):", name);
    if (place == PLACE_HTML_URL && value != MAIL_VALUE_LINK)
        return fault(parser, "only {{link}} may be a URL, not", name);
    if (place == PLACE_HTML_IMAGE && value != MAIL_VALUE_LOGO)
        return fault(parser, "only {{logo}} may be an image, not", name);
    if (!mail_value_is_secret(value))
        return STATUS_OK;
    if (place == PLACE_SUBJECT)
        return fault(parser, "a subject must not carry the", name);
    if (parser->in_sentence)
        return fault(parser, "a sentence must not carry what the page does:", name);
    if (place != PLACE_TEXT && place != PLACE_HTML_TEXT && place != PLACE_HTML_URL)
        return fault(parser, "neither a title nor an attribute may carry the", name);
    return STATUS_OK;
}

static enum status take_value(struct parser *parser, struct text name)
{
    bool rtl = locale_right_to_left(parser->input->locale);
    if (text_equal(name, TEXT("lang")) || text_equal(name, TEXT("dir")))
        return parser->hidden
                   ? STATUS_OK
                   : add_literal(parser, text_equal(name, TEXT("lang")) ? locale_tag(parser->input->locale)
                                                                        : text_of(rtl ? "rtl" : "ltr"));
    size_t value = mail_value_named(name);
    if (value == SIZE_MAX)
        return fault(parser, "unknown placeholder", name);
    enum place place = place_here(parser);
    enum status status = check_place(parser, (enum mail_value)value, place);
    if (status || parser->hidden)
        return status;
    if (mail_kind_value(parser->input->kind, (enum mail_value)value) == PRESENT_NEVER)
        return error_set(parser->error, STATUS_CONFIG, "%s:%u: a mail of the kind %s never has `%.*s`",
                         parser->file, parser->line, mail_kind_name(parser->input->kind), shown_size(name),
                         name.bytes);
    if (mail_value_is_colour((enum mail_value)value) && !parser->input->branded) {
        html_place_value(&parser->html);
        return add_literal(parser, mail_value_plain_colour((enum mail_value)value));
    }
    struct segment *segment = add_segment(parser);
    if (!segment)
        return error_set(parser->error, STATUS_MEMORY, "no memory for the template %s", parser->file);
    segment->kind = SEGMENT_VALUE;
    segment->value = (enum mail_value)value;
    segment->place = place;
    html_place_value(&parser->html);
    bool secret = mail_value_is_secret((enum mail_value)value);
    parser->line_has_secret |= secret && place == PLACE_TEXT;
    parser->line_has_more |= !secret && place == PLACE_TEXT;
    parser->has_text_secret |=
        secret && parser->doubtful == 0 && (place == PLACE_TEXT || place == PLACE_HTML_TEXT);
    parser->has_button_link |= secret && parser->doubtful == 0 && place == PLACE_HTML_URL;
    return STATUS_OK;
}

/* Whether what is named holds in all mails of this kind and language, in none, or in some. */
static enum presence presence_of(struct parser *parser, struct text name, size_t value, size_t trigger)
{
    enum mail_kind kind = parser->input->kind;
    if (value != SIZE_MAX && !parser->input->branded && mail_value_is_of_branding((enum mail_value)value))
        return PRESENT_NEVER;
    if (value != SIZE_MAX)
        return mail_kind_value(kind, (enum mail_value)value);
    if (trigger != SIZE_MAX)
        return mail_kind_trigger(kind, (enum mail_trigger)trigger);
    enum mail_kind named = mail_kind_named(name);
    if (named != MAIL_KIND_COUNT)
        return named == kind ? PRESENT_ALWAYS : PRESENT_NEVER;
    return entries_find(parser->input->entries, name) ? PRESENT_ALWAYS : PRESENT_NEVER;
}

static enum status open_section(struct parser *parser, struct text name, bool negated)
{
    if (parser->depth == NESTING)
        return fault(parser, "sections stand too deep in each other at", name);
    struct section *section = &parser->sections[parser->depth++];
    *section = (struct section){name, SIZE_MAX, false};
    size_t value = mail_value_named(name);
    size_t trigger = find_name(trigger_names, sizeof trigger_names / sizeof *trigger_names, name);
    enum presence presence = presence_of(parser, name, value, trigger);
    if (presence != PRESENT_SOMETIMES) {
        section->hidden = (presence == PRESENT_ALWAYS) == negated;
        parser->hidden += section->hidden;
        return STATUS_OK;
    }
    if (parser->hidden)
        return STATUS_OK;
    section->segment = parser->part->count;
    parser->doubtful++;
    struct segment *segment = add_segment(parser);
    if (!segment)
        return error_set(parser->error, STATUS_MEMORY, "no memory for the template %s", parser->file);
    segment->kind = SEGMENT_SECTION;
    segment->negated = negated;
    segment->condition = value != SIZE_MAX ? CONDITION_VALUE : CONDITION_TRIGGER;
    segment->value = value != SIZE_MAX ? (enum mail_value)value : MAIL_VALUE_NAME;
    segment->trigger = trigger != SIZE_MAX ? (enum mail_trigger)trigger : MAIL_TRIGGER_SELF;
    return STATUS_OK;
}

static enum status close_section(struct parser *parser, struct text name)
{
    if (parser->depth == 0 || !text_equal(parser->sections[parser->depth - 1].name, name))
        return fault(parser, "this closes no open section:", name);
    struct section *section = &parser->sections[--parser->depth];
    if (section->hidden)
        parser->hidden--;
    if (section->segment != SIZE_MAX) {
        parser->part->segments[section->segment].end = parser->part->count;
        parser->doubtful--;
    }
    return STATUS_OK;
}

static enum status take_text(struct parser *parser, struct text text);

static enum status take_sentence(struct parser *parser, struct text name)
{
    if (parser->hidden)
        return STATUS_OK;
    if (parser->in_sentence)
        return fault(parser, "a sentence must not hold another one:", name);
    struct entry *entry = entries_find(parser->input->entries, name);
    if (!entry)
        return error_set(parser->error, STATUS_CONFIG, "%s:%u: wants the sentence `%.*s`, which %s lacks",
                         parser->file, parser->line, shown_size(name), name.bytes,
                         parser->input->entries->file);
    const char *file = parser->file;
    unsigned line = parser->line;
    size_t depth = parser->depth;
    parser->file = parser->input->entries->file;
    parser->line = entry->line;
    parser->in_sentence = true;
    enum status status = take_text(parser, entry->value);
    if (!status && parser->depth != depth)
        status = fault(parser, "a section is not closed in the sentence", name);
    if (status)
        return status;
    parser->in_sentence = false;
    parser->file = file;
    parser->line = line;
    return STATUS_OK;
}

static enum status take_placeholder(struct parser *parser, struct text inside)
{
    struct text name = inside.size ? (struct text){inside.bytes + 1, inside.size - 1} : inside;
    switch (inside.size ? inside.bytes[0] : 0) {
    case '>':
        return take_sentence(parser, name);
    case '#':
        return open_section(parser, name, false);
    case '^':
        return open_section(parser, name, true);
    case '/':
        return close_section(parser, name);
    default:
        return take_value(parser, inside);
    }
}

/* A line with nothing but the begin or the end of a section leaves no empty line behind. */
static const char *after_placeholder(struct parser *parser, struct text text, const char *open,
                                     const char *after)
{
    const char *end = text.bytes + text.size;
    bool alone = strchr("#^/", open[2]) && (open == text.bytes || open[-1] == '\n');
    const char *line_end = alone && after < end && *after == '\r' ? after + 1 : after;
    if (!alone || line_end == end || *line_end != '\n')
        return after;
    parser->line++;
    return line_end + 1;
}

static enum status take_text(struct parser *parser, struct text text)
{
    const char *at = text.bytes, *end = at + text.size;
    while (at < end) {
        const char *open = memmem(at, (size_t)(end - at), "{{", 2);
        enum status status = take_literal(parser, (struct text){at, (size_t)((open ? open : end) - at)});
        if (status || !open)
            return status;
        const char *close = memmem(open, (size_t)(end - open), "}}", 2);
        if (!close)
            return fault(parser, "this placeholder has no end:", (struct text){open, (size_t)(end - open)});
        status = take_placeholder(parser, (struct text){open + 2, (size_t)(close - open) - 2});
        if (status)
            return status;
        at = after_placeholder(parser, text, open, close + 2);
    }
    return STATUS_OK;
}

/* What the kind is for must be shown, whatever the mail's values are. */
static enum status check_secret(struct parser *parser)
{
    enum mail_part part = parser->input->part;
    enum mail_value secret = mail_value_secret_of(parser->input->kind);
    if (part == MAIL_SUBJECT || secret == MAIL_VALUE_COUNT)
        return STATUS_OK;
    const char *name = mail_value_name(secret).bytes;
    if (part == MAIL_TEXT && !parser->has_text_secret)
        return error_set(parser->error, STATUS_CONFIG, "%s:%u: the text has no {{%s}} that is always shown",
                         parser->file, parser->line, name);
    bool button = parser->has_button_link || secret != MAIL_VALUE_LINK;
    if (part == MAIL_HTML && (!parser->has_text_secret || !button))
        return error_set(parser->error, STATUS_CONFIG,
                         "%s:%u: the page has no {{%s}} as %s that is always shown", parser->file,
                         parser->line, name, button ? "text" : "href");
    return STATUS_OK;
}

enum status template_part_parse(const struct template_input *input, struct template_part *part,
                                struct error *error)
{
    struct parser parser = {.input = input, .part = part, .error = error, .line = 1};
    *part = (struct template_part){0};
    buffer_init(&part->literals, LITERALS_LIMIT);
    parser.file = input->page ? input->page->file : input->entries->file;
    enum status status =
        input->page ? take_text(&parser, input->page->content) : take_sentence(&parser, TEXT("subject"));
    if (!status)
        status = take_literal(&parser, (struct text){"\n", input->page && parser.line_has_secret ? 1 : 0});
    if (!status && parser.depth)
        status = fault(&parser, "this section is never closed:", parser.sections[parser.depth - 1].name);
    if (!status)
        status = check_secret(&parser);
    return status;
}

void template_part_clear(struct template_part *part)
{
    free(part->segments);
    buffer_clear(&part->literals);
    buffer_clear(&part->encoded);
    *part = (struct template_part){0};
}
