/* Two tables of who came how often, each as large as it will ever be.
 *
 * The caller is a service, so its own address is nobody's: a client is whom client.ip names.  Requests of
 * users for themselves and of administrators are counted apart, so that a stranger who floods the sign-in
 * page from an office's address does not keep that office's administrator from working.  What the client's
 * limit refuses is given back to the key: nobody uses up a service's key from one address.
 *
 * A text that is no address is a client of its own, byte by byte. */
#include "producer/intake_limits.h"

#include <stdlib.h>

#include <sodium.h>

#include "core/api_keys.h"
#include "core/length_prefixed.h"
#include "io/process.h"
#include "producer/client_address.h"

enum { CLIENTS_MOST = 16384 };

struct intake_limits {
    struct rate_table *clients, *keys; /* NULL: off */
};

static struct rate_table *open_table(size_t most, const struct rate *rate)
{
    unsigned char secret[RATE_SECRET_SIZE];
    process_random(secret, sizeof secret);
    struct rate_table *table = rate_table_new(most, rate, secret);
    sodium_memzero(secret, sizeof secret);
    return table;
}

enum status intake_limits_new(const struct rate *per_client, const struct rate *per_key,
                              struct intake_limits **limits, struct error *error)
{
    struct intake_limits *made = calloc(1, sizeof *made);
    if (made && per_client->count > 0)
        made->clients = open_table(CLIENTS_MOST, per_client);
    if (made && per_key->count > 0)
        made->keys = open_table(API_KEYS_MOST, per_key);
    *limits = made;
    if (made && (made->clients || per_client->count == 0) && (made->keys || per_key->count == 0))
        return STATUS_OK;
    intake_limits_free(limits);
    return error_set(error, STATUS_MEMORY, "no memory for the limits of the intake");
}

void intake_limits_free(struct intake_limits **limits)
{
    struct intake_limits *gone = *limits;
    *limits = NULL;
    if (!gone)
        return;
    rate_table_free(&gone->clients);
    rate_table_free(&gone->keys);
    free(gone);
}

static struct rate_key name_key(struct text what, struct text name)
{
    struct rate_key key;
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, sizeof key.bytes);
    length_prefixed_hash(&hash, what);
    length_prefixed_hash(&hash, name);
    crypto_generichash_final(&hash, key.bytes, sizeof key.bytes);
    return key;
}

static struct rate_key client_of(const struct request *request)
{
    unsigned char network[CLIENT_NETWORK_SIZE];
    bool own = request_class(request) == ACTOR_SELF;
    if (client_network(request->client_ip, network))
        return name_key(own ? TEXT("self network") : TEXT("admin network"),
                        (struct text){(const char *)network, sizeof network});
    return name_key(own ? TEXT("self text") : TEXT("admin text"), request->client_ip);
}

static bool pass(struct rate_table *table, const struct rate_key *key, int64_t now_ms, enum reason reason,
                 struct intake_refusal *refusal)
{
    int64_t wait_ms = 0;
    enum rate_answer answer = rate_table_take(table, key, now_ms, &wait_ms);
    if (answer == RATE_TAKEN)
        return true;
    *refusal = (struct intake_refusal){
        .reason = reason,
        .retry_after_s = (int)((wait_ms + 999) / 1000),
        .quiet = answer == RATE_REFUSED_QUIETLY,
    };
    return false;
}

bool intake_limits_pass_key(struct intake_limits *limits, struct text key_id, int64_t now_ms,
                            struct intake_pass *taken, struct intake_refusal *refusal)
{
    if (!limits->keys)
        return true;
    taken->key = name_key(TEXT("key"), key_id);
    taken->taken_ms = now_ms;
    taken->took_key = pass(limits->keys, &taken->key, now_ms, REASON_KEY_LIMIT, refusal);
    return taken->took_key;
}

bool intake_limits_pass_client(struct intake_limits *limits, const struct request *request, int64_t now_ms,
                               struct intake_pass *taken, struct intake_refusal *refusal)
{
    if (!limits->clients || request->client_ip.size == 0)
        return true;
    taken->client = client_of(request);
    taken->taken_ms = taken->took_key ? taken->taken_ms : now_ms;
    taken->took_client = pass(limits->clients, &taken->client, taken->taken_ms, REASON_CLIENT_LIMIT, refusal);
    if (!taken->took_client)
        intake_limits_give_back(limits, taken);
    return taken->took_client;
}

void intake_limits_give_back(struct intake_limits *limits, struct intake_pass *taken)
{
    if (taken->took_key)
        rate_table_return(limits->keys, &taken->key, taken->taken_ms);
    if (taken->took_client)
        rate_table_return(limits->clients, &taken->client, taken->taken_ms);
    taken->took_key = taken->took_client = false;
}
