"""What Kafka answers, and what the pair makes of it: rows 6 and 8 to 12 of the fault matrix, and a drain without Kafka.

On librdkafka's mock cluster, which says at a wanted moment what no real broker can be brought to say; nothing here
rests on its durability.
"""
import json
import signal
import threading

import pytest

from support import events, kafka_client
from support.expectations import in_parallel, wait_for_outcomes
from support.mock_kafka import HEARTBEAT, OFFSET_COMMIT, PRODUCE, MockKafka
from support.relay import Relay
from support.smtp_server import HOLD
from support.waiting import eventually

# Kafka's error codes, by what they are.
CORRUPT, LEADER_MOVED, TIMED_OUT, TOO_LARGE, LOADING, TOO_FEW_REPLICAS = 2, 6, 7, 10, 14, 19
OLD_GENERATION, UNKNOWN_MEMBER, NOT_ALLOWED, OUT_OF_ORDER, DISK, FENCED, INVALID_RECORD = 22, 25, 29, 45, 56, 82, 87


@pytest.fixture
def kafka():
    kafka = MockKafka()
    yield kafka
    kafka.remove()


@pytest.fixture
def deploy(tmp_path, kafka, redis_server, smtp):
    made = []

    def make(settings=None):
        relay = Relay(tmp_path / f"relay-{len(made)}", kafka, redis_server, smtp.url, settings).prepare()
        made.append(relay)
        return relay
    yield make
    for relay in made:
        relay.close()


def ask(producer, number, **options):
    """One request under a key of its own."""
    return producer.post("/v1/password-resets", events.reset_request(user=f"user-{number}"),
                         Idempotency_Key=f"form-{number}", **options)


def published(relay):
    """The events in the topic: {id: its values}."""
    found = {}
    relay.reader.complete()
    for record in relay.reader.of(relay.requested):
        found.setdefault(json.loads(record.value)["id"], set()).add(record.value)
    return found


def refused_for_now(answer):
    return answer.status == 503 and answer.problem and int(answer.headers["retry-after"]) > 0


