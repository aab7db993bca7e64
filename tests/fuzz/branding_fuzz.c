/* The tenants' file: refused with its line, or no tenant leads anywhere but to a host that the operator's
 * main configuration allows, and no value is more than one clean line. */
#include "core/mail/branding.h"
#include "core/mail/characters.h"
#include "fuzz.h"

static const char *const allowed[] = {"acme.example.com", "App.Globex.example:8443"};
static const struct branding_rules rules = {
    .link_host = {"app.example.com", 15},
    .allowed = allowed,
    .allowed_count = 2,
    .sender = {"no-reply@mail.example.com", 25},
};

static bool same_host(struct text host, struct text other)
{
    return host.size == other.size && strncasecmp(host.bytes, other.bytes, host.size) == 0;
}

static bool is_allowed(struct text host)
{
    return same_host(host, rules.link_host) || same_host(host, text_of(allowed[0])) ||
           same_host(host, text_of(allowed[1]));
}

static void check_tenant(const struct branding *branding)
{
    const struct text shown[] = {branding->name, branding->support, branding->footer};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        HOLDS(characters_clean(shown[i]) && shown[i].size <= 4 * 300);
    if (branding->has_link)
        HOLDS(is_allowed(branding->link.host));
    if (branding->sign_in.size)
        HOLDS(is_allowed(branding->sign_in));
    if (branding->logo.size)
        HOLDS(link_image_valid(branding->logo));
    if (branding->colour[0])
        HOLDS(colour_contrast(branding->colour, branding->on_colour) >= 4.5);
    struct text from = branding->from_header;
    if (from.size) {
        HOLDS(from.size > 8 && memcmp(from.bytes, "From: ", 6) == 0);
        HOLDS(memmem(from.bytes, from.size, "<no-reply@mail.example.com>\r\n", 29) ==
              from.bytes + from.size - 29);
        for (size_t i = 0; i + 2 < from.size; i++)
            HOLDS(from.bytes[i] != '\n' || from.bytes[i + 1] == ' ');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text content = fuzz_own(bytes, size);
    struct branding_set *set = NULL;
    struct error error = {0};
    enum status status = branding_set_parse("tenants.ini", content, &rules, &set, &error);
    HOLDS(status == STATUS_OK ? set != NULL : !set && error.text[0]);
    for (size_t at = 0; status == STATUS_OK && at < size; at++) {
        const char *end = bytes[at] == '[' ? memchr(content.bytes + at, ']', size - at) : NULL;
        if (!end)
            continue;
        struct text tenant = {content.bytes + at + 1, (size_t)(end - content.bytes) - at - 1};
        const struct branding *branding = branding_find(set, tenant);
        if (branding) {
            HOLDS(text_equal(branding->tenant, tenant));
            check_tenant(branding);
        }
    }
    branding_set_free(&set);
    fuzz_disown(&content);
    return 0;
}
