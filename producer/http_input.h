/* The bytes of a connection as they arrive, in libevent's buffers, and the strict checks of
 * core/http/framing.h. */
#ifndef PRODUCER_HTTP_INPUT_H
#define PRODUCER_HTTP_INPUT_H

#include <stddef.h>

struct evbuffer;
struct http_framing;

/* How many of the `added` bytes behind the first `old` are fit; fewer than all after a fault. */
size_t http_input_examine(struct evbuffer *input, size_t old, size_t added, struct http_framing *framing);

/* Takes everything behind the first `size` bytes off. */
void http_input_keep(struct evbuffer *input, size_t size);

#endif
