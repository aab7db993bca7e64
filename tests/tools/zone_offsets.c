/* What our reading of the machine's time zones says, for a test that compares it with another's: for each
 * line `ZONE SECONDS` of stdin the offset from UTC in seconds, or `none`. */
#include <inttypes.h>
#include <stdio.h>

#include "io/time_zones.h"

int main(void)
{
    struct time_zones *zones;
    struct error error;
    char name[80];
    int64_t seconds;
    if (time_zones_new(NULL, &zones, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    while (scanf("%79s %" SCNd64, name, &seconds) == 2) {
        const struct time_zone *zone = time_zones_find(zones, text_of(name));
        if (zone)
            printf("%" PRId32 "\n", time_zone_offset(zone, seconds * 1000));
        else
            printf("none\n");
    }
    time_zones_free(&zones);
    return 0;
}
