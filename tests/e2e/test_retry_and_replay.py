"""Answers that are not final: retry tiers, the same link again, dead letters brought back."""
import pytest

from support import events
from support.expectations import (audits_are_valid, dead_letter_of, same_request_same_mail, the_mail_to,
                                  wait_for_mails)
from support.smtp_server import CUT
from support.waiting import eventually


@pytest.fixture
def running(deploy):
    relay = deploy()
    relay.the_worker = relay.worker()
    return relay


class Times:
    """A rule that answers so a number of times, then as usual."""

    def __init__(self, answer, count):
        self.answer, self.left = answer, count

    def __call__(self, _subject):
        self.left -= 1
        return self.answer if self.left >= 0 else None


@pytest.mark.parametrize("stage, reply", [("mail", "451 4.3.0 later"), ("rcpt", "451 4.7.1 greylisted"),
                                          ("data", "452 4.3.1 full"), ("dot", "450 4.2.0 busy")])
def test_a_refusal_for_now_at_each_stage_is_tried_again(running, smtp, stage, reply):
    smtp.rule(stage, Times(reply, 1))
    request = events.reset_request()
    identifier = running.publish(request)
    assert running.outcome(identifier, "deferred", "refused_for_now")["smtp"]["code"] == int(reply[:3])
    running.outcome(identifier, "sent")
    running.wait_until_committed()
    the_mail_to(smtp, request["user"]["email"])
    audits_are_valid(running.audits())


def test_a_cut_after_the_dot_is_tried_again_with_the_same_link_and_message_id(running, smtp):
    smtp.rule("dot", Times(smtp.TAKE_AND_CUT, 1))
    request = events.reset_request()
    identifier = running.publish(request)
    assert running.outcome(identifier, "deferred", "uncertain")["maybe_mailed"] is True
    running.outcome(identifier, "sent")
    mails = wait_for_mails(smtp, 2)
    assert len(mails) == 2
    same_request_same_mail(mails)
    producer = running.producer()
    assert producer.redeem(mails[0].token, request["user"]["email"], "form-1").status == 200


def test_a_cut_before_the_dot_is_no_second_mail(running, smtp):
    smtp.rule("rcpt", Times(CUT, 2))
    request = events.reset_request()
    identifier = running.publish(request)
    running.outcome(identifier, "sent")
    running.wait_until_committed()
    the_mail_to(smtp, request["user"]["email"])


def test_a_connection_refused_with_421_burns_no_attempt(running, smtp):
    smtp.rule("connect", Times("421 4.3.2 not now", 4))
    identifier = running.publish(events.reset_request())
    running.outcome(identifier, "sent")
    assert not running.audits(identifier, "deferred")
    assert len(smtp.mails) == 1


def test_a_slow_recipient_holds_up_nobody_else(running, smtp):
    from support.smtp_server import HOLD
    slow = events.reset_request()
    smtp.rule("dot", lambda mail: HOLD if mail.recipients == [slow["user"]["email"]] else None)
    identifier = running.publish(slow)
    eventually("the slow mail at the dot", smtp.held.all)
    others = [events.reset_request() for _ in range(50)]
    for other in others:
        running.publish(other)
    wait_for_mails(smtp, 50)
    smtp.release()
    running.outcome(identifier, "sent")
    running.wait_until_committed()
    assert len(smtp.mails) == 51


def test_a_dead_letter_comes_back_by_replay_once_and_with_a_new_link(running, smtp):
    producer = running.producer()
    smtp.rule("rcpt", "550 5.1.1 no such user")
    request = events.reset_request()
    identifier = running.publish(request)
    running.outcome(identifier, "dead", "refused")
    dead_letter_of(running, identifier)
    smtp.rule("rcpt", None)

    shown = running.command("reset-producer", "replay", "--dry-run")
    assert identifier in shown.stdout
    assert not running.audits(identifier, "sent")
    running.command("reset-producer", "replay")
    running.command("reset-producer", "replay")
    running.outcome(identifier, "sent")
    running.wait_until_committed()
    mail = the_mail_to(smtp, request["user"]["email"])
    assert producer.redeem(mail.token, request["user"]["email"], "form-1").status == 200
    copies = [record for topic in running.retries for record in running.reader.of(topic)
              if identifier.encode() in record.value]
    assert len(copies) == 1, "a replay that found nothing new wrote a copy"
    audits_are_valid(running.audits())


def test_replay_picks_by_reason_and_by_id(running, smtp):
    smtp.rule("rcpt", "550 5.1.1 no such user")
    picked, left = events.reset_request(), events.reset_request()
    identifiers = [running.publish(request) for request in (picked, left)]
    for identifier in identifiers:
        running.outcome(identifier, "dead", "refused")
        dead_letter_of(running, identifier)
    smtp.rule("rcpt", None)
    running.command("reset-producer", "replay", "--reason", "signature")
    running.command("reset-producer", "replay", "--id", identifiers[0])
    running.outcome(identifiers[0], "sent")
    running.wait_until_committed()
    assert [mail.recipients for mail in smtp.mails.all()] == [[picked["user"]["email"]]]


def test_a_dead_letter_that_is_no_longer_believed_is_not_replayed(running, smtp):
    """The signature is checked again: the publisher was revoked in between."""
    smtp.rule("rcpt", "550 5.1.1 no such user")
    identifier = running.publish(events.reset_request())
    running.outcome(identifier, "dead", "refused")
    dead_letter_of(running, identifier)
    smtp.rule("rcpt", None)
    running.command("reset-producer", "publishers", "revoke", running.publisher)
    running.command("reset-producer", "replay", check=False)
    running.reader.complete()
    assert not [record for topic in running.retries for record in running.reader.of(topic)]
