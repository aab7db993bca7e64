"""P6: one recipient of a hundred takes the relay five seconds at the dot: the p99 of all others, from the record's
publishing to the relay's 250, beside a relay that stalls nobody.  Events come at a steady pace, below what the worker can do."""
import itertools
import time

from confluent_kafka import Producer

from measure import preload
from measure.asker import quantile
from measure.result import Chart, Figure, Result
from measure.sink import Sink, is_chosen
from measure.spread import Spread, demand, interleaved, ratio, spread
from measure.stage import Stage
from measure.usage import Stopwatch
from support.kafka_broker import _silent

ROWS = ("P6",)
SHARE, STALL_MS = 100, 5000  # of 10 000
QUANTILES = (0.5, 0.9, 0.99, 0.999)


def publisher(relay):
    return Producer({"bootstrap.servers": relay.broker.address, "acks": "all", "linger.ms": 0,
                     "partitioner": "murmur2_random", "logger": _silent()})


def publish_at_pace(producer, topic, records, pace):
    """{address: when its record was handed to the client}."""
    began, sent = time.monotonic_ns(), {}
    for number, (address, (key, value, headers)) in enumerate(records):
        due = began + number * 1_000_000_000 // pace
        while (now := time.monotonic_ns()) < due:
            producer.poll((due - now) / 1e9)
        producer.produce(topic, key=key, value=value, headers=headers)
        sent[address] = now
    demand(producer.flush(60) == 0, "events were not acknowledged")
    return sent


def measure(place):
    pace, seconds, before = place.size((500, 15, 3), (100, 1, 1))
    warm_up = pace * before
    count, numbers = pace * seconds + warm_up, itertools.count(1)

    def run(*options):
        # A deployment of its own: its worker waits at the topics' end, and what it gets is new.
        stage = Stage(place, f"paced-{next(numbers)}", {"smtp.connections": "200"})
        sink = Sink(stage.folder, *options, log=True)
        stage.events = count
        clock = Stopwatch(redis=stage.redis.process, broker=stage.broker.process)
        started, group, audit = stage.run(sink)
        started[0].wait_ready()
        records = [(f"{user}@example.com", preload.record(user, value, stage.relay.publisher, stage.relay.publisher_secret))
                   for user, value in preload.values(count)]
        # What waits for the group to be joined, for first connections and for a broker that compiles what it has not
        # done before is not measured.
        producer, topic = publisher(stage.relay), stage.relay.requested
        publish_at_pace(producer, topic, records[:warm_up], pace)
        stage.wait_for_mails(sink, started, warm_up)
        sent = publish_at_pace(producer, topic, records[warm_up:], pace)
        stage.wait_for_mails(sink, started, count)
        committed = stage.wait_for_commit(group, started)
        drained = stage.judge(sink, started, audit, clock.used(), count, 0, committed)
        arrived = sink.arrivals()
        demand(len(arrived) == count, f"{len(arrived)} recipients of {count} have their mail")
        others = [(arrived[address] - sent[address]) / 1e6 for address in sent if not is_chosen(address, SHARE)]
        chosen = sum(is_chosen(address, SHARE) for address, _ in records)
        demand(drained.counted.stalled == (chosen if options else 0), f"{drained.counted.stalled} mails were stalled")
        demand(started[0].stop() == 0, "the worker did not end well")
        stage.redis.stop()
        sink.stop()
        return {f"p{part * 100:g}_ms": quantile(others, part) for part in QUANTILES} | drained.document()
    runs = interleaved(place.runs, stalling=lambda: run("--stall", SHARE, "--stall-for", place.size(STALL_MS, 1000)),
                       taking=lambda: run())
    stalling, taking = (spread(runs[name], "p99_ms") for name in ("stalling", "taking"))
    figures = [Figure("P6", "1 % of the recipients stalled 5 s: p99 of the others ÷ p99 without", ratio(stalling, taking), "≤ 1.2"),
               Figure("P6", "p99 of the others, ms", stalling), Figure("P6", "p99 without, ms", taking)]
    lines = {name: {f"{part * 100:g}": Spread(tuple(each[f"p{part * 100:g}_ms"] for each in runs[run])) for part in QUANTILES}
             for name, run in (("1 % stalled", "stalling"), ("none stalled", "taking"))}
    chart = Chart(f"From publishing to the relay's 250, {pace} events/s", "percentile", "ms", lines)
    return Result(figures, {"P6": chart}, runs)
