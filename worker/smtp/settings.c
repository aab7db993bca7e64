/* The values that hold where the configuration says nothing: the deadlines are RFC 5321 4.5.3.2's minimum
 * ones, but for the connection itself, where a relay that does not answer within half a minute is better
 * taken for absent: nothing of a message is lost by asking again. */
#include "worker/smtp/settings.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define SECONDS 1000u
#define MINUTES (60u * SECONDS)

void smtp_settings_default(struct smtp_settings *settings)
{
    *settings = (struct smtp_settings){
        .tls_required = true,
        .envelope_from = "",
        .connections = 50,
        .messages_per_connection = 1000,
        .message_limit = 1024 * 1024,
        .deadlines = {.connect = 30 * SECONDS,
                      .mail = 5 * MINUTES,
                      .rcpt = 5 * MINUTES,
                      .data = 2 * MINUTES,
                      .content = 3 * MINUTES,
                      .dot = 10 * MINUTES,
                      .quit = 5 * SECONDS},
        .idle = 30 * SECONDS,
        .queue = 60 * SECONDS,
        .ahead_patience = 200,
        .growth_pause = 5 * SECONDS,
    };
}

static bool copy_string(const char **string)
{
    *string = strdup(*string ? *string : "");
    return *string != NULL;
}

bool smtp_settings_copy(struct smtp_settings *copy, const struct smtp_settings *settings)
{
    *copy = *settings;
    bool copied = copy_string(&copy->url);
    copied = copy_string(&copy->username) && copied;
    copied = copy_string(&copy->password) && copied;
    copied = copy_string(&copy->ca_file) && copied;
    copied = copy_string(&copy->helo) && copied;
    return copy_string(&copy->envelope_from) && copied;
}

void smtp_settings_clear(struct smtp_settings *copy)
{
    if (copy->password)
        sodium_memzero((char *)copy->password, strlen(copy->password));
    free((char *)copy->url);
    free((char *)copy->username);
    free((char *)copy->password);
    free((char *)copy->ca_file);
    free((char *)copy->helo);
    free((char *)copy->envelope_from);
    *copy = (struct smtp_settings){0};
}
