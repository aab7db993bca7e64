"""P12: `reset-producer send` of a file of requests, which checks, signs and publishes each, beside `kcat -P`, which only
publishes the ready-made events; both acknowledged by an idempotent producer, from start to end of the process."""
import itertools
import json
import subprocess
import time

from measure import outcomes, preload
from measure.result import Figure, Result
from measure.spread import demand, interleaved, ratio, spread
from support import events, places
from support.relay import Relay

ROWS = ("P12",)


def write_inputs(place, count):
    """(the requests, one a line; the events with their keys, one a line)."""
    requests, ready = place.folder / "requests.jsonl", place.folder / "events.tsv"
    before, between, after = json.dumps(events.reset_request(user=preload.USER, name="Ann Lee", locale="en"),
                                        separators=(",", ":")).split(preload.USER)
    with open(requests, "w") as lines:
        lines.writelines(f"{before}u{number}{between}u{number}{after}\n" for number in range(count))
    with open(ready, "wb") as lines:
        lines.writelines(b"acme/%s\t%s\n" % (user.encode(), value) for user, value in preload.values(count))
    return requests, ready


def timed(command, count, relay, output, **options):
    began = time.monotonic()
    with open(output, "wb") as out:
        done = subprocess.run([str(word) for word in command], stdout=out, stderr=subprocess.PIPE, timeout=900, **options)
    seconds = time.monotonic() - began
    demand(done.returncode == 0, f"{command[0]} ended with {done.returncode}: {done.stderr[-1000:]}")
    published = outcomes.count_records(relay.broker.address, relay.requested)
    demand(published == count, f"{published} events of {count}")
    relay.broker.delete_topics()
    return {"events_per_s": count / seconds, "seconds": seconds}


def measure(place):
    count = place.size(1_000_000, 500)
    requests, ready = write_inputs(place, count)
    redis, numbers = place.redis("redis"), itertools.count(1)

    def deployment(kind):
        return Relay(place.folder / f"{kind}-{next(numbers)}", place.broker, redis, "smtp://127.0.0.1:9",
                     {"log.level": "warning", "topics.partitions": "12"}).prepare()

    def send():
        relay = deployment("send")
        config, output = relay.write_config("send"), relay.folder / "results"
        run = timed([places.program("reset-producer"), "--config", config, "send", requests], count, relay, output)
        results = output.read_bytes().count(b'"accepted"')
        demand(results == count, f"{results} results say accepted, of {count}")
        return run

    def kcat():
        relay = deployment("kcat")
        return timed([places.tool("kcat"), "-P", "-b", relay.broker.address, "-t", relay.requested, "-K", "\t", "-l", "-X",
                      "acks=all", "-X", "enable.idempotence=true", "-X", "partitioner=murmur2_random", "-H",
                      "content-type=application/cloudevents+json", "-H", f"reset-relay-signature=v1;portal;{'0' * 64}",
                      ready], count, relay, relay.folder / "results")
    runs = interleaved(place.runs, send=send, kcat=kcat)
    ours, theirs = (spread(runs[name], "events_per_s") for name in ("send", "kcat"))
    return Result([Figure("P12", f"send of {count} lines ÷ kcat -P of the ready-made events", ratio(ours, theirs), "≥ 0.5"),
                   Figure("P12", "lines/s of send", ours, digits=0), Figure("P12", "events/s of kcat -P", theirs, digits=0)],
                  runs=runs)
