"""What ends links and temporary passwords before their time: a changed password, a revocation, a moment."""
import datetime
import signal

import pytest

from support import events
from support.expectations import audits_are_valid, the_mail_to
from support.waiting import NotYet, eventually


@pytest.fixture
def running(start_with_passwords):
    return start_with_passwords()


class Person:
    """A user who has a live link and a temporary password."""

    def __init__(self, relay, smtp):
        self.relay = relay
        own = events.own_request()
        self.user, self.email = own["user"]["id"], own["user"]["email"]
        self.link_id = relay.the_producer.request(own)
        self.token = the_mail_to(smtp, self.email).token
        relay.outcome(self.link_id, "sent")
        self.password_id, self.password = relay.the_producer.show_password(
            events.password_request("handed", user=self.user, email=self.email))
        relay.outcome(self.password_id, "sent")

    def has_link(self):
        return self.relay.the_producer.check(self.token).status == 200

    def has_nothing(self):
        return not self.has_link() and self.relay.the_producer.refuses(self.user, self.password)


def sent_after_the_fence(relay, request):
    """What is asked for within two seconds after a change counts as before it: asked again until it does not."""
    def asked():
        identifier = relay.the_producer.request(request)
        audit = eventually("its outcome", lambda: relay.audits(identifier))[0]["data"]
        if audit["outcome"] != "sent":
            raise NotYet(audit)
        return identifier
    return eventually("a request after the change to be sent", asked)


def audited(relay, outcome, count, deadline=60):
    """The data of so many audit records of this outcome, no more."""
    found = eventually(f"{count} audit records {outcome}", lambda: len(relay.audits(outcome=outcome)) >= count and
                       relay.audits(outcome=outcome), deadline, seen=lambda: relay.audits(outcome=outcome))
    assert len(found) == count, found
    return [audit["data"] for audit in found]


def test_a_changed_password_ends_links_and_passwords_and_is_told_to_both_addresses(running, smtp):
    person = Person(running, smtp)
    assert person.has_link()
    redeemed = running.the_producer.redeem(person.token, person.email, "form-1")
    assert redeemed.status == 200
    previous = "previous.address@example.com"
    running.the_producer.change(events.password_change(person.user, person.email, request_id=person.link_id,
                                                       name="Ann Lee", previous_email=previous))
    for address in (person.email, previous):
        notice = eventually(f"the notice to {address}", lambda: [
            mail for mail in smtp.mails.to(address) if not mail.has_link and mail.message["Subject"] !=
            smtp.mails.to(person.email)[1].message["Subject"]])[0]
        assert not notice.has_password
    assert person.has_nothing()
    running.outcome(person.link_id, "completed")
    running.wait_until_committed()
    notices = [data for data in audited(running, "sent", 4) if data.get("completes") == person.link_id]
    assert len(notices) == 2 and {notice["user_id"] for notice in notices} == {person.user}
    audits_are_valid(running.audits())


def test_a_change_that_comes_twice_is_told_once(running, smtp):
    user, email = "twice", "twice@example.com"
    document = events.completed_event(events.password_change(user, email))
    record = events.record(document, running.publisher, running.publisher_secret)
    running.publish_records([record])
    running.outcome(document["id"], "sent")
    running.publish_records([record] * 3)
    running.wait_until_committed()
    the_mail_to(smtp, email)
    assert len(running.audits(document["id"], "completed")) == 1
    assert len(running.audits(document["id"], "sent")) == 1
    audits_are_valid(running.audits())


def test_a_change_that_names_a_request_of_somebody_else_is_audited_under_its_own_id(running, smtp):
    person = Person(running, smtp)
    for named in (person.link_id, "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7"):
        document = events.completed_event(events.password_change("stranger", "stranger@example.com",
                                                                 request_id=named))
        running.publish_records([events.record(document, running.publisher, running.publisher_secret)])
        running.outcome(document["id"], "completed", "unknown_request")
        running.outcome(document["id"], "sent")
    assert person.has_link() and not running.audits(person.link_id, "completed")
    audits_are_valid(running.audits())
    running.the_producer.verified(person.user, person.password)


def test_notices_have_a_cap_of_their_own_and_what_they_end_is_ended_all_the_same(start_with_passwords, smtp):
    relay = start_with_passwords({"limits.per_notice": "1/1h"})
    person = Person(relay, smtp)
    change = events.password_change(person.user, person.email)
    relay.outcome(relay.the_producer.change(change)["id"], "sent")
    sent_after_the_fence(relay, events.own_request(user=person.user, email=person.email))
    token = smtp.mails.to(person.email)[-1].token
    assert relay.the_producer.check(token).status == 200
    second = relay.the_producer.change(change)["id"]
    relay.outcome(second, "suppressed", "notice_limit")
    relay.outcome(second, "completed")
    assert relay.the_producer.check(token).status == 404


def test_a_change_needs_a_publisher_with_the_scope_notify(running, smtp):
    secret = running.add_publisher("limited", ["request:admin", "request:self"])
    running.the_worker.signal(signal.SIGHUP)
    eventually("the reload", lambda: "are read again" in running.the_worker.stderr())
    document = events.completed_event(events.password_change("ann", "ann@example.com"))
    running.publish_records([events.record(document, "limited", secret)])
    assert running.outcome(document["id"], "dead", "policy")["detail"] == "scope"
    assert not running.audits(outcome="completed") and not smtp.mails.all()


def test_a_revocation_ends_link_and_password_and_what_is_still_under_way(start_with_passwords, smtp):
    relay = start_with_passwords(tiers=("5s", "1m"))
    person = Person(relay, smtp)
    waiting = events.reset_request()
    smtp.rule("rcpt", lambda address: "451 4.7.1 later" if address == waiting["user"]["email"] else None)
    under_way = relay.the_producer.request(waiting)
    relay.outcome(under_way, "deferred")
    smtp.rule("rcpt", None)
    assert relay.the_producer.revoke(person.user).status == 204
    assert relay.the_producer.revoke(waiting["user"]["id"]).status == 204
    assert person.has_nothing()
    relay.outcome(under_way, "suppressed", "revoked")
    assert not smtp.mails.to(waiting["user"]["email"])
    revoked = audited(relay, "revoked", 2)
    assert {data["user_id"] for data in revoked} == {person.user, waiting["user"]["id"]}
    assert relay.the_producer.revoke("nobody-ever-heard-of").status == 204
    audits_are_valid(relay.audits())


def test_a_moment_ends_every_link_and_password_that_was_made_before_it(running, smtp):
    person = Person(running, smtp)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for process in (running.the_worker, running.the_producer):
        process.set_not_before("2099-01-01T00:00:00Z")
        eventually("the future to be refused", lambda: "is in the future" in process.stderr(), seen=process.stderr)
        assert process.metric("reset_relay_reload_failed", what="not_before") == 1
    assert person.has_link()
    for process in (running.the_worker, running.the_producer):
        process.set_not_before(now)
        eventually("the moment to count", lambda: process.metric("reset_relay_reload_failed", what="not_before") == 0)
    assert person.has_nothing()
    fresh = Person(running, smtp)
    assert fresh.has_link()
    running.the_producer.verified(fresh.user, fresh.password)
