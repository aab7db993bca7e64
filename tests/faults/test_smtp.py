"""A relay that refuses, dies and stalls.  Rows 20 to 26 of the fault matrix."""
import pytest

from support.smtp_server import CUT
from support.waiting import eventually


def test_a_connection_reset_after_the_dot_brings_the_same_link_again(relay, load, smtp):
    """Row 20: taken by the relay, unknown to us; every fifth mail."""
    relay.worker()
    producer = relay.producer()
    taken = []

    def take_and_cut(mail):
        taken.append(mail)
        return smtp.TAKE_AND_CUT if len(taken) % 5 == 0 and len(taken) <= 100 else None
    smtp.rule("dot", take_and_cut)
    load.ask_many(producer, 60)
    load.judge(extra_mails=20)
    assert len(smtp.mails) > 60, "no mail was cut"
    assert any(audit["data"].get("maybe_mailed") for audit in relay.audits(outcome="deferred"))


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
def test_a_4xx_is_tried_again_and_mailed_once(relay, load, smtp, step):
    """Row 22, and 25: greylisting is a 4xx that passes."""
    relay.worker()
    producer = relay.producer()
    smtp.rule(step, "451 4.7.1 come back")
    load.ask_many(producer, 10)
    eventually("all to be deferred", lambda: len(relay.audits(outcome="deferred")) >= 10)
    smtp.rule(step, None)
    load.judge()


@pytest.mark.parametrize("step", ["rcpt", "data", "dot"])
def test_a_5xx_ends_dead_once_and_its_token_is_gone(relay, load, redis_server, smtp, step):
    """Row 23."""
    relay.worker()
    producer = relay.producer()
    smtp.rule(step, "554 5.7.1 never")
    load.ask_many(producer, 10)
    load.judge(outcomes=("dead",))
    assert not [key for key in redis_server.dump() if key.startswith(b"pwreset:token:")]
    assert not smtp.mails.all()


def test_a_relay_that_says_421_is_waited_for_and_no_attempt_is_burnt(relay, load, smtp):
    """Row 24."""
    worker = relay.worker()
    producer = relay.producer()
    smtp.rule("connect", "421 4.3.2 closing")
    load.ask_many(producer, 10)
    eventually("the breaker to open", lambda: worker.metric("reset_relay_breaker_open", dependency="smtp") > 0)
    smtp.rule("connect", None)
    load.judge()
    assert not relay.audits(outcome="deferred")


def test_a_relay_killed_and_back_under_load_loses_nothing(relay, load, smtp):
    relay.worker()
    producer = relay.producer()
    with load.background(producer) as stream:
        for _ in range(4):
            stream.more(40)
            smtp.stop()
            smtp.start()
    load.judge(extra_mails=4 * 50)


def test_a_way_to_the_relay_that_drips_is_slow_and_nothing_more(relay, load, smtp_proxy):
    """Row 26."""
    relay.worker()
    producer = relay.producer()
    smtp_proxy.drip(2000)
    load.ask_many(producer, 20)
    load.judge()


def test_a_cut_before_the_dot_is_tried_again_without_a_second_mail(relay, load, smtp):
    relay.worker()
    producer = relay.producer()
    seen = []

    def cut_every_third(recipients):
        seen.append(recipients)
        return CUT if len(seen) % 3 == 0 and len(seen) < 60 else None
    smtp.rule("data", cut_every_third)
    load.ask_many(producer, 40)
    load.judge()
