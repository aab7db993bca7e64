/* The commands that make and take away keys: what they print is what opens, and what they leave is readable
 * and 0600. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "core/api_keys.h"
#include "core/keyring.h"
#include "core/publishers.h"
#include "io/keygen.h"
#include "io/secret_file.h"
#include "producer/credential_commands.h"

enum { WORDS_MOST = 16 };

struct scene {
    char folder[64];
    char path[96];
    char *out, *advice; /* of the last command */
    size_t out_size, advice_size;
};

static const struct command commands[] = {KEYGEN_COMMAND, CREDENTIAL_COMMANDS, {.name = NULL}};
static const struct command_program program = {.name = "test", .summary = "test", .commands = commands};

static void forget_output(struct scene *scene)
{
    free(scene->out);
    free(scene->advice);
    scene->out = scene->advice = NULL;
}

/* Runs the words of `text`; FILE stands for the scene's file. */
static int run(struct scene *scene, const char *text)
{
    char *copy = strdup(text), *rest = copy, *word;
    char *words[WORDS_MOST] = {(char *)"test"};
    int count = 1;
    struct command_line *line;
    while ((word = strsep(&rest, " ")))
        words[count++] = strcmp(word, "FILE") == 0 ? scene->path : word;
    assert_int_equal(command_line_parse(&program, count, words, &line), COMMAND_LINE_RUN);
    forget_output(scene);
    FILE *out = open_memstream(&scene->out, &scene->out_size);
    FILE *advice = open_memstream(&scene->advice, &scene->advice_size);
    const char *name = command_line_command(line)->name;
    int code = strcmp(name, "keygen") == 0     ? keygen_run(line, out, advice)
               : strncmp(name, "keys", 4) == 0 ? keys_command(line, scene->path, out, advice)
                                               : publishers_command(line, scene->path, out, advice);
    fclose(out);
    fclose(advice);
    command_line_free(&line);
    free(copy);
    return code;
}

static void assert_run(struct scene *scene, const char *text, int code)
{
    int got = run(scene, text);
    if (got != code)
        fail_msg("%s: expected exit %d, got %d: %s", text, code, got, scene->advice);
    if (code != 0) {
        assert_int_equal(scene->out_size, 0);
        assert_true(scene->advice_size > 0);
    }
}

/* The output without its line's end; the caller frees it. */
static char *printed(const struct scene *scene)
{
    assert_true(scene->out_size > 1);
    assert_ptr_equal(strchr(scene->out, '\n'), scene->out + scene->out_size - 1);
    return strndup(scene->out, scene->out_size - 1);
}

