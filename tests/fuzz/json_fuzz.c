/* JSON: what the strict reader takes, jansson takes, and a string that is written is read back the same. */
#include <jansson.h>

#include "core/json_bytes.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text value = fuzz_own(bytes, size);
    struct json_t *tree = NULL;
    struct error error = {0};
    enum reason reason = REASON_NONE;
    if (json_read(value, 65536, &tree, &reason, &error) == STATUS_OK)
        HOLDS(json_depth(value, 64) <= 64);
    else
        HOLDS(!tree && error.text[0]);
    json_decref(tree);

    struct buffer out;
    buffer_init(&out, 8 * size + 64);
    json_write_string(&out, value);
    json_t *string = json_loadb(out.bytes ? out.bytes : "", out.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    HOLDS(json_is_string(string));
    json_t *same = json_stringn(value.bytes, value.size);
    if (same) /* valid UTF-8 */
        HOLDS(json_equal(string, same));
    json_decref(same);
    json_decref(string);
    buffer_clear(&out);
    fuzz_disown(&value);
    return 0;
}
