/* What a relay offers: lines in any form; a greeting forgets everything. */
#include "core/smtp/capabilities.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct smtp_capabilities nothing;
    struct smtp_capabilities capabilities = {0};
    for (size_t at = 0; at < size;) {
        size_t end = at;
        while (end < size && bytes[end] != '\n')
            end++;
        struct text line = fuzz_own(bytes + at, end - at);
        smtp_capabilities_take(&capabilities, line);
        fuzz_disown(&line);
        at = end + 1;
    }
    smtp_capabilities_take(&capabilities, TEXT("220 test.invalid ESMTP"));
    HOLDS(memcmp(&capabilities, &nothing, sizeof nothing) == 0);
    return 0;
}
