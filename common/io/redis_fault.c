/* Redis's error replies begin with a code in capitals (redis.io/docs/latest/develop/reference/protocol-spec,
 * "Simple errors"); the rest may quote what was sent, so it is never passed on.  Sentences are ours. */
#include <string.h>

#include "io/redis_connection.h"

static const struct {
    const char *name;
    enum status status;
    const char *sentence;
} faults[] = {
    [REDIS_FAULT_NONE] = {"none", STATUS_OK, ""},
    [REDIS_FAULT_CONNECTION] = {"connection", STATUS_UNAVAILABLE, "the connection to Redis broke"},
    [REDIS_FAULT_TIMEOUT] = {"timeout", STATUS_TIMEOUT, "Redis did not answer within its deadline"},
    [REDIS_FAULT_LOADING] = {"loading", STATUS_UNAVAILABLE, "Redis is loading its data"},
    [REDIS_FAULT_READONLY] = {"read_only", STATUS_UNAVAILABLE,
                              "this Redis is a replica; redis.url must lead to the primary"},
    [REDIS_FAULT_MISCONF] = {"misconf", STATUS_UNAVAILABLE,
                             "Redis refuses writes because it cannot save to its disk (MISCONF)"},
    [REDIS_FAULT_REPLICAS] = {"replicas", STATUS_UNAVAILABLE,
                              "Redis refuses writes because too few replicas are in touch with it "
                              "(min-replicas-to-write)"},
    [REDIS_FAULT_BUSY] = {"busy", STATUS_UNAVAILABLE, "Redis is busy with somebody's script (BUSY)"},
    [REDIS_FAULT_MEMORY] = {"memory", STATUS_FULL, "Redis is full (maxmemory); give it more memory"},
    [REDIS_FAULT_NO_SCRIPT] = {"no_script", STATUS_UNAVAILABLE, "Redis forgot the scripts (NOSCRIPT)"},
    [REDIS_FAULT_PASSWORD] = {"password", STATUS_CONFIG, "Redis refuses the user or password of redis.url"},
    [REDIS_FAULT_PERMISSION] = {"permission", STATUS_CONFIG,
                                "Redis's ACL forbids a command or key; compare it with deploy/redis.acl"},
    [REDIS_FAULT_CLUSTER] = {"cluster", STATUS_CONFIG,
                             "this is a Redis Cluster; a single instance with replicas is needed"},
    [REDIS_FAULT_EVICTS] = {"evicts", STATUS_CONFIG,
                            "Redis would evict keys, and tokens with them; set maxmemory-policy noeviction"},
    [REDIS_FAULT_SENTINEL] = {"sentinel", STATUS_UNAVAILABLE, "no Sentinel says where the primary is"},
    [REDIS_FAULT_OVERSIZED] = {"oversized", STATUS_INVALID,
                               "what Redis holds there is larger than anything that we write"},
    [REDIS_FAULT_PROTOCOL] = {"protocol", STATUS_INTERNAL,
                              "what came from Redis makes no sense as an answer"},
    [REDIS_FAULT_OTHER] = {"other", STATUS_INTERNAL, "Redis answered with an error"},
};

static const struct {
    const char *code;
    enum redis_fault fault;
} codes[] = {
    {"LOADING", REDIS_FAULT_LOADING},     {"READONLY", REDIS_FAULT_READONLY},
    {"MASTERDOWN", REDIS_FAULT_READONLY}, {"MISCONF", REDIS_FAULT_MISCONF},
    {"NOREPLICAS", REDIS_FAULT_REPLICAS}, {"BUSY", REDIS_FAULT_BUSY},
    {"OOM", REDIS_FAULT_MEMORY},          {"NOSCRIPT", REDIS_FAULT_NO_SCRIPT},
    {"NOAUTH", REDIS_FAULT_PASSWORD},     {"WRONGPASS", REDIS_FAULT_PASSWORD},
    {"NOPERM", REDIS_FAULT_PERMISSION},   {"MOVED", REDIS_FAULT_CLUSTER},
    {"ASK", REDIS_FAULT_CLUSTER},         {"CROSSSLOT", REDIS_FAULT_CLUSTER},
    {"CLUSTERDOWN", REDIS_FAULT_CLUSTER}, {"TRYAGAIN", REDIS_FAULT_CLUSTER},
};

enum redis_fault redis_fault_of(const char *reply, size_t size)
{
    static const char crowded[] = "ERR max number of clients";
    static const char denied[] = "ERR The user executing the script can't"; /* a command within it */
    const char *space = memchr(reply, ' ', size);
    struct text code = {reply, space ? (size_t)(space - reply) : size};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (text_equal(code, text_of(codes[i].code)))
            return codes[i].fault;
    if (size >= sizeof crowded - 1 && memcmp(reply, crowded, sizeof crowded - 1) == 0)
        return REDIS_FAULT_CONNECTION;
    if (size >= sizeof denied - 1 && memcmp(reply, denied, sizeof denied - 1) == 0)
        return REDIS_FAULT_PERMISSION;
    return REDIS_FAULT_OTHER;
}

const char *redis_fault_name(enum redis_fault fault)
{
    return faults[fault].name;
}

enum status redis_fault_status(enum redis_fault fault)
{
    return faults[fault].status;
}

const char *redis_fault_sentence(enum redis_fault fault)
{
    return faults[fault].sentence;
}
