"""The application tells that a password was changed: the user hears of it, and what could still reset it dies."""
import json
import uuid

import pytest

from support import events
from support.changes import change_of, denied_for
from support.expectations import audits_are_valid, nothing_was_mailed, the_mail_to
from support.waiting import NotYet, eventually

PATH = "/v1/password-changes"
TYPE = "identity.password-change.completed.v1"


@pytest.fixture
def intake(relay):
    """A producer alone: what it publishes stays to be looked at."""
    relay.the_producer = relay.producer()
    return relay


@pytest.fixture
def running(intake):
    intake.the_worker = intake.worker()
    return intake


def published(relay):
    return [record for record in relay.reader.complete() if record.topic == relay.requested]


def test_a_change_is_one_signed_event_with_the_users_key(intake):
    request = events.reset_request(name="Ann Lee", locale="en-GB", timezone="Europe/London", role="user")
    request_id = str(uuid.uuid4())
    identifier = intake.the_producer.change(change_of(request, request_id.upper()))["id"]

    (record,) = published(intake)
    event = json.loads(record.value)
    assert (event["id"], event["type"]) == (identifier, TYPE)
    assert record.key.decode() == f"acme/{request['user']['id']}"
    assert record.header("reset-relay-signature").startswith("v1;intake;")
    person = {name: value for name, value in request["user"].items() if name != "role"}
    assert event["data"].pop("asserted_by")["channel"] == "http"
    assert event["data"] == {"tenant": "acme", "user": person, "request_id": request_id, "address": "current",
                             "actor": {"role": "self", "id": person["id"], "tenant": "acme"}}


def test_the_previous_address_has_an_event_of_its_own_whose_id_follows_from_the_first(intake):
    request = events.reset_request()
    body = change_of(request, previous_email="ann@old.example")
    ids = {intake.the_producer.change(body, Idempotency_Key="form-1")["id"] for _ in range(2)}
    assert len(ids) == 1
    told = [json.loads(record.value) for record in published(intake)]
    by_address = {address: {event["id"] for event in told if event["data"]["address"] == address}
                  for address in ("current", "previous")}
    assert len(told) == 4 and by_address["current"] == ids
    assert len(by_address["previous"]) == 1 and not by_address["previous"] & ids
    assert {event["data"]["user"]["email"] for event in told if event["data"]["address"] == "previous"} == \
        {"ann@old.example"}
    assert len({record.key for record in published(intake)}) == 1


def test_the_same_address_twice_is_one_event(intake):
    request = events.reset_request()
    intake.the_producer.change(change_of(request, previous_email=request["user"]["email"]))
    assert len(published(intake)) == 1


def test_an_idempotency_key_of_a_request_is_another_for_a_change(intake):
    request = events.reset_request()
    asked = intake.the_producer.request(request, Idempotency_Key="form-1")
    assert intake.the_producer.change(change_of(request), Idempotency_Key="form-1")["id"] != asked


@pytest.mark.parametrize("scopes, tenants, reason", [(("request:admin", "redeem"), ("*",), "scope"),
                                                     (("notify",), ("globex",), "tenant")])
def test_a_key_that_may_not_tell_is_refused_and_audited(intake, scopes, tenants, reason):
    key = intake.add_key("stranger", scopes, tenants)
    producer = intake.producer()
    answer = producer.post(PATH, change_of(events.reset_request()), key=key)
    assert answer.status == 403 and answer.problem["reason"] == reason
    denied_for(intake, reason)
    assert not published(intake)


@pytest.mark.parametrize("fault, field", [
    ({"user": None}, "/user"), ({"previous_email": "a@b, c@d"}, "/previous_email"), ({"request_id": "1"}, "/request_id"),
    ({"password": "umbrella granite"}, "/password"), ({"method": "link"}, "/method"), ({"address": "current"}, "/address")])
def test_a_body_of_another_form_is_refused_by_the_name_of_its_field(intake, fault, field):
    answer = intake.the_producer.post(PATH, {**change_of(events.reset_request()), **fault})
    assert answer.status == 400 and answer.problem["field"] == field
    assert not published(intake)


def test_without_kafka_a_change_is_not_taken(deploy, own_broker):
    relay = deploy(kafka=own_broker)
    producer = relay.producer(**{"http.kafka_deadline": "2s"})
    own_broker.kill()
    answer = producer.post(PATH, change_of(events.reset_request(), previous_email="ann@old.example"), timeout=60)
    assert answer.status == 503 and answer.headers["retry-after"], answer


def test_without_redis_a_change_is_taken_all_the_same(intake, redis_server):
    redis_server.kill()
    for headers in ({}, {"Idempotency_Key": "form-1"}):
        intake.the_producer.change(change_of(events.reset_request()), **headers)
    assert len(published(intake)) == 2


