/* The settings, requests, names and times that all questions are about.  What is random in production is a
 * number written out here, so that the same question has the same answer. */
#include "clerk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define TOKEN_KEYS  "t1 1111111111111111111111111111111111111111111111111111111111111111\n"
#define RECORD_KEYS "r1 2222222222222222222222222222222222222222222222222222222222222222\n"
#define ORIGIN_MS   1800000000000
#define APART_MS    10000 /* between requests: more than the clocks may differ, twice */
#define MOST        ((size_t)8 << 30)

int64_t clerk_now(uint16_t minutes)
{
    return ORIGIN_MS + minutes * MINUTE_MS;
}

int64_t clerk_t0(unsigned request, bool again)
{
    return ORIGIN_MS + (again ? 11 : -1) * HOUR_MS + (int64_t)request * APART_MS;
}

int64_t clerk_moment(unsigned request, bool again)
{
    return clerk_t0(request, again) + APART_MS / 2 - DECISION_SKEW_MS / 2;
}

enum lane clerk_lane(const struct clerk *clerk, unsigned request)
{
    return method_traits(clerk->requests[request].method)->lane;
}

void clerk_mark(unsigned char *bytes, size_t size, char kind, unsigned request, unsigned number)
{
    memset(bytes, kind, size);
    bytes[1] = (unsigned char)('A' + request);
    bytes[2] = (unsigned char)('0' + number);
}

uint8_t clerk_number(const unsigned char *bytes)
{
    return (uint8_t)(bytes[2] - '0');
}

uint8_t clerk_request(const struct clerk *clerk, struct text id)
{
    for (uint8_t request = 0; request < clerk->scenario->count; request++)
        if (text_equal(id, text_of(clerk->ids[request])))
            return (uint8_t)(request + 1);
    return 0;
}

void clerk_tell(const struct clerk *clerk, const struct request_record *record, struct told *told)
{
    *told = (struct told){
        .there = 1,
        .state = (uint8_t)record->state,
        .reason = (uint8_t)record->reason,
        .generation = (uint8_t)record->generation,
        .copy = (uint8_t)record->copy,
        .tries = (uint8_t)record->tries,
        .inc = record->has_inc ? clerk_number(record->inc) : 0,
        .maybe_mailed = record->maybe_mailed,
        .rebuilt = record->rebuilt,
        .into = clerk_request(clerk, record->into),
        .completes = clerk_request(clerk, record->completes),
    };
}

static void name_request(char *id, size_t size, unsigned number)
{
    snprintf(id, size, "00000000-0000-4000-8000-00000000000%u", number % 10);
}

static void make_request(struct clerk *clerk, unsigned number)
{
    const struct asked *asked = &clerk->scenario->asked[number];
    struct request *request = &clerk->requests[number];
    const char *tenant = asked->other_company ? "globex" : "acme", *user = asked->other_user ? "u2" : "u1";
    const char *boss = asked->other_company ? "chief" : "boss";
    *request = (struct request){
        .tenant = text_of(tenant),
        .user_known = !asked->unknown,
        .actor_role = text_of(asked->admin ? "admin" : "self"),
        .actor_id = text_of(asked->admin ? boss : user),
        .actor_tenant = text_of(tenant),
        .method = asked->method,
        .not_after_ms = asked->ends ? ORIGIN_MS + 10 * MINUTE_MS : 0,
    };
    if (request->user_known) {
        request->user_id = text_of(user);
        request->user_email = text_of(asked->shared_address ? "both@example.org"
                                      : asked->other_user   ? "u2@example.org"
                                                            : "u1@example.org");
    }
    name_request(clerk->ids[number], sizeof clerk->ids[number], number);
    if (asked->completes > 0)
        name_request(request->completes, sizeof request->completes, asked->completes - 1);
    clerk->users[number] = asked->other_user;
    token_slot(text_of(tenant), text_of(user), clerk->slots[clerk->users[number]]);
}

static void foresee_links(struct clerk *clerk, unsigned number)
{
    const struct request *request = &clerk->requests[number];
    unsigned char seed[TOKEN_SEED_SIZE];
    char token[TOKEN_LENGTH + 1];
    for (unsigned inc = 1; inc <= INCS_MOST; inc++) {
        clerk_mark(seed, sizeof seed, 's', number, inc);
        token_derive(keyring_current(clerk->token_keys), request->tenant, request->user_id,
                     text_of(clerk->ids[number]), seed, token);
        token_stored(text_of(token), clerk->stored[number][inc]);
    }
}

static struct limit limit_of(unsigned count)
{
    return (struct limit){count, 30 * 24 * HOUR_MS};
}

void clerk_open(struct clerk *clerk, const struct scenario *scenario)
{
    struct error error;
    *clerk = (struct clerk){.scenario = scenario};
    if (sodium_init() < 0 ||
        keyring_parse(TEXT(TOKEN_KEYS), "token keys", &clerk->token_keys, &error) != STATUS_OK ||
        keyring_parse(TEXT(RECORD_KEYS), "record keys", &clerk->record_keys, &error) != STATUS_OK)
        abort();
    interning_open(&clerk->keys);
    interning_open(&clerk->values);
    interning_open(&clerk->shelves);
    interning_open(&clerk->questions);
    interning_open(&clerk->views_asked);
    interning_open(&clerk->passed_asked);
    room_open(&clerk->answers, MOST);
    room_open(&clerk->views, MOST);
    room_open(&clerk->passed, MOST);
    bool windows = !scenario->windows_over;
    struct reset_store_settings settings = {
        .limits = {.coalesce_ms = windows ? HOUR_MS : 0,
                   .protect_admin_ms = windows ? 2 * HOUR_MS : 0,
                   .per_user = limit_of(scenario->per_user),
                   .per_recipient = limit_of(scenario->per_recipient),
                   .per_actor = limit_of(scenario->per_actor),
                   .per_bulk = limit_of(scenario->per_bulk),
                   .per_notice = limit_of(scenario->per_notice)},
        .lease_ms = 30 * 24 * HOUR_MS,
        .token_keys = clerk->token_keys,
        .record_keys = clerk->record_keys,
    };
    clerk->counter = (struct counter){.keys = &clerk->keys, .values = &clerk->values};
    struct record_store port = counter_port(&clerk->counter);
    clerk->store = reset_store_new(&port, &settings);
    if (!clerk->store)
        abort();
    for (unsigned number = 0; number < scenario->count; number++) {
        make_request(clerk, number);
        foresee_links(clerk, number);
    }
}

void clerk_close(struct clerk *clerk)
{
    reset_store_free(&clerk->store);
    keyring_free(&clerk->token_keys);
    keyring_free(&clerk->record_keys);
    interning_close(&clerk->keys);
    interning_close(&clerk->values);
    interning_close(&clerk->shelves);
    interning_close(&clerk->questions);
    interning_close(&clerk->views_asked);
    interning_close(&clerk->passed_asked);
    room_close(&clerk->answers);
    room_close(&clerk->views);
    room_close(&clerk->passed);
}

size_t clerk_bytes(const struct clerk *clerk)
{
    return interning_bytes(&clerk->values) + interning_bytes(&clerk->shelves) +
           interning_bytes(&clerk->questions) + interning_bytes(&clerk->views_asked) +
           interning_bytes(&clerk->passed_asked) + clerk->answers.used + clerk->views.used +
           clerk->passed.used;
}
