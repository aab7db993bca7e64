"""Whoever may write to every topic, and has no publisher's secret: repeats, breaks, reorders and moves what was seen."""
import random
import time

import pytest
from confluent_kafka import KafkaError, Producer

from support import events
from support.expectations import audits_are_valid, nothing_was_mailed, the_mail_to
from support.relay import Relay

SIGNATURE = "reset-relay-signature"


def as_read(record):
    """A record of TopicReader as one to be written."""
    return record.key, record.value, list(record.headers.items())


def turned(value, chance):
    place = chance.randrange(len(value))
    return value[:place] + bytes([value[place] ^ 1 << chance.randrange(8)]) + value[place + 1:]


def test_whoever_writes_to_every_topic_gets_no_mail_out(relay, smtp):
    worker = relay.worker()
    smtp.rule("rcpt", lambda address: "550 5.1.1 unknown" if address.startswith("gone") else None)
    sent = relay.publish(events.reset_request(email="here@example.com"))
    dead = relay.publish(events.reset_request(email="gone@example.com"))
    relay.outcome(sent, "sent")
    relay.outcome(dead, "dead")
    relay.wait_until_committed()
    seen = [as_read(record) for record in relay.reader.of(relay.requested)]
    letters = [as_read(record) for record in relay.reader.of(relay.dead_letters)]
    audits = [as_read(record) for record in relay.reader.of(relay.audit_topic)]
    assert len(seen) == 2 and letters and audits
    chance = random.Random(20251122)
    broken = [(key, turned(value, chance), headers) for key, value, headers in seen for _ in range(30)]
    broken += [(key, value[:chance.randrange(len(value))], headers) for key, value, headers in seen for _ in range(10)]
    bare = [(key, value, [header for header in headers if header[0] != SIGNATURE]) for key, value, headers in seen]
    copies = [(key, value, [*headers, ("generation", b"0"), ("copy", b"7"), ("attempt", b"0"), ("retry-at", b"0"),
                            ("t0", str(int(time.time() * 1000)).encode()), ("reason", b"none")]) for key, value, headers in seen]
    flood = broken + bare + 3 * seen + letters + audits + copies
    chance.shuffle(flood)
    relay.publish_records(flood)
    for topic in relay.retries:
        relay.publish_records(seen + letters + copies + audits, topic)
    last = relay.publish(events.reset_request(email="last@example.com"))
    relay.outcome(last, "sent", deadline=120)
    relay.wait_until_committed(120)
    the_mail_to(smtp, "here@example.com")
    the_mail_to(smtp, "last@example.com")
    assert len(smtp.mails) == 2
    for identifier, outcome in ((sent, "sent"), (dead, "dead"), (last, "sent")):
        assert {audit["data"]["outcome"] for audit in relay.audits(identifier)} == {outcome}, "an end that nobody reached"
    audits_are_valid(relay.audits())
    assert worker.running


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_a_batch_packed_to_a_thousandth_does_not_reach_the_workers(tmp_path, broker, redis_server, smtp, packing):
    """It would be unpacked in each worker's memory before anybody knows who wrote it."""
    relay = Relay(tmp_path / "relay", broker, redis_server, smtp.url, {"topics.partitions": "1"})
    relay.command("reset-producer", "topics", "--create")
    answers = {}
    for topic in relay.topics:
        # One record of 16 MB, so one batch whatever the writer's threads do, of which a few KB go over the wire:
        # the broker's limit is 12 MB.
        writer = Producer({"bootstrap.servers": broker.address, "compression.type": packing, "message.max.bytes": 100_000_000})
        told = []
        writer.produce(topic, value=bytes(16_000_000), on_delivery=lambda error, _message: told.append(error))
        assert writer.flush(60) == 0
        answers[topic] = {error and error.code() for error in told}
    read = [relay.requested, *relay.retries]
    assert [answers[topic] for topic in read] == [{KafkaError.MSG_SIZE_TOO_LARGE}] * len(read)
    assert answers[relay.dead_letters] == {None}, "the batch is one that a topic takes which nobody forbade it"


@pytest.mark.parametrize("stamp", [{"channel": "http", "key_id": "57588c3990"},  # of a key of acme's
                                   {"channel": "http", "key_id": "globex"}, {"channel": "cli", "key_id": "portal"}], ids=str)
def test_a_publisher_cannot_have_its_request_recorded_as_another_companys_key(relay, smtp, stamp):
    """`asserted_by` is the intake's to stamp, which alone has assert:key.  The audit, by which a breach is searched
    (docs/RUNBOOKS.md), must not name a key that vouched for nothing."""
    secret = relay.add_publisher("globex", ["request:admin"], ["globex"])
    relay.worker()
    document = events.event(events.reset_request(tenant="globex"))
    document["data"]["asserted_by"] = stamp
    relay.publish_records([events.record(document, "globex", secret)])
    dead = relay.outcome(document["id"], "dead", "policy")
    assert dead["asserted_by"] == {"channel": "kafka", "publisher": "globex"} and dead["detail"] == "scope"
    nothing_was_mailed(smtp)
    audits_are_valid(relay.audits())
