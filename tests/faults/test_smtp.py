"""A relay that refuses, dies and stalls.  Rows 20 to 26 of the fault matrix, and of row 4 what happens at the dot."""
import signal

import pytest

from load import Load
from stream import DOMAIN
from support.smtp_server import CUT, HOLD
from support.waiting import eventually


def breaker_opens(worker, times=1):
    """Until the relay was found away so many times."""
    eventually("the breaker to open", lambda: worker.stderr().count("dependency is away") >= times, 60,
               seen=lambda: worker.stderr()[-1000:])


def test_a_connection_reset_after_the_dot_brings_the_same_link_again(relay, load, smtp):
    """Row 20: taken by the relay, unknown to us; the first mail to every fifth recipient."""
    worker = relay.worker()
    producer = relay.producer()
    known = set()

    def take_and_cut(mail):
        address = mail.recipients[0]
        again = address in known
        known.add(address)
        return None if again or not address.endswith((f"0@{DOMAIN}", f"5@{DOMAIN}")) else smtp.TAKE_AND_CUT
    smtp.rule("dot", take_and_cut)
    load.ask_many(producer, 60)
    load.judge(extra_mails=12)
    assert len(smtp.mails) == 72
    uncertain = [audit["data"] for audit in relay.audits(outcome="deferred")]
    assert len(uncertain) == 12 and all(data["maybe_mailed"] for data in uncertain)
    assert worker.metric("reset_relay_maybe_mailed_total") == 12


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


def test_greylisting_costs_a_delay_and_no_second_mail(relay, load, smtp):
    """Row 25: each recipient is refused once, and welcome after."""
    relay.worker()
    producer = relay.producer()
    known = set()

    def greylist(address):
        answer = None if address in known else "451 4.7.1 greylisted, come back"
        known.add(address)
        return answer
    smtp.rule("rcpt", greylist)
    load.ask_many(producer, 20)
    load.judge()
    assert len(relay.audits(outcome="deferred")) == 20


AWAY = {
    # What stands where the relay was, or what the relay does to everybody.
    "421 to each connection": ("connect", "421 4.3.2 closing"),
    "421 to each MAIL": ("mail", "421 4.3.2 closing"),
    "a proxy that accepts and cuts": ("connect", CUT),
    "a proxy that cuts after EHLO": ("helo", CUT),
    "a proxy that cuts at MAIL": ("mail", CUT),
    "a proxy that cuts at DATA": ("data", CUT),
}


@pytest.mark.parametrize("what", AWAY, ids=lambda what: what.replace(" ", "-"))
def test_a_relay_that_serves_nobody_opens_the_breaker_and_burns_no_attempt(relay, load, smtp, what):
    """Row 24."""
    step, answer = AWAY[what]
    worker = relay.worker()
    producer = relay.producer()
    smtp.rule(step, answer)
    load.ask_many(producer, 10)
    breaker_opens(worker, times=3)
    smtp.rule(step, None)
    load.judge()
    assert not relay.audits(outcome="deferred")


def test_a_421_that_follows_one_recipient_is_a_refusal_at_the_third(relay, load, smtp):
    """Row 24: others are served meanwhile, so it is about this one, and nobody waits for it."""
    relay.worker()
    producer = relay.producer()
    load.ask_many(producer, 1)
    load.wait_until_done()
    (unlucky,) = load.acknowledged.values()
    unlucky = unlucky.replace("user-1", "user-2")
    smtp.rule("rcpt", lambda address: "421 4.7.0 not you" if address == unlucky else None)
    with load.background(producer, threads=2):
        deferred = eventually("the unlucky one to be deferred", lambda: relay.audits(outcome="deferred"), 60)
    smtp.rule("rcpt", None)
    load.judge()
    assert {load.acknowledged[audit["data"]["request_id"]] for audit in deferred} == {unlucky}
    assert {audit["data"]["reason"] for audit in deferred} == {"refused_for_now"}


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


def test_a_relay_that_falls_silent_meets_deadlines(deploy, smtp, smtp_proxy, redis_server):
    """Row 26: nothing moves any more, and the windows are full."""
    relay = deploy({f"smtp.{stage}_timeout": "1s" for stage in ("connect", "mail", "rcpt", "data", "block", "dot")})
    load = Load(relay, smtp, redis_server)
    worker = relay.worker()
    producer = relay.producer()
    with load.background(producer, threads=2) as stream:
        stream.more(20)
        smtp_proxy.stall()
        breaker_opens(worker)
        smtp_proxy.let_through()
        stream.more(20)
    load.judge(extra_mails=50)  # what was at the dot


def test_a_long_wait_at_the_dot_doubles_nothing_and_holds_up_nobody(deploy, smtp, redis_server):
    """Row 21: the 300 s of a slow relay, with deadlines to match."""
    relay = deploy({"worker.park": "500ms", "smtp.dot_timeout": "20s", "smtp.connections": "2"}, tiers=("1s", "25s"))
    load = Load(relay, smtp, redis_server)
    relay.worker()
    producer = relay.producer()
    smtp.rule("dot", lambda mail: HOLD if mail.recipients == [f"user-1@{DOMAIN}"] else None)
    load.ask_many(producer, 1)
    eventually("the slow mail at the dot", smtp.held.all)
    load.ask_many(producer, 50)
    eventually("the others to be mailed", lambda: len(smtp.mails) == 50, 15, seen=lambda: len(smtp.mails))
    eventually("a successor to stand in for the slow one, and the offsets to go on", lambda: not [
        where for where in relay.unfinished() if where[0] == relay.requested], 15, seen=relay.unfinished)
    assert len(smtp.held) == 1, "the slow mail was sent a second time"
    smtp.release()
    load.judge()


def test_a_worker_stopped_right_before_the_final_dot_sends_none(relay, load, smtp):
    """Row 4: between the relay's 354 and the dot; another one took over and mailed when the first one wakes up."""
    zombie = relay.worker()
    producer = relay.producer()
    smtp.rule("data", HOLD)
    load.ask_many(producer, 1)
    eventually("the worker to wait for 354", smtp.held.all)
    zombie.signal(signal.SIGSTOP)
    smtp.rule("data", None)
    relay.worker()
    load.wait_until_done()
    smtp.release()
    zombie.signal(signal.SIGCONT)
    zombie.wait_ready(90)
    load.ask_many(producer, 20)
    load.judge()
    assert zombie.running


def test_the_last_connection_broken_after_the_dot_while_the_worker_ends_loses_nothing(relay, load, smtp):
    """Row 20: nobody knows whether the mail is out, and nothing more can be asked: the retry copy is written."""
    worker = relay.worker()
    producer = relay.producer()
    smtp.rule("dot", HOLD)
    smtp.held_answer = smtp.TAKE_AND_CUT
    load.ask_many(producer, 1)
    eventually("the mail at the dot", smtp.held.all)
    worker.signal(signal.SIGTERM)
    eventually("the worker to drain", lambda: "draining" in worker.stderr(), seen=worker.stderr)
    smtp.release()
    assert worker.wait(60) == 0
    (deferred,) = relay.audits(outcome="deferred")
    assert deferred["data"]["reason"] == "uncertain" and deferred["data"]["maybe_mailed"] is True
    smtp.rule("dot", None)
    relay.worker()
    load.judge(extra_mails=1)
    assert len(smtp.mails) == 2
