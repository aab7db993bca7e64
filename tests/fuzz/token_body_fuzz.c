/* Bodies of the calls on tokens and passwords, and URLs of Redis. */
#include "fuzz.h"
#include "io/redis_url.h"
#include "producer/password_body.h"
#include "producer/token_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text body = fuzz_own(bytes, size);
    struct token_body read = {0};
    struct redis_url url = {0};
    struct error error = {0};
    for (int with_email = 0; with_email < 2; with_email++) {
        bool taken = token_body_read(body, with_email, &read, &error) == STATUS_OK;
        HOLDS(taken ? with_email || !read.email.bytes : error.text[0] != 0);
        token_body_clear(&read);
    }
    struct password_body password = {0};
    if (password_body_read(body, &password, &error) == STATUS_OK)
        HOLDS(password.tenant.size && password.user_id.size && password.password.size);
    else
        HOLDS(error.text[0]);
    password_body_clear(&password);
    if (redis_url_parse(body, &url, &error) != STATUS_OK)
        HOLDS(error.text[0]);
    redis_url_clear(&url);
    fuzz_disown(&body);
    return 0;
}
