"""A Kafka client of other people's making: topics, records, what is there and what a group has committed."""
import dataclasses
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from .kafka_broker import _silent
from .waiting import NotYet, eventually


# What a reader is told and what passes by itself: the end for now, and a broker that is away.
PASSING = (KafkaError._PARTITION_EOF, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT)


@dataclasses.dataclass
class Record:
    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: dict
    timestamp_ms: int

    def header(self, name):
        """The last header of that name as text, or None."""
        value = self.headers.get(name)
        return value.decode() if value is not None else None


def create_topics(address, names, partitions=6, replication=1, **settings):
    """Topics as the relay wants them: the broker's clock stamps the records, and what is read is not packed."""
    config = {"message.timestamp.type": "LogAppendTime", "cleanup.policy": "delete", "compression.type": "uncompressed",
              **settings}
    admin = AdminClient({"bootstrap.servers": address, "logger": _silent()})
    made = admin.create_topics([NewTopic(name, partitions, replication, config=config) for name in names], operation_timeout=30)
    for future in made.values():
        future.result()


def publish(address, topic, records, **properties):
    """Each of (key, value, headers) acknowledged, or the test fails."""
    failures = []

    def delivered(error, _message):
        if error:
            failures.append(str(error))
    producer = Producer({"bootstrap.servers": address, "acks": "all", "enable.idempotence": True, "linger.ms": 5,
                         "partitioner": "murmur2_random", "message.max.bytes": 12_000_000, "logger": _silent(),
                         **properties})
    for key, value, headers in records:
        while True:
            try:
                producer.produce(topic, key=key, value=value, headers=headers or [], on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    left = producer.flush(60)
    assert left == 0 and not failures, f"{left} records not acknowledged, {failures[:3]}"


class TopicReader:
    """All records of some topics since their beginning, read on as they come; a member of no group."""

    def __init__(self, address, topics):
        self.consumer = Consumer({"bootstrap.servers": address, "group.id": "reader", "enable.auto.commit": False,
                                  "auto.offset.reset": "earliest", "enable.partition.eof": True,
                                  "fetch.wait.max.ms": 50, "fetch.message.max.bytes": 12_000_000,
                                  "allow.auto.create.topics": False, "logger": _silent()})
        self.partitions = []
        for topic in topics:
            self.partitions += [TopicPartition(topic, number, 0) for number in self._partitions_of(topic)]
        self.consumer.assign(self.partitions)
        self.records = []
        self._read = {}

    def _partitions_of(self, topic):
        """A topic made a moment ago may not be known to every broker yet."""
        def asked():
            metadata = self.consumer.list_topics(topic, timeout=30).topics[topic]
            if metadata.error is not None:
                raise NotYet(f"topic {topic}: {metadata.error}")
            return metadata.partitions
        return eventually(f"the partitions of {topic}", asked)

    def _take(self, messages):
        for message in messages:
            if message.error():
                if message.error().code() in PASSING:
                    continue
                raise AssertionError(f"reading {message.topic()}: {message.error()}")
            headers = dict(message.headers() or [])
            self.records.append(Record(message.topic(), message.partition(), message.offset(), message.key(),
                                       message.value(), headers, message.timestamp()[1]))
            self._read[message.topic(), message.partition()] = message.offset() + 1

    def refresh(self):
        """Whatever has come by now; returns everything read so far."""
        messages = self.consumer.consume(1000, timeout=0.2)
        while messages:
            self._take(messages)
            messages = self.consumer.consume(1000, timeout=0)
        return self.records

    def complete(self, deadline=60):
        """Everything that stands in the topics at this moment."""
        ends = {}
        for partition in self.partitions:
            ends[partition.topic, partition.partition] = self._end_of(partition)
        end = time.monotonic() + deadline
        while any(self._read.get(where, 0) < high for where, high in ends.items()):
            assert time.monotonic() < end, f"topics not read to their end: {ends} against {self._read}"
            self.refresh()
        return self.records

    def _end_of(self, partition):
        """The partition's high watermark; a topic made a moment ago may not have its leader yet."""
        def asked():
            try:
                return True, self.consumer.get_watermark_offsets(partition, timeout=30)[1]
            except KafkaException as trouble:
                raise NotYet(trouble)
        return eventually(f"the end of {partition.topic}", asked)[1]

    def of(self, topic):
        return [record for record in self.records if record.topic == topic]

    def close(self):
        self.consumer.close()


def unfinished(address, group, topics):
    """How many records of the topics the group has not committed past: {(topic, partition): lag} without zeros."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": group, "enable.auto.commit": False,
                         "logger": _silent()})
    try:
        partitions = [TopicPartition(topic, number) for topic in topics
                      for number in consumer.list_topics(topic, timeout=30).topics[topic].partitions]
        lag = {}
        for committed in consumer.committed(partitions, timeout=30):
            low, high = consumer.get_watermark_offsets(TopicPartition(committed.topic, committed.partition), timeout=30)
            behind = high - (committed.offset if committed.offset >= 0 else low)
            if behind:
                lag[committed.topic, committed.partition] = behind
        return lag
    finally:
        consumer.close()
