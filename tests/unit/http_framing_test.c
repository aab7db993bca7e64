/* What is refused on the raw bytes of a connection, and that it does not matter how they are cut. */
#include "support.h"

#include "core/http/framing.h"

static const struct http_limits limits = {
    .header = 16 * 1024, .body = 64 * 1024, .one_value_target = {"/v1/one-value", 13}};

#define POST "POST /v1/password-resets HTTP/1.1\r\n"
#define HOST "Host: localhost\r\n"

struct expectation {
    const char *bytes;
    size_t size;
    int status; /* 0: fit */
    const char *reason;
};

#define CASE(bytes_, status_, reason_)                                                                       \
    {                                                                                                        \
        bytes_, sizeof(bytes_) - 1, status_, reason_                                                         \
    }

static const struct expectation cases[] = {
    CASE(POST HOST "Content-Length: 2\r\n\r\n{}", 0, NULL),
    CASE("GET / HTTP/1.1\r\n" HOST "\r\n", 0, NULL),
    CASE("GET / HTTP/1.0\r\n\r\n", 0, NULL),
    CASE(POST HOST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 0, NULL),
    CASE(POST HOST "Content-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\n" HOST "\r\n", 0, NULL),
    CASE(POST HOST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "length_and_coding"),
    CASE(POST HOST "Content-Length: 2\r\nContent-Length: 3\r\n\r\n", 400, "two_lengths"),
    CASE(POST HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n", 400, "two_lengths"),
    CASE(POST HOST "Content-Length: +2\r\n\r\n{}", 400, "length"),
    CASE(POST HOST "Content-Length: 2, 2\r\n\r\n{}", 400, "length"),
    CASE(POST HOST "Content-Length: 0x2\r\n\r\n{}", 400, "length"),
    CASE(POST HOST "Content-Length:\r\n\r\n", 400, "length"),
    CASE(POST HOST "Content-Length: 99999999999999999999\r\n\r\n", 413, "content_too_large"),
    CASE(POST HOST "Content-Length: 65537\r\n\r\n", 413, "content_too_large"),
    CASE("POST /v1/one-value HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n", 400, "content_too_large"),
    CASE("POST /v1/one-value HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n10001\r\n", 400,
         "content_too_large"),
    CASE("POST /v1/one-valu HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n", 413, "content_too_large"),
    CASE("POST /v1/one-value HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}" POST HOST
         "Content-Length: 65537\r\n\r\n",
         413, "content_too_large"),
    CASE(POST HOST "Host: other\r\n\r\n", 400, "two_hosts"),
    CASE(POST "Host: a, b\r\n\r\n", 400, "host"),
    CASE(POST "Host: evil.example/x\r\n\r\n", 400, "host"),
    CASE(POST "Host: user@evil.example\r\n\r\n", 400, "host"),
    CASE(POST "Host: \xe4.example\r\n\r\n", 400, "host"),
    CASE("GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]:8080\r\n\r\n", 0, NULL),
    CASE("GET / HTTP/1.1\r\nHost:\r\n\r\n", 0, NULL),
    CASE(POST HOST "Content-Length:\t2\r\n\r\n{}", 400, "length"),
    CASE(POST HOST "Transfer-Encoding:\tchunked\r\n\r\n", 501, "coding"),
    CASE(POST HOST "Expect:\t100-continue\r\n", 417, "expectation"),
    CASE("GET /a?b=%20&c=(d);e HTTP/1.1\r\n" HOST "\r\n", 0, NULL),
    CASE("GET /a\tb HTTP/1.1\r\n", 400, "target"),
    CASE("GET /a#b HTTP/1.1\r\n", 400, "target"),
    CASE("GET /\xff HTTP/1.1\r\n", 400, "target"),
    CASE("GET /a\\b HTTP/1.1\r\n", 400, "target"),
    CASE("GET / HTTP/1.1\r\n\r\n", 400, "no_host"),
    CASE(POST HOST "Transfer-Encoding : chunked\r\n\r\n", 400, "header_name"),
    CASE(POST HOST "Transfer-Encoding: xchunked\r\n\r\n", 501, "coding"),
    CASE(POST HOST "Transfer-Encoding: chunked, identity\r\n\r\n", 501, "coding"),
    CASE(POST HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "two_codings"),
    CASE(POST HOST "X-A: b\r\n c: d\r\n\r\n", 400, "obs_fold"),
    CASE(POST HOST "X-A: b\nX-C: d\r\n\r\n", 400, "bare_lf"),
    CASE("GET / HTTP/1.1\n", 400, "bare_lf"),
    CASE(POST HOST "X-A: b\rX-C: d\r\n\r\n", 400, "bare_cr"),
    CASE(POST HOST "X-A: b\0c\r\n\r\n", 400, "nul"),
    CASE(POST HOST "X-A: b\x01\r\n\r\n", 400, "control"),
    CASE(POST HOST ": nameless\r\n\r\n", 400, "header_name"),
    CASE(POST HOST "no colon\r\n\r\n", 400, "header_line"),
    CASE("GET  / HTTP/1.1\r\n", 400, "target"),
    CASE("GET http://a/ HTTP/1.1\r\n", 400, "target"),
    CASE("GET //a:b/ HTTP/1.1\r\n", 400, "target"),
    CASE("CONNECT /a HTTP/1.1\r\n", 501, "method"),
    CASE(POST HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}", 0, NULL),
    CASE(POST HOST "Expect: tea\r\n", 417, "expectation"),
    CASE("HEAD / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}", 400, "content_not_expected"),
    CASE("TRACE / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 400, "content_not_expected"),
    CASE("GET / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}", 0, NULL),
    CASE("GET / HTTP/2.0\r\n", 505, "version"),
    CASE("GET / FTP/1.1\r\n", 400, "version"),
    CASE("GET /\r\n", 400, "request_line"),
    CASE("\r\nGET / HTTP/1.1\r\n", 400, "request_line"),
    CASE("BREW / HTTP/1.1\r\n", 501, "method"),
    CASE("GET/ / HTTP/1.1\r\n", 400, "method"),
    CASE(POST HOST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}x", 400, "chunk"),
    CASE(POST HOST "Transfer-Encoding: chunked\r\n\r\n+2\r\n", 400, "chunk"),
    CASE(POST HOST "Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n", 400, "chunk"),
    CASE(POST HOST "Transfer-Encoding: chunked\r\n\r\n\r\n", 400, "chunk"),
    CASE(POST HOST "Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n", 400, "chunk"),
    CASE(POST HOST "Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", 413, "content_too_large"),
    CASE(POST HOST "Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: b\r\n\r\n", 400, "trailer"),
    CASE("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "coding"),
};

static void expect(const struct expectation *expected, const struct http_framing *framing, size_t fit)
{
    if (framing->fault.status != expected->status)
        fail_msg("%s: expected %d, got %d %s", expected->bytes, expected->status, framing->fault.status,
                 framing->fault.reason ? framing->fault.reason : "");
    if (expected->status == 0) {
        assert_int_equal(fit, expected->size);
        assert_false(http_framing_within(framing));
        return;
    }
    assert_string_equal(framing->fault.reason, expected->reason);
    assert_true(fit < expected->size);
}

static void each_fault_has_its_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_framing framing;
        http_framing_init(&framing, limits);
        size_t fit = http_framing_feed(&framing, (struct text){cases[i].bytes, cases[i].size});
        expect(&cases[i], &framing, fit);
    }
}

static void the_cut_of_the_bytes_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t cut = 1; cut < cases[i].size; cut++) {
            struct http_framing framing;
            http_framing_init(&framing, limits);
            size_t fit = http_framing_feed(&framing, (struct text){cases[i].bytes, cut});
            fit += http_framing_feed(&framing, (struct text){cases[i].bytes + cut, cases[i].size - cut});
            expect(&cases[i], &framing, fit);
        }
}

