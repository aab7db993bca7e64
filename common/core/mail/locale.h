/* What mail needs to know of a language beside its sentences: direction, and how a moment is said in words.
 * From a file of ours, never from libc, so that every machine writes the same. */
#ifndef CORE_MAIL_LOCALE_H
#define CORE_MAIL_LOCALE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/status.h"
#include "core/text.h"

struct locale;

/* Parses the file locales/TAG.locale (see templates/README.md).  `file` names it in errors (STATUS_CONFIG,
 * with the line).  Copies what it keeps. */
enum status locale_parse(struct text tag, const char *file, struct text content, struct locale **locale,
                         struct error *error) WARN_UNUSED;
void locale_free(struct locale **locale);

/* The BCP 47 tag as the file's name spells it. */
struct text locale_tag(const struct locale *locale);
bool locale_right_to_left(const struct locale *locale);

/* The further tags that it serves, with spaces between them. */
struct text locale_claims(const struct locale *locale);

/* Appends a moment (milliseconds since 1970, UTC) in words, as clocks show it that are `offset` seconds ahead
 * of UTC, e.g. "Monday, 24 November 2025, 06:10 (UTC+1)"; seconds are cut off, so that the time named is
 * never later than the time meant. */
void locale_write_time(const struct locale *locale, int64_t time_ms, int32_t offset, struct buffer *out);

/* Appends a time span in words, in whole minutes (cut off, at least one), hours ("24 hours") or, from three
 * on, days. */
void locale_write_lifetime(const struct locale *locale, int64_t lifetime_ms, struct buffer *out);

/* The one of `locales` that serves the tag `wanted` best (RFC 4647 lookup, case-insensitive, '_' taken for
 * '-'): itself, then with subtags cut off from the right, each also by the tags that a locale's file claims
 * with `also`; SIZE_MAX where none does.  zh-TW finds zh-Hant (which claims it) or nothing, never zh-Hans. */
size_t locale_lookup(struct locale *const *locales, size_t count, struct text wanted);

#endif