static struct buffer content(const struct scene *scene)
{
    struct buffer text;
    struct error error;
    struct stat file;
    buffer_init_secret(&text, SECRET_FILE_LIMIT);
    assert_ok(secret_file_read(scene->path, &text, &error), &error);
    assert_int_equal(stat(scene->path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    return text;
}

static void write_file(const struct scene *scene, const char *text, mode_t mode)
{
    FILE *file = fopen(scene->path, "w");
    fputs(text, file);
    fclose(file);
    chmod(scene->path, mode);
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    snprintf(scene->folder, sizeof scene->folder, "/tmp/reset-keys-XXXXXX");
    if (!mkdtemp(scene->folder))
        return -1;
    snprintf(scene->path, sizeof scene->path, "%s/file", scene->folder);
    *state = scene;
    return sodium_init() < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    forget_output(scene);
    unlink(scene->path);
    int left = rmdir(scene->folder); /* fails when a command left something beside the file */
    free(scene);
    return left;
}

static void keygen_makes_adds_and_promotes(void **state)
{
    struct scene *scene = *state;
    struct keyring *keys;
    struct error error;
    char command[64];
    assert_run(scene, "keygen FILE", 0);
    char *first = printed(scene);
    assert_run(scene, "keygen FILE", 64);
    assert_run(scene, "keygen --add FILE", 0);
    char *second = printed(scene);
    struct buffer text = content(scene);
    assert_ok(keyring_parse(buffer_text(&text), "file", &keys, &error), &error);
    assert_int_equal(keyring_count(keys), 2);
    assert_string_equal(keyring_current(keys)->kid, first);
    keyring_free(&keys);
    buffer_clear(&text);

    snprintf(command, sizeof command, "keygen --promote %s FILE", second);
    assert_run(scene, command, 0);
    text = content(scene);
    assert_int_equal(text.bytes[0], '#');
    assert_ok(keyring_parse(buffer_text(&text), "file", &keys, &error), &error);
    assert_int_equal(keyring_count(keys), 2);
    assert_string_equal(keyring_current(keys)->kid, second);
    assert_non_null(keyring_find(keys, text_of(first)));
    keyring_free(&keys);
    buffer_clear(&text);

    assert_run(scene, command, 0); /* promoting the current one changes nothing */
    assert_run(scene, "keygen --promote k0 FILE", 64);
    assert_run(scene, "keygen --add --promote k0 FILE", 64);
    free(first);
    free(second);
}

static void keygen_adds_to_a_missing_file_and_not_to_a_broken_one(void **state)
{
    struct scene *scene = *state;
    assert_run(scene, "keygen --promote k0 FILE", 78);
    assert_run(scene, "keygen --add FILE", 0);
    write_file(scene, "k1 abc\n", 0600);
    assert_run(scene, "keygen --add FILE", 78);
    struct buffer text = content(scene);
    assert_true(text_equal(buffer_text(&text), TEXT("k1 abc\n")));
    buffer_clear(&text);
}

static void an_added_key_opens_until_it_is_revoked(void **state)
{
    struct scene *scene = *state;
    struct api_keys *keys;
    struct error error;
    char command[128];
    write_file(scene, "# ours\n", 0600);
    assert_run(scene, "keys add --name shop --scope request:self --scope status --tenant acme --tenant a,b",
               0);
    char *shown = printed(scene);
    assert_run(scene, "keys add --name office --scope redeem,revoke --tenant *", 0);

    struct buffer text = content(scene);
    assert_non_null(memmem(text.bytes, text.size, "# ours\n", 7));
    assert_null(memmem(text.bytes, text.size, shown + strlen(shown) - 20, 20));
    assert_ok(api_keys_parse(buffer_text(&text), "file", &keys, &error), &error);
    const struct api_key *key = api_keys_authenticate(keys, text_of(shown));
    assert_non_null(key);
    assert_true(text_equal(key->name, TEXT("shop")));
    assert_int_equal(key->grant.scopes, SCOPE_REQUEST_SELF | SCOPE_STATUS);
    assert_true(grant_has_tenant(&key->grant, TEXT("a,b")));
    snprintf(command, sizeof command, "keys revoke %.*s", (int)key->id.size, key->id.bytes);
    api_keys_free(&keys);
    buffer_clear(&text);

    assert_run(scene, "keys list", 0);
    assert_non_null(strstr(scene->out, " request:self,status acme,a%2Cb shop\n"));
    assert_non_null(strstr(scene->out, " redeem,revoke * office\n"));
    assert_run(scene, command, 0);
    assert_run(scene, command, 64);
    text = content(scene);
    assert_ok(api_keys_parse(buffer_text(&text), "file", &keys, &error), &error);
    assert_int_equal(api_keys_count(keys), 1);
    assert_null(api_keys_authenticate(keys, text_of(shown)));
    api_keys_free(&keys);
    buffer_clear(&text);
    free(shown);
}

static void an_added_publisher_signs_with_what_was_printed(void **state)
{
    struct scene *scene = *state;
    struct publishers *publishers;
    struct error error;
    struct signature_key key;
    struct buffer header;
    const struct publisher *publisher;
    assert_run(scene, "publishers add --name web --scope request:admin --tenant acme", 0);
    char *shown = printed(scene);
    assert_memory_equal(shown, "web ", 4);
    assert_run(scene, "publishers add --name web --scope request:admin --tenant acme", 64);
    assert_run(scene, "publishers add --name we --scope request:self --tenant *", 0);

    struct buffer text = content(scene);
    assert_ok(publishers_parse(buffer_text(&text), "file", &publishers, &error), &error);
    buffer_init(&header, 256);
    signature_key_init(&key, text_of(shown + 4));
    signature_make(&key, TEXT("web"), TEXT("value"), &header);
    assert_ok(publishers_verify(publishers, buffer_text(&header), TEXT("value"), &publisher, &error), &error);
    assert_true(grant_has_scope(&publisher->grant, SCOPE_REQUEST_ADMIN));
    publishers_free(&publishers);
    buffer_clear(&header);
    buffer_clear(&text);

    assert_run(scene, "publishers list", 0);
    assert_string_equal(scene->out, "we request:self *\nweb request:admin acme\n");
    assert_null(strstr(scene->out, shown + 4));
    assert_run(scene, "publishers revoke web", 0);
    assert_run(scene, "publishers list", 0);
    assert_string_equal(scene->out, "we request:self *\n");
    free(shown);
}

static void what_is_missing_or_wrong_is_named_and_nothing_is_written(void **state)
{
    static const struct {
        const char *command, *said;
    } cases[] = {
        {"keys add --scope redeem --tenant x", "--name is missing"},
        {"keys add --name a --tenant x", "--scope is missing"},
        {"keys add --name a --scope redeem", "--tenant is missing"},
        {"keys add --name a --scope all --tenant x", "\"all\" is no scope"},
        {"keys add --name a --scope redeem --tenant * --tenant x", "tenant 1"},
        {"keys add --name a\tb\n --scope redeem --tenant x", "--name is"},
        {"publishers add --name a/b --scope redeem --tenant x", "--name is"},
        {"publishers add --scope redeem --tenant x", "--name is missing"},
        {"keys revoke nobody", "no key nobody"},
        {"publishers revoke nobody", "no publisher nobody"},
    };
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_run(scene, cases[i].command, 64);
        if (!strstr(scene->advice, cases[i].said))
            fail_msg("%s: expected \"%s\", got \"%s\"", cases[i].command, cases[i].said, scene->advice);
        assert_int_not_equal(access(scene->path, F_OK), 0);
    }
}

static void a_file_that_others_can_read_is_refused(void **state)
{
    static const char *const commands_of_all[] = {"keygen --add FILE",
                                                  "keys list",
                                                  "keys revoke a",
                                                  "publishers list",
                                                  "keys add --name a --scope redeem --tenant x",
                                                  "publishers add --name a --scope redeem --tenant x"};
    struct scene *scene = *state;
    write_file(scene, "# mine\n", 0640);
    for (size_t i = 0; i < sizeof commands_of_all / sizeof *commands_of_all; i++) {
        assert_run(scene, commands_of_all[i], 78);
        assert_non_null(strstr(scene->advice, "chmod 600"));
    }
}

static void a_missing_folder_or_path_is_a_fault_of_the_configuration(void **state)
{
    struct scene *scene = *state;
    char path[sizeof scene->path];
    memcpy(path, scene->path, sizeof path);
    snprintf(scene->path, sizeof scene->path, "%s/none/file", scene->folder);
    assert_run(scene, "keys list", 78);
    assert_run(scene, "keys add --name a --scope redeem --tenant x", 78);
    assert_run(scene, "keygen FILE", 78);
    memcpy(scene->path, path, sizeof path);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SCENE(keygen_makes_adds_and_promotes),
        SCENE(keygen_adds_to_a_missing_file_and_not_to_a_broken_one),
        SCENE(an_added_key_opens_until_it_is_revoked),
        SCENE(an_added_publisher_signs_with_what_was_printed),
        SCENE(what_is_missing_or_wrong_is_named_and_nothing_is_written),
        SCENE(a_file_that_others_can_read_is_refused),
        SCENE(a_missing_folder_or_path_is_a_fault_of_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
