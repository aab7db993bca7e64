"""Bytes in which somebody in between could see another request than we do: every spelling that others have fallen for.

Each attack holds a request for `/hidden` where a lenient reader would find one.  Either the attack is read as the one
request that it is, or it is refused and its connection closed; nobody ever answers `/hidden`.
"""
import http.client
import io
import socket

import pytest

from support import events, web

PATH = "/v1/password-resets"
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: relay.example\r\n\r\n"
CHUNK = b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)
LAST = f"GET {PATH} HTTP/1.1\r\nHost: relay.example\r\nConnection: close\r\n\r\n".encode()  # 405


def exchange(producer, *pieces):
    """Sends the pieces; every answer until the server closes, as it does after LAST."""
    with socket.create_connection(("127.0.0.1", producer.port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                connection.sendall(piece)
        except OSError:
            pass  # it has answered and closed before it had read everything
        said = b""
        while piece := connection.recv(65536):
            said += piece
    return answers_in(said)


class Said(io.BytesIO):
    def makefile(self, _mode):
        return self

    def close(self):
        pass


def answers_in(said):
    source, found = Said(said), []
    while source.tell() < len(said):
        response = http.client.HTTPResponse(source)
        response.begin()
        found.append(web.Answer(response.status, {name.lower(): value for name, value in response.getheaders()},
                                response.read()))
    return found


def attack(relay, *headers, body=b"", line=f"POST {PATH} HTTP/1.1", key=True):
    """Headers as str (Latin-1) or bytes, each with its own line end."""
    head = [line + "\r\n", "Host: relay.example\r\n", "Content-Type: application/json\r\n"]
    head += [f"Authorization: Bearer {relay.key}\r\n"] if key else []
    parts = [part.encode("latin-1") if isinstance(part, str) else part for part in (*head, *headers)]
    return b"".join(parts) + b"\r\n" + body


def seen_as(producer, data, one_request):
    """Judges what became of an attack: read as one request, with the one behind it answered next; or refused."""
    hidden = producer.metric("reset_relay_http_requests_total", route="none")
    answers = exchange(producer, data + LAST)
    statuses = [answer.status for answer in answers]
    for answer in answers:
        assert answer.status >= 400 and answer.problem, f"{answer} is no problem that names the fault"
    assert producer.metric("reset_relay_http_requests_total", route="none") == hidden, f"/hidden was answered: {statuses}"
    if one_request:
        assert len(answers) == 2 and statuses[1] == 405, statuses
    else:
        assert len(answers) == 1 and answers[0].headers["connection"] == "close", statuses
        assert statuses[0] in (400, 413, 414, 417, 501, 505), answers[0]


CODINGS = [
    # how chunked is said; True where it is read as that and nothing else
    ("Transfer-Encoding: chunked\r\n", True),
    ("Transfer-Encoding:chunked\r\n", True),
    ("transfer-encoding: CHUNKED\r\n", True),
    ("tRANSFER-eNCODING:   chunked  \t \r\n", True),
    ("Transfer-Encoding:\tchunked\r\n", False),
    ("Transfer-Encoding: \tchunked\r\n", False),
    ("Transfer-Encoding:\r\n", False),
    ("Transfer-Encoding: identity\r\n", False),
    ("Transfer-Encoding: gzip\r\n", False),
    ("Transfer-Encoding: xchunked\r\n", False),
    ("Transfer-Encoding: chunkedx\r\n", False),
    ("Transfer-Encoding: x chunked\r\n", False),
    ("Transfer-Encoding: chunked x\r\n", False),
    ("Transfer-Encoding: \"chunked\"\r\n", False),
    ("Transfer-Encoding: 'chunked'\r\n", False),
    ("Transfer-Encoding: chunked;q=1\r\n", False),
    ("Transfer-Encoding: chunked,\r\n", False),
    ("Transfer-Encoding: ,chunked\r\n", False),
    ("Transfer-Encoding: chunked, identity\r\n", False),
    ("Transfer-Encoding: identity, chunked\r\n", False),
    ("Transfer-Encoding: gzip, chunked\r\n", False),
    ("Transfer-Encoding: chunked, chunked\r\n", False),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", False),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", False),
    ("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", False),
    ("Transfer-Encoding: x\r\ntransfer-encoding: chunked\r\n", False),
    ("Transfer-Encoding : chunked\r\n", False),
    ("Transfer-Encoding\t: chunked\r\n", False),
    ("Transfer-Encoding\r\n: chunked\r\n", False),
    ("Transfer-Encoding:\r\n chunked\r\n", False),
    ("Transfer-Encoding:\n chunked\r\n", False),
    ("Transfer-Encoding: chun\r\n ked\r\n", False),
    (" Transfer-Encoding: chunked\r\n", False),
    ("\tTransfer-Encoding: chunked\r\n", False),
    ("X-A: b\r\n Transfer-Encoding: chunked\r\n", False),
    ("X-A: b\nTransfer-Encoding: chunked\r\n", False),
    ("X-A: b\rTransfer-Encoding: chunked\r\n", False),
    ("X-A: b\r\n\rTransfer-Encoding: chunked\r\n", False),
    ("X-A: b\0Transfer-Encoding: chunked\r\n", False),
    ("Transfer-Encoding\0: chunked\r\n", False),
    ("Transfer-Encoding: chunked\0\r\n", False),
    ("Transfer-Encoding: \0chunked\r\n", False),
    ("Transfer-Encoding:\x0bchunked\r\n", False),
    ("Transfer-Encoding:\x0cchunked\r\n", False),
    ("Transfer-Encoding: chunked\x0b\r\n", False),
    ("Transfer-Encoding: \xa0chunked\r\n", False),
    ("Transfer-Encoding: \xffchunked\r\n", False),
    ("Transfer-Encoding: chunked\xff\r\n", False),
    ("Transfer-Encoding: chun\u212aed\r\n".encode(), False),
    ("Tran\u017ffer-Encoding: chunked\r\n".encode(), False),
    ("Transfer-Encoding\x7f: chunked\r\n", False),
    ("Transfer-Encoding; chunked\r\n", False),
    ("(Transfer-Encoding): chunked\r\n", False),
    ("\"Transfer-Encoding\": chunked\r\n", False),
]


def name(case):
    return repr(case[0])[:60].replace(":", "")


@pytest.mark.parametrize("said, known", CODINGS, ids=map(name, CODINGS))
def test_chunked_is_said_in_one_way(pair, said, known):
    seen_as(pair.intake, attack(pair, said, body=CHUNK), known)


@pytest.mark.parametrize("said, known", CODINGS, ids=map(name, CODINGS))
@pytest.mark.parametrize("first", ["coding", "length"])
def test_a_length_beside_a_coding_is_refused_however_it_is_said(pair, said, known, first):
    """CL.TE and TE.CL: what one of the two leaves over is a request of the attacker's."""
    leftover = b"0\r\n\r\n" + HIDDEN
    for length, body in ((len(leftover), leftover), (4, CHUNK)):
        headers = (said, f"Content-Length: {length}\r\n")
        seen_as(pair.intake, attack(pair, *(headers if first == "coding" else headers[::-1]), body=body), False)


HARMLESS = [
    # not a coding of the transfer, to us and to everybody
    "Transfer_Encoding: chunked\r\n", "Transfer-Encodin: chunked\r\n", "XTransfer-Encoding: chunked\r\n", "TE: chunked\r\n",
    "X-Transfer-Encoding: chunked\r\n", "Transfer.Encoding: chunked\r\n", "Trailer: Transfer-Encoding\r\n",
    "Connection: Transfer-Encoding\r\n", "Content-Encoding: chunked\r\n", "Transfer%2DEncoding: chunked\r\n",
    "X-A: Transfer-Encoding: chunked\r\n", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n",
    "X-HTTP-Method-Override: GET\r\n", "X-Original-URL: /hidden\r\n", "X-Rewrite-URL: /hidden\r\n"]


@pytest.mark.parametrize("said", HARMLESS)
def test_what_only_looks_like_framing_frames_nothing(pair, said):
    seen_as(pair.intake, attack(pair, said, f"Content-Length: {len(CHUNK)}\r\n", body=CHUNK), True)


LENGTHS = [
    # %d is the number of bytes that follow
    ("Content-Length: %d\r\n", True), ("content-length:%d\r\n", True), ("Content-Length: 000%d\r\n", True),
    ("Content-Length:   %d \t\r\n", True), ("Content-Length: +%d\r\n", False), ("Content-Length: -%d\r\n", False),
    ("Content-Length: 0x%x\r\n", False), ("Content-Length: %d.0\r\n", False), ("Content-Length: %de0\r\n", False),
    ("Content-Length: %d %d\r\n", False), ("Content-Length: %d,%d\r\n", False), ("Content-Length: %d, %d\r\n", False),
    ("Content-Length: ,%d\r\n", False), ("Content-Length: %d,\r\n", False), ("Content-Length: %d;\r\n", False),
    ("Content-Length: \"%d\"\r\n", False), ("Content-Length: '%d'\r\n", False), ("Content-Length: %d_0\r\n", False),
    ("Content-Length: %dx\r\n", False), ("Content-Length: \r\n", False), ("Content-Length:\t%d\r\n", False),
    ("Content-Length: %d\x0b\r\n", False), ("Content-Length:\x0c%d\r\n", False), ("Content-Length: %d\0\r\n", False),
    ("Content-Length: \xa0%d\r\n", False), ("Content-Length: %d\r\nContent-Length: %d\r\n", False),
    ("Content-Length: %d\r\nContent-Length: 0\r\n", False), ("Content-Length: 0\r\nContent-Length: %d\r\n", False),
    ("Content-Length: %d\r\ncontent-length: 1\r\n", False), ("Content-Length : %d\r\n", False),
    ("Content-Length\t: %d\r\n", False), (" Content-Length: %d\r\n", False), ("Content-Length:\r\n %d\r\n", False),
    ("Content-Length\r\n: %d\r\n", False), ("X-A: b\nContent-Length: %d\r\n", False),
    ("X-A: b\rContent-Length: %d\r\n", False), ("Content-Length\0: %d\r\n", False),
    ("Content-Length: 18446744073709551616\r\n", False), ("Content-Length: 18446744073709551617\r\n", False),
    ("Content-Length: 9223372036854775807\r\n", False), ("Content-Length: 4294967296\r\n", False),
    ("Content-Length: 99999999999999999999999999\r\n", False), ("Content-Length: 00000000000000000000%d\r\n", False),
]


@pytest.mark.parametrize("said, known", LENGTHS, ids=map(name, LENGTHS))
def test_a_length_is_said_in_one_way(pair, said, known):
    said = said % ((len(HIDDEN),) * said.count("%"))
    seen_as(pair.intake, attack(pair, said, body=HIDDEN), known)


SIZE = len(HIDDEN)
CHUNKS = [
    # sizes and ends of chunks; the hidden request is what a lenient reader finds behind them
    (CHUNK, True), (b"%X\r\n%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), True), (b"00%x\r\n%s\r\n000\r\n\r\n" % (SIZE, HIDDEN), True),
    (b"0x%x\r\n%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), False), (b"+%x\r\n%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), False),
    (b"-1\r\n" + HIDDEN, False), (b" %x\r\n%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), False),
    (b"%x \r\n%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), False), (b"%x\t\r\n%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), False),
    (b"%x;\r\n%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), False), (b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), False),
    (b"%x;\n%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), False), (b"%x\n%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), False),
    (b"%x\r%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), False), (b"%x\r\n%s\n0\r\n\r\n" % (SIZE, HIDDEN), False),
    (b"%x\r\n%sxx0\r\n\r\n" % (SIZE, HIDDEN), False), (b"%x\r\n%s0\r\n\r\n" % (SIZE, HIDDEN), False),
    (b"%x\0\r\n%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), False), (b"%x_0\r\n%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), False),
    (b"1%016x\r\n%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), False), (b"%032x\r\n%s\r\n0\r\n\r\n" % (SIZE, HIDDEN), False),
    (b"ffffffffffffffff\r\n" + HIDDEN, False), (b"fffffffffffffffe\r\n" + HIDDEN, False),
    (b"8000000000000000\r\n" + HIDDEN, False), (b"ffffffff\r\n" + HIDDEN, False), (b"7fffffff\r\n" + HIDDEN, False),
    (b"100000000\r\n" + HIDDEN, False), (b"\r\n" + CHUNK, False), (b"g\r\n" + HIDDEN, False), (b"\r\n\r\n" + HIDDEN, False),
    (b"0;a\r\n\r\n" + HIDDEN, False), (b"0\n\r\n" + HIDDEN, False), (b"0\r\n\n" + HIDDEN, False),
    (b"0\r\nHost: evil.example\r\n\r\n" + HIDDEN, False), (b"0\r\nContent-Length: 5\r\n\r\n" + HIDDEN, False),
    (b"0\r\n" + HIDDEN, False), (b"1\r\n{\r\n-1\r\n" + HIDDEN, False), (b"2\r\n{}\r\n%x;x\n%s" % (SIZE, HIDDEN), False),
    ("\uff12\r\n{}\r\n0\r\n\r\n".encode() + HIDDEN, False),
]


@pytest.mark.parametrize("body, known", CHUNKS, ids=lambda value: repr(value)[:40])
def test_a_chunk_is_as_long_as_it_says_and_says_it_in_one_way(pair, body, known):
    seen_as(pair.intake, attack(pair, "Transfer-Encoding: chunked\r\n", body=body), known)


@pytest.mark.parametrize("method, whole", [("GET", True), ("DELETE", True), ("OPTIONS", True), ("PUT", True), ("PATCH", True),
                                           ("HEAD", False), ("TRACE", False)])
@pytest.mark.parametrize("coding", ["length", "chunks"])
def test_content_of_any_method_is_content(pair, method, whole, coding):
    """CL.0: a reader for whom GET has no content takes the content for the next request."""
    framing, body = (f"Content-Length: {SIZE}\r\n", HIDDEN) if coding == "length" else ("Transfer-Encoding: chunked\r\n", CHUNK)
    seen_as(pair.intake, attack(pair, framing, body=body, line=f"{method} {PATH} HTTP/1.1"), whole)


LINES = [
    # where a line ends, and what is on it
    f"POST {PATH} HTTP/1.1\n", f"POST {PATH} HTTP/1.1\r", f"POST {PATH}\r\n", f"POST {PATH} HTTP/0.9\r\n",
    f"POST {PATH} HTTP/1.1 HTTP/1.1\r\n", f"POST {PATH} HTTP/1.1x\r\n", f"POST {PATH} HTTP/1.10\r\n",
    f"POST {PATH} HTTP/01.1\r\n", f"POST {PATH} HTTP/1.\r\n", f"POST {PATH} HTTP/ 1.1\r\n", f"POST {PATH} http/1.1\r\n",
    f"POST {PATH} HTTP/1,1\r\n", f"POST {PATH} HTTP/2.0\r\n", f"POST {PATH} HTTP/1.2\r\n", f"POST {PATH} \r\n",
    f"POST  {PATH} HTTP/1.1\r\n", f"POST {PATH}  HTTP/1.1\r\n", f"POST\t{PATH}\tHTTP/1.1\r\n", f" POST {PATH} HTTP/1.1\r\n",
    f"\r\nPOST {PATH} HTTP/1.1\r\n", f"\nPOST {PATH} HTTP/1.1\r\n", f"POST {PATH} HTTP/1.1 \r\n", f"post {PATH} HTTP/1.1\r\n",
    f"POST\0 {PATH} HTTP/1.1\r\n", f"P\xd6ST {PATH} HTTP/1.1\r\n", f"POST {PATH}\x0b HTTP/1.1\r\n",
    f"POST {PATH}\0 HTTP/1.1\r\n", f"POST {PATH}\t HTTP/1.1\r\n", f"POST {PATH}\xa0 HTTP/1.1\r\n", f"POST {PATH}# HTTP/1.1\r\n",
    f"POST {PATH}#/hidden HTTP/1.1\r\n", f"POST {PATH}\xff HTTP/1.1\r\n", f"POST http://relay.example{PATH} HTTP/1.1\r\n",
    f"POST //relay.example{PATH} HTTP/1.1\r\n", "POST * HTTP/1.1\r\n", "POST relay.example:443 HTTP/1.1\r\n",
    f"POST {PATH[1:]} HTTP/1.1\r\n", f"POST \\{PATH} HTTP/1.1\r\n", f"POST ?{PATH} HTTP/1.1\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", "GET / \r\n", "\r\n\r\n", "POST\r\n",
    "CONNECT relay.example:443 HTTP/1.1\r\n", "PROPFIND / HTTP/1.1\r\n", f"XPOST {PATH} HTTP/1.1\r\n",
]


@pytest.mark.parametrize("line", LINES, ids=lambda value: repr(value)[:50])
def test_a_request_line_that_is_not_one_is_refused(pair, line):
    data = line.encode("latin-1") + attack(pair, f"Content-Length: {SIZE}\r\n", body=HIDDEN, line="X-First: x")
    seen_as(pair.intake, data, False)


HEADERS = [
    "X-A: b\n", "X-A: b\r", "X-A: b\r\r\n", "X-A: \0\r\n", "X-A: \x01\r\n", "X-A: \x7f\r\n", "X-A: \x1b[2J\r\n", "X-A\r\n",
    ": b\r\n", " : b\r\n", "X-A : b\r\n", "X A: b\r\n", "X\x80: b\r\n", "X-A\0: b\r\n", "X-A: b\r\n c\r\n", "X-A: b\r\n\tc\r\n",
    "X-A: b\r\n \r\n", "X(A): b\r\n", "X-A@: b\r\n", "X[A]: b\r\n", "X=A: b\r\n", "X/A: b\r\n", "X\"A\": b\r\n",
    "Host: relay.example\r\n", "host: relay.example\r\n", "Host: evil.example\r\n", "HOST : evil.example\r\n", "Expect: x\r\n",
    "Expect:\t100-continue\r\n", "Expect: 100-continue, x\r\n",
]


@pytest.mark.parametrize("header", HEADERS, ids=lambda value: repr(value)[:40])
def test_a_header_that_is_not_one_is_refused(pair, header):
    seen_as(pair.intake, attack(pair, header, f"Content-Length: {SIZE}\r\n", body=HIDDEN), False)


HOSTS = [("", True), ("relay.example", True), ("relay.example:8080", True), ("[::1]:8080", True), ("192.0.2.1", True),
         ("RELAY.example", True), ("a, b", False), ("a b", False), ("a\tb", False), ("evil.example/x", False),
         ("evil.example?x", False), ("evil.example#x", False), ("user@evil.example", False), ("evil.example\\x", False),
         ("\"evil.example\"", False), ("<evil.example>", False), ("evil\xe4.example", False), ("evil.example;x", False),
         ("\trelay.example", False), ("{{7*7}}", False), ("evil.example\r\n relay.example", False)]


@pytest.mark.parametrize("host, good", HOSTS)
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_host_is_a_host(pair, host, good, version):
    data = (f"POST {PATH} HTTP/{version}\r\nHost: {host}\r\nConnection: keep-alive\r\nContent-Length: {SIZE}\r\n\r\n"
            .encode("latin-1") + HIDDEN)
    seen_as(pair.intake, data, good)


def test_a_good_request_byte_by_byte_is_the_same_request(pair):
    body = events.encode(events.reset_request())
    for framing, content in ((f"Content-Length: {len(body)}\r\n", body),
                             ("Transfer-Encoding: chunked\r\n", b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))):
        data = attack(pair, framing, body=content)
        answers = exchange(pair.intake, *(data[at:at + 1] for at in range(len(data))), LAST)
        assert [answer.status for answer in answers] == [202, 405], answers


GARBAGE = {
    "zeros": b"\0" * 4000, "line ends": b"\r\n" * 2000, "a TLS greeting": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 40,
    "text": b"hello there\r\n\r\n", "all bytes": bytes(range(256)) * 16, "half a request": HIDDEN[:20] + b"\r\n",
    "a word without an end": b"G" * 30_000, "an HTTP/2 greeting": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an SMTP session": b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n", "a request of the fault before": HIDDEN.replace(b"\r\n", b"\n"),
}


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_behind_good_requests_costs_them_nothing_and_is_refused(pair, garbage):
    body = events.encode(events.reset_request())
    good = attack(pair, f"Content-Length: {len(body)}\r\n", body=body)
    before = pair.intake.metric("reset_relay_http_requests_total")
    answers = exchange(pair.intake, good * 3 + GARBAGE[garbage] + good)
    assert [answer.status for answer in answers[:3]] == [202] * 3
    [refusal] = answers[3:]
    assert refusal.problem and refusal.headers["connection"] == "close", refusal
    assert pair.intake.metric("reset_relay_http_requests_total") == before + 3
