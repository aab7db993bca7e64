/* Whoever can write Redis: with any records there, each question ends in exactly one answer, and what it
 * writes are records that can be read again; a link that begin makes ends within its 24 hours.
 *
 * The first byte of an input is the question, the second how often somebody else is faster; then a record a
 * line, each behind a letter that says under which key it stands. */
#include "core/protocol/record.h"
#include "core/protocol/reset_store.h"
#include "fuzz.h"

enum { NOW_SKEW_MS = 1000 };

#define NOW_MS INT64_C(1763788200000)
#define DAY_MS INT64_C(86400000)
#define ID     "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7"
#define KEYS   "k1 6666666666666666666666666666666666666666666666666666666666666666\n"
#define STORED "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* Keys by their beginnings; a request other than ID's is `n`. */
static const struct {
    char letter;
    const char *begins;
} kinds[] = {{'u', "user:"},     {'r', "request:" ID}, {'n', "request:"},  {'t', "token:"},
             {'p', "password:"}, {'s', "staged:"},     {'a', "attempts:"}, {'m', "recipient:"},
             {'c', "actor:"},    {'k', "bulk:"},       {'b', "born"}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static struct {
    struct text records[KINDS]; /* bytes NULL: none */
    char written[KINDS][RECORD_STORE_VALUE_MOST];
    unsigned conflicts;
    bool beginning;
    int answered;
    enum verdict verdict;
} world;

static size_t kind_of(struct text key)
{
    for (size_t i = 0; i < KINDS; i++)
        if (key.size >= strlen(kinds[i].begins) &&
            memcmp(key.bytes, kinds[i].begins, strlen(kinds[i].begins)) == 0)
            return i;
    abort();
}

static void on_read(void *context, const struct text *keys, size_t count, record_store_callback *done,
                    void *done_context)
{
    struct record_store_reply reply = {.status = STATUS_OK, .now_ms = NOW_MS, .count = count};
    (void)context;
    HOLDS(count > 0 && count <= RECORD_STORE_KEYS_MOST);
    for (size_t i = 0; i < count; i++) {
        HOLDS(keys[i].size > 0 && keys[i].size <= RECORD_STORE_KEY_MOST);
        reply.values[i] = world.records[kind_of(keys[i])];
    }
    done(done_context, &reply);
}

/* What formatting would not write is no record. */
static void check_written(char letter, struct text value)
{
    static struct user_record user;
    static struct request_record request;
    static struct token_record token;
    static struct password_record password;
    static struct staged_record staged;
    static struct attempts_record attempts;
    static struct record_times times;
    int64_t number;
    enum status status = letter == 'u'                    ? user_record_parse(value, &user)
                         : letter == 'r' || letter == 'n' ? request_record_parse(value, &request)
                         : letter == 't'                  ? token_record_parse(value, &token)
                         : letter == 'p'                  ? password_record_parse(value, &password)
                         : letter == 's'                  ? staged_record_parse(value, &staged)
                         : letter == 'a'                  ? attempts_record_parse(value, &attempts)
                         : letter == 'm'                  ? recipient_record_parse(value, &times)
                                                          : number_record_parse(value, &number);
    HOLDS(status == STATUS_OK);
}

static void on_swap(void *context, const struct record_store_change *changes, size_t count, bool allow_oom,
                    record_store_callback *done, void *done_context)
{
    struct record_store_reply reply = {.status = STATUS_OK};
    bool gone[KINDS] = {false};
    (void)context, (void)allow_oom;
    HOLDS(count > 0 && count <= RECORD_STORE_KEYS_MOST);
    for (size_t i = 0; i < count; i++) {
        HOLDS(changes[i].key.size > 0 && changes[i].key.size <= RECORD_STORE_KEY_MOST);
        size_t kind = kind_of(changes[i].key);
        char letter = kinds[kind].letter;
        if (changes[i].compared)
            HOLDS(text_equal(changes[i].expected, world.records[kind]) || letter == 'n');
        if (changes[i].action == RECORD_STORE_DELETE && world.conflicts == 0)
            gone[kind] = true;
        if (changes[i].action != RECORD_STORE_SET)
            continue;
        HOLDS(changes[i].value.size <= RECORD_STORE_VALUE_MOST);
        check_written(letter, changes[i].value);
        if (letter == 't' && world.beginning)
            HOLDS(changes[i].expires_at_ms > NOW_MS && changes[i].expires_at_ms <= NOW_MS + DAY_MS);
        if (world.conflicts == 0) {
            memcpy(world.written[kind], changes[i].value.bytes, changes[i].value.size);
            world.records[kind] = (struct text){world.written[kind], changes[i].value.size};
        }
    }
    for (size_t kind = 0; kind < KINDS; kind++)
        if (gone[kind])
            world.records[kind] = (struct text){NULL, 0};
    if (world.conflicts > 0) {
        world.conflicts--;
        reply = (struct record_store_reply){.status = STATUS_CONFLICT, .now_ms = NOW_MS, .count = count};
        for (size_t i = 0; i < count; i++)
            reply.values[i] = world.records[kind_of(changes[i].key)];
    }
    done(done_context, &reply);
}

static void on_answer(void *context, const struct reset_answer *answer)
{
    (void)context;
    HOLDS(++world.answered == 1);
    HOLDS(answer->status == STATUS_OK ? answer->verdict != VERDICT_UNKNOWN
                                      : answer->error && answer->error->text[0]);
    world.verdict = answer->status == STATUS_OK ? answer->verdict : VERDICT_UNKNOWN;
}

static void expect_answer(void)
{
    HOLDS(world.answered == 1);
    world.answered = 0;
}

static const struct request request = {
    .tenant = {"acme", 4},
    .user_known = true,
    .user_id = {"u-1", 3},
    .user_email = {"kim@example.com", 15},
    .actor_role = {"admin", 5},
    .actor_id = {"a-1", 3},
    .actor_tenant = {"acme", 4},
    .method = METHOD_LINK,
};

/* The whole run: what begin leased is finished in the way that `how` says. */
static void ask_run(struct reset_store *store, uint8_t how)
{
    static struct reset_lease lease;
    static const enum method methods[] = {METHOD_LINK, METHOD_TEMPORARY_PASSWORD_MAILED,
                                          METHOD_TEMPORARY_PASSWORD_HANDED, METHOD_PASSWORD_CHANGED};
    struct request asked = request;
    struct reset_begin begin = {.request_id = TEXT(ID),
                                .copy = how & 1,
                                .t0_ms = NOW_MS - NOW_SKEW_MS,
                                .request = &asked,
                                .owner = {1},
                                .seed = {2},
                                .inc = {3}};
    asked.method = methods[how % 4];
    if (asked.method == METHOD_PASSWORD_CHANGED && how & 0x10)
        memcpy(asked.completes, "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a8", EVENT_ID_SIZE);
    reset_lease_clear(&lease);
    world.beginning = true;
    reset_store_begin(store, &begin, &lease, on_answer, NULL);
    world.beginning = false;
    expect_answer();
    HOLDS((world.verdict == VERDICT_LEASE) == (lease.size > 0));
    if (world.verdict != VERDICT_LEASE)
        return;
    HOLDS(lease.record.state == REQUEST_LEASED && lease.record.expires_ms - lease.record.made_ms <= DAY_MS);
    struct reset_finish finish = {.result = (enum finish_result)(how / 4 % (FINISH_DEAD + 1)),
                                  .now_ms = NOW_MS,
                                  .copy = 1,
                                  .reason = REASON_REFUSED,
                                  .due_ms = NOW_MS + NOW_SKEW_MS,
                                  .reply_code = 450,
                                  .enhanced = TEXT("4.2.0")};
    reset_store_finish(store, &lease, &finish, on_answer, NULL);
    expect_answer();
    reset_lease_clear(&lease);
}

static void ask(struct reset_store *store, uint8_t question, const struct keyring *keys)
{
    struct reset_redeem redeem = {
        .stored = TEXT(STORED), .request_id = TEXT(ID), .tenant = request.tenant, .user_id = request.user_id};
    struct reset_stage stage = {.request_id = TEXT(ID),
                                .tenant = request.tenant,
                                .user_id = request.user_id,
                                .method = question & 0x10 ? METHOD_TEMPORARY_PASSWORD_CHOSEN
                                                          : METHOD_TEMPORARY_PASSWORD_HANDED,
                                .record_key = keyring_current(keys)};
    struct reset_open open = {.request_id = TEXT(ID),
                              .tenant = request.tenant,
                              .user_id = request.user_id,
                              .record_key = keyring_current(keys)};
    switch (question % 10) {
    case 0:
    case 1:
        ask_run(store, question / 10);
        return;
    case 2:
        reset_store_check(store, TEXT(STORED), on_answer, NULL);
        break;
    case 3:
        reset_store_redeem(store, &redeem, on_answer, NULL);
        break;
    case 4:
        reset_store_revoke(store, request.tenant, request.user_id, on_answer, NULL);
        break;
    case 5:
        reset_store_changed(store, request.tenant, request.user_id, on_answer, NULL);
        break;
    case 6:
        reset_store_stage(store, &stage, on_answer, NULL);
        break;
    case 7:
        reset_store_try_password(store, request.tenant, request.user_id, on_answer, NULL);
        break;
    case 8:
        reset_store_open_password(store, &open, on_answer, NULL);
        break;
    default:
        reset_store_status(store, TEXT(ID), on_answer, NULL);
    }
    expect_answer();
}

static void take_records(struct text input)
{
    memset(&world, 0, sizeof world);
    world.conflicts = (unsigned char)input.bytes[1] % 12;
    for (size_t at = 2; at < input.size;) {
        const char *end = memchr(input.bytes + at, '\n', input.size - at);
        size_t size = end ? (size_t)(end - input.bytes) - at : input.size - at;
        for (size_t i = 0; size > 0 && i < KINDS; i++)
            if (kinds[i].letter == input.bytes[at])
                world.records[i] = (struct text){input.bytes + at + 1, size - 1};
        at += size + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct record_store_operations operations = {.read = on_read, .swap = on_swap};
    static struct keyring *keys;
    struct error error;
    if (size < 2)
        return 0;
    if (!keys)
        HOLDS(keyring_parse(TEXT(KEYS), "keys", &keys, &error) == STATUS_OK);
    struct text input = fuzz_own(bytes, size);
    struct record_store port = {&operations, NULL};
    struct reset_store_settings settings = {
        .limits = {.coalesce_ms = 60000,
                   .protect_admin_ms = 900000,
                   .per_user = {5, 3600000},
                   .per_recipient = {5, 3600000},
                   .per_actor = {30, 3600000},
                   .per_notice = {5, 3600000}},
        .token_keys = keys,
        .record_keys = keys,
    };
    struct reset_store *store = reset_store_new(&port, &settings);
    HOLDS(store);
    take_records(input);
    ask(store, bytes[0], keys);
    reset_store_free(&store);
    fuzz_disown(&input);
    return 0;
}
