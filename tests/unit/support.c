#include "support.h"

#include "support/failing_memory.h"

int memory_spared;

void assert_ok(enum status status, const struct error *error)
{
    if (status != STATUS_OK)
        fail_msg("expected ok, got: %s", error->text);
}
