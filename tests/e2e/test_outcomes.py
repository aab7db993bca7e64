"""Every terminal outcome and its reason, as the auditor reads it; each ends with its offset committed."""
import uuid

import pytest

from support import events
from support.expectations import audits_are_valid, dead_letter_of, nothing_was_mailed, the_mail_to
from support.smtp_server import HOLD
from support.waiting import eventually


@pytest.fixture
def start(deploy):
    """start(settings): a deployment with one worker."""
    def make(settings=None, **options):
        relay = deploy(settings, **options)
        relay.the_worker = relay.worker()
        return relay
    return make


def test_a_link_redeemed_before_the_relay_answers_counts_as_sent(start, smtp):
    relay = start()
    producer = relay.producer()
    smtp.rule("dot", HOLD)
    request = events.reset_request()
    identifier = relay.publish(request)
    held = eventually("the mail at the dot", smtp.held.all)[0]
    assert producer.redeem(held.token, request["user"]["email"], "form-1").status == 200
    smtp.release()
    relay.outcome(identifier, "sent")
    relay.wait_until_committed()
    assert len(smtp.mails) == 1


def test_an_unknown_user_is_suppressed_over_both_ways_in(start, smtp):
    relay = start()
    producer = relay.producer()
    for identifier in (producer.request(events.decoy()), relay.publish(events.decoy())):
        relay.outcome(identifier, "suppressed", "unknown_user")
    relay.wait_until_committed()
    nothing_was_mailed(smtp)
    audits_are_valid(relay.audits())


def test_a_second_request_soon_after_goes_into_the_first(start, smtp):
    relay = start()
    request = events.own_request()
    first = relay.publish(request)
    relay.outcome(first, "sent")
    second = relay.publish(request)
    assert relay.outcome(second, "suppressed", "coalesced")["into"] == first
    relay.wait_until_committed()
    the_mail_to(smtp, request["user"]["email"])


def test_a_users_own_request_does_not_kill_a_fresh_link_of_an_administrator(start, smtp):
    relay = start()
    producer = relay.producer()
    admin = events.reset_request()
    relay.outcome(relay.publish(admin), "sent")
    own = events.own_request(user=admin["user"]["id"], email=admin["user"]["email"])
    relay.outcome(relay.publish(own), "suppressed", "admin_link")
    mail = the_mail_to(smtp, admin["user"]["email"])
    assert producer.check(mail.token).status == 200


LIMITS = {
    # Which setting is full after the first request, and how the second differs from it.
    "user_limit": ("limits.per_user", {"user": "ann", "email": "ann.second@example.com", "actor_id": "boss-2"}),
    "recipient_limit": ("limits.per_recipient", {"user": "bob", "email": "ann@example.com", "actor_id": "boss-2"}),
    "actor_limit": ("limits.per_actor", {"user": "bob", "email": "bob@example.com", "actor_id": "boss-1"}),
}


@pytest.mark.parametrize("reason", LIMITS)
def test_a_full_limit_suppresses_silently(start, smtp, reason):
    setting, second = LIMITS[reason]
    relay = start({setting: "1/1h"})
    first = events.reset_request(user="ann", email="ann@example.com", actor_id="boss-1")
    relay.outcome(relay.publish(first), "sent")
    relay.outcome(relay.publish(events.reset_request(**second)), "suppressed", reason)
    relay.wait_until_committed()
    assert len(smtp.mails) == 1
    audits_are_valid(relay.audits())


def test_a_request_that_waits_for_its_retry_is_superseded_by_a_newer_one(start, smtp):
    relay = start(tiers=("5s", "1m"))
    own = events.own_request()
    smtp.rule("rcpt", lambda address: "451 4.7.1 later" if address == own["user"]["email"] else None)
    older = relay.publish(own)
    relay.outcome(older, "deferred", "refused_for_now")
    smtp.rule("rcpt", None)
    newer = relay.publish(events.reset_request(user=own["user"]["id"], email=own["user"]["email"]))
    relay.outcome(newer, "sent")
    relay.outcome(older, "suppressed", "superseded")
    relay.wait_until_committed()
    the_mail_to(smtp, own["user"]["email"])


def test_a_request_past_its_own_end_is_expired_and_never_mailed(start, smtp):
    relay = start()
    request = events.reset_request(not_after=events.now(-60))
    relay.outcome(relay.publish(request), "expired", "not_after")
    relay.wait_until_committed()
    nothing_was_mailed(smtp)


def test_an_event_of_the_day_before_yesterday_is_expired(start, smtp):
    relay = start()
    relay.outcome(relay.publish(events.reset_request(), time=events.now(-25 * 3600)), "expired", "too_old")
    relay.wait_until_committed()
    nothing_was_mailed(smtp)


def test_an_event_dated_in_the_future_is_dead(start, smtp):
    relay = start()
    identifier = relay.publish(events.reset_request(), time=events.now(600))
    relay.outcome(identifier, "dead", "time")
    dead_letter_of(relay, identifier)
    nothing_was_mailed(smtp)


