"""How far a request is: told to its tenant's keys, in the states of the audit trail, without address or token."""
import datetime

import pytest

from support import events
from support.changes import change_of, denied_for
from support.expectations import the_mail_to
from support.waiting import eventually

UNKNOWN = "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7"


def ask(producer, identifier, method="GET", **options):
    return producer.call(method, f"/v1/password-resets/{identifier}", **options)


def status_of(producer, identifier):
    answer = ask(producer, identifier)
    assert answer.status == 200 and answer.headers["content-type"] == "application/json", answer
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["id"] == identifier
    return answer.json()


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_a_request_is_followed_from_the_relay_to_the_changed_password(running, smtp):
    producer = running.the_producer
    request = events.own_request(name="Ann Lee")
    identifier = producer.request(request)
    running.outcome(identifier, "sent")
    sent = status_of(producer, identifier)
    assert (sent["state"], sent["method"], sent["attempts"], sent["reply_code"]) == ("sent", "link", 1, 250)
    assert moment(sent["begun_at"]) <= moment(sent["changed_at"])
    life = moment(sent["expires_at"]) - moment(sent["begun_at"])
    assert datetime.timedelta(hours=23, minutes=59) < life <= datetime.timedelta(hours=24, minutes=1)

    mail = the_mail_to(smtp, request["user"]["email"])
    assert producer.redeem(mail.token, request["user"]["email"], "form-1").status == 200
    redeemed = status_of(producer, identifier)
    assert redeemed["state"] == "redeemed" and moment(redeemed["redeemed_at"]) >= moment(sent["begun_at"])

    told = producer.change(change_of(request, identifier))["id"]
    running.outcome(identifier, "completed")
    completed = status_of(producer, identifier)
    assert completed["state"] == "completed"
    assert moment(completed["completed_at"]) >= moment(completed["redeemed_at"])
    running.outcome(told, "sent")
    assert (status_of(producer, told)["state"], status_of(producer, told)["method"]) == ("sent", "password_changed")
    for body in (sent, redeemed, completed):
        assert mail.token not in str(body) and "@" not in str(body) and "Ann" not in str(body)


def test_a_relay_that_says_later_shows_when_the_next_try_is(running, smtp):
    smtp.rule("rcpt", "451 4.7.1 <somebody@example.com> greylisted")
    identifier = running.the_producer.request(events.reset_request())
    running.outcome(identifier, "deferred")

    def deferred():
        told = status_of(running.the_producer, identifier)
        return told if told["state"] == "deferred" and told["attempts"] == 2 else None
    state = eventually("its second refusal", deferred, seen=lambda: status_of(running.the_producer, identifier))
    assert (state["reply_code"], state["reply_enhanced"]) == (451, "4.7.1") and "expires_at" not in state
    assert "somebody" not in str(state), "the relay's text has an address in it"
    waits = moment(state["next_try_at"]) - moment(state["changed_at"])
    assert datetime.timedelta(seconds=50) < waits < datetime.timedelta(seconds=90), "the second tier is a minute"


def test_the_ends_without_a_mail_say_why(running, smtp):
    smtp.rule("rcpt", lambda address: "550 5.1.1 unknown" if address == "gone@example.com" else None)
    producer = running.the_producer
    user = events.own_request()
    first, second = producer.request(user), None
    running.outcome(first, "sent")
    second = producer.request(user)
    ends = {second: ("suppressed", "coalesced"), producer.request(events.decoy()): ("suppressed", "unknown_user"),
            producer.request(events.reset_request(email="gone@example.com")): ("dead", "refused"),
            running.publish(events.reset_request(not_after=events.now(-60))): ("expired", "not_after")}
    for identifier, (state, reason) in ends.items():
        running.outcome(identifier, state, reason)
        told = status_of(producer, identifier)
        assert (told["state"], told["reason"]) == (state, reason)
    assert status_of(producer, second)["into"] == first


def test_what_is_not_the_callers_cannot_be_told_from_what_is_not_there(running):
    own = running.add_key("globex", ("status", "request:admin"), ("globex",))
    producer = running.producer()
    theirs = producer.request(events.reset_request())
    running.outcome(theirs, "sent")
    running.the_worker.kill()
    waiting = producer.request(events.reset_request(tenant="globex"), key=own)

    answers = [ask(producer, identifier, key=own)
               for identifier in (theirs, waiting, UNKNOWN, "42", UNKNOWN + "0", "%2e%2e", UNKNOWN.replace("-", ""))]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.body for answer in answers}) == 1
    assert ask(producer, theirs).status == 200
    assert ask(producer, theirs.upper()).json()["id"] == theirs


def test_a_key_without_the_scope_is_refused_and_audited(running):
    key = running.add_key("stranger", ("request:admin", "redeem"))
    producer = running.producer()
    answer = ask(producer, UNKNOWN, key=key)
    assert answer.status == 403 and answer.problem["reason"] == "scope"
    denied_for(running, "scope")
    assert ask(producer, UNKNOWN, key="").status == 401


def test_head_says_the_same_without_the_body(running):
    producer = running.the_producer
    identifier = producer.request(events.reset_request())
    running.outcome(identifier, "sent")
    told, head = ask(producer, identifier), ask(producer, identifier, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(told.body))
    assert (ask(producer, UNKNOWN, "HEAD").status, ask(producer, UNKNOWN, "HEAD").body) == (404, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_another_method_is_refused_with_those_there_are(running, method):
    answer = ask(running.the_producer, UNKNOWN, method, body={})
    assert answer.status == 405 and answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/v1/password-resets/", f"/v1/password-resets/{UNKNOWN}/mail"])
def test_a_path_beside_it_is_nothing(running, path):
    assert running.the_producer.call("GET", path).problem["detail"] == "there is nothing at this path"


def test_without_redis_it_is_not_there_and_with_a_dead_one_asks_for_patience(relay, redis_server):
    producer = relay.producer()
    assert ask(relay.producer(**{"redis.url": None}), UNKNOWN).status == 404
    redis_server.kill()
    answer = ask(producer, UNKNOWN)
    assert answer.status == 503 and answer.headers["retry-after"], answer
