/* All records of a walk on one line, in the numbers that its commands use. */
#include <assert.h>
#include <stdio.h>

#include "walk_ledger.h"

/* The number that desk.c wrote out into an owner, an inc or a claim. */
static unsigned number_of(const unsigned char *bytes)
{
    unsigned number = 0;
    for (size_t i = 1; bytes[i] >= '0' && bytes[i] <= '9'; i++)
        number = number * 10 + (unsigned)(bytes[i] - '0');
    return number;
}

static char digit_of(struct text request_id)
{
    if (request_id.size == 0)
        return '9';
    return request_id.size == DESK_ID_SIZE - 1 ? request_id.bytes[DESK_ID_SIZE - 2] : '7';
}

static void print_user(struct ledger *ledger)
{
    struct ledger_seen seen;
    struct user_record user = {.fence_ms = 0};
    if (ledger_look(ledger, ledger->user_key, &seen) &&
        user_record_parse(ledger_text(&seen), &user) != STATUS_OK)
        printf("unreadable ");
    int64_t fence = user.fence_ms > 0 ? (user.fence_ms - ledger->origin_ms) / WALK_APART_MS : -1;
    printf("%c|%c|%lld|", digit_of(user.newest[LANE_LINK].request_id),
           digit_of(user.newest[LANE_PASSWORD].request_id), (long long)fence);
}

static void know_password(struct ledger *ledger, unsigned request, unsigned number,
                          const struct password_record *record)
{
    if (ledger_find_password(ledger, request, number))
        return;
    assert(ledger->password_count < WALK_PASSWORDS_MOST);
    struct walk_known_password *known = &ledger->passwords[ledger->password_count++];
    *known = (struct walk_known_password){.request = request, .number = number, .record = *record};
    known->record.request_id = known->record.tenant = known->record.user_id = known->record.kid =
        (struct text){NULL, 0};
}

const struct walk_known_password *ledger_find_password(const struct ledger *ledger, unsigned request,
                                                       unsigned number)
{
    for (size_t i = 0; i < ledger->password_count; i++)
        if (ledger->passwords[i].request == request && ledger->passwords[i].number == number)
            return &ledger->passwords[i];
    return NULL;
}

static void print_password(struct ledger *ledger)
{
    struct ledger_seen seen;
    struct password_record password;
    if (!ledger_look(ledger, ledger->password_key, &seen)) {
        printf("-|");
    } else if (password_record_parse(ledger_text(&seen), &password) != STATUS_OK) {
        printf("unreadable|");
    } else {
        bool staged = method_traits(password.method)->staged;
        unsigned number = number_of(staged ? password.verifier : password.inc);
        unsigned request = (unsigned)(digit_of(password.request_id) - '0');
        know_password(ledger, request, number, &password);
        printf("%u,%u,%d|", request, number, password.opened);
    }
    printf("%d|", ledger_look(ledger, ledger->attempts_key, &seen));
}

static void print_request(struct ledger *ledger, unsigned number)
{
    char bytes[RECORD_STORE_VALUE_MOST];
    struct text line = ledger_request(ledger, number, bytes);
    struct request_record request;
    if (!line.bytes) {
        printf("-|");
        return;
    }
    if (request_record_parse(line, &request) != STATUS_OK) {
        printf("unreadable|");
        return;
    }
    printf("%s,%u,%u,%u,%d,%u,%u,%s,%d,%d|", request_state_name(request.state), request.generation,
           request.copy, request.has_owner ? number_of(request.owner) : 0, request.maybe_mailed,
           request.tries, request.has_inc ? number_of(request.inc) : 0, reason_name(request.reason),
           request.completed_ms > 0, request.has_seed);
}

static void print_staged(struct ledger *ledger)
{
    for (unsigned i = 0; i < WALK_REQUESTS; i++) {
        char key[64];
        struct ledger_seen seen;
        struct staged_record staged;
        ledger_staged_key(i, key);
        if (!ledger_look(ledger, key, &seen))
            printf("0 ");
        else if (staged_record_parse(ledger_text(&seen), &staged) != STATUS_OK)
            printf("unreadable ");
        else
            printf("%u ", number_of(staged.verifier));
    }
    printf("|");
}

static void print_tokens(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++) {
        char key[96];
        struct ledger_seen seen;
        struct token_record token;
        ledger_link_key(&ledger->links[i], key);
        if (!ledger_look(ledger, key, &seen))
            continue;
        if (token_record_parse(ledger_text(&seen), &token) != STATUS_OK)
            printf("unreadable ");
        else
            printf("%u,%u,%u ", ledger->links[i].request, ledger->links[i].inc,
                   token.claimed ? number_of(token.claim) : 0);
    }
}

void ledger_print(struct ledger *ledger)
{
    print_user(ledger);
    print_password(ledger);
    for (unsigned i = 0; i < WALK_REQUESTS; i++)
        print_request(ledger, i);
    print_staged(ledger);
    print_tokens(ledger);
    printf("\n");
}
