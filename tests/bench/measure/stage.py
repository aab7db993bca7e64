"""One row's deployment: a Redis, events on Kafka, and drains of these events that start from the same state each time.

The events are written once; each drain has a consumer group and an audit topic of its own, and a Redis that knows
nothing but when it was first seen, so that the events are not taken for older than what it keeps.
"""
import dataclasses
import itertools
import time

from support import kafka_client
from support.relay import Relay
from support.waiting import eventually

from . import outcomes, preload
from .sink import Sink
from .spread import demand
from .usage import Stopwatch, memory_mb

QUIET = {"log.level": "warning", "kafka.session.timeout.ms": "45000", "kafka.heartbeat.interval.ms": "3000"}


@dataclasses.dataclass
class Drained:
    counted: object  # the sink's
    seconds: float  # from the first mail to the last mail or the last audit record, whichever was later
    events: int
    cpu: dict  # {who: seconds}
    memory: dict  # {worker's number: MB, the most it ever was}
    seconds_to_commit: float  # after the last mail

    @property
    def rate(self):
        return (self.events - 1) / self.seconds

    def document(self):
        return {"events_per_s": self.rate, "mails": self.counted.mails, "refused": self.counted.refused,
                "mail_bytes": self.counted.bytes // max(self.counted.mails, 1), "connections": self.counted.connections,
                "cpu_us_per_event": {who: used * 1e6 / self.events for who, used in self.cpu.items()},
                "sink_busy": self.cpu["sink"] / self.seconds, "memory_mb": list(self.memory.values()),
                "seconds_to_commit": self.seconds_to_commit}


class Stage:
    def __init__(self, place, name, settings=None, partitions=12):
        self.place = place
        self.broker = place.broker
        self.broker.partitions = partitions
        self.folder = place.folder / name
        self.redis = place.redis(f"{name}-redis")
        self.relay = Relay(self.folder, self.broker, self.redis, "smtp://127.0.0.1:9",
                           {**QUIET, "topics.partitions": str(partitions), **(settings or {})}).prepare()
        self.events = 0
        self.numbers = itertools.count(1)
        self._see_redis()

    def _see_redis(self):
        """Somebody of ours looks at it once; `check` wants a relay, which is not there."""
        self.relay.command("reset-worker", "check", check=False)
        self.first_seen = [(key, self.redis.client().get(key)) for key in self.redis.client().keys("*:born")]
        demand(self.first_seen, "Redis does not know when it was first seen")

    def forget(self):
        """Redis as it was before the first event."""
        client = self.redis.client()
        client.flushall()
        for key, value in self.first_seen:
            client.set(key, value)

    def preload(self, count, prefix="u"):
        preload.publish(self.relay, count, prefix)
        self.events += count
        return self

    def run(self, sink, workers=1, **settings):
        """Fresh workers for all events, as a new group: (the workers, their group, their audit topic)."""
        number = next(self.numbers)
        group, audit = f"{self.relay.group}-{number}", f"{self.relay.audit_topic}-{number}"
        self.broker.create_topics([audit])
        started = [self.relay.worker(wait=False, **{"smtp.url": sink.url, "topics.audit": audit, "worker.group_id": group,
                                                    **settings}) for _ in range(workers)]
        return started, group, audit

    def drain(self, *sink_options, start=None, workers=1, refused=0, **settings):
        """All events once; `refused` of them must be refused by the sink.  `start`: as run() does, a peer's."""
        self.forget()
        sink = Sink(self.folder, *sink_options)
        clock = Stopwatch(redis=self.redis.process, broker=self.broker.process)
        started, group, audit = start(sink) if start else self.run(sink, workers, **settings)
        self.wait_for_mails(sink, started, self.events)
        committed = self.wait_for_commit(group, started)
        drained = self.judge(sink, started, audit, clock.used(), self.events, refused, committed)
        for worker in started:
            demand(worker.stop() == 0, f"a worker did not end well: {worker.tail()}")
        sink.stop()
        return drained

    def wait_for_mails(self, sink, started, count, deadline=900):
        def done():
            counted = sink.counted()
            demand(all(worker.running for worker in started), f"a worker ended: {started[0].tail(1500)}")
            return counted.mails + counted.refused >= count
        eventually(f"{count} events to be dealt with", done, deadline,
                   seen=lambda: f"{sink.counted()} {started[0].tail(1500)}")

    def wait_for_commit(self, group, started, deadline=120):
        """Seconds until the group has committed past every record."""
        began, topics = time.monotonic(), [self.relay.requested, *self.relay.retries]
        eventually("all offsets to be committed", lambda: not kafka_client.unfinished(self.broker.address, group, topics),
                   deadline, seen=lambda: (kafka_client.unfinished(self.broker.address, group, topics),
                                           started[0].tail(1500)))
        return time.monotonic() - began

    def judge(self, sink, started, audit, cpu, events, refused, committed):
        """A figure only where the sink, the audit and the promise agree: each event one mail, or refused as planned."""
        counted = sink.counted()
        cpu = {**cpu, "sink": Stopwatch.total(sink), "workers": sum(map(Stopwatch.total, started))}
        memory = {number: memory_mb(worker.pid, "VmHWM") for number, worker in enumerate(started)}
        told = outcomes.read(self.broker.address, audit)
        demand(counted.mails == events - refused, f"{counted.mails} mails for {events - refused} events")
        demand(counted.refused == refused, f"{counted.refused} refused where {refused} should be")
        demand(told.count("sent") == events - refused, f"{told.count('sent')} audits `sent` for {events - refused} events")
        demand(told.count("dead") == refused, f"{told.count('dead')} audits `dead` for {refused} refusals")
        demand(set(told.requests) <= {"sent", "dead"}, f"audits of other outcomes: {set(told.requests)}")
        demand(told.unusual == 0, f"{told.unusual} audits speak of a loss or of uncertain mails")
        to_wall = time.time() - time.monotonic()  # the broker's clock is this machine's
        last = max(counted.last / 1e9, told.last_ms / 1e3 - to_wall)
        return Drained(counted, last - counted.first / 1e9, events, cpu, memory, committed)