static void headers_over_the_limit_are_431(void **state)
{
    (void)state;
    struct http_framing framing;
    http_framing_init(&framing, limits);
    static const char begin[] = POST HOST "X-Long: ";
    size_t fit = http_framing_feed(&framing, (struct text){begin, sizeof begin - 1});
    for (int i = 0; i < 17 * 1024 && framing.fault.status == 0; i++)
        fit += http_framing_feed(&framing, TEXT("x"));
    assert_int_equal(framing.fault.status, 431);
    assert_int_equal(fit, limits.header);
}

static void a_long_header_that_frames_nothing_is_fit(void **state)
{
    (void)state;
    struct http_framing framing;
    http_framing_init(&framing, limits);
    char line[6000];
    memset(line, 'a', sizeof line);
    static const char begin[] = POST HOST "X-Long: ", end[] = "\r\nContent-Length: 1\r\n\r\n{";
    http_framing_feed(&framing, (struct text){begin, sizeof begin - 1});
    http_framing_feed(&framing, (struct text){line, sizeof line});
    http_framing_feed(&framing, (struct text){end, sizeof end - 1});
    assert_int_equal(framing.fault.status, 0);
    assert_int_equal(framing.requests, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_has_its_answer),
        cmocka_unit_test(the_cut_of_the_bytes_changes_nothing),
        cmocka_unit_test(headers_over_the_limit_are_431),
        cmocka_unit_test(a_long_header_that_frames_nothing_is_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
