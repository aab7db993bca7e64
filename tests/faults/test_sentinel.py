"""A fail-over by Sentinel: the pair follows it, and with redis.wait_replicas loses no redemption over it."""
import signal

import pytest

from support import events
from support.expectations import the_mail_to
from support.redis_server import RedisServer
from support.sentinel import Sentinels, role
from support.waiting import eventually


@pytest.fixture
def primary(tmp_path):
    server = RedisServer(tmp_path / "primary").start()
    yield server
    server.kill()


@pytest.fixture
def replica(tmp_path, primary):
    server = RedisServer(tmp_path / "replica", "--replicaof", "127.0.0.1", str(primary.port),
                         "--repl-diskless-sync-delay", "0").start()
    eventually("the replica to be in touch", lambda: primary.client().wait(1, 100))
    yield server
    server.kill()


@pytest.fixture
def sentinels(tmp_path, primary, replica):
    sentinels = Sentinels(tmp_path / "sentinels", primary, quorum=2, count=3).start()
    yield sentinels
    sentinels.stop()


@pytest.fixture
def relay(deploy, sentinels):
    """Whatever the fixture's proxy would do: the pair asks the Sentinels where its Redis is."""
    return deploy({"redis.url": f"redis://{sentinels.name}", "redis.sentinels": ",".join(sentinels.addresses)})


def test_the_pair_follows_a_fail_over_and_loses_nothing(relay, sentinels, primary, replica, load, smtp):
    producer, worker = relay.producer(), relay.worker()
    with load.background(producer, threads=2) as stream:
        stream.more(20)
        eventually("the replica to have it", lambda: primary.client().wait(1, 1000))
        primary.kill()
        sentinels.wait_for(replica)
        stream.more(20)
    load.redis = replica
    load.judge(rebuilt=True, extra_mails=5)
    assert producer.readiness().status == worker.readiness().status == 200
    request = events.reset_request()
    producer.request(request)
    mail = the_mail_to(smtp, request["user"]["email"])
    assert producer.redeem(mail.token, request["user"]["email"], "after").status == 200


def test_a_primary_that_was_demoted_is_left_for_the_new_one(relay, sentinels, primary, replica, smtp):
    """Nothing is broken for the pair to see but READONLY: the old one goes on answering."""
    producer, worker = relay.producer(), relay.worker()
    relay.outcome(producer.request(events.reset_request()), "sent")
    sentinels.fail_over()
    sentinels.wait_for(replica)
    eventually("the old primary to be told", lambda: role(primary) == "slave")
    identifier = eventually("a request that is accepted", lambda: producer.request(events.reset_request()))
    relay.outcome(identifier, "sent")
    assert primary.process.running
    assert b"pwreset:request:" + identifier.encode() in replica.dump()
    assert worker.readiness().status == 200


def test_a_redemption_that_was_told_is_on_the_replica_or_it_was_not_told(deploy, sentinels, primary, replica, smtp):
    """redis.wait_replicas: 503 while the replica is behind, then 200 under the same key; and it is still redeemed when
    the primary is lost, and then 503 until there is a replica again."""
    relay = deploy({"redis.url": f"redis://{sentinels.name}", "redis.sentinels": ",".join(sentinels.addresses),
                    "redis.wait_replicas": "1", "redis.wait_timeout": "200ms", "redis.timeout": "5s"})
    producer = relay.producer()
    relay.worker()
    request = events.reset_request()
    producer.request(request)
    token, email = the_mail_to(smtp, request["user"]["email"]).token, request["user"]["email"]
    eventually("the replica to have it", lambda: primary.client().wait(1, 1000))
    replica.process.signal(signal.SIGSTOP)
    for _ in range(2):
        answer = producer.redeem(token, email, "form-1")
        assert answer.status == 503 and "Idempotency-Key" in answer.json()["detail"], answer
    assert producer.check(token).status == 404, "claimed, though it was not told"
    replica.process.signal(signal.SIGCONT)
    answer = eventually("the same question to be answered",
                        lambda: (lambda said: said if said.status == 200 else None)(
                            producer.redeem(token, email, "form-1")))
    primary.kill()
    sentinels.wait_for(replica)
    assert eventually("the new primary to be asked", lambda: (lambda said: said if said.status != 503 else None)(
        producer.redeem(token, email, "form-2"))).status == 404
    assert producer.redeem(token, email, "form-1").status == 503, "nobody else has it"
    primary.start()  # which the Sentinels make a replica
    again = eventually("a replica again", lambda: (lambda said: said if said.status != 503 else None)(
        producer.redeem(token, email, "form-1")))
    assert again.json() == answer.json()
