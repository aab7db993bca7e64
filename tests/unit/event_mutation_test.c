/* Whatever happens to the bytes of an example, the decoders answer with a value or a reason, and read no byte
 * that is not there. */
#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/event.h"
#include "core/json_memory.h"
#include "support/event_survives.h"

/* One pseudo-random number after another, the same in every run (Numerical Recipes' LCG). */
static uint32_t next_number(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static const char *const pieces[] = {
    "\"",   "\\",           "{",     "}",           "[",  "]", ",", ":",       "null", "\\u0000", "\\ud800",
    "\xff", "\xe2\x80\xae", "1e999", "\"tenant\":", "\n", "@", "<", "\\u0061", "-",    "true"};

static void mutate(struct buffer *out, struct text bytes, uint32_t *seed)
{
    size_t at = next_number(seed) % (bytes.size + 1), skip = next_number(seed) % 4;
    const char *piece = pieces[next_number(seed) % (sizeof pieces / sizeof *pieces)];
    buffer_reset(out);
    buffer_append(out, bytes.bytes, at);
    switch (next_number(seed) % 4) {
    case 0:
        return;
    case 1:
        buffer_append_byte(out, (char)next_number(seed));
        break;
    case 2:
        buffer_append_string(out, piece);
        break;
    default:
        break;
    }
    if (at + skip < bytes.size)
        buffer_append(out, bytes.bytes + at + skip, bytes.size - at - skip);
}

/* Exactly as many bytes as there are, so that reading past the end is seen. */
static void decode_all(struct text bytes)
{
    char *copy = malloc(bytes.size ? bytes.size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes.bytes, bytes.size);
    const struct text exact = {copy, bytes.size};
    struct request *request = NULL;
    struct password_change *change = NULL;
    struct reset_event *event = NULL;
    struct error error = {0};
    enum reason reason = REASON_NONE;
    if (request_decode(exact, &request, &reason, &error) == STATUS_OK)
        assert_event_survives(request);
    else
        assert_true(outcome_has_reason(OUTCOME_DEAD, reason) && error.text[0]);
    reason = REASON_NONE;
    if (password_change_decode(exact, &change, &reason, &error) == STATUS_OK)
        assert_event_survives(&change->request);
    else
        assert_true(outcome_has_reason(OUTCOME_DEAD, reason) && error.text[0]);
    reason = REASON_NONE;
    if (reset_event_decode(exact, &event, &reason, &error) != STATUS_OK)
        assert_true(outcome_has_reason(OUTCOME_DEAD, reason) && error.text[0]);
    request_free(&request);
    password_change_free(&change);
    reset_event_free(&event);
    free(copy);
}

static size_t read_example(const char *name, char *bytes, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/schemas/examples/valid/%s", SOURCE_DIRECTORY, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t count = fread(bytes, 1, size, file);
    fclose(file);
    return count;
}

static void any_mutation_of_an_example_gives_a_value_or_a_reason(void **state)
{
    (void)state;
    static char bytes[64 * 1024];
    uint32_t seed = 20251122;
    size_t examples = 0;
    struct buffer mutated;
    buffer_init(&mutated, 2 * sizeof bytes);
    DIR *folder = opendir(SOURCE_DIRECTORY "/schemas/examples/valid");
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        struct text example = {bytes, read_example(entry->d_name, bytes, sizeof bytes)};
        decode_all(example);
        for (int i = 0; i < 300; i++) {
            mutate(&mutated, example, &seed);
            decode_all(buffer_text(&mutated));
        }
        examples++;
    }
    closedir(folder);
    assert_true(examples > 30);
    buffer_clear(&mutated);
}

int main(void)
{
    json_memory_start(); /* so that a text which still pointed into the tree would be found wiped */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_mutation_of_an_example_gives_a_value_or_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
