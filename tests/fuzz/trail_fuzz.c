/* Audit records as anybody who may write the topic could forge them, and lines of input in any pieces: what
 * is shown to people cannot move their cursor or turn their text, and every line comes once.
 *
 * The first byte of an input is how much comes at a time. */
#include <jansson.h>

#include "core/mail/characters.h"
#include "fuzz.h"
#include "producer/line_reader.h"
#include "producer/trail_story.h"

enum { LINE_MOST = 256 };

#define ID "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7"

static void check_lines(struct text shown)
{
    while (shown.size) {
        const char *end = memchr(shown.bytes, '\n', shown.size);
        HOLDS(end);
        size_t size = (size_t)(end - shown.bytes);
        HOLDS(characters_clean((struct text){shown.bytes, size}));
        shown = (struct text){shown.bytes + size + 1, shown.size - size - 1};
    }
}

static void tell(struct trail_story *story)
{
    struct buffer out;
    buffer_init(&out, 1 << 22);
    trail_story_write_lines(story, &out);
    HOLDS(!out.failed);
    buffer_reset(&out);
    trail_story_write_table(story, &out);
    HOLDS(!out.failed);
    check_lines(buffer_text(&out));
    buffer_clear(&out);
}

/* The next line that a simple reader finds in `input`. */
static bool next_line(struct text input, size_t *at, struct text *line)
{
    if (*at >= input.size)
        return false;
    const char *end = memchr(input.bytes + *at, '\n', input.size - *at);
    size_t size = end ? (size_t)(end - input.bytes) - *at : input.size - *at;
    *line = (struct text){input.bytes + *at, size};
    *at += size + 1;
    if (line->size && line->bytes[line->size - 1] == '\r')
        line->size--;
    return true;
}

static void read_lines(struct text input, size_t piece)
{
    struct line_reader *reader = line_reader_new(LINE_MOST);
    size_t given = 0, at = 0, room;
    struct text line, expected;
    HOLDS(reader);
    for (bool ended = false;;) {
        enum line_found found = line_reader_next(reader, &line);
        if (found == LINE_END)
            break;
        if (found == LINE_MORE) {
            HOLDS(!ended);
            char *bytes = line_reader_room(reader, &room);
            size_t left = input.size - given, size = piece < left ? piece : left;
            HOLDS(bytes && room > 0);
            size = size < room ? size : room;
            if (size)
                memcpy(bytes, input.bytes + given, size);
            line_reader_fill(reader, size);
            given += size;
            if (given == input.size) {
                line_reader_end(reader);
                ended = true;
            }
            continue;
        }
        HOLDS(next_line(input, &at, &expected));
        if (found == LINE_TOO_LONG)
            HOLDS(expected.size > LINE_MOST - 2);
        else
            HOLDS(text_equal(line, expected));
    }
    HOLDS(!next_line(input, &at, &expected));
    line_reader_free(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2 || size > 16384)
        return 0;
    struct text input = fuzz_own(bytes + 1, size - 1), line;
    struct trail_story *story = trail_story_new(TEXT(ID));
    struct error error = {0};
    HOLDS(story);
    for (size_t at = 0; next_line(input, &at, &line);)
        if (trail_story_read(story, line, &error) != STATUS_OK)
            HOLDS(error.text[0]);
    tell(story);
    trail_story_free(&story);
    read_lines(input, (size_t)bytes[0] + 1);
    fuzz_disown(&input);
    return 0;
}
