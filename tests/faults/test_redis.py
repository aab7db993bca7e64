"""Redis that dies, loses, falls back, refuses, and replies that never arrive.  Rows 14 to 19 of the fault matrix."""
import contextlib
import shutil
import threading

import pytest
import redis

from support.smtp_server import HOLD
from support.waiting import NotYet, eventually


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


def test_a_full_redis_still_takes_what_ends_and_what_is_redeemed(relay, load, redis_server, smtp):
    """Row 16: a mail that is out when Redis fills up is recorded, and its link redeems."""
    producer = relay.producer()
    worker = relay.worker()
    smtp.rule("dot", HOLD)
    load.ask(producer)
    eventually("the mail to be at the dot", lambda: len(smtp.held) == 1)
    client = redis_server.client()
    client.config_set("maxmemory", "1")
    smtp.release()
    load.wait_until_done()
    [mail] = smtp.mails.all()
    eventually("the redemption", lambda: producer.redeem(mail.token, mail.recipients[0], "while-full").status == 200)
    load.ask(producer)
    eventually("the worker to notice", lambda: worker.metric("reset_relay_redis_errors_total") > 0)
    assert len(smtp.mails) == 1
    client.config_set("maxmemory", "0")
    load.wait_until_done()


def test_a_redis_that_begins_to_evict_is_left_at_its_next_greeting_and_says_why(relay, load, redis_server, smtp):
    """Row 17."""
    producer = relay.producer()
    worker = relay.worker()
    load.ask_many(producer, 3)
    load.wait_until_done()
    client = redis_server.client()
    client.config_set("maxmemory", "100mb")
    client.config_set("maxmemory-policy", "volatile-lru")
    client.client_kill_filter(_type="normal", skipme=True)
    not_ready(worker, "volatile-lru")
    not_ready(producer, "volatile-lru")
    load.ask_many(producer, 3)
    assert len(smtp.mails) == 3
    client.config_set("maxmemory-policy", "noeviction")
    load.judge()


def not_ready(process, why):
    def told():
        answer = process.readiness()
        if getattr(answer, "status", 0) != 503 or why not in answer.body.decode():
            raise NotYet(answer)
        return answer
    return eventually(f"/readyz to say {why!r}", told)


@contextlib.contextmanager
def misconf(server):
    """Its snapshots fail: a folder stands where they belong."""
    client = server.client()
    (server.folder / "dump.rdb" / "in-the-way").mkdir(parents=True)
    client.config_set("save", "3600 1000000")
    with contextlib.suppress(redis.ResponseError):
        client.bgsave()
    eventually("a snapshot that failed", lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
    yield
    client.config_set("save", "")
    shutil.rmtree(server.folder / "dump.rdb")


@contextlib.contextmanager
def busy(server):
    """Somebody's script does not end."""
    client = server.client()
    client.config_set("busy-reply-threshold", "20")

    def loop():
        with contextlib.suppress(redis.RedisError):
            server.client().eval("while true do end", 0)
    thread = threading.Thread(target=loop, daemon=True)
    thread.start()

    def is_busy():
        with contextlib.suppress(redis.RedisError):
            client.get("x")
            return False
        return True
    eventually("Redis to be busy", is_busy)
    yield
    client.script_kill()
    thread.join(10)


def between(first, last):
    """A trouble that one command brings and another one ends."""
    @contextlib.contextmanager
    def trouble(server):
        client = server.client()
        client.execute_command(*first.split())
        yield
        client.execute_command(*last.split())
    return trouble


@contextlib.contextmanager
def password_wanted(server):
    client = server.client()
    client.config_set("requirepass", "somebody-has-set-one")
    client.execute_command("AUTH", "somebody-has-set-one")
    client.client_kill_filter(_type="normal", skipme=True)
    yield
    client = redis.Redis(port=server.port, password="somebody-has-set-one")
    client.config_set("requirepass", "")


@contextlib.contextmanager
def loading(server):
    """It comes back with much to read."""
    pipeline = server.client().pipeline(transaction=False)
    for number in range(20000):
        pipeline.set(f"much:{number}", "x", ex=600)
    pipeline.execute()
    server.kill()
    usual, server.options = server.options, (*server.options, "--key-load-delay", "300",
                                             "--loading-process-events-interval-bytes", "1024")
    server.start()
    server.options = usual
    yield
    eventually("Redis to have read all", lambda: not loads(server))
    server.client().config_set("key-load-delay", "0")


def loads(server):
    try:
        return not server.client().ping()
    except redis.BusyLoadingError:
        return True


TROUBLES = {
    "MISCONF": misconf,
    "BUSY": busy,
    "replica": between("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    "too few replicas": between("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0"),
    "password": password_wanted,
    "loading": loading,
}


def test_what_redis_refuses_is_told_apart_and_no_attempt_is_burnt(relay, load, redis_server, smtp):
    """Row 18: each trouble is named at /readyz; events wait, and go out at the first attempt when it is over."""
    producer = relay.producer()
    worker = relay.worker()
    for why, trouble in TROUBLES.items():
        with trouble(redis_server):
            sent = len(smtp.mails)
            load.ask_many(producer, 3)
            not_ready(worker, why)
            assert len(smtp.mails) == sent, f"mailed while Redis said {why}"
        load.wait_until_done()
    redis_server.client().script_flush()  # NOSCRIPT: loaded again, and nobody waits
    load.ask_many(producer, 3)
    load.judge()
    assert {audit["data"]["attempt"] for audit in relay.audits(outcome="sent")} == {1}
    assert not relay.audits(outcome="deferred") and worker.running


def test_a_redis_that_fell_back_to_an_older_state_loses_no_request(relay, load, redis_server, smtp, tmp_path):
    """Row 15: restored from a copy.  What ended in between may be mailed once more if Kafka still had it to say, what
    was redeemed before the copy stays redeemed, and requests go on."""
    producer = relay.producer()
    worker = relay.worker()
    load.ask_many(producer, 5)
    load.wait_until_done()
    used = smtp.mails.all()[0]
    assert producer.redeem(used.token, used.recipients[0], "before").status == 200
    copy_of(redis_server, tmp_path / "copy")
    smtp.rule("rcpt", "451 4.7.1 later")
    load.ask_many(producer, 5)
    eventually("five to be deferred", lambda: len(relay.audits(outcome="deferred")) >= 5)
    fall_back(redis_server, tmp_path / "copy")
    smtp.rule("rcpt", None)
    load.judge(rebuilt=True)
    rebuilt = [audit for audit in relay.audits(outcome="sent") if audit["data"].get("rebuilt")]
    assert len(rebuilt) == 5, "a copy that is ahead of Redis shows the loss"
    assert worker.metric("reset_relay_redis_data_lost_total") >= 5
    assert producer.redeem(used.token, used.recipients[0], "after").status == 404
    assert producer.redeem(used.token, used.recipients[0], "before").status == 200


def copy_of(server, folder):
    """Its append-only file as it is now."""
    shutil.copytree(server.folder / "appendonlydir", folder)


def fall_back(server, folder):
    server.kill()
    shutil.rmtree(server.folder / "appendonlydir")
    shutil.copytree(folder, server.folder / "appendonlydir")
    server.start()