def test_a_producer_killed_before_kafka_acknowledged_has_promised_nothing(deploy, kafka):
    """Row 6: what was not acknowledged is not there, and nobody was told that it is."""
    relay = deploy()
    producer = relay.producer()
    answers = []

    def ask_and_note(number):
        try:
            answers.append(ask(producer, number))
        except OSError:
            pass  # killed
    kafka.down()
    threads = [threading.Thread(target=ask_and_note, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    eventually("five requests on their way, or answered",
               lambda: len(answers) + producer.metric("reset_relay_events_in_flight") >= 5)
    producer.kill()
    for thread in threads:
        thread.join(60)
    kafka.up()
    promised = {answer.json()["id"] for answer in answers if answer.status == 202}
    assert promised <= set(published(relay)), "a 202 without its event"


def test_a_fatal_error_of_the_kafka_client_is_survived_with_the_same_events(deploy, kafka):
    """Row 8: the idempotent producer dies for good; within the deadline of 5 s another one has sent all."""
    relay = deploy({"http.kafka_deadline": "5s"})
    producer = relay.producer()
    assert ask(producer, "first").status == 202
    for wave in range(2):
        kafka.fail(PRODUCE, OUT_OF_ORDER)
        answers = in_parallel(lambda number: ask(producer, f"{wave}-{number}"), range(20))
        assert [answer.status for answer in answers] == [202] * 20
        found = published(relay)
        assert {answer.json()["id"] for answer in answers} <= set(found)
        assert all(len(values) == 1 for values in found.values()), "one id, two events"
        assert producer.metric("reset_relay_kafka_producer_restarts_total") == wave + 1


def test_the_worker_survives_a_fatal_error_of_its_kafka_client(deploy, kafka, smtp):
    """Row 8: the audit record that was refused is written by the next one."""
    relay = deploy()
    worker = relay.worker(wait=False)
    ids = set()
    for wave in range(2):
        ids |= {relay.publish(events.reset_request()) for _ in range(5)}
        wait_for_outcomes(relay, len(ids))
        relay.wait_until_committed()
        smtp.rule("dot", HOLD)
        ids |= {relay.publish(events.reset_request()) for _ in range(5)}
        eventually("mails at the dot", lambda: len(smtp.held.all()) >= 5)
        kafka.fail(PRODUCE, OUT_OF_ORDER)
        smtp.rule("dot", None)
        smtp.release()
        assert set(wait_for_outcomes(relay, len(ids))) == ids
        assert worker.metric("reset_relay_kafka_producer_restarts_total") == wave + 1
    assert len(smtp.mails) == len(ids)
    assert worker.running


# What the broker says, how the caller hears it, and the class it is counted under.
CURED = {"few replicas": TOO_FEW_REPLICAS, "the leader moved": LEADER_MOVED, "its disk": DISK, "a time-out": TIMED_OUT}
REFUSED = {"a wire that turns bits": (CORRUPT, "retryable"), "too large": (TOO_LARGE, "permanent"),
           "an invalid record": (INVALID_RECORD, "permanent"), "no right to the topic": (NOT_ALLOWED, "permanent")}


def test_every_answer_of_kafka_has_its_class_and_its_answer(deploy, kafka):
    """Row 9."""
    relay = deploy({"http.kafka_deadline": "5s"})
    producer = relay.producer()
    assert ask(producer, "first").status == 202
    for what, code in CURED.items():
        kafka.fail(PRODUCE, code)
        answer = ask(producer, f"cured-{code}")
        assert answer.status == 202, f"{what}: {answer}"
    for what, (code, group) in REFUSED.items():
        before = producer.metric("reset_relay_kafka_produce_errors_total", **{"class": group}) or 0
        kafka.fail(PRODUCE, code)
        answer = ask(producer, f"refused-{code}")
        assert refused_for_now(answer), f"{what}: {answer}"
        assert producer.metric("reset_relay_kafka_produce_errors_total", **{"class": group}) == before + 1, what


def test_a_broker_two_seconds_away_is_waited_for_up_to_the_deadline_and_then_503(deploy, kafka, smtp):
    """Row 10."""
    relay = deploy()
    patient = relay.producer()
    hasty = relay.producer(**{"http.kafka_deadline": "1s"})
    worker = relay.worker(wait=False)
    kafka.delay(2)
    assert refused_for_now(ask(hasty, "hasty"))
    assert hasty.metric("reset_relay_kafka_produce_errors_total", **{"class": "deadline"}) == 1
    assert ask(patient, "patient").status == 202
    kafka.delay(0)
    assert ask(hasty, "hasty").status == 202  # the same id, whether or not it arrived at first
    wait_for_outcomes(relay, 2)
    relay.wait_until_committed()
    assert len(smtp.mails) == 2 and worker.running


def test_a_full_local_queue_is_503_at_once_and_takes_no_more(deploy, kafka):
    """Row 11."""
    relay = deploy({"http.kafka_deadline": "4s", "kafka.queue.buffering.max.messages": "100"})
    producer = relay.producer()
    assert ask(producer, "first").status == 202
    kafka.delay(60)
    answers = in_parallel(lambda number: ask(producer, number), range(160), threads=160)
    assert all(refused_for_now(answer) for answer in answers)
    assert producer.metric("reset_relay_kafka_produce_errors_total", **{"class": "full"}) >= 60
    assert producer.metric("reset_relay_kafka_produce_errors_total", **{"class": "deadline"}) <= 100
    kafka.delay(0)
    producer.wait_ready()
    eventually("the way to be free again", lambda: ask(producer, "last").status == 202)


def test_a_refused_commit_brings_the_events_again_and_no_mail(deploy, kafka, smtp):
    """Row 12."""
    relay = deploy()
    worker = relay.worker(wait=False)
    for wave, code in enumerate((LOADING, OLD_GENERATION)):
        kafka.fail(OFFSET_COMMIT, code)
        relay.publish_records([events.record(events.event(events.reset_request()), relay.publisher,
                                             relay.publisher_secret) for _ in range(10)])
        wait_for_outcomes(relay, 10 * (wave + 1))
        relay.wait_until_committed()
    assert len(smtp.mails) == 20
    assert worker.running


def test_a_member_that_the_group_knows_no_more_mails_nothing_twice(deploy, kafka, smtp):
    """Row 12: the generation is lost with mails at the dot; they end as the relay says, and are not mailed again by
    whoever reads their events next."""
    relay = deploy()
    worker = relay.worker(wait=False)
    smtp.rule("dot", HOLD)
    ids = {relay.publish(events.reset_request()) for _ in range(5)}
    eventually("mails at the dot", lambda: len(smtp.held.all()) >= 5)
    kafka.fail(HEARTBEAT, UNKNOWN_MEMBER)
    eventually("the partitions to be given up", lambda: worker.metric("reset_relay_kafka_rebalances_total") >= 1)
    smtp.rule("dot", None)
    smtp.release()
    assert set(wait_for_outcomes(relay, 5)) == ids
    relay.wait_until_committed()
    assert len(smtp.mails) == 5
    assert worker.running


def test_a_member_that_is_fenced_for_good_ends_and_another_goes_on(deploy, kafka, smtp):
    """Row 12: it says so with 69, so that whoever watches it starts a fresh one."""
    relay = deploy({"worker.drain": "4s"})
    worker = relay.worker(wait=False)
    smtp.rule("dot", HOLD)
    ids = {relay.publish(events.reset_request()) for _ in range(5)}
    eventually("mails at the dot", lambda: len(smtp.held.all()) >= 5)
    kafka.fail(HEARTBEAT, FENCED)
    eventually("the drain to begin", lambda: getattr(worker.readiness(), "status", 0) == 503)
    smtp.rule("dot", None)
    smtp.release()
    assert worker.wait(10) == 69
    relay.worker(wait=False)
    assert set(wait_for_outcomes(relay, 5)) == ids
    relay.wait_until_committed()
    assert len(smtp.mails) == 5


@pytest.mark.parametrize("away", ["kafka silent", "kafka and redis"])
def test_a_drain_ends_in_its_time_whoever_is_away(deploy, kafka, redis_server, smtp, away):
    """Row 3: mails wait at the dot, and what is needed to park them or to tell of them does not answer."""
    relay = deploy({"worker.drain": "6s"})
    worker = relay.worker(wait=False)
    smtp.rule("dot", HOLD)
    for _ in range(5):
        relay.publish(events.reset_request())
    eventually("mails at the dot", lambda: len(smtp.held.all()) >= 5)
    if away == "kafka silent":
        kafka.delay(60)
    else:
        kafka.down()
        redis_server.process.signal(signal.SIGSTOP)
    assert worker.stop(7) == 0  # one more for a machine with much to do
