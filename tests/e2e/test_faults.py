"""What breaks around the pair: Kafka, Redis, the mail relay.  Events are held, nothing is lost, nothing doubled."""
import signal

import pytest
from confluent_kafka import Consumer

from support import events
from support.expectations import nothing_was_mailed, the_mail_to, wait_for_mails, wait_for_outcomes
from support.waiting import eventually


def test_without_kafka_a_request_is_answered_503_with_retry_after(deploy, own_broker, smtp):
    relay = deploy({"http.kafka_deadline": "1s"}, kafka=own_broker)
    producer = relay.producer()
    worker = relay.worker()
    relay.outcome(producer.request(events.reset_request()), "sent")
    own_broker.kill()
    answer = producer.post("/v1/password-resets", events.reset_request())
    assert answer.status == 503 and answer.problem
    assert int(answer.headers["retry-after"]) > 0
    own_broker.start()
    producer.wait_ready(90)
    request = events.reset_request()
    identifier = eventually("an answer 202", lambda: (lambda answer: answer.status == 202 and answer.json()["id"])(
        producer.post("/v1/password-resets", request)), 90)
    relay.reader.close()
    relay._reader = None
    relay.outcome(identifier, "sent", deadline=120)
    the_mail_to(smtp, request["user"]["email"])
    assert worker.running and producer.running


def test_a_broker_restart_under_load_loses_no_acknowledged_request(deploy, own_broker, smtp):
    relay = deploy(kafka=own_broker)
    relay.worker()
    producer = relay.producer()
    acknowledged = [producer.request(events.reset_request()) for _ in range(50)]
    own_broker.kill()
    own_broker.start()
    producer.wait_ready(90)
    for _ in range(50):
        answer = producer.post("/v1/password-resets", events.reset_request())
        if answer.status == 202:
            acknowledged.append(answer.json()["id"])
    relay._reader = None
    sent = wait_for_outcomes(relay, len(acknowledged), deadline=180)
    assert set(acknowledged) <= set(sent)
    assert len(smtp.mails.all()) == len({mail.message_id for mail in smtp.mails.all()})


def test_without_redis_events_are_held_and_then_mailed(relay, redis_server, smtp):
    worker = relay.worker()
    relay.outcome(relay.publish(events.reset_request()), "sent")
    redis_server.kill()
    identifiers = [relay.publish(events.reset_request()) for _ in range(20)]
    eventually("the worker to be not ready", lambda: getattr(worker.readiness(), "status", 0) == 503)
    assert len(smtp.mails) == 1
    assert relay.unfinished()
    redis_server.start()
    wait_for_outcomes(relay, 21)
    relay.wait_until_committed()
    assert len(smtp.mails) == 21
    assert not relay.audits(outcome="deferred") and not relay.audits(outcome="dead")
    assert set(identifiers) <= {audit["data"]["request_id"] for audit in relay.audits(outcome="sent")}


def test_a_redis_killed_under_load_loses_and_doubles_nothing(relay, redis_server, smtp):
    from support import places
    relay.worker()
    relay.command("reset-producer", "send", places.DATA / "requests.jsonl")
    for mark in (100, 300):
        eventually(f"{mark} mails", lambda: len(smtp.mails) >= mark, seen=lambda: len(smtp.mails))
        redis_server.kill()
        redis_server.start()
    wait_for_outcomes(relay, 1000)
    relay.wait_until_committed()
    assert len({mail.message_id for mail in smtp.mails.all()}) == 1000
    assert len({mail.recipients[0] for mail in smtp.mails.all()}) == 1000


def test_a_redis_that_evicts_keeps_the_worker_from_being_ready(relay, redis_server, smtp):
    redis_server.client().config_set("maxmemory", "100mb")
    redis_server.client().config_set("maxmemory-policy", "volatile-lru")
    worker = relay.worker(wait=False)
    relay.publish(events.reset_request())
    answer = eventually("a /readyz that says no", lambda: (lambda answer: answer if getattr(
        answer, "status", 0) == 503 and b"evict" in answer.body.lower() else None)(worker.readiness()),
        seen=worker.readiness)
    assert answer.status == 503
    nothing_was_mailed(smtp)


def test_a_full_redis_mails_nothing_until_there_is_room(relay, redis_server, smtp):
    worker = relay.worker()
    client = redis_server.client()
    client.config_set("maxmemory", "1")
    identifier = relay.publish(events.reset_request())
    eventually("the worker to notice", lambda: getattr(worker.readiness(), "status", 0) == 503
               or worker.metric("reset_relay_redis_errors_total") > 0)
    nothing_was_mailed(smtp)
    client.config_set("maxmemory", "0")
    relay.outcome(identifier, "sent")
    assert len(smtp.mails) == 1


def test_a_redis_with_an_emptied_script_cache_goes_on(relay, redis_server, smtp):
    relay.worker()
    relay.outcome(relay.publish(events.reset_request()), "sent")
    redis_server.client().script_flush()
    relay.outcome(relay.publish(events.reset_request()), "sent")
    assert len(smtp.mails) == 2


