/* The body that tells of a changed password: what is accepted becomes one event for each address, which the
 * worker takes and reads as the same change. */
#include "core/mail/address.h"
#include "publish.h"

static void is_the_same_change(const struct request *accepted, const struct request *taken)
{
    HOLDS(taken->address == accepted->address && strcmp(taken->completes, accepted->completes) == 0);
    HOLDS(text_equal(taken->user_email, accepted->user_email));
}

static void publish(const struct request *request)
{
    struct error error;
    HOLDS(request->method == METHOD_PASSWORD_CHANGED && request->user_known && !request->password.bytes);
    HOLDS(address_check(request->user_email, &error) == STATUS_OK);
    fuzz_publish(request, is_the_same_change);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text body = fuzz_own(bytes, size);
    struct password_change *change = NULL;
    struct error error = {0};
    enum reason reason = REASON_NONE;
    if (password_change_decode(body, &change, &reason, &error) == STATUS_OK) {
        publish(&change->request);
        if (change->previous_email.bytes) {
            struct request previous = password_change_previous(change);
            HOLDS(previous.address == ADDRESS_PREVIOUS);
            HOLDS(!text_equal(previous.user_email, change->request.user_email));
            publish(&previous);
        }
    } else {
        HOLDS(!change && reason != REASON_NONE && error.text[0]);
    }
    password_change_free(&change);
    fuzz_disown(&body);
    return 0;
}
