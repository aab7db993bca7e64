"""The audit as a figure needs it: how many requests ended how, counted without taking each record apart."""
import collections
import dataclasses
import re
import time

from confluent_kafka import Consumer, KafkaException, TopicPartition

from support.kafka_broker import _silent
from support.kafka_client import PASSING
from support.waiting import NotYet, eventually

from .spread import demand

OUTCOME = re.compile(rb'"outcome": ?"(\w+)"')
REQUEST = re.compile(rb'"request_id": ?"([0-9a-f-]{36})"')
UNUSUAL = (b'"rebuilt":true', b'"maybe_mailed":true')


@dataclasses.dataclass
class Outcomes:
    requests: dict  # {outcome: {request id}}
    unusual: int  # records that speak of a loss or of an uncertain mail
    last_ms: int  # when the last one was appended, by the broker's clock

    def count(self, outcome):
        return len(self.requests.get(outcome, ()))


def ends(consumer, topic):
    """{partition: (its first offset, its next)}; those of a topic made a moment ago may have no leader yet."""
    def asked():
        try:
            found = consumer.list_topics(topic, timeout=30).topics[topic]
            if found.error is not None:
                raise NotYet(found.error)
            return {number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30)
                    for number in found.partitions}
        except KafkaException as trouble:
            raise NotYet(trouble) from None
    return eventually(f"the ends of {topic}", asked)


def messages(address, topic, deadline=300):
    """All that stands in the topic now."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": "bench-reader", "enable.auto.commit": False,
                         "auto.offset.reset": "earliest", "enable.partition.eof": True, "logger": _silent()})
    try:
        left = {number: high for number, (low, high) in ends(consumer, topic).items() if high > low}
        consumer.assign([TopicPartition(topic, number, 0) for number in left])
        limit = time.monotonic() + deadline
        while left:
            demand(time.monotonic() < limit, f"{topic} was not read to its end within {deadline} s")
            for message in consumer.consume(10_000, timeout=0.5):
                if message.error():
                    demand(message.error().code() in PASSING, f"reading {topic}: {message.error()}")
                    continue
                yield message
                if message.offset() + 1 >= left.get(message.partition(), 1 << 62):
                    left.pop(message.partition())
    finally:
        consumer.close()


def read(address, topic):
    found, unusual, last_ms = collections.defaultdict(set), 0, 0
    for message in messages(address, topic):
        value = message.value()
        found[OUTCOME.search(value)[1].decode()].add(REQUEST.search(value)[1])
        unusual += any(mark in value for mark in UNUSUAL)
        last_ms = max(last_ms, message.timestamp()[1])
    return Outcomes(found, unusual, last_ms)


def count_records(address, topic):
    """How many were ever appended."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": "bench-reader", "logger": _silent()})
    try:
        return sum(high for _low, high in ends(consumer, topic).values())
    finally:
        consumer.close()
