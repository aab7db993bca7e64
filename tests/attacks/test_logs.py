"""Log injection through every field that somebody else fills: over HTTP, on Kafka, in Redis, by the mail relay.

Both forms of the log are watched, the audit lines on stdout, the metrics, and what the commands print on a terminal.
"""
import json
import os
import pty
import subprocess
import uuid

import pytest

from support import events, places, web
from support.fixtures import shared_relay
from support.injection import MARK, PAYLOADS, assert_clean, hidden_in
from support.relay import SANITIZERS
from support.waiting import eventually


@pytest.fixture(scope="module")
def watched(tmp_path_factory, broker):
    """A pair for each form of the log, on one deployment."""
    settings = {"policy.temporary_password": "mailed,handed,chosen"}
    with shared_relay(tmp_path_factory.mktemp("watched"), broker, settings) as watched:
        watched.intakes = {form: watched.producer(**{"log.format": form}) for form in ("json", "text")}
        watched.workers = {form: watched.worker(**{"log.format": form}) for form in ("json", "text")}
        for process in (*watched.intakes.values(), *watched.workers.values()):
            process.lasting = True
        yield watched


@pytest.fixture(autouse=True)
def every_output_is_clean(watched):
    yield
    for form in ("json", "text"):
        for process in (watched.intakes[form], watched.workers[form]):
            assert process.running
            assert_clean(f"the log of {process.name}", process.err_path.read_bytes(), form == "json")
            for line in process.out_path.read_bytes().splitlines():
                assert_clean(f"an audit line of {process.name}", line)
                assert json.loads(line)["specversion"] == "1.0"
            metrics = web.call(process.admin_port, "GET", "/metrics").body.decode()
            assert not hidden_in(metrics) and MARK not in metrics


def requests_with(payload):
    """A request for each field of text, with the payload in it: (field, request)."""
    good = {**events.password_request("mailed"), "client": {"ip": "192.0.2.1", "user_agent": "Browser/1.0"}}
    good["user"].update(name="Ann", locale="en", timezone="UTC")
    good["not_after"] = events.now(3600)

    def walk(document, path):
        for key, value in document.items():
            if isinstance(value, dict):
                yield from walk(value, (*path, key))
            else:
                yield (*path, key)
    for path in list(walk(good, ())):
        request = json.loads(json.dumps(good))
        place = request
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = payload + place[path[-1]] if path[-1] != "email" else f"{payload}@example.com"
        yield "/".join(path), request
    yield "an unknown field", {**good, payload: 1}


CONTENT = {"user/name", "client/user_agent", "user/locale", "user/timezone"}  # whatever is in them is no reason to refuse


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_that_would_forge_a_line_is_refused_or_escaped_in_every_field_over_http(watched, payload):
    text = PAYLOADS[payload]
    for intake in watched.intakes.values():
        for field, request in requests_with(text):
            answer = intake.post("/v1/password-resets", request)
            assert answer.status == 400 or (answer.status == 202 and field in CONTENT), f"{field}: {answer}"
            assert MARK not in answer.body.decode()
        for path, body in (("/v1/tokens/revoke", {"tenant": text, "user_id": text}), ("/v1/tokens/check", {"token": text}),
                           ("/v1/tokens/redeem", {"token": text, "email": text}),
                           ("/v1/temporary-passwords/verify", {"tenant": "acme", "user_id": text, "password": text}),
                           ("/v1/password-changes", events.password_change(text, "ann@example.com"))):
            answer = intake.post(path, body, Idempotency_Key="form-1")
            assert answer.status in (400, 404) and MARK not in answer.body.decode(), f"{path}: {answer}"


