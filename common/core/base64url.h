/* base64url without padding (RFC 4648, section 5), written in the same time whatever the bytes are: they may
 * be a secret.  libsodium's encoder promises the same and takes far longer; it reads them back. */
#ifndef CORE_BASE64URL_H
#define CORE_BASE64URL_H

#include "core/text.h"

/* How many characters `size` bytes take. */
#define BASE64URL_LENGTH(size) (((size)*4 + 2) / 3)

/* Writes BASE64URL_LENGTH(size) characters to `text`, and no NUL; gives the place after the last. */
char *base64url_encode(const unsigned char *bytes, size_t size, char *text);

/* Whether `text` is what encoding `size` bytes writes, which are then in `bytes`; in the same time whatever
 * they are.  No other spelling is taken. */
bool base64url_decode(struct text text, unsigned char *bytes, size_t size);

#endif
