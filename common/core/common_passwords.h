/* How much of a password is its own: the part that is no common word, keyboard run, sequence, year or
 * repetition. */
#ifndef CORE_COMMON_PASSWORDS_H
#define CORE_COMMON_PASSWORDS_H

#include "core/text.h"

enum { COMMON_PASSWORD_MOST = 512 /* bytes */ };

/* The least number of pieces that the password is made of: a common word, a run, a repeated character is one
 * piece whatever its length, as is every other character.  What repeats itself counts once.  Case does not
 * matter, nor do digits and signs in place of letters ("p4$$w0rd").  `password` has at most
 * COMMON_PASSWORD_MOST bytes of valid UTF-8; 0 for an empty one. */
size_t common_password_pieces(struct text password);

/* One byte as all comparisons here see it: lower case, a digit or sign as the letter it stands for.  `l`
 * and `i` are one, so the result is for comparing alone. */
char common_password_fold(char byte);

#endif
