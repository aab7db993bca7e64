"""What is put into a mail to become more than a mail, and a relay that is not on our side."""
import pytest

from support import events, web
from support.expectations import dead_letter_of, nothing_was_mailed, the_mail_to
from support.hostile_relay import Endless, HostileRelay
from support.waiting import eventually

NOT_ONE_ADDRESS = {
    "a CR": "kim\r@example.com",
    "a LF": "kim\n@example.com",
    "a NUL": "kim\x00@example.com",
    "a '<'": "<kim@example.com",
    "a '>'": "kim@example.com>",
    "another command": "kim@example.com>\r\nRCPT TO:<eve@evil.example",
    "another header": "kim@example.com\r\nBcc: eve@evil.example",
    "another recipient": "kim@example.com,eve@evil.example",
    "a recipient by its side": "kim@example.com eve@evil.example",
    "a name": "Kim <kim@example.com>",
    "a comment": "kim(eve@evil.example)@example.com",
    "a source route": "@evil.example:kim@example.com",
    "a group": "undisclosed:kim@example.com;",
    "quotes": "\"kim@evil.example\"@example.com",
    "an end of a mail": "kim@example.com\r\n.\r\nMAIL FROM:<eve@evil.example>",
    "a line separator": "kim\u2028@example.com",
    "an override": "kim\u202e@example.com",
}


def test_an_address_with_more_than_an_address_in_it_is_refused_everywhere(relay, smtp):
    """At the intake with the field's name, and again by the worker where a publisher sends it by itself."""
    relay.worker()
    producer = relay.producer()
    identifiers = {}
    for what, address in NOT_ONE_ADDRESS.items():
        answer = producer.post("/v1/password-resets", events.reset_request(email=address))
        named = b"U+0000" if what == "a NUL" else b"/user/email"
        assert answer.status == 400 and named in answer.body, (what, answer)
        assert b"evil" not in answer.body, what
        identifiers[what] = relay.publish(events.reset_request(email=address))
    for identifier in identifiers.values():
        dead_letter_of(relay, identifier)
    relay.wait_until_committed()
    dead = relay.audits(outcome="dead")
    assert len(dead) == len(identifiers) and {audit["data"]["reason"] for audit in dead} <= {"schema", "not_json"}
    nothing_was_mailed(smtp)


def told(relay, worker, redis_server):
    """All that is written down anywhere but in requests and their copies, as bytes."""
    relay.reader.refresh()
    records = [record.value for record in relay.reader.of(relay.audit_topic)]
    headers = [str(record.headers).encode() for topic in (relay.audit_topic, relay.dead_letters, *relay.retries)
               for record in relay.reader.of(topic)]
    redis = [key + b" " + value for key, value in redis_server.dump().items()]
    answers = [web.call(worker.admin_port, "GET", path).body for path in ("/metrics", "/readyz")]
    return b"\n".join([worker.stdout().encode(), worker.stderr().encode(), *records, *headers, *redis, *answers])


def test_of_a_relay_that_echoes_addresses_only_codes_are_recorded(relay, smtp, redis_server):
    """Each of its replies names the recipient, also the greetings of later connections and those that refuse them."""
    worker = relay.worker()
    seen = ["canary-0@example.com"]

    def echo(code):
        def answer(subject):
            recipients = subject if isinstance(subject, list) else getattr(subject, "recipients", [subject])
            if "@" in str(recipients[0]):
                seen.append(recipients[0])
            return f"{code} {seen[-1]} is what I think of"
        return answer
    ends = {"canary-1@example.com": ("rcpt", "550 5.1.1", "dead"), "canary-2@example.com": ("dot", "554 5.7.1", "dead"),
            "canary-3@example.com": ("rcpt", "451 4.2.1", "deferred"), "canary-4@example.com": ("dot", "250 2.0.0", "sent")}
    smtp.rule("connect", echo("220"))
    for address, (step, code, outcome) in ends.items():
        smtp.rule(step, echo(code))
        data = relay.outcome(relay.publish(events.reset_request(email=address, user=address[:8])), outcome)
        assert data["smtp"] == {"code": int(code[:3]), "enhanced": code[4:]}
        smtp.rule(step, None)
    smtp.rule("mail", echo("421 4.3.2"))
    identifier = relay.publish(events.reset_request(email="canary-5@example.com", user="canary-5"))
    eventually("the breaker to open", lambda: "dependency is away" in worker.stderr())
    smtp.rule("connect", echo("554 5.3.2"))
    eventually("a refused greeting", lambda: "last reply 554" in worker.stderr())
    said = told(relay, worker, redis_server)
    assert len(seen) > len(ends) and not [address for address in seen if address.encode() in said]
    assert b"is what I think of" not in said
    smtp.rule("mail", None)
    smtp.rule("connect", None)
    relay.outcome(identifier, "sent")


@pytest.fixture
def hostile():
    relay = HostileRelay().start()
    yield relay
    relay.stop()


TALK = {
    "a greeting without an end": {"greeting": Endless(b"220-welcome\r\n")},
    "an EHLO list without an end": {"ehlo": Endless(b"250-and so on\r\n")},
    "a line without an end": {"mail": Endless(b"250-and so on ")},
    "a reply without an end": {"rcpt": Endless(b"250-and so on\r\n")},
    "noise": {"data": bytes(range(256)) * 64},
}


def test_a_relay_that_talks_without_end_holds_the_worker_up_nowhere(deploy, hostile):
    relay = deploy(smtp_url=hostile.url)
    worker = relay.worker()
    hostile.script = TALK["noise"]
    request = events.reset_request()
    identifier = relay.publish(request)
    for what, script in TALK.items():
        hostile.script = script
        before = worker.stderr().count("dependency is away")
        eventually(f"{what} to be left", lambda: worker.stderr().count("dependency is away") > before)
        assert web.call(worker.admin_port, "GET", "/livez", timeout=5).status == 200, what
    assert not hostile.mails
    hostile.script = {}
    relay.outcome(identifier, "sent")
    assert len(hostile.mails) == 1
    assert not relay.audits(outcome="deferred")
