#!/usr/bin/python3
"""What an event costs the worker in instructions, or in system calls: figures that are the same on a busy machine.

    RESET_BIN=build/profile/bin tests/bench/instructions.py [--events 2000] [--calls | --cpu] [--out F]

A worker runs under callgrind on real Kafka and Redis and the fast sink, takes some events to get warm, and is counted
from then on: so start and first times are not in the figure.  --out keeps callgrind's file, for callgrind_annotate.
--calls counts by `strace -c` instead.  Under callgrind the others have answered long before the worker looks, so a turn
of its loop does more at once than in life: what is saved by fewer turns does not show here.  And callgrind counts what
the C library clears or copies with "rep stosb" or "rep movsb" (from about 2 KiB on) as one instruction a byte, so that
wiping a mail looks far dearer than it is.

Build with symbols: cmake -S . -B build/profile -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS=-g, then its target bench.
"""
import argparse
import collections
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from measure.sink import Sink  # noqa: E402
from measure.usage import cpu_seconds  # noqa: E402
from support import events, places  # noqa: E402
from support.kafka_broker import KafkaBroker  # noqa: E402
from support.redis_server import RedisServer  # noqa: E402
from support.relay import Relay  # noqa: E402
from support.waiting import eventually  # noqa: E402

WARM = 500
CALLGRIND = ["--tool=callgrind", "--separate-threads=yes", "--dump-instr=no", "--collect-jumps=no"]


class Running:
    """A broker of one node that somebody else started and stops."""

    replication = 1

    def __init__(self, address):
        self.address = address


def publish(relay, first, count):
    def records():
        for number in range(first, first + count):
            request = events.reset_request(user=f"u{number}", name="Ann Lee", locale="en")
            yield events.record(events.event(request), relay.publisher, relay.publisher_secret)
    relay.publish_records(records())


def drained(relay, sink, worker, count):
    eventually("every event mailed", lambda: sink.counted().mails >= count, 900,
               seen=lambda: f"{sink.counted()} {worker.tail(1500)}")
    relay.wait_until_committed(300)
    assert sink.counted().mails == count, f"{sink.counted().mails} mails for {count} events: no figure"


def totals(files):
    """Instructions by thread and by object, of callgrind's files."""
    threads, objects = collections.Counter(), collections.Counter()
    names, current, skip = {}, None, False
    for path in files:
        thread = re.search(r"-(\d+)$", path.name).group(1)
        for line in path.read_text().splitlines():
            if line.startswith("ob="):
                key, _, name = line[3:].partition(" ")
                names[key] = name or names[key]
                current = pathlib.Path(names[key]).name
            elif line.startswith("cob="):
                key, _, name = line[4:].partition(" ")
                names[key] = name or names[key]
            elif line.startswith("calls="):
                skip = True  # the next line is what the call cost, which its callee has already
            elif line and line[0] in "0123456789+-*":
                if not skip:
                    cost = int((line.split() + ["0"])[1])  # a cost of nothing is left out
                    threads[thread] += cost
                    objects[current, "main" if thread == "01" else "others"] += cost
                skip = False
    return threads, objects


def count_instructions(options, relay, sink, folder):
    out = folder / "callgrind.out"
    worker = relay.worker(wait=False, wrap=lambda command: [
        places.tool("valgrind"), *CALLGRIND, f"--callgrind-out-file={out}", *command])
    worker.wait_ready(600)
    publish(relay, 0, WARM)
    drained(relay, sink, worker, WARM)
    subprocess.run(["callgrind_control", "-z", str(worker.pid)], check=True, capture_output=True)
    publish(relay, WARM, options.events)
    drained(relay, sink, worker, WARM + options.events)
    subprocess.run(["callgrind_control", "-d", str(worker.pid)], check=True, capture_output=True)
    files = sorted(folder.glob("callgrind.out.1-*"))
    assert files, f"callgrind wrote nothing:\n{worker.tail()}"
    threads, objects = totals(files)
    if options.out:
        for path in files:
            shutil.copy(path, f"{options.out}{re.search(r'-[0-9]+$', path.name).group()}")
    worker.kill()
    print(f"instructions an event: {sum(threads.values()) / options.events:.0f}")
    for thread, cost in sorted(threads.items()):
        print(f"  thread {thread:<56}{cost / options.events:>9.0f}")
    for (name, where), cost in objects.most_common(16):
        print(f"  {where:<7}{name:<56}{cost / options.events:>9.0f}")


def count_calls(options, relay, sink, folder):
    out = folder / "calls"
    worker = relay.worker()
    publish(relay, 0, WARM)
    drained(relay, sink, worker, WARM)
    before = cpu_seconds(worker.pid)
    tracer = subprocess.Popen([places.tool("strace"), "-f", "-c", "-o", out, "-p", str(worker.pid)],
                              stderr=subprocess.DEVNULL) if not options.cpu else None
    publish(relay, WARM, options.events)
    drained(relay, sink, worker, WARM + options.events)
    print(f"CPU an event: {(cpu_seconds(worker.pid) - before) * 1e6 / options.events:.1f} us"
          f"{'' if options.cpu else ' (while traced)'}")
    if tracer:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(30)
        rows = [line.split() for line in out.read_text().splitlines()]
        counts = {row[-1]: int(row[3]) for row in rows if len(row) >= 5 and row[3].isdigit() and row[-1] != "total"}
        print(f"system calls an event: {sum(counts.values()) / options.events:.2f}")
        for name, count in sorted(counts.items(), key=lambda item: -item[1])[:14]:
            print(f"  {name:<40}{count / options.events:>9.3f}")
    worker.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--calls", action="store_true", help="system calls instead of instructions")
    parser.add_argument("--cpu", action="store_true", help="CPU time alone, of a worker that nobody looks at")
    parser.add_argument("--broker", help="host:port of one that runs already; it keeps the topics")
    parser.add_argument("--out", help="where callgrind's files are kept, one for each thread")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="reset-instructions."))
    broker = Running(options.broker) if options.broker else KafkaBroker(folder / "kafka").start()
    try:
        redis = RedisServer(folder / "redis", "--appendfsync", "everysec", "--slowlog-log-slower-than", "-1").start()
        sink = Sink(folder)
        relay = Relay(folder / "relay", broker, redis, f"smtp://127.0.0.1:{sink.port}",
                      {"log.level": "warning", "kafka.session.timeout.ms": "45000",
                       "kafka.heartbeat.interval.ms": "3000", "redis.timeout": "60s"}).prepare()
        (count_calls if options.calls or options.cpu else count_instructions)(options, relay, sink, folder)
        relay.close()
        sink.process.kill()
        redis.kill()
    except AssertionError as fault:
        print(f"no figures: {fault}", file=sys.stderr)
        return 1
    finally:
        if not options.broker:
            broker.remove()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