def test_a_change_is_told_to_both_addresses_and_closes_the_request(running, smtp):
    request = events.own_request(name="Ann Lee")
    producer = running.the_producer
    asked = producer.request(request)
    link = the_mail_to(smtp, request["user"]["email"])
    running.outcome(asked, "sent")
    assert producer.redeem(link.token, request["user"]["email"], "form-1").status == 200

    told = producer.change(change_of(request, asked, previous_email="ann@old.example"))["id"]
    notice = the_mail_to(smtp, "ann@old.example")
    assert not notice.has_link, "a link in a notice"
    completed = running.outcome(asked, "completed")
    assert (completed["user_id"], completed["actor"]["role"]) == (request["user"]["id"], "self")
    sent = running.outcome(told, "sent")
    assert sent["completes"] == asked
    running.wait_until_committed()
    link_mail, notice_mail = smtp.mails.to(request["user"]["email"])
    assert link_mail.has_link and not notice_mail.has_link and not notice_mail.has_password
    audits_are_valid(running.audits())


def test_a_change_kills_the_live_link_and_what_was_asked_before(running, smtp):
    request, other = events.own_request(), events.own_request()
    producer = running.the_producer
    asked, others = producer.request(request), producer.request(other)
    link, unharmed = (the_mail_to(smtp, each["user"]["email"]) for each in (request, other))
    running.outcome(asked, "sent")
    running.outcome(others, "sent")
    assert producer.check(link.token).status == 200

    running.outcome(producer.change(change_of(request))["id"], "sent")
    assert producer.check(link.token).status == 404
    assert producer.redeem(link.token, request["user"]["email"], "form-1").status == 404
    assert producer.check(unharmed.token).status == 200


def test_a_change_kills_the_live_link_before_any_worker_takes_it(running, smtp):
    request = events.own_request()
    producer = running.the_producer
    asked = producer.request(request)
    link = the_mail_to(smtp, request["user"]["email"])
    running.outcome(asked, "sent")
    running.the_worker.stop()
    assert producer.check(link.token).status == 200

    told = producer.change(change_of(request, asked))["id"]
    assert producer.check(link.token).status == 404
    assert producer.redeem(link.token, request["user"]["email"], "form-1").status == 404
    running.worker()
    running.outcome(asked, "completed")
    running.outcome(told, "sent")


def test_a_change_that_names_anothers_request_closes_nothing_and_is_still_told(running, smtp):
    victim, user = events.own_request(), events.own_request()
    producer = running.the_producer
    asked = producer.request(victim)
    running.outcome(asked, "sent")

    told = producer.change(change_of(user, asked))["id"]
    the_mail_to(smtp, user["user"]["email"])
    assert running.outcome(told, "completed", "unknown_request")["user_id"] == user["user"]["id"]
    assert not running.audits(asked, "completed")
    assert producer.check(the_mail_to(smtp, victim["user"]["email"]).token).status == 200


def test_another_body_under_the_same_idempotency_key_is_refused_once_a_worker_has_begun(running):
    request = events.reset_request()
    told = running.the_producer.change(change_of(request), Idempotency_Key="form-1")["id"]
    running.outcome(told, "sent")
    answer = running.the_producer.post(PATH, change_of(request, actor_role="admin", actor_id="boss"), Idempotency_Key="form-1")
    assert answer.status == 422, answer


def mailed_again(relay, producer, smtp, request):
    """The mail of a request after a change: one within the two seconds that clocks may differ is revoked with it."""
    def asked():
        identifier = producer.request(request)
        relay.wait_until_committed()
        if not relay.audits(identifier, "sent"):
            raise NotYet(relay.audits(identifier))
        return the_mail_to(smtp, request["user"]["email"])
    return eventually("a request after the change to be mailed", asked)


def test_notices_beyond_the_limit_are_silent_and_still_kill_the_link(deploy, smtp):
    relay = deploy({"limits.per_notice": "1/1h"})
    relay.worker()
    producer = relay.producer()
    request = events.own_request()
    relay.outcome(producer.change(change_of(request))["id"], "sent")
    mail = mailed_again(relay, producer, smtp, events.own_request(user=request["user"]["id"], email="new@example.com"))
    assert producer.check(mail.token).status == 200
    relay.outcome(producer.change(change_of(request))["id"], "suppressed", "notice_limit")
    assert producer.check(mail.token).status == 404
    assert len(smtp.mails.to(request["user"]["email"])) == 1


def test_a_publisher_without_the_scope_tells_nothing(relay, smtp):
    secret = relay.add_publisher("plain", ("request:admin",))
    body = change_of(events.reset_request())
    document = events.completed_event(body)
    relay.worker()
    relay.publish_records([events.record(document, "plain", secret)])
    assert relay.outcome(document["id"], "dead", "policy")["detail"] == "scope"
    nothing_was_mailed(smtp)
