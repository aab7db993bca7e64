"""Redis that dies, loses, refuses, and replies that never arrive.  Rows 14 to 19 of the fault matrix."""
import pytest

from support.waiting import eventually


def test_a_redis_killed_and_back_under_load_loses_and_doubles_nothing(relay, load, redis_server, chance):
    """Row 14: with its append-only file always written."""
    producer = relay.producer()
    relay.worker()
    with load.background(producer) as stream:
        for _ in range(6):
            stream.more(chance.randrange(20, 60))
            redis_server.kill()
            redis_server.start()
    load.judge()


@pytest.mark.parametrize("step", ["EVALSHA", "MGET"])
def test_a_reply_of_redis_lost_after_the_step_was_done_changes_nothing(relay, load, redis_proxy, step):
    """Row 19: read and decided again, and finds its own owner."""
    producer = relay.producer()
    relay.worker()
    load.ask_many(producer, 10)
    load.wait_until_done()
    with load.background(producer) as stream:
        for _ in range(10):
            before = redis_proxy.cuts
            redis_proxy.cut_after_reply(step.encode())
            eventually("a reply to be cut", lambda: redis_proxy.cuts > before)
            stream.more(5)
    assert redis_proxy.cuts == 10
    load.judge()


def test_a_redis_that_falls_silent_holds_events_and_loses_none(relay, load, redis_proxy):
    producer = relay.producer()
    worker = relay.worker()
    with load.background(producer, threads=2) as stream:
        stream.more(20)
        redis_proxy.stall()
        stream.more(20)
        eventually("the worker to be not ready", lambda: getattr(worker.readiness(), "status", 0) == 503)
        redis_proxy.let_through()
        stream.more(20)
    load.judge()


def test_a_redis_that_lost_everything_is_named_and_nothing_is_lost(relay, load, redis_server, smtp):
    """Row 15: what was under way goes on with a new link, marked rebuilt."""
    producer = relay.producer()
    worker = relay.worker()
    load.ask_many(producer, 20)
    load.wait_until_done()
    smtp.rule("rcpt", "451 4.7.1 later")
    load.ask_many(producer, 10)
    eventually("ten to be deferred", lambda: len(relay.audits(outcome="deferred")) >= 10)
    redis_server.client().flushall()
    smtp.rule("rcpt", None)
    load.judge(rebuilt=True)
    rebuilt = [audit for audit in relay.audits(outcome="sent") if audit["data"].get("rebuilt")]
    assert len(rebuilt) == 10
    assert worker.metric("reset_relay_redis_data_lost_total") >= 1


def test_a_full_redis_mails_nothing_without_its_stored_hash(relay, load, redis_server, smtp):
    """Row 16."""
    producer = relay.producer()
    worker = relay.worker()
    client = redis_server.client()
    client.config_set("maxmemory", "1")
    load.ask_many(producer, 20)
    eventually("the worker to notice", lambda: worker.metric("reset_relay_redis_errors_total") > 0)
    assert not smtp.mails.all()
    client.config_set("maxmemory", "0")
    load.judge()
