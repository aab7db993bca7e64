/* How a tenant's mails look, and that a tenant's file can lead nobody elsewhere. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/mail/branding.h"

static const char *const allowed_hosts[] = {"acme.example.com", "App.Globex.example:8443"};
static const struct branding_rules rules = {
    .link_host = {"app.example.com", 15},
    .allowed = allowed_hosts,
    .allowed_count = 2,
    .sender = {"no-reply@mail.example.com", 25},
};

static struct branding_set *parsed(const char *content)
{
    struct branding_set *set;
    struct error error;
    assert_ok(branding_set_parse("tenants.ini", text_of(content), &rules, &set, &error), &error);
    return set;
}

static void assert_text(struct text text, const char *expected)
{
    if (!text_equal(text, text_of(expected)))
        fail_msg("expected '%s', got '%.*s'", expected, (int)text.size, text.bytes);
}

static void a_tenant_has_what_its_section_says(void **state)
{
    (void)state;
    struct branding_set *set = parsed("\xEF\xBB\xBF# all of it\r\n"
                                      "[zeta]\r\n"
                                      "name = Zeta; = \"quoted\" \r\n"
                                      "\n"
                                      "  [ acme ]\n"
                                      "; a comment\n"
                                      "name=ACME, Inc.\n"
                                      "from_name = ACME \xC3\x84rger\n"
                                      "support = help@acme.example or +49 30 123\n"
                                      "footer = ACME GmbH, Berlin ; HRB 123\n"
                                      "logo = https://cdn.acme.example/logo.png?v=1\n"
                                      "colour = #0A7\n"
                                      "link = https://acme.example.com/new#{token}\n"
                                      "sign_in = acme.example.com\n"
                                      "[empty]");
    const struct branding *acme = branding_find(set, TEXT("acme")), *zeta = branding_find(set, TEXT("zeta"));
    assert_non_null(acme);
    assert_text(acme->tenant, "acme");
    assert_text(acme->name, "ACME, Inc.");
    assert_text(acme->from_header, "From: =?UTF-8?B?QUNNRSDDhHJnZXI=?= <no-reply@mail.example.com>\r\n");
    assert_text(acme->support, "help@acme.example or +49 30 123");
    assert_text(acme->footer, "ACME GmbH, Berlin ; HRB 123");
    assert_text(acme->logo, "https://cdn.acme.example/logo.png?v=1");
    assert_text(acme->sign_in, "acme.example.com");
    assert_string_equal(acme->colour, "#00aa77");
    assert_true(acme->has_link);
    assert_text(acme->link.before, "https://acme.example.com/new#");
    assert_text(acme->link.host, "acme.example.com");
    assert_text(zeta->name, "Zeta; = \"quoted\"");
    assert_int_equal(zeta->from_header.size + zeta->support.size + zeta->logo.size, 0);
    assert_string_equal(zeta->colour, "");
    assert_false(zeta->has_link);
    assert_non_null(branding_find(set, TEXT("empty")));
    static const char *const unknown[] = {"", "Acme", "acm", "acmee", "acme\xC3\xA4", "zet", "zetaa"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_null(branding_find(set, text_of(unknown[i])));
    branding_set_free(&set);
    assert_null(set);
    assert_null(branding_find(NULL, TEXT("acme")));
    branding_set_free(&set);
}

static void many_tenants_are_found_and_keep_their_own_names(void **state)
{
    (void)state;
    enum { TENANTS = 3000 };
    struct buffer file;
    buffer_init(&file, 1 << 20);
    for (int i = 0; i < TENANTS; i++) {
        char section[128];
        int number = i * 7919 % TENANTS;
        snprintf(section, sizeof section, "[t%d]\nname = N%d\nfrom_name = F%d\n", number, number, number);
        buffer_append_string(&file, section);
    }
    struct branding_set *set;
    struct error error;
    assert_ok(branding_set_parse("f", buffer_text(&file), &rules, &set, &error), &error);
    buffer_clear(&file); /* the set keeps nothing of it */
    for (int i = 0; i < TENANTS; i++) {
        char tenant[32], name[32], from[96];
        snprintf(tenant, sizeof tenant, "t%d", i);
        snprintf(name, sizeof name, "N%d", i);
        snprintf(from, sizeof from, "From: \"F%d\" <no-reply@mail.example.com>\r\n", i);
        const struct branding *found = branding_find(set, text_of(tenant));
        assert_non_null(found);
        assert_text(found->name, name);
        assert_text(found->from_header, from);
    }
    branding_set_free(&set);
}

