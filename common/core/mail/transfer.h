/* The transfer encoding of a part (RFC 2045, section 6), with as much of it as possible done at start: most
 * of a mail is the same in every mail. */
#ifndef CORE_MAIL_TRANSFER_H
#define CORE_MAIL_TRANSFER_H

#include "core/buffer.h"
#include "core/text.h"

enum transfer { TRANSFER_QUOTED_PRINTABLE, TRANSFER_BASE64 };

/* A literal, cut in three: its head and tail are encoded together with what stands around them, its middle
 * was encoded at start.  Where that is empty, all of the literal is head. */
struct transfer_cut {
    size_t head, tail;
    size_t at, size; /* the middle, encoded: where in the buffer that was given */
};

/* How a literal is cut depends on how many bytes before it are still to be encoded: modulo this. */
enum { TRANSFER_PHASES = 3 };

/* Cuts a literal for every phase and appends its encoded middles to `encoded`, whose `failed` tells a lack of
 * room. */
void transfer_cut(enum transfer transfer, struct text literal, struct transfer_cut cuts[TRANSFER_PHASES],
                  struct buffer *encoded);

/* Replaces what stands in `out` from `start` on by its encoded form, which ends with a line end (a soft one
 * where the text has none), so that the next piece is encoded on its own. */
void transfer_encode(enum transfer transfer, struct buffer *out, size_t start);

/* The same for the last piece of a part, without a soft line end where it can be spared. */
void transfer_end(enum transfer transfer, struct buffer *out, size_t start);

/* The name for Content-Transfer-Encoding. */
const char *transfer_name(enum transfer transfer);

#endif
