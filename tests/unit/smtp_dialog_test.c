/* Scripted conversations.  Each is run with the relay's bytes in one piece, cut at every place, and byte by
 * byte, and with our own writes whole and byte by byte: what we say and what becomes of each message must be
 * the same. */
#include "support.h"

#include <stdio.h>

#include "core/buffer.h"
#include "core/smtp/dialog.h"

#define ENVELOPE(n) "MAIL FROM:<bounce@example.org>\r\nRCPT TO:<" n "@example.com>\r\nDATA\r\n"
#define CONTENT     "Subject: x\r\n\r\n..leading dot\r\n...\r\n"
#define MESSAGE     "Subject: x\r\n\r\n.leading dot\r\n..\r\n"
#define OK3         "250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n"

/* A step begins with what it is: "+n" message n is submitted, "<" the relay says, ">" we say (all that is
 * output, and it is written), "!cut", "!deadline", "!deny" (the dot), "!back" (take back the one ahead),
 * "!quit", "~n" message n is refused before it is sent. */
struct dialog_case {
    const char *name;
    const char *offers; /* EHLO's keywords, separated by spaces, with _ for a space */
    const char *steps[12];
    const char *events; /* as they came */
    bool over;
};

static const struct dialog_case cases[] = {
    {"one message",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<" OK3, ">" CONTENT ".\r\n", "<250 2.0.0 queued\r\n"},
     "1:dot 1:accepted/dot/none/250/2.0.0 ",
     false},
    {"one round trip a message",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<" OK3, "+2", ">" CONTENT ".\r\n" ENVELOPE("2"), "<250 2.0.0 queued\r\n" OK3,
      ">" CONTENT ".\r\n", "<250 2.0.0 queued\r\n"},
     "1:dot 1:accepted/dot/none/250/2.0.0 2:dot 2:accepted/dot/none/250/2.0.0 ",
     false},
    {"lockstep",
     "",
     {"+1", ">MAIL FROM:<bounce@example.org>\r\n", "<250 ok\r\n", ">RCPT TO:<1@example.com>\r\n",
      "<251 ok\r\n", ">DATA\r\n", "<354 go\r\n", ">" CONTENT ".\r\n", "<250-queued\r\n250 ok\r\n", "+2",
      ">MAIL FROM:<bounce@example.org>\r\n"},
     "1:dot 1:accepted/dot/none/250/0.0.0 ",
     false},
    {"MAIL refused",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<550 5.7.1 no\r\n503 no\r\n503 no\r\n", "+2", ">" ENVELOPE("2")},
     "1:refused!/mail/reply/550/5.7.1 ",
     false},
    {"RCPT refused costs an RSET",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<250 ok\r\n450 4.2.1 later\r\n554 no valid recipients\r\n", "+2",
      ">RSET\r\n" ENVELOPE("2"), "<250 ok\r\n" OK3, ">" CONTENT ".\r\n", "<250 ok\r\n"},
     "1:refused/rcpt/reply/450/4.2.1 2:dot 2:accepted/dot/none/250/0.0.0 ",
     false},
    {"refused, and yet 354: a lone dot",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<250 ok\r\n550 5.1.1 no\r\n354 go\r\n", ">.\r\n",
      "<554 no valid recipients\r\n", ">RSET\r\n", "<250 ok\r\n", "+2", ">" ENVELOPE("2")},
     "1:refused!/rcpt/reply/550/5.1.1 ",
     false},
    {"MAIL refused, RCPT accepted, and yet 354: no dot, nobody gets an empty mail",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<550 no\r\n250 ok\r\n354 go\r\n", ">"},
     "1:refused!/mail/reply/550/0.0.0 ",
     true},
    {"MAIL and RCPT refused, and yet 354",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<550 no\r\n550 no\r\n354 go\r\n", ">"},
     "1:refused!/mail/reply/550/0.0.0 ",
     true},
    {"DATA refused",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<250 ok\r\n250 ok\r\n451 4.3.0 no\r\n", ">RSET\r\n"},
     "1:refused/data/reply/451/4.3.0 ",
     false},
    {"dot refused",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<" OK3, "+2", ">" CONTENT ".\r\n" ENVELOPE("2"), "<554 5.7.1 spam\r\n" OK3,
      ">" CONTENT ".\r\n", "<452 4.3.1 full\r\n"},
     "1:dot 1:refused!/dot/reply/554/5.7.1 2:dot 2:refused/dot/reply/452/4.3.1 ",
     false},
    {"lockstep: RCPT refused",
     "",
     {"+1", ">MAIL FROM:<bounce@example.org>\r\n", "<250 ok\r\n", ">RCPT TO:<1@example.com>\r\n",
      "<550 no\r\n", ">RSET\r\n", "+2", ">", "<250 ok\r\n", ">MAIL FROM:<bounce@example.org>\r\n"},
     "1:refused!/rcpt/reply/550/0.0.0 ",
     false},
    {"lockstep: MAIL refused needs no RSET",
     "",
     {"+1", ">MAIL FROM:<bounce@example.org>\r\n", "<450 no\r\n", ">", "+2",
      ">MAIL FROM:<bounce@example.org>\r\n"},
     "1:refused/mail/reply/450/0.0.0 ",
     false},
    {"RSET refused",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<250 ok\r\n450 no\r\n554 no\r\n", "+2", ">RSET\r\n" ENVELOPE("2"),
      "<502 no\r\n", ">"},
     "1:refused/rcpt/reply/450/0.0.0 2:unavailable/mail/protocol/0/0.0.0 ",
     true},

    {"421 at MAIL",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<421 4.3.2 bye\r\n", ">"},
     "1:unavailable/mail/reply/421/0.0.0 ",
     true},
    {"421 at RCPT",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<250 ok\r\n421 bye\r\n", ">"},
     "1:unavailable/rcpt/reply/421/0.0.0 ",
     true},
    {"421 at DATA",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<250 ok\r\n250 ok\r\n421 bye\r\n", ">"},
     "1:unavailable/data/reply/421/0.0.0 ",
     true},
    {"421 at the dot: no, and no doubt; the one ahead was not tried",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<" OK3, "+2", ">" CONTENT ".\r\n" ENVELOPE("2"), "<421 bye\r\n", ">"},
     "1:dot 1:unavailable/dot/reply/421/0.0.0 2:unavailable/mail/cut/0/0.0.0 ",
     true},
    {"421 when idle", "PIPELINING", {"<421 4.4.2 idle too long\r\n", ">"}, "", true},
    {"421 after a refused recipient",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<250 ok\r\n550 no\r\n421 bye\r\n", ">"},
     "1:refused!/rcpt/reply/550/0.0.0 ",
     true},

    {"cut before MAIL's reply",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "!cut"},
     "1:unavailable/mail/cut/0/0.0.0 ",
     true},
    {"cut before RCPT's reply",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<250 ok\r\n", "!cut"},
     "1:unavailable/rcpt/cut/0/0.0.0 ",
     true},
    {"cut with the dot unwritten",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<" OK3, "!cut"},
     "1:unavailable/content/cut/0/0.0.0 ",
     true},
    {"cut after the dot",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<" OK3, ">" CONTENT ".\r\n", "!cut"},
     "1:dot 1:uncertain/dot/cut/0/0.0.0 ",
     true},
    {"cut within the dot's reply",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<" OK3, ">" CONTENT ".\r\n", "<250 o", "!cut"},
     "1:dot 1:uncertain/dot/cut/0/0.0.0 ",
     true},
    {"deadline at the dot; the one ahead was not tried",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<" OK3, "+2", ">" CONTENT ".\r\n" ENVELOPE("2"), "!deadline"},
     "1:dot 1:uncertain/dot/deadline/0/0.0.0 2:unavailable/mail/deadline/0/0.0.0 ",
     true},
    {"the dot is denied",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<" OK3, "!deny", ">"},
     "1:withheld/content/caller/0/0.0.0 ",
     true},
    {"the one ahead is taken back",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<" OK3, "+2", ">" CONTENT ".\r\n" ENVELOPE("2"), "!back", "<250 ok\r\n", ">"},
     "1:dot 2:back 1:accepted/dot/none/250/0.0.0 ",
     true},

    {"a reply that nobody asked for", "PIPELINING", {"<250 ok\r\n", ">"}, "", true},
    {"354 to MAIL",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<354 go\r\n", ">"},
     "1:unavailable/mail/protocol/0/0.0.0 ",
     true},
    {"250 to DATA",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<250 ok\r\n250 ok\r\n250 ok\r\n", ">"},
     "1:unavailable/data/protocol/0/0.0.0 ",
     true},
    {"354 to the dot",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<" OK3, ">" CONTENT ".\r\n", "<354 go\r\n", ">"},
     "1:dot 1:uncertain/dot/protocol/0/0.0.0 ",
     true},
    {"the dot's answer before the dot",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<" OK3 "250 ok\r\n", ">"},
     "1:uncertain/dot/protocol/0/0.0.0 ",
     true},
    {"refused before the dot",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<" OK3 "552 5.3.4 too big\r\n", ">"},
     "1:refused!/content/reply/552/5.3.4 ",
     true},
    {"lockstep: an answer before its command is written",
     "",
     {"+1", ">MAIL FROM:<bounce@example.org>\r\n", "<250 ok\r\n250 ok\r\n", ">"},
     "1:unavailable/rcpt/protocol/0/0.0.0 ",
     true},
    {"not SMTP at the dot",
     "PIPELINING",
     {"+1", ">" ENVELOPE("1"), "<" OK3, ">" CONTENT ".\r\n", "<hello\r\n", ">"},
     "1:dot 1:uncertain/dot/protocol/0/0.0.0 ",
     true},

    {"QUIT", "PIPELINING", {"!quit", ">QUIT\r\n", "<221 2.0.0 bye\r\n", ">"}, "", true},
    {"SIZE is told",
     "PIPELINING SIZE_100000",
     {"+1", ">MAIL FROM:<bounce@example.org> SIZE=32\r\nRCPT TO:<1@example.com>\r\nDATA\r\n"},
     "",
     false},
    {"too long for the relay",
     "PIPELINING SIZE_31",
     {"+1", ">", "+2", ">"},
     "1:refused!/none/size/0/0.0.0 2:refused!/none/size/0/0.0.0 ",
     false},
    {"an address with its needs met",
     "PIPELINING SMTPUTF8 8BITMIME",
     {"+u", ">MAIL FROM:<bounce@example.org> BODY=8BITMIME SMTPUTF8\r\nRCPT "
            "TO:<j\xc3\xbcrgen@example.com>\r\nDATA\r\n"},
     "",
     false},
    {"an address that the relay cannot take",
     "PIPELINING 8BITMIME",
     {"+u", ">", "+1", ">" ENVELOPE("1")},
     "u:refused!/none/smtputf8/0/0.0.0 ",
     false},
    {"an address with a command in it", "PIPELINING", {"+c", ">"}, "c:refused!/none/address/0/0.0.0 ", false},
    {"an address with a bracket in it", "PIPELINING", {"+b", ">"}, "b:refused!/none/address/0/0.0.0 ", false},
    {"no address", "PIPELINING", {"+0", ">"}, "0:refused!/none/address/0/0.0.0 ", false},
    {"a message with a bare LF", "PIPELINING", {"+l", ">"}, "l:refused!/none/content/0/0.0.0 ", false},
    {"a message without an end", "PIPELINING", {"+e", ">"}, "e:refused!/none/content/0/0.0.0 ", false},
};

