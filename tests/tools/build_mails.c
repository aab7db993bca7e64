/* Builds the same mail as often as asked, for looking at what one costs:
 * valgrind --tool=callgrind --toggle-collect=message_build bin/build_mails 100 en
 * The profile, the templates and the buffer are made once, as a worker does. */
#include <stdio.h>
#include <stdlib.h>

#include <gmime/gmime.h>

#include "core/mail/message.h"
#include "worker/mail_templates.h"

static const struct mail mail_of_one_request = {
    .kind = MAIL_LINK,
    .trigger = MAIL_TRIGGER_SELF,
    .to = {"kim.lee@example.com", 19},
    .name = {"Kim Lee", 7},
    .tenant = {"acme", 4},
    .token = {"abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE", 43},
    .request_id = {"0d4b2ee5-8a2f-4c55-9f3a-6a3f1be0a001", 36},
    .incarnation = {"00112233445566778899aabbccddeeff", 32},
    .expires_at_ms = 1763874600000,
    .now_ms = 1763788200000,
};

static enum status build(const struct mail_profile *profile, long count, const char *locale, size_t *size,
                         struct error *error)
{
    enum status status = STATUS_OK;
    struct mail mail = mail_of_one_request;
    struct message_facts facts;
    struct buffer out;
    mail.locale = text_of(locale);
    buffer_init_secret(&out, MESSAGE_LIMIT);
    for (long i = 0; i < count && !status; i++)
        status = message_build(profile, &mail, &out, &facts, error);
    *size = out.size;
    buffer_clear(&out);
    return status;
}

int main(int count, char **arguments)
{
    struct template_set *templates = NULL;
    struct mail_profile *profile = NULL;
    struct link_pattern link;
    struct error error = {0};
    size_t size = 0;
    g_mime_init();
    enum status status = mail_templates_load(NULL, NULL, &templates, &error);
    if (!status)
        status = link_parse(TEXT("https://app.example.com/reset-password#{token}"), &link, &error);
    if (!status)
        status = mail_profile_new(TEXT("Acme Accounts <no-reply@mail.example.com>"), &link, templates,
                                  &profile, &error);
    if (!status)
        status = build(profile, count > 1 ? strtol(arguments[1], NULL, 10) : 1,
                       count > 2 ? arguments[2] : "en", &size, &error);
    if (status)
        fprintf(stderr, "%s\n", error.text);
    else
        printf("%zu bytes\n", size);
    mail_profile_free(&profile);
    template_set_free(&templates);
    g_mime_shutdown();
    return status ? 1 : 0;
}
