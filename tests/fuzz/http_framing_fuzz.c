/* The check on raw HTTP bytes decides the same however the bytes are cut, and lets nothing pass after a
 * fault. The first byte of an input says where it is cut. */
#include "core/http/framing.h"
#include "fuzz.h"

static const struct http_limits limits = {.header = 8192, .body = 4096};

static size_t feed(struct http_framing *framing, struct text bytes, size_t piece)
{
    size_t fit = 0;
    http_framing_init(framing, limits);
    for (size_t at = 0; at < bytes.size; at += piece) {
        size_t size = bytes.size - at < piece ? bytes.size - at : piece;
        size_t passed = http_framing_feed(framing, (struct text){bytes.bytes + at, size});
        HOLDS(passed <= size);
        fit += passed;
        if (framing->fault.status) {
            HOLDS(http_framing_feed(framing, (struct text){"GET", 3}) == 0);
            break;
        }
        HOLDS(passed == size);
    }
    return fit;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2)
        return 0;
    struct text input = fuzz_own(bytes + 1, size - 1);
    struct http_framing whole, cut;
    size_t fit = feed(&whole, input, input.size);
    size_t fit_cut = feed(&cut, input, (size_t)bytes[0] + 1);
    HOLDS(fit == fit_cut && whole.fault.status == cut.fault.status && whole.requests == cut.requests);
    HOLDS(whole.fault.status == 0 || (whole.fault.status >= 400 && whole.fault.detail && whole.fault.reason));
    fuzz_disown(&input);
    return 0;
}