static const struct {
    char name;
    const char *recipient, *content;
} messages[] = {
    {'1', "1@example.com", MESSAGE},
    {'2', "2@example.com", MESSAGE},
    {'u', "j\xc3\xbcrgen@example.com", MESSAGE},
    {'c', "x@example.com>\r\nRCPT TO:<y@example.com", MESSAGE},
    {'b', "x>@example.com", MESSAGE},
    {'0', "", MESSAGE},
    {'l', "1@example.com", "a\n.\nMAIL FROM:<x@example.com>\r\n"},
    {'e', "1@example.com", "a\r\nb"},
};

struct run {
    const struct dialog_case *script;
    struct smtp_dialog *dialog;
    size_t cut; /* where the relay's bytes are cut; 0: nowhere */
    bool bytewise_in, bytewise_out;
    struct buffer events;
};

static void take_events(struct run *run)
{
    struct smtp_dialog_event event;
    char line[128];
    while (smtp_dialog_next_event(run->dialog, &event)) {
        const struct smtp_result *result = &event.result;
        char name = *(const char *)event.context;
        if (event.kind == SMTP_DIALOG_AT_DOT)
            snprintf(line, sizeof line, "%c:dot ", name);
        else
            snprintf(line, sizeof line, "%c:%s%s/%s/%s/%d/%d.%d.%d ", name,
                     smtp_result_kind_name(result->kind), result->permanent ? "!" : "",
                     smtp_stage_name(result->stage), smtp_reason_name(result->reason), result->code,
                     result->enhanced.class, result->enhanced.subject, result->enhanced.detail);
        buffer_append_string(&run->events, line);
    }
}

