/* Replies are read the same however they are cut into packets; a code is always one that SMTP has.
 * The first byte of an input says where it is cut. */
#include "core/smtp/reply.h"
#include "fuzz.h"

enum { REPLIES_MOST = 64 };

struct seen {
    struct smtp_reply replies[REPLIES_MOST];
    size_t count;
    bool broken;
};

static void read_all(struct text bytes, size_t piece, struct seen *seen)
{
    struct smtp_reply_parser parser;
    *seen = (struct seen){.count = 0};
    smtp_reply_parser_init(&parser);
    for (size_t at = 0; at < bytes.size && !seen->broken; at += piece) {
        size_t size = bytes.size - at < piece ? bytes.size - at : piece;
        struct text rest = {bytes.bytes + at, size};
        while (rest.size > 0 && !seen->broken) {
            struct smtp_reply reply;
            enum smtp_reply_state state = smtp_reply_read(&parser, &rest, &reply);
            seen->broken = state == SMTP_REPLY_BROKEN;
            if (state == SMTP_REPLY_READY) {
                HOLDS(reply.code >= 200 && reply.code <= 599 && reply.lines <= SMTP_REPLY_LINES_LIMIT);
                HOLDS(reply.enhanced.class == 0 || reply.enhanced.class == reply.code / 100);
                if (seen->count < REPLIES_MOST)
                    seen->replies[seen->count++] = reply;
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2)
        return 0;
    struct text input = fuzz_own(bytes + 1, size - 1);
    struct seen whole, cut;
    read_all(input, input.size, &whole);
    read_all(input, (size_t)bytes[0] % 17 + 1, &cut);
    HOLDS(whole.count == cut.count && whole.broken == cut.broken);
    for (size_t i = 0; i < whole.count; i++)
        HOLDS(whole.replies[i].code == cut.replies[i].code && whole.replies[i].lines == cut.replies[i].lines);
    fuzz_disown(&input);
    return 0;
}
