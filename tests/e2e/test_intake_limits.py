"""The two limits that are answered: by client address and by API key.  No worker runs: nothing else is asked."""
import json

import pytest

from support import events, web
from support.expectations import audits_are_valid
from support.relay import ALL_SCOPES
from support.waiting import NotYet, eventually

PATH = "/v1/password-resets"


def ask(producer, ip=None, request=None, **options):
    body = request or events.own_request()
    if ip:
        body["client"] = {"ip": ip, "user_agent": "Browser/1.0"}
    return producer.post(PATH, body, **options)


def is_refused(answer, reason):
    assert answer.status == 429, answer
    assert answer.problem["reason"] == reason
    assert 1 <= int(answer.headers["retry-after"]) <= 3600 + 240
    return answer


def denials(relay, reason, count):
    """Waits for so many audit records of refusals."""
    def found():
        match = [audit for audit in relay.audits(outcome="denied") if audit["data"]["reason"] == reason]
        if len(match) < count:
            raise NotYet(f"{len(match)} of {count}")
        return match
    return eventually(f"{count} times denied {reason}", found)


CLIENTS = {
    # who uses up the limit; who is the same client; who is another
    "IPv4": ("192.0.2.1", ["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1:52118"], "192.0.2.2"),
    "IPv6": ("2001:db8:7:8::1", ["2001:db8:7:8:ffff::9", "2001:DB8:7:8::1", "[2001:db8:7:8::2]:443"],
             "2001:db8:7:9::1"),
    "text": ("unix:", ["unix:"], "Unix:"),
}


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_client_over_its_limit_is_told_to_come_back_later(relay, kind):
    producer = relay.producer(**{"limits.per_client": "2/1h"})
    first, same, other = CLIENTS[kind]
    assert [ask(producer, first).status for _ in range(2)] == [202, 202]
    for address in same:
        is_refused(ask(producer, address), "client_limit")
    assert ask(producer, other).status == 202
    assert [ask(producer).status for _ in range(4)] == [202] * 4, "who names no client has no limit of one"


def test_the_limit_tells_nothing_about_accounts(relay):
    """Asked before the account: what is refused looks the same for anybody, also for who may not ask at all."""
    producer = relay.producer(**{"limits.per_client": "1/1h"})
    assert ask(producer, "192.0.2.1").status == 202
    stranger = events.own_request()
    stranger["actor"]["id"] = "somebody-else"
    unknown = events.own_request()
    unknown["user"] = None
    answers = [is_refused(ask(producer, "192.0.2.1", request), "client_limit")
               for request in (events.own_request(), unknown, stranger)]
    assert len({answer.body for answer in answers}) == 1


def test_a_flood_from_an_office_leaves_its_administrator_alone(relay):
    producer = relay.producer(**{"limits.per_client": "3/1h"})
    assert [ask(producer, "192.0.2.1").status for _ in range(6)] == [202] * 3 + [429] * 3
    assert ask(producer, "192.0.2.1", events.reset_request()).status == 202


def test_a_refusal_is_audited_and_a_flood_of_them_does_not_flood_the_audit(relay):
    producer = relay.producer(**{"limits.per_client": "3/1h"})
    request = events.own_request()
    for _ in range(20):
        ask(producer, "192.0.2.1", request)
    found = denials(relay, "client_limit", 3)
    relay.reader.complete()
    assert len(denials(relay, "client_limit", 3)) == 3, "as many as are let through in the same time"
    audits_are_valid(found)
    data = found[0]["data"]
    assert data["tenant"] == "acme" and data["user_id"] == request["user"]["id"]
    assert data["asserted_by"]["channel"] == "http"
    assert "192.0.2.1" not in str(found)
    assert producer.metric("reset_relay_http_requests_total", route=PATH, status="429") == 17


def test_a_key_over_its_limit_is_told_to_come_back_later_and_others_are_not(relay):
    other = relay.add_key("other", ALL_SCOPES)
    producer = relay.producer(**{"limits.per_key": "3/1h", "limits.per_client": "2/1h"})
    assert ask(producer, "192.0.2.1").status == 202
    assert ask(producer, "192.0.2.1").status == 202
    for _ in range(5):
        is_refused(ask(producer, "192.0.2.1"), "client_limit")
    assert ask(producer, "192.0.2.2").status == 202, "what the client's limit refused used up no key"
    is_refused(ask(producer, "192.0.2.3"), "key_limit")
    is_refused(producer.post(PATH, b"not even JSON"), "key_limit")
    assert ask(producer, "192.0.2.2", key=other).status == 202
    assert "user_id" not in denials(relay, "key_limit", 2)[0]["data"]
    assert producer.check("x" * 43).status == 404, "links are checked, whatever was asked for"


def test_an_outage_uses_up_nothing(relay):
    producer = relay.producer(wait=False, **{"kafka.bootstrap.servers": "127.0.0.1:9", "http.kafka_deadline": "200ms",
                                             "limits.per_client": "1/1h", "limits.per_key": "1/1h"})

    def listens():
        try:
            return web.call(producer.admin_port, "GET", "/livez", timeout=5).status == 200
        except OSError as error:
            raise NotYet(error)
    eventually("the producer to live", listens)
    assert [ask(producer, "192.0.2.1").status for _ in range(4)] == [503] * 4


def test_many_requests_of_one_administrator_go_under_a_key_with_the_scope_for_bulk(relay):
    bulk = relay.add_key("forced-reset", ("request:admin", "request:bulk"))
    producer = relay.producer(**{"limits.per_client": "2/1h"})
    statuses = [ask(producer, "192.0.2.1", events.reset_request(), key=bulk).status for _ in range(10)]
    assert statuses == [202] * 10
    assert [ask(producer, "192.0.2.1", events.own_request(), key=bulk).status for _ in range(3)] == [202, 202, 429]
    relay.reader.complete()
    stamps = [json.loads(record.value)["data"] for record in relay.reader.of(relay.requested)]
    assert sorted((data["actor"]["role"], data["asserted_by"].get("bulk", False)) for data in stamps) == \
        [("admin", True)] * 10 + [("self", False)] * 2
