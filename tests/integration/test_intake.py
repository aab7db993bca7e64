"""The HTTP intake on raw sockets: what smuggles, what is slow, what comes in a pipeline, and how it ends.

Kafka and Redis are real; no worker runs, so an event that is published stays to be counted.
"""
import http.client
import json
import os
import resource
import select
import signal
import socket

import pytest

from support import events, web
from support.kafka_broker import KafkaBroker
from support.redis_server import RedisServer
from support.relay import Relay
from support.waiting import eventually
from support.web import Client

GOOD = events.encode(events.reset_request())
PATH = "/v1/password-resets"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("intake")
    broker = KafkaBroker(folder / "kafka").start()
    redis = RedisServer(folder / "redis").start()
    broker.process.lasting = redis.process.lasting = True
    relay = Relay(folder / "relay", broker, redis, "smtp://127.0.0.1:9").prepare()
    yield relay
    relay.close()
    redis.kill()
    broker.remove()


@pytest.fixture(scope="module")
def shared(deployment):
    producer = deployment.producer()
    producer.lasting = True
    return producer


@pytest.fixture
def intake(deployment):
    """intake(setting=value) runs a producer of this test's own."""
    return lambda **settings: deployment.producer(**settings)


def post(relay, body=GOOD, line=f"POST {PATH} HTTP/1.1", extra="", length=None):
    length = f"Content-Length: {len(body)}\r\n" if length is None else length
    return (f"{line}\r\nHost: relay.example\r\nAuthorization: Bearer {relay.key}\r\n"
            f"Content-Type: application/json\r\n{length}{extra}\r\n").encode() + body


def answered(producer):
    """Requests that were read as requests, whatever their answer."""
    return producer.metric("reset_relay_http_requests_total")


def fine(answer):
    return answer.status == 202 and bool(answer.json()["id"])