def test_a_lost_redis_is_noticed_and_named_in_the_audit(relay, redis_server, smtp):
    """A request that was under way when the data went: it goes on, with a new link, marked rebuilt."""
    worker = relay.worker()
    relay.outcome(relay.publish(events.reset_request()), "sent")
    smtp.rule("rcpt", "451 4.7.1 later")
    identifier = relay.publish(events.reset_request())
    relay.outcome(identifier, "deferred")
    redis_server.client().flushall()
    smtp.rule("rcpt", None)
    assert relay.outcome(identifier, "sent")["rebuilt"] is True
    assert worker.metric("reset_relay_redis_data_lost_total") >= 1


def test_without_a_relay_events_are_held_and_no_attempt_is_burnt(relay, smtp):
    worker = relay.worker()
    smtp.stop()
    identifiers = [relay.publish(events.reset_request()) for _ in range(20)]
    eventually("the breaker to open", lambda: worker.metric("reset_relay_breaker_open", dependency="smtp") > 0)
    smtp.start()
    sent = wait_for_outcomes(relay, 20)
    assert set(sent) == set(identifiers)
    relay.wait_until_committed()
    assert len(smtp.mails) == 20
    assert not relay.audits(outcome="deferred") and not relay.audits(outcome="dead")


def test_a_relay_that_goes_away_under_load_and_comes_back_loses_nothing(relay, smtp):
    from support import places
    relay.worker()
    relay.command("reset-producer", "send", places.DATA / "requests.jsonl")
    for mark in (100, 300):
        wait_for_mails(smtp, mark)
        smtp.stop()
        smtp.start()
    wait_for_outcomes(relay, 1000, deadline=240)
    links = {mail.link for mail in smtp.mails.all()}
    assert len(links) == 1000, "a second mail had another link"
    assert len({mail.message_id for mail in smtp.mails.all()}) == 1000


def test_a_frozen_worker_does_not_mail_what_another_took_over(relay, smtp):
    """SIGSTOP past its session, then CONT: its lease and its offsets count no more."""
    frozen = relay.worker()
    relay.outcome(relay.publish(events.reset_request()), "sent")
    frozen.signal(signal.SIGSTOP)
    other = relay.worker()
    identifiers = [relay.publish(events.reset_request()) for _ in range(30)]
    wait_for_outcomes(relay, 31, deadline=120)
    frozen.signal(signal.SIGCONT)
    frozen.wait_ready(90)
    more = [relay.publish(events.reset_request()) for _ in range(10)]
    sent = wait_for_outcomes(relay, 41, deadline=120)
    relay.wait_until_committed()
    assert set(identifiers + more) <= set(sent)
    assert len(smtp.mails) == 41
    assert other.running and frozen.running


@pytest.mark.parametrize("reply", ["250 2.0.0 queued", "554 5.7.1 refused"])
def test_a_mail_parked_at_the_dot_lets_the_offset_go_on_and_ends_as_the_relay_says(deploy, smtp, reply):
    """30 s at the dot: a successor copy is written, the wait goes on."""
    from support.smtp_server import HOLD
    relay = deploy(tiers=("1s", "90s"), settings={"smtp.dot_timeout": "80s"})
    relay.worker()
    smtp.rule("dot", HOLD)
    smtp.held_answer = reply
    identifier = relay.publish(events.reset_request())
    relay.outcome(identifier, "deferred", "parked", deadline=90)
    eventually("the requested topic to be committed", lambda: not [
        where for where in relay.unfinished() if where[0] == relay.requested], seen=relay.unfinished)
    smtp.release()
    relay.outcome(identifier, "sent" if reply.startswith("2") else "dead")
    assert len(smtp.mails) + len(smtp.refused) == 1


def test_a_worker_that_its_group_does_not_let_in_is_not_ready_and_says_why(relay, smtp):
    """Somebody else's program under the same group id, with another way of sharing partitions: nobody reads, there is
    no lag to be seen, and all servers are well."""
    other = Consumer({"bootstrap.servers": relay.broker.address, "group.id": relay.group,
                      "partition.assignment.strategy": "cooperative-sticky", "session.timeout.ms": 6000})
    joined = []
    other.subscribe([relay.audit_topic], on_assign=lambda _consumer, partitions: joined.append(partitions))

    def is_in():
        other.poll(0.2)
        return bool(joined)
    eventually("the other program to have joined", is_in, 90)
    worker = relay.worker(wait=False)
    identifier = relay.publish(events.reset_request())

    def refused():
        other.poll(0.2)
        answer = worker.readiness()
        return getattr(answer, "status", 0) == 503 and b"nconsistent group protocol" in answer.body
    eventually("the worker to say that its group refuses it", refused, 90)
    assert len(smtp.mails) == 0
    other.close()
    worker.wait_ready(90)
    relay.outcome(identifier, "sent")
