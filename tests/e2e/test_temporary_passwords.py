"""Temporary passwords: mailed, handed over, chosen; from the request until the user signs in with one."""
import re

import pytest

from support import events
from support.expectations import audits_are_valid, dead_letter_of, the_mail_to, wait_for_mails
from support.smtp_server import HOLD, SmtpServer
from support.waiting import eventually

CHOSEN = "correct-horse-battery-42"


@pytest.fixture
def running(start_with_passwords):
    return start_with_passwords()


def ask(relay, kind, **fields):
    """Asks for a temporary password over HTTP: request, id, and the password that somebody was shown or chose."""
    request = events.password_request(kind, CHOSEN if kind == "chosen" else None, **fields)
    if kind == "handed":
        identifier, shown = relay.the_producer.show_password(request)
        return request, identifier, shown
    return request, relay.the_producer.request(request), CHOSEN if kind == "chosen" else None


def user_of(request):
    return request["user"]["id"]


def test_a_mailed_password_is_in_its_mail_and_the_user_signs_in_with_it_and_must_change_it(running, smtp):
    request, identifier, _ = ask(running, "mailed", name="Ann Lee")
    mail = the_mail_to(smtp, request["user"]["email"])
    assert not mail.has_link
    assert mail.password in re.sub(r"<[^>]*>", "", mail.part("html"))
    running.outcome(identifier, "sent")
    answer = running.the_producer.verified(user_of(request), mail.password)
    assert answer["must_change"] is True and answer["request_id"] == identifier
    running.outcome(identifier, "redeemed")
    # A dropped session strands nobody; however it is typed, it is the same password.
    for typed in (mail.password, mail.password.upper(), mail.password.replace("-", ""),
                  mail.password.replace("-", " ")):
        assert running.the_producer.verified(user_of(request), typed)["expires_at"] == answer["expires_at"]
    assert running.the_producer.refuses("somebody-else", mail.password)
    audits_are_valid(running.audits())


def test_a_mailed_password_straight_from_kafka_works_like_one_over_http(running, smtp):
    request = events.password_request("mailed")
    identifier = running.publish(request)
    mail = the_mail_to(smtp, request["user"]["email"])
    running.outcome(identifier, "sent")
    assert running.the_producer.verified(user_of(request), mail.password)["request_id"] == identifier


def test_a_second_try_carries_the_same_password_only_where_a_mail_may_be_out(start_with_passwords, smtp):
    relay = start_with_passwords({"smtp.dot_timeout": "3s"}, tiers=("2s", "4s"))
    answers = {}

    def once(mail):
        address = mail.recipients[0]
        return answers.pop(address, None)
    smtp.rule("dot", once)
    later, cut = events.password_request("mailed"), events.password_request("mailed")
    answers[later["user"]["email"]] = "451 4.7.1 greylisted"
    answers[cut["user"]["email"]] = SmtpServer.TAKE_AND_CUT
    ids = [relay.the_producer.request(request) for request in (later, cut)]
    for identifier in ids:
        relay.outcome(identifier, "sent")
    [refused] = smtp.refused.to(later["user"]["email"])
    [taken] = smtp.mails.to(later["user"]["email"])
    assert taken.password != refused.password and taken.message_id != refused.message_id
    first, second = smtp.mails.to(cut["user"]["email"])
    assert second.password == first.password and second.message_id == first.message_id
    assert relay.the_producer.refuses(user_of(later), refused.password)
    relay.the_producer.verified(user_of(later), taken.password)
    relay.the_producer.verified(user_of(cut), first.password)


def test_a_mail_refused_for_good_takes_its_password_with_it(running, smtp, redis_server):
    smtp.rule("dot", "554 5.7.1 refused")
    request, identifier, _ = ask(running, "mailed")
    running.outcome(identifier, "dead", "refused")
    dead_letter_of(running, identifier)
    assert running.the_producer.refuses(user_of(request), smtp.refused.all()[0].password)


@pytest.mark.parametrize("kind", ["handed", "chosen"])
def test_a_password_that_somebody_was_shown_is_told_in_a_notice_without_it(running, smtp, redis_server, kind):
    request, identifier, password = ask(running, kind, name="Ann Lee")
    mail = the_mail_to(smtp, request["user"]["email"])
    assert not mail.has_link and not mail.has_password
    assert password.encode() not in mail.raw
    running.outcome(identifier, "sent")
    answer = running.the_producer.verified(user_of(request), password)
    assert answer["must_change"] is True and answer["request_id"] == identifier
    # Neither Kafka nor Redis was told it, in no form that could be read back.
    for record in running.reader.complete():
        assert password.encode() not in record.value
    for key, value in redis_server.dump().items():
        assert password.encode() not in key + value
    assert not list(redis_server.client().scan_iter("pwreset:staged:*"))
    audits_are_valid(running.audits())


