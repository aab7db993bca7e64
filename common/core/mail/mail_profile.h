/* The inside of a mail profile, for message.c. */
#ifndef CORE_MAIL_MAIL_PROFILE_H
#define CORE_MAIL_MAIL_PROFILE_H

#include "core/mail/message.h"

struct mail_profile {
    char *from;                /* owned: the address */
    struct buffer from_header; /* the whole line */
    struct buffer after_id;    /* from the '@' of the Message-ID to before the language's tag */
    struct link_pattern link;
    const struct template_set *templates;
};

#endif
