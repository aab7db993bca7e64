/* A buffer is a chain of pieces: it is looked at in place, piece by piece, and never joined.  What is taken
 * off at the end goes by moving the front aside, since a buffer can only be drained from its front. */
#include "producer/http_input.h"

#include <event2/buffer.h>

#include "core/http/framing.h"

void http_input_keep(struct evbuffer *input, size_t size)
{
    struct evbuffer *front = size ? evbuffer_new() : NULL;
    if (front)
        evbuffer_remove_buffer(input, front, size);
    evbuffer_drain(input, evbuffer_get_length(input));
    if (front) {
        evbuffer_add_buffer(input, front);
        evbuffer_free(front);
    }
}

size_t http_input_examine(struct evbuffer *input, size_t old, size_t added, struct http_framing *framing)
{
    enum { PIECES = 8 };
    size_t fit = 0;
    while (fit < added) {
        struct evbuffer_iovec pieces[PIECES];
        struct evbuffer_ptr place;
        evbuffer_ptr_set(input, &place, old + fit, EVBUFFER_PTR_SET);
        int count = evbuffer_peek(input, (ev_ssize_t)(added - fit), &place, pieces, PIECES);
        if (count > PIECES)
            count = PIECES;
        for (int i = 0; i < count && fit < added; i++) {
            size_t size = pieces[i].iov_len < added - fit ? pieces[i].iov_len : added - fit;
            struct text bytes = {pieces[i].iov_base, size};
            size_t good = http_framing_feed(framing, bytes);
            fit += good;
            if (good < size)
                return fit;
        }
        if (count <= 0)
            return fit;
    }
    return fit;
}