def test_bytes_that_would_forge_a_line_are_refused_or_unheard_in_every_header(watched):
    """C1 controls and marks of direction are bytes over 0x7F, which a header may have."""
    for intake in watched.intakes.values():
        for payload in PAYLOADS.values():
            raw = payload.encode()
            for name in (b"Authorization: Bearer rr_", b"Idempotency-Key: ", b"traceparent: ", b"Content-Type: ", b"Host: ", b"X-A: ",
                         b"User-Agent: ", b"X-Forwarded-For: ", b"X-Request-Id: "):
                body = events.encode(events.reset_request())
                data = (b"POST /v1/password-resets HTTP/1.1\r\nX-B: b\r\n" + (b"" if b"Host" in name else b"Host: relay.example\r\n")
                        + (b"" if b"Auth" in name else f"Authorization: Bearer {watched.key}\r\n".encode())
                        + (b"" if b"Type" in name else b"Content-Type: application/json\r\n") + name + raw
                        + b"\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
                answer, _ = web.raw(intake.port, data)
                assert answer.status in (202, 400, 401, 415) and MARK not in answer.body.decode(), answer
            answer, _ = web.raw(intake.port, b"GET /" + raw + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer.status in (400, 501) and answer.problem
            answer, _ = web.raw(intake.port, raw + b" / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer.status in (400, 501) and answer.problem


def test_text_on_kafka_that_would_forge_a_line_is_a_dead_letter_and_stays_one_line(watched):
    records, expected = [], 0
    for payload in PAYLOADS.values():
        for field, request in requests_with(payload):
            if field in CONTENT:
                continue
            document = events.event(request)
            records.append(events.record(document, watched.publisher, watched.publisher_secret, key="acme/u"))
            expected += 1
        for attribute in ("id", "source", "type", "subject", "time", "traceparent", "datacontenttype", payload):
            document = {**events.event(events.reset_request(email="nobody@example.com", not_after=events.now(-60))), attribute: payload}
            records.append(events.record(document, watched.publisher, watched.publisher_secret, key=payload))
        value = events.encode(events.event(events.reset_request()))
        raw = payload.encode()
        for header in (raw, b"v1;" + raw + b";" + b"0" * 64, f"v1;{watched.publisher};{payload}".encode()):
            records.append((raw, value, [("reset-relay-signature", header), ("traceparent", raw), (MARK, raw)]))
            expected += 1
        records.append((raw, raw, [("reset-relay-signature",
                                    events.signature(raw, watched.publisher, watched.publisher_secret).encode())]))
        expected += 1
    before = len(watched.audits(outcome="dead"))
    watched.publish_records(records)
    eventually(f"{expected} dead letters", lambda: len(watched.audits(outcome="dead")) >= before + expected, 120)
    watched.wait_until_committed()


def test_what_stands_in_redis_and_what_the_relay_answers_is_one_line_too(watched):
    redis = watched.redis.client()
    for number, payload in enumerate(list(PAYLOADS.values())[::3]):
        request = events.reset_request(user=f"injected-{number}", email=f"injected-{number}@example.com")
        watched.smtp.rule("rcpt", lambda address: f"451 4.7.1 {payload.replace(chr(10), ' ').replace(chr(13), ' ')}"
                          if address.startswith("later") else None)
        identifier = watched.intakes["json"].request(request)
        watched.outcome(identifier, "sent")
        [mail] = watched.smtp.mails.to(f"injected-{number}@example.com")
        watched.intakes["json"].request(events.reset_request(user=f"later-{number}", email=f"later-{number}@example.com"))
        key = next(key for key in redis.scan_iter("pwreset:token:*") if identifier.encode() in redis.get(key))
        fields = redis.get(key).split(b"\t")
        for place in range(len(fields)):
            redis.set(key, b"\t".join([*fields[:place], payload.encode(), *fields[place + 1:]]), keepttl=True)
            for intake in watched.intakes.values():
                assert intake.check(mail.token).status == 404
        redis.set(key, payload.encode(), keepttl=True)
        request_key = f"pwreset:request:{identifier}"
        redis.set(request_key, payload.encode() + b"\t" + redis.get(request_key))
        assert watched.intakes["text"].call("GET", f"/v1/password-resets/{identifier}").status in (404, 503)
    watched.smtp.rule("rcpt", None)


def on_a_terminal(relay, *arguments, text=None):
    """What a command prints when a person sits before it."""
    config = relay.write_config(f"terminal-{uuid.uuid4()}")
    leader, follower = pty.openpty()
    child = subprocess.Popen([places.program("reset-producer"), "--config", config, *arguments], stdin=subprocess.PIPE, stdout=follower,
                             stderr=follower, env={**os.environ, **SANITIZERS})
    os.close(follower)
    if text:
        child.stdin.write(text)
    child.stdin.close()
    said = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the terminal's last writer is gone
            break
        if not piece:
            break
        said += piece
    os.close(leader)
    child.wait(60)
    return said.decode()


OURS = ("\n\r", "\x1b[K", "\x1b[1m", "\x1b[0m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[1;31m")


def assert_tame(said):
    for ours in OURS[1:]:
        said = said.replace(ours, "")
    assert not hidden_in(said, "\n\r\t"), f"{hidden_in(said, chr(10) + chr(13))} in {said!r}"


def test_commands_print_nothing_that_drives_the_terminal(watched):
    """`trail` prints audit records, which whoever can write Kafka may forge; `send` its input's faults; `replay` dead letters."""
    identifier = str(uuid.uuid4())
    forged = []
    for number, payload in enumerate(PAYLOADS.values()):
        data = {"outcome": payload if number % 2 else "sent", "reason": payload, "request_id": identifier, "tenant": payload,
                "user_id": payload, "method": payload, "worker": payload, "detail": payload, "attempt": number,
                "actor": {"role": payload, "id": payload, "tenant": payload}, "asserted_by": {"channel": payload, "key_id": payload,
                                                                                             "publisher": payload},
                "smtp": {"code": 250, "enhanced": payload}, "into": payload, "kafka": {"topic": payload, "partition": 0, "offset": 0}}
        document = {"specversion": "1.0", "id": f"{number}-{payload}", "source": payload, "type": payload, "time": events.now(), "data": data}
        # U+0000 is refused when it is read; all else is a record like any other.
        forged.append((identifier.encode(), json.dumps(document, ensure_ascii=number % 3 == 0).encode(), []))
    watched.publish_records(forged, watched.audit_topic)
    said = on_a_terminal(watched, "trail", identifier, "--since", "2000-01-01T00:00:00Z")
    assert identifier in said
    assert_tame(said)
    lines = [json.loads(line) for line in watched.command("reset-producer", "trail", identifier, "--since", "2000-01-01T00:00:00Z")
             .stdout.splitlines()]
    assert len(lines) == len(PAYLOADS) - 1
    requests = [events.encode(request) for payload in PAYLOADS.values() for _, request in requests_with(payload)]
    said = on_a_terminal(watched, "send", "--dry-run", text=b"\n".join(requests) + b"\n" + b"\n".join(
        payload.encode().replace(b"\n", b" ") for payload in PAYLOADS.values()) + b"\n")
    assert_tame(said)
    assert MARK not in said
    said = on_a_terminal(watched, "replay", "--dry-run")
    assert_tame(said)