static void submit(struct run *run, char name)
{
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        if (messages[i].name != name)
            continue;
        const struct smtp_message message = {
            .envelope_from = TEXT("bounce@example.org"),
            .recipient = text_of(messages[i].recipient),
            .content = text_of(messages[i].content),
            .context = (void *)&messages[i].name,
        };
        assert_true(smtp_dialog_has_room(run->dialog, true));
        smtp_dialog_submit(run->dialog, &message);
    }
}

static void hear(struct run *run, struct text bytes)
{
    while (bytes.size > 0) {
        size_t size = run->bytewise_in ? 1 : run->cut > 0 && run->cut < bytes.size ? run->cut : bytes.size;
        run->cut = run->cut > size ? run->cut - size : 0;
        smtp_dialog_input(run->dialog, (struct text){bytes.bytes, size});
        take_events(run);
        bytes.bytes += size;
        bytes.size -= size;
    }
}

static void say(struct run *run, const char *expected)
{
    struct text output = smtp_dialog_output(run->dialog);
    if (!text_equal(output, text_of(expected)))
        fail_msg("%s: expected to say \"%s\", said \"%.*s\"", run->script->name, expected, (int)output.size,
                 output.bytes);
    while (output.size > 0) {
        size_t size = run->bytewise_out ? 1 : output.size;
        smtp_dialog_written(run->dialog, size);
        take_events(run);
        output.size -= size;
    }
}