MALFORMED = {
    # what stands instead of a good request; the status
    "length_and_coding": ("length", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
    "coding_and_length": ("length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400),
    "two_lengths": ("length", "Content-Length: 5\r\nContent-Length: 6\r\n", 400),
    "two_lengths_alike": ("length", "Content-Length: 5\r\nContent-Length: 5\r\n", 400),
    "list_of_lengths": ("length", "Content-Length: 5, 5\r\n", 400),
    "signed_length": ("length", "Content-Length: +5\r\n", 400),
    "negative_length": ("length", "Content-Length: -5\r\n", 400),
    "hexadecimal_length": ("length", "Content-Length: 0x5\r\n", 400),
    "huge_length": ("length", "Content-Length: 99999999999999999999\r\n", 413),
    "two_codings": ("length", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
    "another_coding": ("length", "Transfer-Encoding: gzip, chunked\r\n", 501),
    "space_before_the_colon": ("extra", "Transfer-Encoding : chunked\r\n", 400),
    "two_hosts": ("extra", "Host: evil.example\r\n", 400),
    "list_of_hosts": ("extra", "X-A: b\r\nHost: a, b\r\n", 400),
    "folded_header": ("extra", "X-A: b\r\n c\r\n", 400),
    "bare_line_feed": ("extra", "X-A: b\nX-C: d\r\n", 400),
    "bare_carriage_return": ("extra", "X-A: b\rX-C: d\r\n", 400),
    "nul": ("extra", "X-A: b\0c\r\n", 400),
    "control_character": ("extra", "X-A: \x07\r\n", 400),
    "no_colon": ("extra", "nothing\r\n", 400),
    "nameless_header": ("extra", ": b\r\n", 400),
    "another_expectation": ("extra", "Expect: tea\r\n", 417),
    "another_version": ("line", f"POST {PATH} HTTP/2.0", 505),
    "no_version": ("line", f"POST {PATH}", 400),
    "absolute_target": ("line", f"POST http://evil.example{PATH} HTTP/1.1", 400),
    "two_slashes": ("line", "POST //evil.example:x HTTP/1.1", 400),
    "unknown_method": ("line", f"BREW {PATH} HTTP/1.1", 501),
    "connect": ("line", "CONNECT / HTTP/1.1", 501),
    "long_target": ("line", f"POST {PATH}?{'x' * 2000} HTTP/1.1", 414),
    "content_with_head": ("line", f"HEAD {PATH} HTTP/1.1", 400),
    "chunk_that_is_longer": ("chunks", b"2\r\n{}x\r\n0\r\n\r\n", 400),
    "chunk_of_no_number": ("chunks", b"x\r\n{}\r\n0\r\n\r\n", 400),
    "chunk_extension": ("chunks", b"2;a=b\r\n{}\r\n0\r\n\r\n", 400),
    "trailer": ("chunks", b"2\r\n{}\r\n0\r\nHost: evil.example\r\n\r\n", 400),
}


def malformed(relay, kind):
    place, value, status = MALFORMED[kind]
    if place == "chunks":
        return post(relay, value, length="Transfer-Encoding: chunked\r\n"), status
    return post(relay, **{place: value}), status


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_request_is_a_problem_and_the_end_of_its_connection(deployment, shared, kind):
    data, status = malformed(deployment, kind)
    before = answered(shared)
    with Client(shared) as client:
        client.send(data + post(deployment))
        answer = client.answer()
        assert answer.status == status and answer.problem, answer
        assert client.closed()
    assert answered(shared) == before, "the bytes behind the fault were taken for a request"


@pytest.mark.parametrize("kind", ["two_lengths", "trailer", "nul"])
def test_a_malformed_request_byte_by_byte_is_refused_alike(deployment, shared, kind):
    data, status = malformed(deployment, kind)
    with Client(shared) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(data)):
            try:
                client.send(data[at:at + 1])
            except (BrokenPipeError, ConnectionResetError):
                break
        assert client.answer().status == status


def test_a_large_body_that_is_refused_at_its_headers_hears_413_and_no_reset(deployment, shared):
    with Client(shared) as client:
        client.send(post(deployment, b"x" * 300_000))
        assert client.answer().status == 413
        assert client.closed()


def test_requests_in_a_pipeline_are_answered_in_order(shared, deployment):
    good, bad = post(deployment), post(deployment, b"{}")
    with Client(shared) as client:
        client.send(good + bad + good + bad)
        assert [client.answer().status for _ in range(4)] == [202, 400, 202, 400]
        client.send(good)
        assert fine(client.answer())


def test_a_pipeline_whose_answers_nobody_reads_is_not_taken_in_for_ever(intake):
    """Reading stops; what the sockets of both sides hold is some megabytes."""
    requests, taken = b"GET /nothing HTTP/1.1\r\nHost: relay.example\r\n\r\n" * 2000, 0
    with Client(intake(**{"http.total_timeout": "10m"})) as client:
        client.socket.settimeout(3)
        with pytest.raises(TimeoutError):
            while taken < 32 << 20:
                client.socket.sendall(requests)
                taken += len(requests)


@pytest.mark.parametrize("kind", ["two_lengths", "folded_header", "no_version"])
def test_a_malformed_request_behind_a_good_one_waits_for_its_answer(shared, deployment, kind):
    data, status = malformed(deployment, kind)
    with Client(shared) as client:
        client.send(post(deployment) + post(deployment) + data)
        assert fine(client.answer()) and fine(client.answer())
        answer = client.answer()
        assert answer.status == status and answer.problem
        assert client.closed()


def test_several_connections_that_end_after_an_answer_end_once_each(intake, deployment):
    producer = intake()
    bad, status = malformed(deployment, "two_lengths")
    leaving = [Client(producer) for _ in range(3)]
    for client in leaving:
        client.send(post(deployment) + bad)
        assert fine(client.answer())
        assert client.answer().status == status
    for client in leaving:
        client.__exit__()
    eventually("no connection to be counted", lambda: producer.metric("reset_relay_http_connections") == 0)
    with Client(producer) as client:
        client.send(post(deployment))
        assert fine(client.answer())


def test_a_kept_connection_takes_one_request_after_another(shared, deployment):
    with Client(shared) as client:
        for _ in range(20):
            client.send(post(deployment))
            assert fine(client.answer())


def test_a_client_that_asks_whether_to_go_on_is_told_to(shared, deployment):
    data = post(deployment, extra="Expect: 100-continue\r\n")
    with Client(shared) as client:
        client.send(data[:-len(GOOD)])
        assert client.answer().status == 100
        client.send(GOOD)
        assert fine(client.answer())


def test_a_request_that_does_not_end_is_answered_408(intake, deployment):
    producer = intake(**{"http.total_timeout": "1s"})
    for part in (post(deployment)[:30], post(deployment)[:-5], b"P"):
        with Client(producer) as client:
            client.send(part)
            answer = client.answer()
            assert answer.status == 408 and answer.problem
            assert client.closed()
    with Client(producer) as client:  # a first good one does not change it
        client.send(post(deployment) + post(deployment)[:40])
        assert fine(client.answer())
        assert client.answer().status == 408


def test_an_idle_connection_is_closed_without_a_word(intake, deployment):
    producer = intake(**{"http.idle_timeout": "1s"})
    with Client(producer) as silent, Client(producer) as kept:
        kept.send(post(deployment))
        assert fine(kept.answer())
        assert silent.closed() and kept.closed()
    eventually("no connection to be counted", lambda: producer.metric("reset_relay_http_connections") == 0)


@pytest.mark.parametrize("setting", ["http.connections", "http.connections_per_address"])
def test_a_connection_too_many_hears_503_and_room_comes_back(intake, deployment, setting):
    producer = intake(**{setting: "3"})
    held = [Client(producer) for _ in range(3)]
    for client in held:
        client.send(post(deployment))
        assert fine(client.answer())
    with Client(producer) as late:
        answer = late.answer()
        assert answer.status == 503 and answer.problem and int(answer.headers["retry-after"]) > 0
        assert late.closed()
    for client in held:
        client.__exit__()

    def accepted():
        with Client(producer) as client:
            client.send(post(deployment))
            return fine(client.answer())
    eventually("room for a connection", accepted)


def test_connections_that_come_and_go_leave_nothing(intake, deployment):
    producer = intake()
    for number in range(200):
        with Client(producer) as client:
            if number % 2:
                client.send(post(deployment)[:number])
    eventually("no connection to be counted", lambda: producer.metric("reset_relay_http_connections") == 0)
    with Client(producer) as client:
        client.send(post(deployment))
        assert fine(client.answer())


def test_a_caller_that_leaves_before_the_answer_harms_nobody(intake, deployment):
    producer = intake()
    for _ in range(20):
        with Client(producer) as client:
            client.send(post(deployment))
    with Client(producer) as client:
        client.send(post(deployment))
        assert fine(client.answer())
    eventually("no connection to be counted", lambda: producer.metric("reset_relay_http_connections") == 0)


def test_a_caller_that_closes_its_side_still_hears_the_answer(shared, deployment):
    for data, status in ((post(deployment), 202), (post(deployment, b"{}"), 400),
                         (post(deployment, extra="Host: evil.example\r\n"), 400)):
        with Client(shared) as client:
            client.send(data)
            client.socket.shutdown(socket.SHUT_WR)
            assert client.answer().status == status


def test_a_producer_without_descriptors_rests_and_goes_on(intake, deployment):
    producer = intake()
    held = []
    resource.prlimit(producer.pid, resource.RLIMIT_NOFILE, (40, 40))
    while "cannot be accepted" not in producer.stderr():
        held.append(Client(producer))
        assert len(held) < 500
    for client in held:
        client.__exit__()
    eventually("room for a connection", lambda: producer.metric("reset_relay_http_connections") == 0)
    with Client(producer) as client:
        client.send(post(deployment))
        assert fine(client.answer())


def test_a_key_given_twice_or_in_another_case_of_the_scheme(shared, deployment):
    with Client(shared) as client:
        client.send(post(deployment, b"{}", extra=f"Authorization: Bearer {deployment.key}\r\n"))
        answer = client.answer()
        assert answer.status == 400 and "twice" in answer.problem["detail"]
        client.send(post(deployment, b"{}").replace(b"Bearer", b"bEARER"))
        assert client.answer().problem["detail"] != answer.problem["detail"]  # it got as far as the body
        client.send(post(deployment, b"{}").replace(b"Bearer", b"Basic"))
        answer = client.answer()
        assert answer.status == 401 and answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("key, good", [("a", True), ("x" * 255, True), ("", False), ("x" * 256, False), ("a b", False),
                                       ("é", False)])
def test_an_idempotency_key_is_visible_ascii(shared, deployment, key, good):
    with Client(shared) as client:
        client.send(post(deployment, extra=f"Idempotency-Key: {key}\r\n"))
        answer = client.answer()
        assert answer.status == (202 if good else 400), answer


def test_the_methods_of_a_path_are_named_and_nothing_is_html(shared):
    for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH"):
        answer = shared.call(method, PATH)
        assert answer.status == 405 and answer.headers["allow"] == "POST" and answer.problem
    assert web.call(shared.port, "HEAD", PATH).status == 405
    for path in ("/", "/v1", PATH + "/", "/v1/tokens/", "/%", "/a%00b", "/.."):
        assert shared.call("GET", path).problem["status"] == 404


def test_without_redis_there_are_no_tokens(intake):
    producer = intake(**{"redis.url": None, "token.record_keys_file": None})
    assert producer.check("A" * 43).status == 404
    assert producer.redeem("A" * 43, "a@example.com", "form").status == 404
    assert producer.request(events.reset_request())


def in_memory_of(process, *needles):
    """Which of them the process has in its memory."""
    found = set()
    with open(f"/proc/{process.pid}/maps") as maps, open(f"/proc/{process.pid}/mem", "rb", 0) as memory:
        for line in maps:
            place, rights = line.split()[:2]
            begin, end = (int(part, 16) for part in place.split("-"))
            if not rights.startswith("rw") or end - begin > 1 << 28:
                continue  # the sanitizer's shadow
            try:
                memory.seek(begin)
                piece = memory.read(end - begin)
            except (OSError, OverflowError):
                continue
            found |= {needle for needle in needles if needle in piece}
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads the memory of a process that is not dumpable")
def test_neither_token_nor_address_stays_in_memory(intake, deployment):
    producer = intake()
    token, address = "CanaryToken" + "x" * 31 + "A", "canary-of-the-memory@example.com"
    body = json.dumps({"token": token, "email": address}).encode()
    chunks = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in (body[:30], body[30:])) + b"0\r\n\r\n"
    line, key = "POST /v1/tokens/redeem HTTP/1.1", "Idempotency-Key: form\r\n"
    with Client(producer) as client:
        client.send(post(deployment, body, line, key))
        assert client.answer().status == 404
        client.send(post(deployment, body, line, key) * 2)
        assert [client.answer().status for _ in range(2)] == [404, 404]
        client.send(post(deployment, chunks, line, key, "Transfer-Encoding: chunked\r\n"))
        assert client.answer().status == 404
        assert producer.check(token).status == 404
    eventually("the connections to be gone", lambda: producer.metric("reset_relay_http_connections") == 0)
    publisher = deployment.settings["auth.publisher"].encode()
    assert in_memory_of(producer, b"CanaryToken", address.encode(), publisher) == {publisher}


@pytest.mark.parametrize("size", (4000, 4096, 9000, 40_000, 65_536))
def test_a_body_of_any_size_up_to_the_limit_is_read_whole(shared, deployment, size):
    """It is in several pieces of memory then, and its end is as good as its beginning."""
    body = b" " * (size - len(GOOD)) + GOOD
    for data in (post(deployment, body), post(deployment, body) * 3):
        with Client(shared) as client:
            client.send(data)
            for _ in range(data.count(GOOD)):
                assert fine(client.answer())
            client.send(post(deployment, body[:-1] + b"]"))
            assert client.answer().status == 400


def test_the_trace_of_the_caller_is_carried_on(shared, deployment):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    good = shared.request(events.reset_request(), traceparent=trace)
    bad = shared.request(events.reset_request(), traceparent="00-zz")

    def both():
        deployment.reader.refresh()
        found = {document["id"]: document for document in
                 (json.loads(record.value) for record in deployment.reader.of(deployment.requested))}
        return found if {good, bad} <= set(found) else None
    documents = eventually("both events", both)
    assert documents[good]["traceparent"] == trace
    assert "traceparent" not in documents[bad]


def test_sigterm_answers_what_is_under_way_and_ends(intake, deployment):
    producer = intake()
    with Client(producer) as busy, Client(producer) as idle, Client(producer) as half:
        idle.send(post(deployment))
        assert fine(idle.answer())
        half.send(post(deployment)[:-10])
        busy.send(post(deployment))
        eventually("the three connections", lambda: producer.metric("reset_relay_http_connections") == 3)
        producer.signal(signal.SIGTERM)
        assert fine(busy.answer())
        assert idle.closed()
        half.send(post(deployment)[-10:])
        answer = half.answer()
        assert fine(answer) and answer.headers["connection"] == "close" and half.closed()
    assert producer.wait() == 0


def test_passwords_being_tried_when_the_drain_is_over_are_cut_and_the_end_is_clean(intake, deployment):
    producer = intake(**{"http.drain": "100ms", "redis.timeout": "1m"})
    body = json.dumps({"tenant": "acme", "user_id": "u", "password": "whatever"}).encode()
    line = "POST /v1/temporary-passwords/verify HTTP/1.1"
    deployment.redis.process.signal(signal.SIGSTOP)
    try:
        with Client(producer) as one, Client(producer) as two, Client(producer) as three:
            clients = {client.socket: client for client in (one, two, three)}
            for client in clients.values():
                client.send(post(deployment, body, line))
            told, _, _ = select.select(list(clients), [], [], 30)
            assert [clients[socket].answer().status for socket in told] == [503]  # the others wait for Redis
            producer.signal(signal.SIGTERM)
            assert producer.wait() == 0, producer.stderr()
    finally:
        deployment.redis.process.signal(signal.SIGCONT)


def test_a_second_body_under_a_key_whose_request_has_begun_is_422(shared, deployment):
    worker = deployment.worker(wait=False)
    key = "form-of-two-bodies"
    first = shared.request(events.reset_request(email="one@example.com"), Idempotency_Key=key)
    eventually("the worker to begin it", lambda: deployment.redis.client().exists(f"pwreset:request:{first}"))
    again = shared.post(PATH, events.reset_request(email="two@example.com"), Idempotency_Key=key)
    assert again.status == 422 and again.problem
    worker.kill()


def test_a_name_that_is_no_publisher_ends_with_78(intake):
    producer = intake(wait=False, **{"auth.publisher": "nobody"})
    assert producer.wait() == 78 and "nobody" in producer.stderr()
