/* What stands in Redis: only what formatting would write is a record, so a parsed one is written as it was.
 * The first byte of an input says which kind it is taken for. */
#include "core/protocol/record.h"
#include "core/protocol/record_store.h"
#include "fuzz.h"

#define ROUND_TRIP(kind, type)                                                                               \
    do {                                                                                                     \
        static struct type record;                                                                           \
        char again[RECORD_STORE_VALUE_MOST];                                                                 \
        size_t written = 0;                                                                                  \
        if (kind##_record_parse(line, &record) == STATUS_OK) {                                               \
            HOLDS(kind##_record_format(&record, again, sizeof again, &written) == STATUS_OK);                \
            HOLDS(text_equal((struct text){again, written}, line));                                          \
        }                                                                                                    \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1 || size > RECORD_STORE_VALUE_MOST)
        return 0;
    struct text line = fuzz_own(bytes + 1, size - 1);
    switch (bytes[0] % 7) {
    case 0:
        ROUND_TRIP(user, user_record);
        break;
    case 1:
        ROUND_TRIP(request, request_record);
        break;
    case 2:
        ROUND_TRIP(token, token_record);
        break;
    case 3:
        ROUND_TRIP(recipient, record_times);
        break;
    case 4:
        ROUND_TRIP(password, password_record);
        break;
    case 5:
        ROUND_TRIP(staged, staged_record);
        break;
    default:
        ROUND_TRIP(attempts, attempts_record);
        break;
    }
    fuzz_disown(&line);
    return 0;
}
