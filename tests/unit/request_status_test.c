/* How a request stands, as an application is told. */
#include "support.h"

#include "core/protocol/request_status.h"

static void what_came_last_says_how_it_stands(void **state)
{
    (void)state;
    static const struct {
        struct request_record record;
        const char *word;
    } cases[] = {
        {{.state = REQUEST_LEASED}, "sending"},
        {{.state = REQUEST_PENDING}, "sending"}, /* handed back, nothing was tried */
        {{.state = REQUEST_PENDING, .due_ms = 5, .reply_code = 451}, "deferred"},
        {{.state = REQUEST_SENT}, "sent"},
        {{.state = REQUEST_SUPPRESSED, .reason = REASON_COALESCED}, "suppressed"},
        {{.state = REQUEST_EXPIRED}, "expired"},
        {{.state = REQUEST_DEAD}, "dead"},
        {{.state = REQUEST_SENT, .redeemed_ms = 5}, "redeemed"},
        {{.state = REQUEST_DEAD, .redeemed_ms = 5}, "redeemed"}, /* a handed password, whose notice died */
        {{.state = REQUEST_LEASED, .redeemed_ms = 5}, "redeemed"},
        {{.state = REQUEST_SENT, .redeemed_ms = 5, .completed_ms = 6}, "completed"},
        {{.state = REQUEST_SUPPRESSED, .completed_ms = 6}, "completed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(request_status_name(request_status_of(&cases[i].record)), cases[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_came_last_says_how_it_stands)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
