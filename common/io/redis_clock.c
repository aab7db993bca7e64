/* Redis's clock decides every lease and expiry.  Between two TIMEs it goes on by CLOCK_BOOTTIME, which also
 * counts while the machine sleeps and which nobody sets. */
#include "core/protocol/record.h"
#include "io/clock.h"
#include "io/redis_connection.h"

#define SECONDS_MOST INT64_C(253402300799) /* the end of the year 9999 */

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

/* A number that a calendar has: whoever is not Redis may say any. */
static bool read_number(const redisReply *part, int64_t most, int64_t *number)
{
    return part->type == REDIS_REPLY_STRING &&
           number_record_parse((struct text){part->str, (size_t)part->len}, number) == STATUS_OK &&
           *number <= most;
}

int64_t redis_reply_time_ms(const struct redisReply *reply)
{
    int64_t seconds, microseconds;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 ||
        !read_number(reply->element[0], SECONDS_MOST, &seconds) ||
        !read_number(reply->element[1], 999999, &microseconds))
        return 0;
    return seconds * 1000 + microseconds / 1000;
}
