"""A redemption that no change of the password follows is counted, and one that it follows is not."""
import pytest

from support import events
from support.changes import change_of
from support.expectations import the_mail_to
from support.waiting import NotYet, eventually

METRIC = "reset_relay_redeemed_uncompleted_total"


@pytest.fixture
def running(relay):
    relay.worker()
    return relay


def redeemed(relay, producer, smtp, form):
    request = events.own_request()
    identifier = producer.request(request)
    relay.outcome(identifier, "sent")
    mail = the_mail_to(smtp, request["user"]["email"])
    assert producer.redeem(mail.token, request["user"]["email"], form).status == 200
    return request, identifier, mail


def counted(producer, count):
    def enough():
        found = producer.metric(METRIC)
        if found < count:
            raise NotYet(found)
        return True
    eventually(f"{count} uncompleted redemptions", enough)
    assert producer.metric(METRIC) == count


def test_only_a_redemption_without_a_change_is_counted(running, smtp):
    producer = running.producer(**{"token.completed_within": "15s"})
    completed, identifier, _ = redeemed(running, producer, smtp, "form-1")
    producer.change(change_of(completed, identifier))
    running.outcome(identifier, "completed")
    _, _, mail = redeemed(running, producer, smtp, "form-2")  # asked after the first, so the first was asked for before
    assert producer.redeem(mail.token, mail.recipients[0], "form-2").status == 200, "asked again: no other redemption"
    assert producer.metric(METRIC) == 0
    counted(producer, 1)


def test_a_redis_that_is_away_when_it_is_due_is_asked_again(running, smtp, redis_server):
    producer = running.producer(**{"token.completed_within": "3s"})
    redeemed(running, producer, smtp, "form-1")
    redis_server.stop()
    redis_server.start()
    counted(producer, 1)
