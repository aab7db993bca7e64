/* A request's body: what is accepted becomes an event that the worker takes, and asks for the same there. */
#include "publish.h"

static void has_no_password(const struct request *accepted, const struct request *taken)
{
    (void)accepted;
    HOLDS(taken->password.bytes == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text body = fuzz_own(bytes, size);
    struct request *request = NULL;
    struct error error = {0};
    enum reason reason = REASON_NONE;
    if (request_decode(body, &request, &reason, &error) == STATUS_OK)
        fuzz_publish(request, has_no_password);
    else
        HOLDS(!request && error.text[0]);
    request_free(&request);
    fuzz_disown(&body);
    return 0;
}
