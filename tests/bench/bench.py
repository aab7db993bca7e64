#!/usr/bin/python3
"""Measures the pair on real Kafka and Redis and a fast sink; see run.sh.

A figure is printed only when the run it comes from was whole: every event one mail, every mail one `sent` audit, every
202 one event.  Rates are taken between the sink's first and last mail.  oracle.py and beside_argon2.py have what the
intake's answers may not tell and may not wait for.
"""
import argparse
import json
import os
import pathlib
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import beside_argon2  # noqa: E402
import oracle  # noqa: E402
from support import events, kafka_client, places  # noqa: E402
from support.kafka_broker import KafkaBroker  # noqa: E402
from support.processes import Process  # noqa: E402
from support.redis_server import RedisServer  # noqa: E402
from support.relay import Relay  # noqa: E402
from support.waiting import eventually  # noqa: E402

NAMES = ("drain", "intake", "oracle", "argon2")
TICKS = os.sysconf("SC_CLK_TCK")


class Sink:
    """The SMTP sink in C; `counted` is (mails, bytes, first, last) with nanoseconds."""

    started = 0

    def __init__(self, program, folder):
        Sink.started += 1
        self.process = Process(f"sink-{Sink.started}", [program], folder)
        self.port = int(eventually("the sink's port", self.process.stdout, 10).split()[0])

    def counted(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(b"XCOUNT\r\nQUIT\r\n")
            answer = connection.makefile("r").read().splitlines()
        return tuple(int(word) for word in answer[1].split()[1:])

    def stop(self):
        self.process.kill()


def memory_mb(pid):
    fields = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status").read().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def preload(relay, count):
    """Signed events of as many users, straight on Kafka."""
    def records():
        for number in range(count):
            request = events.reset_request(user=f"u{number}", name="Ann Lee", locale="en")
            yield events.record(events.event(request), relay.publisher, relay.publisher_secret)
    relay.publish_records(records())


def drain(options, folder, broker, number):
    redis = RedisServer(folder / f"redis-{number}", "--appendfsync", "everysec", "--slowlog-log-slower-than", "-1").start()
    sink = Sink(options.sink, folder)
    relay = Relay(folder / f"relay-{number}", broker, redis, f"smtp://127.0.0.1:{sink.port}",
                  {"log.level": "warning", "kafka.session.timeout.ms": "45000", "kafka.heartbeat.interval.ms": "3000"}).prepare()
    idle = relay.worker()
    idle_mb = memory_mb(idle.pid)
    idle.stop()
    preload(relay, options.events)
    worker = relay.worker(wait=False)
    eventually("every event mailed", lambda: sink.counted()[0] >= options.events, 600,
               seen=lambda: f"{sink.counted()} {worker.tail(1500)}")
    relay.wait_until_committed(120)
    mails, size, first, last = sink.counted()
    used, drained_mb = cpu_seconds(worker.pid), memory_mb(worker.pid)
    sent = {json.loads(record.value)["data"]["request_id"] for record in relay.reader.complete(120)
            if record.topic == relay.audit_topic and b'"sent"' in record.value}
    assert mails == options.events, f"{mails} mails for {options.events} events: no figure"
    assert len(sent) == options.events, f"{len(sent)} sent audits for {options.events} events: no figure"
    assert worker.stop() == 0, worker.tail()
    relay.close()
    sink.stop()
    redis.stop()
    return {"mails_per_s": (mails - 1) / ((last - first) / 1e9), "cpu_us_per_event": used * 1e6 / mails,
            "memory_idle_mb": idle_mb, "memory_drained_mb": drained_mb, "mail_bytes": size // mails}


def smtp_source(options, folder, mail_bytes):
    """The yardstick: the same sink, as many mails of the same size, fifty connections that stay."""
    sink = Sink(options.sink, folder)
    subprocess.run([places.tool("smtp-source"), "-s", "50", "-d", "-m", str(options.events), "-l", str(mail_bytes), "-f",
                    "a@example.com", "-t", "b@example.com", f"127.0.0.1:{sink.port}"], check=True)
    mails, _size, first, last = sink.counted()
    assert mails == options.events, f"smtp-source sent {mails}: no figure"
    sink.stop()
    return (mails - 1) / ((last - first) / 1e9)


def intake(options, folder, broker, redis, number):
    relay = Relay(folder / f"intake-{number}", broker, redis, "smtp://127.0.0.1:9", {"log.level": "warning"}).prepare()
    producer = relay.producer(**{"http.connections_per_address": "1000"})
    idle_mb, before = memory_mb(producer.pid), cpu_seconds(producer.pid)
    done = subprocess.run([places.tool("wrk"), "-t", "1", "-c", str(options.connections), "-d", f"{options.seconds}s", "-s",
                           pathlib.Path(__file__).with_name("intake.lua"), f"http://127.0.0.1:{producer.port}", "--",
                           relay.key], check=True, capture_output=True, text=True)
    words = next(line for line in done.stdout.splitlines() if line.startswith("RESULT")).split()[1:]
    requests, microseconds, refused, broken, p50, p99, worst = map(int, words)
    used, loaded_mb = cpu_seconds(producer.pid) - before, memory_mb(producer.pid)
    assert refused == 0 and broken == 0, f"{refused} answers were not 202, {broken} errors: no figure\n{done.stdout}"
    assert producer.stop() == 0, producer.tail()
    published = len(kafka_records(relay))
    # wrk leaves its last requests unanswered; what it counted must all be there.
    assert requests <= published <= requests + options.connections, f"{requests} times 202, {published} events: no figure"
    relay.close()
    return {"acknowledged_per_s": requests / (microseconds / 1e6), "p50_ms": p50 / 1000, "p99_ms": p99 / 1000,
            "max_ms": worst / 1000, "cpu_us_per_request": used * 1e6 / requests, "memory_idle_mb": idle_mb,
            "memory_loaded_mb": loaded_mb}


def kafka_records(relay):
    reader = kafka_client.TopicReader(relay.broker.address, [relay.requested])
    try:
        return reader.complete(120)
    finally:
        reader.close()


def middle(runs):
    """Each figure's median over the runs."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def table(rows):
    for name, value, target in rows:
        print(f"{name:<64} {value:>15}   {target}")


def rows_of(results, connections):
    rows = []
    if "drain" in results:
        drained = results["drain"]
        rows += [("drain, mails/s", f"{drained['mails_per_s']:.0f}", ""),
                 ("smtp-source -s 50 -d, mails/s", f"{results['smtp_source_mails_per_s']:.0f}", ""),
                 ("drain beside smtp-source", f"{results['drain_ratio']:.2f}", "target ≥ 0.60"),
                 ("CPU of the worker an event, µs", f"{drained['cpu_us_per_event']:.1f}", "target ≤ 40"),
                 ("memory of the worker idle, MB", f"{drained['memory_idle_mb']:.1f}", ""),
                 ("memory of the worker after the drain, MB", f"{drained['memory_drained_mb']:.1f}", "target ≤ 48")]
    if "intake" in results:
        asked = results["intake"]
        rows += [(f"intake at {connections} connections, 202/s", f"{asked['acknowledged_per_s']:.0f}", "target ≥ 10000"),
                 ("intake p50 / p99 / max, ms", f"{asked['p50_ms']:.1f}/{asked['p99_ms']:.1f}/{asked['max_ms']:.0f}", ""),
                 ("CPU of the producer a request, µs", f"{asked['cpu_us_per_request']:.1f}", ""),
                 ("memory of the producer idle / loaded, MB",
                  f"{asked['memory_idle_mb']:.1f}/{asked['memory_loaded_mb']:.1f}", "")]
    if "oracle" in results:
        rows += oracle.rows(results["oracle"])
    if "argon2" in results:
        rows += beside_argon2.rows(results["argon2"])
    return rows


def run(options, folder, broker):
    """The measurements that were named, and the single runs behind the medians."""
    runs = {name: [] for name in ("drain", "smtp_source", "intake") if name in options.names or
            (name == "smtp_source" and "drain" in options.names)}
    redis = RedisServer(folder / "redis", "--slowlog-log-slower-than", "-1").start()
    for number in range(options.runs):
        if "drain" in runs:
            runs["drain"].append(drain(options, folder, broker, number))
            runs["smtp_source"].append(smtp_source(options, folder, runs["drain"][-1]["mail_bytes"]))
        if "intake" in runs:
            runs["intake"].append(intake(options, folder, broker, redis, number))
    results = {name: middle(runs[name]) for name in ("drain", "intake") if name in runs}
    if "drain" in runs:
        results["smtp_source_mails_per_s"] = statistics.median(runs["smtp_source"])
        results["drain_ratio"] = statistics.median(
            each["mails_per_s"] / rate for each, rate in zip(runs["drain"], runs["smtp_source"]))
    if "oracle" in options.names:
        sink = Sink(options.sink, folder)
        results["oracle"] = oracle.measure(folder, broker, sink, options.requests)
        sink.stop()
    if "argon2" in options.names:
        results["argon2"] = beside_argon2.measure(folder, broker)
    redis.kill()
    return results, runs


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[], metavar="NAME",
                        help=f"what to measure, of {', '.join(NAMES)}; none: all")
    parser.add_argument("--sink", required=True)
    parser.add_argument("--json", type=pathlib.Path, required=True)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--requests", type=int, default=2000, help="of each kind, for oracle")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    options.names = options.names or list(NAMES)
    if set(options.names) - set(NAMES):
        parser.error(f"there is no measurement {sorted(set(options.names) - set(NAMES))[0]}: {', '.join(NAMES)}")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="reset-bench."))
    broker = KafkaBroker(folder / "kafka", heap="1g").start()
    try:
        results, runs = run(options, folder, broker)
    except AssertionError as fault:
        print(f"no figures: {fault}", file=sys.stderr)
        return 1
    finally:
        broker.remove()
        shutil.rmtree(folder, ignore_errors=True)
    loads = f"{options.events} events, {options.runs} runs, medians; " if runs else ""
    print(f"\n{loads}{os.cpu_count()} CPUs, {platform.release()}")
    table(rows_of(results, options.connections))
    options.json.write_text(json.dumps({
        "events": options.events, "connections": options.connections, "cpus": os.cpu_count(), "kernel": platform.release(),
        **results, "runs": runs}, indent=2) + "\n")
    print(f"written to {options.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
