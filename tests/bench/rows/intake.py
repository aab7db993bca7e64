"""P5: the intake over HTTP, 202 after Kafka's acknowledgement, beside the same server with the same requests that it
answers without Kafka: a word of the body is wrong, which is seen last (400)."""
import subprocess

from measure import outcomes
from measure.result import Chart, Figure, Result
from measure.spread import demand, interleaved, ratio, spread
from measure.usage import cpu_seconds, memory_mb
from support import places
from support.relay import Relay

ROWS = ("P5",)
SCRIPT = places.ROOT / "tests" / "bench" / "intake.lua"
METHODS = {"acknowledged": "link", "without Kafka": "lnik"}


def ask(relay, producer, kind, connections, seconds):
    before, used = outcomes.count_records(relay.broker.address, relay.requested), cpu_seconds(producer.pid)
    done = subprocess.run([places.tool("wrk"), "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "30s", "-s",
                           SCRIPT, f"http://127.0.0.1:{producer.port}", "--", relay.key, METHODS[kind]],
                          check=True, capture_output=True, text=True, timeout=seconds + 120)
    words = next(line for line in done.stdout.splitlines() if line.startswith("RESULT")).split()[1:]
    requests, microseconds, refused, broken, p50, p99, worst = map(int, words)
    used = cpu_seconds(producer.pid) - used
    expected = 0 if kind == "acknowledged" else requests  # wrk counts what is neither 2xx nor 3xx
    demand(refused == expected and broken == 0, f"{requests} answers, {refused} of them refusals, {broken} connections broke")
    published = outcomes.count_records(relay.broker.address, relay.requested) - before
    # wrk leaves its last requests unanswered; what it counted must all be there.
    least, most = (requests, requests + connections) if kind == "acknowledged" else (0, 0)
    demand(least <= published <= most, f"{requests} answers, and {published} events")
    return {"answers_per_s": requests / (microseconds / 1e6), "p50_ms": p50 / 1000, "p99_ms": p99 / 1000, "max_ms": worst / 1000,
            "cpu_us_per_request": used * 1e6 / requests, "memory_mb": memory_mb(producer.pid)}


def measure(place):
    seconds, numbers = place.size(6, 1), place.size((16, 64, 256), (64,))
    relay = Relay(place.folder / "intake", place.broker, place.redis("redis"), "smtp://127.0.0.1:9",
                  {"log.level": "warning", "topics.partitions": "12"}).prepare()
    producer = relay.producer(**{"http.connections_per_address": "1000"})
    runs = {number: interleaved(place.runs, **{kind: lambda kind=kind: ask(relay, producer, kind, number, seconds)
                                               for kind in METHODS}) for number in numbers}
    demand(producer.stop() == 0, f"the producer did not end well: {producer.tail()}")
    of = {name: {kind: spread(runs[64][kind], name) for kind in METHODS} for name in runs[64]["acknowledged"][0]}
    rate, p99 = of["answers_per_s"], of["p99_ms"]
    figures = [Figure("P5", "202 after the acknowledgement, 64 connections ÷ answering without Kafka",
                      ratio(rate["acknowledged"], rate["without Kafka"]), "≥ 0.35"),
               Figure("P5", "its p99 ÷ the other's p99", ratio(p99["acknowledged"], p99["without Kafka"]), "≤ 5"),
               *(Figure("P5", f"answers/s, {kind}", rate[kind], digits=0) for kind in METHODS),
               *(Figure("P5", f"p99 in ms, {kind}", p99[kind]) for kind in METHODS),
               Figure("P5", "processor time of the producer for a request, µs", of["cpu_us_per_request"]["acknowledged"], digits=1)]
    chart = Chart("The intake, everything on one machine", "connections", "answers/s",
                  {kind: {number: spread(runs[number][kind], "answers_per_s") for number in numbers} for kind in METHODS},
                  logarithmic=True)
    return Result(figures, {"P5": chart}, {str(number): run for number, run in runs.items()})