static void act(struct run *run, const char *what)
{
    void *context;
    if (strcmp(what, "cut") == 0) {
        smtp_dialog_end(run->dialog, SMTP_REASON_CUT);
    } else if (strcmp(what, "deadline") == 0) {
        smtp_dialog_end(run->dialog, SMTP_REASON_DEADLINE);
    } else if (strcmp(what, "deny") == 0) {
        assert_non_null(smtp_dialog_dot_unsent(run->dialog));
        smtp_dialog_end(run->dialog, SMTP_REASON_CALLER);
    } else if (strcmp(what, "back") == 0) {
        assert_true(smtp_dialog_take_back(run->dialog, &context));
        buffer_append_byte(&run->events, *(const char *)context);
        buffer_append_string(&run->events, ":back ");
    } else {
        assert_string_equal(what, "quit");
        smtp_dialog_quit(run->dialog);
    }
}

static void converse(struct run *run)
{
    struct smtp_capabilities capabilities = {0};
    char offers[64], *rest = offers, *word;
    snprintf(offers, sizeof offers, "%s", run->script->offers);
    while ((word = strsep(&rest, " "))) {
        char line[80];
        snprintf(line, sizeof line, "250-%s\r\n", word);
        for (char *byte = line; *byte; byte++)
            *byte = *byte == '_' ? ' ' : *byte;
        smtp_capabilities_take(&capabilities, text_of(line));
    }
    buffer_init(&run->events, 4096);
    run->dialog = smtp_dialog_new(&capabilities, 4096);
    assert_non_null(run->dialog);
    for (size_t i = 0; i < 12 && run->script->steps[i]; i++) {
        const char *step = run->script->steps[i];
        if (*step == '+')
            submit(run, step[1]);
        else if (*step == '<')
            hear(run, text_of(step + 1));
        else if (*step == '>')
            say(run, step + 1);
        else
            act(run, step + 1);
        take_events(run);
    }
    buffer_append_byte(&run->events, '\0');
    if (strcmp(run->events.bytes, run->script->events) != 0)
        fail_msg("%s: expected \"%s\", got \"%s\" (cut %zu, bytewise %d %d)", run->script->name,
                 run->script->events, run->events.bytes, run->cut, run->bytewise_in, run->bytewise_out);
    if (smtp_dialog_is_over(run->dialog) != run->script->over)
        fail_msg("%s: over is %d", run->script->name, !run->script->over);
    smtp_dialog_free(&run->dialog);
    buffer_clear(&run->events);
}

static void conversations_are_the_same_in_all_fragments(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t heard = 0;
        for (size_t j = 0; j < 12 && cases[i].steps[j]; j++)
            if (*cases[i].steps[j] == '<')
                heard += strlen(cases[i].steps[j]) - 1;
        for (size_t cut = 0; cut < heard + 1; cut++)
            converse(&(struct run){.script = &cases[i], .cut = cut});
        converse(&(struct run){.script = &cases[i], .bytewise_in = true});
        converse(&(struct run){.script = &cases[i], .bytewise_out = true});
        converse(&(struct run){.script = &cases[i], .bytewise_in = true, .bytewise_out = true});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(conversations_are_the_same_in_all_fragments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