@pytest.mark.parametrize("kind", ["handed", "chosen"])
def test_a_notice_that_cannot_be_delivered_does_not_kill_the_password(running, smtp, kind):
    smtp.rule("dot", "554 5.7.1 refused")
    request, identifier, password = ask(running, kind)
    running.outcome(identifier, "dead", "refused")
    assert running.the_producer.verified(user_of(request), password)["request_id"] == identifier


def test_a_password_works_while_its_notice_waits_for_the_relay(running, smtp):
    smtp.rule("dot", HOLD)
    request, identifier, password = ask(running, "handed")
    eventually("the notice at the dot", smtp.held.all)
    running.the_producer.verified(user_of(request), password)
    running.outcome(identifier, "redeemed")
    smtp.release()
    running.outcome(identifier, "sent")


def test_a_sign_in_is_audited_once_though_its_notice_is_tried_again_meanwhile(running, smtp):
    smtp.held_answer = "451 4.7.1 greylisted"
    smtp.rule("dot", HOLD)
    request, identifier, password = ask(running, "handed")
    eventually("the notice at the dot", smtp.held.all)
    running.the_producer.verified(user_of(request), password)
    smtp.release()
    eventually("the next try to be due", lambda: running.the_producer.call(
        "GET", f"/v1/password-resets/{identifier}").json()["attempts"] == 1)
    running.the_producer.verified(user_of(request), password)
    assert len(running.audits(identifier, "redeemed")) == 1


def test_a_password_whose_event_comes_too_late_has_lapsed(running, smtp, redis_server):
    """Nothing of a chosen password is in the event: once what the producer staged is gone, there is none."""
    request = events.password_request("handed")
    identifier = running.publish(request)
    running.outcome(identifier, "expired", "password_lapsed")
    running.wait_until_committed()
    assert not smtp.mails.all()
    assert running.the_producer.refuses(user_of(request), "2345-6789-abcd-efgh-jkmn-pqrs")


def test_a_newer_temporary_password_ends_the_older(running, smtp):
    request, first, older = ask(running, "handed")
    running.outcome(first, "sent")
    person = {"user": user_of(request), "email": request["user"]["email"]}
    _, second, newer = ask(running, "chosen", **person)
    running.outcome(second, "sent")
    assert running.the_producer.refuses(user_of(request), older)
    assert running.the_producer.verified(user_of(request), newer)["request_id"] == second
    _, third, _ = ask(running, "mailed", **person)
    running.outcome(third, "sent")
    assert running.the_producer.refuses(user_of(request), newer)
    mailed = wait_for_mails(smtp, 3)[-1]
    assert running.the_producer.verified(user_of(request), mailed.password)["request_id"] == third


def test_a_users_own_request_kills_no_temporary_password_and_neither_the_other_way_round(running, smtp):
    request, identifier, password = ask(running, "handed")
    running.outcome(identifier, "sent")
    own = events.own_request(user=user_of(request), email=request["user"]["email"])
    link = running.the_producer.request(own)
    running.outcome(link, "sent")
    mail = next(mail for mail in smtp.mails.to(own["user"]["email"]) if mail.has_link)
    assert running.the_producer.verified(user_of(request), password)["request_id"] == identifier
    _, newer, another = ask(running, "handed", user=user_of(request), email=request["user"]["email"])
    running.outcome(newer, "sent")
    assert running.the_producer.check(mail.token).status == 200
    running.the_producer.verified(user_of(request), another)


def test_what_a_manager_asks_for_or_a_publisher_without_the_scope_is_dead_by_policy(running, smtp):
    manager = events.password_request("mailed", actor_role="manager")
    assert running.outcome(running.publish(manager), "dead", "policy")["detail"] == "actor_role"
    higher = events.password_request("mailed")
    del higher["user"]["role"]
    assert running.outcome(running.publish(higher), "dead", "policy")["detail"] == "user_role"
    secret = running.add_publisher("limited", ["request:admin"])
    running.the_worker.signal(1)
    eventually("the reload", lambda: "are read again" in running.the_worker.stderr())
    identifier = running.publish(events.password_request("mailed"), publisher="limited", secret=secret)
    assert running.outcome(identifier, "dead", "policy")["detail"] == "scope"
    assert not smtp.mails.all()
