/* Redis's clock decides every lease and expiry.  Between two TIMEs it goes on by CLOCK_BOOTTIME, which also
 * counts while the machine sleeps and which nobody sets. */
#include <stdlib.h>

#include "io/clock.h"
#include "io/redis_connection.h"

int64_t redis_born_ms(const struct redis *redis)
{
    return redis->born_ms;
}

int64_t redis_now_ms(const struct redis *redis)
{
    return redis->clock_redis_ms ? redis->clock_redis_ms + (clock_boottime_ms() - redis->clock_boot_ms) : 0;
}

void redis_note_time(struct redis *redis, int64_t redis_ms)
{
    redis->clock_redis_ms = redis_ms;
    redis->clock_boot_ms = clock_boottime_ms();
}

int64_t redis_reply_time_ms(const struct redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 ||
        reply->element[0]->type != REDIS_REPLY_STRING || reply->element[1]->type != REDIS_REPLY_STRING)
        return 0;
    return strtoll(reply->element[0]->str, NULL, 10) * 1000 +
           strtoll(reply->element[1]->str, NULL, 10) / 1000;
}
