"""Processes that die, stop and change places.  Rows 1, 3, 4, 5, 6 and 13 of the fault matrix."""
import signal

from load import EXPLAINED
from support.smtp_server import HOLD
from support.waiting import eventually


def mails(load, count, deadline=120):
    eventually(f"{count} mails", lambda: len(load.smtp.mails) >= count, deadline, seen=lambda: len(load.smtp.mails))


def test_workers_killed_at_random_lose_nothing(relay, load, chance, how_many):
    """Row 1: kill -9 of one of three workers, again and again; every second mail has a kill to explain it."""
    producer = relay.producer()
    workers = [relay.worker() for _ in range(3)]
    with load.background(producer) as stream:
        for _ in range(how_many(8, 80)):
            stream.more(chance.randrange(10, 60))
            victim = chance.randrange(len(workers))
            with load.fault("worker killed", workers[victim]):
                workers[victim].kill()
            workers[victim] = relay.worker(wait=False)
    load.judge(extra_mails=EXPLAINED)


def test_sigterm_under_load_loses_and_doubles_nothing(relay, load, smtp_proxy, how_many):
    """Row 3: with mails at the dot, since the way to the relay takes its time."""
    smtp_proxy.delay(0.05)
    producer = relay.producer()
    worker = relay.worker()
    with load.background(producer) as stream:
        for _ in range(how_many(4, 20)):
            stream.more(60)
            assert worker.stop(60) == 0
            worker = relay.worker(wait=False)
    load.judge()


def test_what_is_at_the_dot_when_the_drain_ends_is_parked(relay, load, smtp):
    """Row 3: a successor copy stands in for it, and whatever the relay did with it, the link is the same."""
    smtp.rule("dot", HOLD)
    producer = relay.producer()
    worker = relay.worker(**{"worker.drain": "20s"})
    load.ask_many(producer, 3)
    eventually("three mails at the dot", lambda: len(smtp.held) == 3, seen=lambda: len(smtp.held))
    assert worker.stop(60) == 0
    parked = relay.audits(outcome="deferred")
    assert [audit["data"]["reason"] for audit in parked] == ["parked"] * 3
    smtp.rule("dot", None)
    smtp.release()  # taken, and nobody is there to hear it
    eventually("the relay to have taken them", lambda: len(smtp.mails) == 3, seen=lambda: len(smtp.mails))
    relay.worker()
    load.judge(extra_mails=3)


def test_a_zombie_mails_and_commits_nothing_that_another_took_over(relay, load):
    """Row 4: SIGSTOP past its session, then CONT."""
    producer = relay.producer()
    zombie = relay.worker()
    load.ask_many(producer, 20)
    mails(load, 20)
    zombie.signal(signal.SIGSTOP)
    other = relay.worker()
    load.ask_many(producer, 100)
    load.wait_until_done()
    zombie.signal(signal.SIGCONT)
    zombie.wait_ready(90)
    load.ask_many(producer, 50)
    load.judge()
    assert other.running and zombie.running


def test_a_rebalance_storm_loses_and_doubles_nothing(relay, load):
    """Row 5: a member comes and goes, without a pause."""
    producer = relay.producer()
    steady = relay.worker()
    with load.background(producer, threads=2) as stream:
        for _ in range(6):
            guest = relay.worker(wait=False)
            stream.more(25)
            guest.stop()
    load.judge()
    assert steady.running


def test_no_202_without_its_event_when_the_producer_is_killed(relay, load):
    """Row 6."""
    relay.worker()
    producer = relay.producer()
    for _ in range(5):
        with load.background(producer) as stream:
            stream.more(40)
            producer.kill()
        producer = relay.producer()
    load.judge()


def test_with_the_groups_offsets_lost_nothing_is_mailed_again(relay, load):
    """Row 13: all is read once more; Redis knows what was done."""
    producer = relay.producer()
    worker = relay.worker()
    load.ask_many(producer, 100)
    load.wait_until_done()
    worker.stop()
    relay.group += ".again"
    relay.settings["worker.group_id"] = relay.group
    relay.worker()
    load.judge()