static void a_colour_of_any_kind_leaves_the_button_readable(void **state)
{
    (void)state;
    const struct {
        const char *colour, *on, *edge;
    } cases[] = {
        {"#ffffff", "#000000", "#64748b"}, {"#000000", "#ffffff", "#000000"},
        {"#1d4ed8", "#ffffff", "#1d4ed8"}, {"#FFD700", "#000000", "#64748b"},
        {"#777777", "#000000", "#777777"}, {"#767676", "#000000", "#767676"},
        {"#f00", "#000000", "#ff0000"},    {"#c00000", "#ffffff", "#c00000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char file[64];
        snprintf(file, sizeof file, "[a]\ncolour = %s\n", cases[i].colour);
        struct branding_set *set = parsed(file);
        const struct branding *found = branding_find(set, TEXT("a"));
        assert_string_equal(found->on_colour, cases[i].on);
        assert_string_equal(found->edge, cases[i].edge);
        branding_set_free(&set);
    }
    for (unsigned colour = 0; colour < 1U << 24; colour += 257) {
        char name[COLOUR_SIZE];
        snprintf(name, sizeof name, "#%06x", colour);
        if (colour_contrast(name, colour_readable_on(name)) < 4.58)
            fail_msg("%s: %f", name, colour_contrast(name, colour_readable_on(name)));
    }
    assert_true(colour_contrast("#000000", "#ffffff") > 20.99 &&
                colour_contrast("#ffffff", "#000000") < 21.01);
}

static void a_mistake_is_named_with_file_and_line(void **state)
{
    (void)state;
    const struct {
        struct text content;
        const char *fault;
    } cases[] = {
        {TEXT("name = ACME\n"), "tenants.ini:1: name stands before the first [tenant]"},
        {TEXT("[acme]\n\nname\n"), "tenants.ini:3: this is neither [tenant] nor key = value"},
        {TEXT("[acme\n"), "tenants.ini:1: no [tenant id]"},
        {TEXT("[]\n"), "tenants.ini:1: no [tenant id]"},
        {TEXT("[a/b]\n"), "tenants.ini:1: no [tenant id]"},
        {TEXT("[a\xFF]\n"), "tenants.ini:1: no [tenant id]"},
        {TEXT("["), "tenants.ini:1: no [tenant id]"},
        {TEXT("[a\0b]\n"), "tenants.ini:1: no [tenant id]"},
        {TEXT("[b]\n[acme]\n[c]\n[acme]\n[d]\n"), "tenants.ini:4: the tenant has a section already"},
        {TEXT("[acme]\nnmae = x\n"), "tenants.ini:2: an unknown key; a tenant has name, from_name"},
        {TEXT("[acme]\nname = x\nname = y\n"), "tenants.ini:3: name is there twice"},
        {TEXT("[acme]\nname =\n"), "tenants.ini:2: name is empty"},
        {TEXT("[acme]\nname = \xE2\x80\xAE"
              "EMCA\n"),
         "tenants.ini:2: name is not UTF-8, or has a character that controls"},
        {TEXT("[acme]\nname = a\0b\n"), "tenants.ini:2: name is not UTF-8, or"},
        {TEXT("[acme]\nname = \xC3\n"), "tenants.ini:2: name is not UTF-8, or"},
        {TEXT("[acme]\nname = "
              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"),
         "tenants.ini:2: name is too long"},
        {TEXT("[acme]\nfrom_name = Eve <eve@evil.example>\n"), "tenants.ini:2: from_name has a character"},
        {TEXT("[acme]\ncolour = red\n"), "tenants.ini:2: colour is no colour"},
        {TEXT("[acme]\ncolour = #12345g\n"), "tenants.ini:2: colour is no colour"},
        {TEXT("[acme]\ncolour = #123456;background:url(x)\n"), "tenants.ini:2: colour is no colour"},
        {TEXT("[acme]\nlogo = http://cdn.acme.example/logo.png\n"), "tenants.ini:2: logo is no https://"},
        {TEXT("[acme]\nlogo = https://cdn.acme.example/a b.png\n"), "tenants.ini:2: logo is no https://"},
        {TEXT("[acme]\nlogo = https://\n"), "tenants.ini:2: logo is no https://"},
        {TEXT("[acme]\nlogo = https://u:p@cdn.acme.example/x.png\n"), "tenants.ini:2: logo is no https://"},
        {TEXT("[acme]\nlogo = https://cdn.acme.example/\"onerror=\n"), "tenants.ini:2: logo is no https://"},
        {TEXT("[acme]\nlogo = javascript:alert(1)\n"), "tenants.ini:2: logo is no https://"},
        {TEXT("[acme]\nlink = https://evil.example/#{token}\n"),
         "tenants.ini:2: link leads to a host that is neither"},
        {TEXT("[acme]\nlink = https://acme.example.com.evil.example/#{token}\n"),
         "tenants.ini:2: link leads to"},
        {TEXT("[acme]\nlink = https://evil.example/acme.example.com#{token}\n"),
         "tenants.ini:2: link leads to"},
        {TEXT("[acme]\nlink = https://acme.example.com:444/#{token}\n"), "tenants.ini:2: link leads to"},
        {TEXT("[acme]\nlink = https://acme.example.com@evil.example/#{token}\n"),
         "tenants.ini:2: link has user"},
        {TEXT("[acme]\nlink = https://acme.example.com/\n"), "tenants.ini:2: link has no {token}"},
        {TEXT("[acme]\nlink = http://acme.example.com/{token}\n"), "tenants.ini:2: link is not https://"},
        {TEXT("[acme]\nsign_in = https://acme.example.com\n"), "tenants.ini:2: sign_in is no host"},
        {TEXT("[acme]\nsign_in = evil.example\n"), "tenants.ini:2: sign_in is neither"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct branding_set *set;
        struct error error;
        assert_int_equal(branding_set_parse("tenants.ini", cases[i].content, &rules, &set, &error),
                         STATUS_CONFIG);
        assert_null(set);
        if (strncmp(error.text, cases[i].fault, strlen(cases[i].fault)) != 0)
            fail_msg("case %zu: expected '%s', got: %s", i, cases[i].fault, error.text);
    }
}

static void hosts_are_allowed_whatever_the_case_of_their_letters(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "link = https://app.example.com/own/{token}",
        "link = https://ACME.example.com/{token}",
        "link = https://app.globex.example:8443/{token}",
        "sign_in = app.example.com",
        "sign_in = app.globex.example:8443",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char file[128];
        snprintf(file, sizeof file, "[a]\n%s\n", cases[i]);
        struct branding_set *set = parsed(file);
        branding_set_free(&set);
    }
}

static void what_looks_like_markup_is_taken_as_it_stands(void **state)
{
    (void)state;
    struct branding_set *set = parsed("[a]\nname = {{link}} <script>\nfrom_name = =?utf-8?q?evil?=\n");
    const struct branding *found = branding_find(set, TEXT("a"));
    assert_text(found->name, "{{link}} <script>");
    assert_text(found->from_header,
                "From: =?UTF-8?B?PT91dGYtOD9xP2V2aWw/PQ==?= <no-reply@mail.example.com>\r\n");
    branding_set_free(&set);
}

/* Whatever bytes the file has: a set, or an error with the file's name. */
static void a_mutated_file_is_refused_or_taken_whole(void **state)
{
    (void)state;
    static const char plain[] =
        "[acme]\nname = A\nfrom_name = B\ncolour = #123456\nlogo = https://c.example/l\n"
        "link = https://acme.example.com/{token}\nsign_in = app.example.com\n[b]\nfooter = x\n";
    static const char bytes[] = "[]=#;\n\r \t\"<{/.:\0\x80\xFF"
                                "a";
    uint32_t random = 4711;
    size_t taken = 0, refused = 0;
    for (size_t round = 0; round < 20000; round++) {
        size_t size = sizeof plain - 1 - (round % 5 == 0 ? (random >> 9) % (sizeof plain - 1) : 0);
        char *file = malloc(size ? size : 1);
        memcpy(file, plain, size);
        for (size_t change = 0; change <= round % 3 && size; change++) {
            random = random * 1664525 + 1013904223;
            file[(random >> 8) % size] = bytes[(random >> 24) % (sizeof bytes - 1)];
        }
        struct branding_set *set;
        struct error error;
        if (branding_set_parse("f", (struct text){file, size}, &rules, &set, &error) == STATUS_OK) {
            taken++;
            const struct branding *found = branding_find(set, TEXT("acme"));
            assert_true(!found || !found->has_link || found->link.host.size > 0);
        } else {
            refused++;
            assert_memory_equal(error.text, "f:", 2);
            assert_null(strchr(error.text, '\n'));
        }
        branding_set_free(&set);
        free(file);
    }
    if (taken < 300 || refused < 1000)
        fail_msg("%zu taken, %zu refused", taken, refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tenant_has_what_its_section_says),
        cmocka_unit_test(many_tenants_are_found_and_keep_their_own_names),
        cmocka_unit_test(a_colour_of_any_kind_leaves_the_button_readable),
        cmocka_unit_test(a_mistake_is_named_with_file_and_line),
        cmocka_unit_test(hosts_are_allowed_whatever_the_case_of_their_letters),
        cmocka_unit_test(what_looks_like_markup_is_taken_as_it_stands),
        cmocka_unit_test(a_mutated_file_is_refused_or_taken_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
