"""A request for an unknown account (`user: null`) cannot be told from one for a known account by its answer: status,
headers and body are of one form.  How long they take is measured by tests/bench (`oracle`)."""
import re
import uuid

from support import events
from support.web import Client

PATH = "/v1/password-resets"


def with_client(request, ip):
    return {**request, "client": {"ip": ip, "user_agent": "Browser/1.0"}}


def known(ip="192.0.2.1"):
    return with_client(events.own_request(), ip)


def unknown(ip="192.0.2.1"):
    return with_client({**events.own_request(), "user": None}, ip)


def form(answer):
    """An answer without what differs between any two: the request's id, and the time of day where it is told."""
    body = re.sub(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", b"<id>", answer.body)
    headers = [(name, value) for name, value in answer.headers.items() if name != "date"]
    return answer.status, headers, body


def ask_on(client, relay, request, idempotency_key=None):
    body = events.encode(request)
    extra = f"Idempotency-Key: {idempotency_key}\r\n" if idempotency_key else ""
    client.send(f"POST {PATH} HTTP/1.1\r\nHost: relay.example\r\nAuthorization: Bearer {relay.key}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode() + body)
    return client.answer()


def test_answers_are_of_one_form_whoever_has_an_account(relay):
    producer = relay.producer()
    with Client(producer) as client:
        forms = {(kind, key): form(ask_on(client, relay, make(), key and str(uuid.uuid4())))
                 for _ in range(20) for kind, make in (("known", known), ("unknown", unknown)) for key in (0, 1)}
    assert len(set(map(str, forms.values()))) == 1, forms
    assert forms["known", 0][0] == 202


def test_a_repeat_answers_alike_before_and_after_a_worker_has_begun_it(relay):
    """The store is asked about a repeat: that tells no more about an account than the first answer did."""
    producer = relay.producer()
    repeats = {}
    for kind, make in (("known", known), ("unknown", unknown)):
        request, key = make(), str(uuid.uuid4())
        first = producer.post(PATH, request, Idempotency_Key=key)
        repeats[kind] = (request, key, first, [producer.post(PATH, request, Idempotency_Key=key)])
    relay.worker()
    relay.outcome(repeats["known"][2].json()["id"], "sent")
    relay.outcome(repeats["unknown"][2].json()["id"], "suppressed", "unknown_user")
    for request, key, first, answers in repeats.values():
        answers.append(producer.post(PATH, request, Idempotency_Key=key))
        assert all(answer.body == first.body and answer.status == 202 for answer in answers)
    assert len({str(form(answer)) for _, _, first, answers in repeats.values() for answer in [first, *answers]}) == 1
    another = {kind: form(producer.post(PATH, {**request, "client": {"ip": "192.0.2.9"}}, Idempotency_Key=key))
               for kind, (request, key, _, _) in repeats.items()}
    assert another["known"] == another["unknown"] and another["known"][0] == 422


def test_refusals_are_of_one_form_too(relay):
    producer = relay.producer(**{"limits.per_client": "2/1h"})
    foreign = {"actor": {"role": "self", "id": "u", "tenant": "globex"}}
    refused = {kind: [form(producer.post(PATH, {**make("192.0.2.7"), **foreign})) for _ in range(1)]
               for kind, make in (("known", known), ("unknown", unknown))}
    assert refused["known"] == refused["unknown"] and refused["known"][0][0] == 403
    limited = {kind: form(producer.post(PATH, make("192.0.2.7"))) for kind, make in
               (("known", known), ("unknown", unknown))}
    assert limited["known"][0] == limited["unknown"][0] == 429
    assert limited["known"][2] == limited["unknown"][2]
