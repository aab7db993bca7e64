"""Revocation: everything that a user could reset a password with dies, and the audit trail says who asked for it."""
import pytest

from support import events
from support.changes import denied_for
from support.expectations import audits_are_valid, nothing_was_mailed, the_mail_to

PATH = "/v1/tokens/revoke"


def who(request):
    return {"tenant": request["tenant"], "user_id": request["user"]["id"]}


def test_a_revoked_link_is_dead_and_another_users_lives(running, smtp):
    producer = running.the_producer
    requests = [events.own_request(), events.own_request()]
    for request in requests:
        running.outcome(producer.request(request), "sent")
    mine, others = (the_mail_to(smtp, request["user"]["email"]) for request in requests)

    answer = producer.post(PATH, who(requests[0]))
    assert (answer.status, answer.body) == (204, b"") and "content-type" not in answer.headers, answer
    assert producer.check(mine.token).status == 404
    assert producer.redeem(mine.token, requests[0]["user"]["email"], "form-1").status == 404
    assert producer.check(others.token).status == 200

    (revoked,) = [audit["data"] for audit in running.audits(outcome="revoked")]
    assert (revoked["tenant"], revoked["user_id"]) == ("acme", requests[0]["user"]["id"])
    assert revoked["asserted_by"]["channel"] == "http" and revoked["asserted_by"]["key_id"]
    audits_are_valid(running.audits())


def test_what_was_asked_before_and_not_mailed_yet_ends_as_revoked(relay, smtp):
    producer = relay.producer()
    request = events.reset_request()
    identifier = producer.request(request)
    assert producer.post(PATH, who(request)).status == 204
    relay.worker()
    relay.outcome(identifier, "suppressed", "revoked")
    nothing_was_mailed(smtp)


def test_an_unknown_user_gets_the_same_answer(running):
    producer = running.the_producer
    known = events.reset_request()
    running.outcome(producer.request(known), "sent")
    answers = [producer.post(PATH, body) for body in (who(known), {"tenant": "acme", "user_id": "nobody"})]
    without_date = [(each.status, each.body, {k: v for k, v in each.headers.items() if k != "date"}) for each in answers]
    assert without_date[0] == without_date[1] and answers[0].status == 204


@pytest.mark.parametrize("scopes, tenants, reason", [(("redeem", "notify"), ("*",), "scope"), (("revoke",), ("globex",), "tenant")])
def test_a_key_that_may_not_revoke_is_refused_and_audited(running, smtp, scopes, tenants, reason):
    key = running.add_key("stranger", scopes, tenants)
    producer = running.producer()
    request = events.own_request()
    running.outcome(producer.request(request), "sent")
    answer = producer.post(PATH, who(request), key=key)
    assert answer.status == 403 and answer.problem["reason"] == reason
    denied_for(running, reason)
    assert producer.check(the_mail_to(smtp, request["user"]["email"]).token).status == 200


@pytest.mark.parametrize("body, field", [({}, None), ({"tenant": "acme"}, "/user_id"), ({"user_id": "u"}, "/tenant"),
                                         ({"tenant": "a/b", "user_id": "u"}, "/tenant"),
                                         ({"tenant": "acme", "user_id": ""}, "/user_id"),
                                         ({"tenant": "acme", "user_id": "u", "all": True}, "/all")])
def test_a_body_of_another_form_is_refused(running, body, field):
    answer = running.the_producer.post(PATH, body)
    assert answer.status == 400 and field in (None, answer.problem["field"]), answer
    assert not running.audits(outcome="revoked")


def test_without_redis_nothing_is_promised(relay, redis_server):
    producer = relay.producer()
    assert relay.producer(**{"redis.url": None}).post(PATH, {"tenant": "acme", "user_id": "u"}).status == 404
    redis_server.kill()
    answer = producer.post(PATH, {"tenant": "acme", "user_id": "u"})
    assert answer.status == 503 and answer.headers["retry-after"], answer
    assert not relay.audits(outcome="revoked")
