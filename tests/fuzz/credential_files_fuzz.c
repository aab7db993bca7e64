/* Keys, publishers and API keys out of files: a file is taken or refused as a whole, with a sentence.
 * The first byte of an input says which file it is. */
#include "core/api_keys.h"
#include "core/keyring.h"
#include "core/publishers.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1)
        return 0;
    struct text file = fuzz_own(bytes + 1, size - 1);
    struct error error = {0};
    struct keyring *keyring = NULL;
    struct publishers *publishers = NULL;
    struct api_keys *keys = NULL;
    enum status status;
    if (bytes[0] % 3 == 0) {
        status = keyring_parse(file, "keys", &keyring, &error);
        HOLDS(status != STATUS_OK || keyring_find(keyring, text_of(keyring_current(keyring)->kid)));
        keyring_free(&keyring);
    } else if (bytes[0] % 3 == 1) {
        status = publishers_parse(file, "publishers", &publishers, &error);
        publishers_free(&publishers);
    } else {
        status = api_keys_parse(file, "keys", &keys, &error);
        HOLDS(status != STATUS_OK || !api_keys_authenticate(keys, TEXT("rr_x_y")));
        api_keys_free(&keys);
    }
    HOLDS(status == STATUS_OK || error.text[0]);
    fuzz_disown(&file);
    return 0;
}
