/* A file of the time zone database, and the rule at its end: refused, or an offset of less than a week for
 * any moment, the same whenever it is asked for.  An input that begins with 'T' is a file, any other a rule.
 */
#include "core/mail/posix_zone.h"
#include "core/mail/time_zone.h"
#include "fuzz.h"

enum { OFFSET_MOST = 7 * 86400 };

static const int64_t moments[] = {INT64_MIN,
                                  -INT64_C(62135596800000),
                                  -1,
                                  0,
                                  INT64_C(1763788200000),
                                  INT64_C(4102444800000),
                                  INT64_C(253402300799000),
                                  INT64_MAX};
enum { MOMENTS = sizeof moments / sizeof *moments };

static void read_file(struct text content)
{
    struct time_zone *zone = NULL;
    struct error error = {0};
    if (time_zone_parse(content, &zone, &error) == STATUS_OK) {
        for (size_t i = 0; i < MOMENTS; i++) {
            int32_t offset = time_zone_offset(zone, moments[i]);
            HOLDS(offset >= -OFFSET_MOST && offset <= OFFSET_MOST);
            HOLDS(offset == time_zone_offset(zone, moments[i]));
        }
    } else {
        HOLDS(!zone && error.text[0]);
    }
    time_zone_free(&zone);
    HOLDS(!zone);
}

static void read_rule(struct text rule)
{
    struct posix_zone zone;
    if (!posix_zone_parse(rule, &zone))
        return;
    for (size_t i = 0; i < MOMENTS; i++) {
        int32_t offset = posix_zone_offset(&zone, moments[i] / 1000);
        HOLDS(offset == zone.standard || (zone.has_summer && offset == zone.summer));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text content = fuzz_own(bytes, size);
    if (size && bytes[0] == 'T')
        read_file(content);
    else
        read_rule(content);
    if (time_zone_name_valid(content))
        HOLDS(size <= 64 && !memmem(content.bytes, size, "..", 2) && content.bytes[0] != '/');
    fuzz_disown(&content);
    return 0;
}
