/* How a request stands, as the intake tells it. */
#include "support.h"

#include "producer/status_report.h"

#define ID "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7"
#define T0 1763788200123 /* 2025-11-22T05:10:00.123Z */

static void a_report_has_what_there_is_and_no_more(void **state)
{
    (void)state;
    const struct {
        struct request_record record;
        const char *json;
    } cases[] = {
        {{.state = REQUEST_LEASED, .begun_ms = T0, .changed_ms = T0, .expires_ms = T0},
         "{\"id\":\"" ID "\",\"state\":\"sending\",\"method\":\"link\",\"attempts\":0,"
         "\"begun_at\":\"2025-11-22T05:10:00.123Z\",\"changed_at\":\"2025-11-22T05:10:00.123Z\"}"},
        {{.state = REQUEST_PENDING, .tries = 2, .due_ms = T0, .reply_code = 451, .enhanced = TEXT("4.7.1")},
         "{\"id\":\"" ID "\",\"state\":\"deferred\",\"method\":\"link\",\"attempts\":2,"
         "\"next_try_at\":\"2025-11-22T05:10:00.123Z\",\"reply_code\":451,\"reply_enhanced\":\"4.7.1\"}"},
        {{.state = REQUEST_SENT, .tries = 1, .expires_ms = T0, .due_ms = T0, .reply_code = 250},
         "{\"id\":\"" ID "\",\"state\":\"sent\",\"method\":\"link\",\"attempts\":1,"
         "\"expires_at\":\"2025-11-22T05:10:00.123Z\",\"reply_code\":250}"},
        {{.state = REQUEST_SUPPRESSED, .reason = REASON_COALESCED, .into = TEXT(ID)},
         "{\"id\":\"" ID "\",\"state\":\"suppressed\",\"method\":\"link\",\"reason\":\"coalesced\","
         "\"into\":\"" ID "\",\"attempts\":0}"},
        {{.state = REQUEST_DEAD,
          .reason = REASON_REFUSED,
          .tries = 1,
          .reply_code = 550,
          .expires_ms = T0,
          .method = METHOD_TEMPORARY_PASSWORD_MAILED},
         "{\"id\":\"" ID "\",\"state\":\"dead\",\"method\":\"temporary_password_mailed\","
         "\"reason\":\"refused\",\"attempts\":1,\"reply_code\":550}"},
        {{.state = REQUEST_SENT, .tries = 1, .redeemed_ms = T0},
         "{\"id\":\"" ID "\",\"state\":\"redeemed\",\"method\":\"link\",\"attempts\":1,"
         "\"redeemed_at\":\"2025-11-22T05:10:00.123Z\"}"},
        {{.state = REQUEST_SENT, .tries = 1, .redeemed_ms = T0, .completed_ms = T0 + 1},
         "{\"id\":\"" ID "\",\"state\":\"completed\",\"method\":\"link\",\"attempts\":1,"
         "\"redeemed_at\":\"2025-11-22T05:10:00.123Z\",\"completed_at\":\"2025-11-22T05:10:00.124Z\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        buffer_init(&out, 4096);
        status_report_write(TEXT(ID), &cases[i].record, &out);
        buffer_append_byte(&out, '\0');
        assert_false(out.failed);
        assert_string_equal(out.bytes, cases[i].json);
        buffer_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_has_what_there_is_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
