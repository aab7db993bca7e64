"""The limits of admission: silent, each with its name in the audit; a budget of its own for many users at once;
and what is suppressed kills nothing."""
import collections

import pytest

from support import events
from support.expectations import audits_are_valid, the_mail_to, wait_for_mails
from support.waiting import NotYet, eventually


def endings(relay, identifiers):
    """How many of these requests ended how."""
    def all_ended():
        found = {}
        for audit in relay.audits():
            data = audit["data"]
            if data.get("request_id") in wanted and data["outcome"] in ("sent", "suppressed", "expired", "dead"):
                found[data["request_id"]] = (data["outcome"], data.get("reason"))
        if len(found) < len(wanted):
            raise NotYet(f"{len(found)} of {len(wanted)}")
        return collections.Counter(found.values())
    wanted = set(identifiers)
    return eventually(f"{len(wanted)} requests to end", all_ended, 120)


@pytest.fixture
def forced(deploy):
    """A deployment with the limit per actor as it is by default, and a key for a forced reset of many."""
    relay = deploy({"limits.per_actor": "30/1h"})
    relay.bulk_key = relay.add_key("forced-reset", ("request:admin", "request:bulk"))
    relay.intake = relay.producer()
    return relay


def test_a_forced_reset_of_a_hundred_users_passes_in_bulk(forced, smtp):
    forced.worker()
    requests = [events.reset_request(user=f"u-{n}") for n in range(100)]
    ids = [forced.intake.request(request, key=forced.bulk_key) for request in requests]
    assert endings(forced, ids) == {("sent", None): 100}
    assert len(wait_for_mails(smtp, 100)) == 100
    audits = forced.audits()
    audits_are_valid(audits)
    assert all(audit["data"]["asserted_by"]["bulk"] is True for audit in audits)
    self_made = forced.intake.request(events.own_request(), key=forced.bulk_key)
    assert "bulk" not in forced.outcome(self_made, "sent")["asserted_by"], "a user's own request is never in bulk"


def test_a_forced_reset_of_a_hundred_users_stops_at_the_actors_limit_without_the_scope(forced, smtp):
    forced.worker()
    ids = [forced.intake.request(events.reset_request(user=f"u-{n}")) for n in range(100)]
    assert endings(forced, ids) == {("sent", None): 30, ("suppressed", "actor_limit"): 70}
    other = forced.intake.request(events.reset_request(actor_id="another-boss"))
    assert endings(forced, [other]) == {("sent", None): 1}


def test_an_actor_who_asks_for_a_hundred_at_once_gets_no_more_than_the_limit(forced):
    """All are there before the worker is, which then takes them together."""
    documents = [events.event(events.reset_request()) for _ in range(100)]
    forced.publish_records([events.record(document, forced.publisher, forced.publisher_secret)
                            for document in documents])
    forced.worker()
    assert endings(forced, [document["id"] for document in documents]) == \
        {("sent", None): 30, ("suppressed", "actor_limit"): 70}


def test_requests_in_bulk_have_the_budget_of_their_key_instead_of_the_actors(deploy):
    relay = deploy({"limits.per_bulk": "3/1h", "limits.per_actor": "1/1h"})
    keys = [relay.add_key(name, ("request:admin", "request:bulk")) for name in ("one", "other")]
    intake = relay.producer()
    relay.worker()
    for key in keys:
        ids = [intake.request(events.reset_request(actor_id=f"boss-{n}"), key=key) for n in range(5)]
        assert endings(relay, ids) == {("sent", None): 3, ("suppressed", "bulk_limit"): 2}
    ids = [intake.request(events.reset_request(actor_id="boss-0")) for _ in range(2)]
    assert endings(relay, ids) == {("sent", None): 1, ("suppressed", "actor_limit"): 1}, "bulk used up no actor's"


