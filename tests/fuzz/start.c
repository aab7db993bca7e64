/* What the libraries want before the first input, as main does it. */
#include <gmime/gmime.h>
#include <sodium.h>

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    HOLDS(sodium_init() >= 0);
    g_mime_init();
    return 0;
}