def test_a_mail_refused_for_good_is_dead_once_and_its_link_with_it(start, smtp, redis_server):
    relay = start()
    smtp.rule("dot", "554 5.7.1 refused")
    request = events.reset_request()
    identifier = relay.publish(request)
    dead = relay.outcome(identifier, "dead", "refused")
    assert dead["smtp"] == {"code": 554, "enhanced": "5.7.1"}
    dead_letter_of(relay, identifier)
    relay.wait_until_committed()
    assert len(smtp.refused) == 1 and not smtp.mails.all()
    assert not list(redis_server.client().scan_iter("pwreset:token:*"))
    audits_are_valid(relay.audits())


STAGES = {"mail": "554 5.1.8 bad sender", "rcpt": "550 5.1.1 no such user", "data": "554 5.3.0 no"}


@pytest.mark.parametrize("stage", STAGES)
def test_a_refusal_for_good_at_each_stage_is_dead_and_costs_no_other_mail(start, smtp, stage):
    relay = start()
    refuse = {"on": True}
    smtp.rule(stage, lambda _subject: STAGES[stage] if refuse["on"] else None)
    identifier = relay.publish(events.reset_request())
    dead = relay.outcome(identifier, "dead", "refused")
    assert dead["smtp"]["code"] == int(STAGES[stage][:3])
    refuse["on"] = False
    request = events.reset_request()
    relay.outcome(relay.publish(request), "sent")
    the_mail_to(smtp, request["user"]["email"])


def test_a_mail_deferred_until_the_last_tier_is_dead(start, smtp):
    relay = start({"smtp.dot_timeout": "3s"}, tiers=("2s", "4s"))
    smtp.rule("rcpt", "451 4.3.0 later")
    identifier = relay.publish(events.reset_request())
    relay.outcome(identifier, "dead", "attempts")
    deferred = [audit["data"] for audit in relay.audits(identifier, "deferred")]
    assert [audit["reason"] for audit in deferred] == ["refused_for_now"] * 2
    letter = dead_letter_of(relay, identifier)
    original = relay.reader.of(relay.requested)[0]
    assert (letter.key, letter.value) == (original.key, original.value)
    assert letter.header("reset-relay-signature") == original.header("reset-relay-signature")
    assert any(name.startswith("__connect.errors.") for name in letter.headers), letter.headers
    relay.wait_until_committed()
    nothing_was_mailed_at_all(smtp)
    audits_are_valid(relay.audits())


def nothing_was_mailed_at_all(smtp):
    assert not smtp.mails.all()


def test_an_address_beyond_ascii_is_dead_where_the_relay_cannot_carry_it(start, smtp):
    relay = start()
    identifier = relay.publish(events.reset_request(email="jürgen@example.com"))
    relay.outcome(identifier, "dead", "smtputf8")
    dead_letter_of(relay, identifier)
    nothing_was_mailed(smtp)


POLICY = {
    "scope": (["request:self"], ["acme"], {}),
    "tenant": (["request:admin"], ["globex"], {}),
    "actor_tenant": (["request:admin"], ["*"], {"actor_tenant": "globex"}),
    "actor_role": (["request:admin"], ["*"], {"actor_role": "janitor"}),
}


@pytest.mark.parametrize("detail", POLICY)
def test_what_a_publisher_may_not_ask_for_is_dead_by_policy(deploy, smtp, detail):
    scopes, tenants, fields = POLICY[detail]
    relay = deploy()
    secret = relay.add_publisher("limited", scopes, tenants)
    relay.worker()
    identifier = relay.publish(events.reset_request(**fields), publisher="limited", secret=secret)
    dead = relay.outcome(identifier, "dead", "policy")
    assert dead["detail"] == detail
    dead_letter_of(relay, identifier)
    relay.wait_until_committed()
    nothing_was_mailed(smtp)
    audits_are_valid(relay.audits())


def test_an_actor_self_that_is_not_the_user_is_dead_by_policy(start, smtp):
    relay = start()
    request = events.own_request()
    request["actor"]["id"] = "somebody-else"
    assert relay.outcome(relay.publish(request), "dead", "policy")["detail"] == "self_mismatch"
    nothing_was_mailed(smtp)


def test_a_method_that_is_off_is_dead_by_policy(start, smtp):
    relay = start()
    request = events.reset_request(role="member")
    request["method"] = "temporary_password_mailed"
    assert relay.outcome(relay.publish(request), "dead", "policy")["detail"] == "method"
    nothing_was_mailed(smtp)


def test_a_publisher_with_self_scope_may_speak_for_its_users(deploy, smtp):
    relay = deploy()
    secret = relay.add_publisher("limited", ["request:self"], ["acme"])
    relay.worker()
    request = events.own_request()
    relay.outcome(relay.publish(request, publisher="limited", secret=secret), "sent")
    the_mail_to(smtp, request["user"]["email"])


def test_the_same_event_twice_on_kafka_is_one_mail(start, smtp):
    relay = start()
    request, identifier = events.reset_request(), str(uuid.uuid4())
    record = events.record(events.event(request, identifier), relay.publisher, relay.publisher_secret)
    relay.publish_records([record])
    relay.outcome(identifier, "sent")
    relay.publish_records([record] * 5)
    relay.wait_until_committed()
    the_mail_to(smtp, request["user"]["email"])
    assert len(relay.audits(identifier, "sent")) == 1