def test_bulk_is_not_believed_of_a_publisher_without_the_scope(deploy):
    relay = deploy({"limits.per_actor": "2/1h"})
    relay.worker()
    stamp = {"asserted_by": {"channel": "cli", "key_id": relay.publisher, "bulk": True}}
    ids = [relay.publish(events.reset_request(**stamp)) for _ in range(5)]
    assert endings(relay, ids) == {("sent", None): 2, ("suppressed", "actor_limit"): 3}
    assert not any("bulk" in audit["data"]["asserted_by"] for audit in relay.audits())


def test_a_publisher_with_the_scope_asks_in_bulk_straight_on_kafka(deploy):
    relay = deploy({"limits.per_actor": "2/1h", "limits.per_bulk": "4/1h"})
    secret = relay.add_publisher("personnel", ("request:admin", "request:bulk"))
    relay.worker()
    ids = [relay.publish(events.reset_request(), publisher="personnel", secret=secret) for _ in range(6)]
    assert endings(relay, ids) == {("sent", None): 4, ("suppressed", "bulk_limit"): 2}
    assert all(audit["data"]["asserted_by"]["bulk"] for audit in relay.audits())


def test_a_strangers_flood_eats_nothing_of_an_administrators(deploy, smtp):
    relay = deploy({"limits.per_user": "2/1h", "limits.coalesce": "0s"})
    intake = relay.producer()
    relay.worker()
    user = {"user": "ann", "email": "ann@example.com"}
    flood = [intake.request(events.own_request(**user)) for _ in range(20)]
    assert endings(relay, flood) == {("sent", None): 2, ("suppressed", "user_limit"): 18}
    asked = intake.request(events.reset_request(**user))
    assert endings(relay, [asked]) == {("sent", None): 1}
    link = smtp.mails.to("ann@example.com")[-1]
    more = [intake.request(events.own_request(**user)) for _ in range(20)]
    after = endings(relay, more)
    assert sum(after.values()) == 20 and ("sent", None) not in after, after
    assert len(smtp.mails.to("ann@example.com")) == 3
    assert intake.check(link.token).status == 200, "the administrator's link"
    assert intake.redeem(link.token, "ann@example.com", "form-1").status == 200


FIRST = {"user": "ann", "email": "ann@example.com", "actor_id": "boss-1"}
SUPPRESSED = {
    # settings that let one through; what is asked second
    "user_limit": ({"limits.per_user": "1/1h", "limits.coalesce": "0s"}, events.reset_request(**FIRST)),
    "recipient_limit": ({"limits.per_recipient": "1/1h", "limits.coalesce": "0s"}, events.reset_request(**FIRST)),
    "actor_limit": ({"limits.per_actor": "1/1h", "limits.coalesce": "0s"}, events.reset_request(**FIRST)),
    "coalesced": ({}, events.reset_request(**FIRST)),
    "admin_link": ({}, events.own_request(user="ann", email="ann@example.com")),
}


@pytest.mark.parametrize("reason", SUPPRESSED)
def test_a_suppressed_request_leaves_the_live_link_untouched(deploy, smtp, redis_server, reason):
    settings, second = SUPPRESSED[reason]
    relay = deploy(settings)
    intake = relay.producer()
    relay.worker()
    first = intake.request(events.reset_request(**FIRST))
    relay.outcome(first, "sent")
    link = the_mail_to(smtp, "ann@example.com")
    client = redis_server.client()
    tokens = {key: client.get(key) for key in client.scan_iter("pwreset:token:*")}
    assert len(tokens) == 1
    data = relay.outcome(intake.request(second), "suppressed", reason)
    assert data.get("into") == (first if reason in ("coalesced", "admin_link") else None)
    assert {key: client.get(key) for key in client.scan_iter("pwreset:token:*")} == tokens
    assert intake.check(link.token).status == 200
    assert intake.redeem(link.token, "ann@example.com", "form-1").status == 200
    assert len(smtp.mails) == 1
