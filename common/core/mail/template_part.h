/* One part of a mail, parsed: what template.c renders and template_parse.c makes. */
#ifndef CORE_MAIL_TEMPLATE_PART_H
#define CORE_MAIL_TEMPLATE_PART_H

#include "core/mail/entries.h"
#include "core/mail/escape.h"
#include "core/mail/template.h"
#include "core/mail/transfer.h"

enum condition {
    CONDITION_VALUE, /* the value is not empty */
    CONDITION_TRIGGER
};

struct segment {
    enum { SEGMENT_LITERAL, SEGMENT_VALUE, SEGMENT_SECTION } kind;
    size_t at, size;                           /* literal: where in the part's literals */
    struct transfer_cut cuts[TRANSFER_PHASES]; /* literal of a text or a page: where in `encoded` */
    enum mail_value value;
    enum place place;
    enum condition condition; /* section: shown when this holds, or when it does not */
    enum mail_trigger trigger;
    bool negated;
    size_t end; /* section: the segment after its last */
};

struct template_part {
    struct segment *segments; /* owned */
    size_t count, capacity;
    struct buffer literals;     /* already escaped, with CRLF */
    size_t ascii, beyond_ascii; /* bytes of literals */
    enum transfer transfer;
    struct buffer encoded; /* the literals' middles, in that encoding */
};

/* The page's text (or NULL for the subject, which is the entry `subject`), its name in errors, and the
 * sentences. */
struct template_input {
    enum mail_kind kind;
    enum mail_part part;
    const struct template_source *page;
    struct entries *entries;
    const struct locale *locale;
    bool branded; /* false: a tenant's branding is taken for none, now */
};

/* Fills an empty part; clear it also after an error. */
enum status template_part_parse(const struct template_input *input, struct template_part *part,
                                struct error *error) WARN_UNUSED;
void template_part_clear(struct template_part *part);

#endif
