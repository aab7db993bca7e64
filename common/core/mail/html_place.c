/* Not a parser of all HTML: pages are our own or an operator's, checked at start.  What it does not follow it
 * must take for a place where nothing is safe.  Attributes without quotes therefore have no place for a
 * value; neither has the middle of a URL, a style or a script. */
#include "core/mail/html_place.h"

static void remember(char *word, size_t capacity, char byte)
{
    size_t size = strlen(word);
    if (byte >= 'A' && byte <= 'Z')
        byte = (char)(byte - 'A' + 'a');
    if (size + 1 < capacity)
        word[size] = byte;
}

static void begin_tag(struct html_place *place)
{
    place->state = HTML_TAG;
    place->tag_named = false;
    memset(place->tag, 0, sizeof place->tag);
    memset(place->word, 0, sizeof place->word);
}

static void end_tag(struct html_place *place)
{
    bool raw = strcmp(place->tag, "style") == 0 || strcmp(place->tag, "script") == 0;
    place->state = raw ? HTML_RAW : HTML_TEXT;
    place->in_title = strcmp(place->tag, "title") == 0;
}

static void follow_tag(struct html_place *place, char byte)
{
    if (byte == '>') {
        end_tag(place);
    } else if (byte == '"' || byte == '\'') {
        place->state = byte == '"' ? HTML_DOUBLE_QUOTED : HTML_SINGLE_QUOTED;
        place->value_begun = false;
    } else if (strchr(" \t\r\n", byte)) {
        place->tag_named = place->tag[0] != 0;
        memset(place->word, 0, sizeof place->word);
    } else if (byte == '-' && memcmp(place->last, "!-", 2) == 0 && strcmp(place->tag, "!-") == 0) {
        place->state = HTML_COMMENT;
    } else if (!place->tag_named) {
        remember(place->tag, sizeof place->tag, byte);
    } else if (byte != '=') {
        remember(place->word, sizeof place->word, byte);
    }
}

static void follow_byte(struct html_place *place, char byte)
{
    switch (place->state) {
    case HTML_TEXT:
        if (byte == '<')
            begin_tag(place);
        break;
    case HTML_TAG:
        follow_tag(place, byte);
        break;
    case HTML_DOUBLE_QUOTED:
    case HTML_SINGLE_QUOTED:
        if (byte == (place->state == HTML_DOUBLE_QUOTED ? '"' : '\''))
            place->state = HTML_TAG;
        place->value_begun = true;
        break;
    case HTML_COMMENT:
        if (byte == '>' && memcmp(place->last, "--", 2) == 0)
            place->state = HTML_TEXT;
        break;
    case HTML_RAW:
        if (byte == '/' && place->last[1] == '<') {
            begin_tag(place);
            remember(place->tag, sizeof place->tag, '/');
        }
        break;
    }
    place->last[0] = place->last[1];
    place->last[1] = byte;
}

void html_place_follow(struct html_place *place, struct text html)
{
    for (size_t i = 0; i < html.size; i++)
        follow_byte(place, html.bytes[i]);
}

/* A link to follow and an image to show; nothing else is fetched or sent to. */
static enum place url_place(const struct html_place *place)
{
    if (strcmp(place->tag, "a") == 0 && strcmp(place->word, "href") == 0)
        return PLACE_HTML_URL;
    return strcmp(place->tag, "img") == 0 && strcmp(place->word, "src") == 0 ? PLACE_HTML_IMAGE : PLACE_NONE;
}

enum place html_place_here(const struct html_place *place)
{
    static const char *const urls[] = {"href",   "src",    "action", "formaction", "background",
                                       "poster", "srcset", "cite",   "data"};
    if (place->state == HTML_TEXT)
        return place->in_title ? PLACE_HTML_TITLE : PLACE_HTML_TEXT;
    if (place->state != HTML_DOUBLE_QUOTED && place->state != HTML_SINGLE_QUOTED)
        return PLACE_NONE;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        if (strcmp(place->word, urls[i]) == 0)
            return place->value_begun ? PLACE_NONE : url_place(place);
    if (strcmp(place->word, "style") == 0)
        return PLACE_HTML_STYLE;
    bool code = strncmp(place->word, "on", 2) == 0 || strcmp(place->word, "srcdoc") == 0 ||
                strcmp(place->word, "content") == 0;
    return code ? PLACE_NONE : PLACE_HTML_ATTRIBUTE;
}

void html_place_value(struct html_place *place)
{
    place->value_begun = true;
    place->last[0] = place->last[1] = 0;
}
