"""P13: from the start of a process to its ready answer, and from SIGTERM to its end when it has nothing to do.  Ready
does not wait for Kafka's group to be joined; the end is asked for after the worker has had its partitions."""
import http.client
import time

from measure.result import Figure, Result
from measure.sink import Sink
from measure.spread import Spread, demand
from support import events
from support.relay import Relay
from support.waiting import eventually

ROWS = ("P13",)
DEADLINE = 60


def is_ready(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def start(begin):
    """(the process, ms until it says that it is ready)."""
    began = time.monotonic()
    process = begin()
    while not is_ready(process.admin_port):
        demand(process.running and time.monotonic() - began < DEADLINE, f"not ready: {process.tail(1500)}")
        time.sleep(0.0005)
    return process, (time.monotonic() - began) * 1000


def stop(process):
    began = time.monotonic()
    process.child.terminate()
    code = process.child.wait(DEADLINE)
    demand(code == 0, f"it ended with {code}: {process.tail(1500)}")
    return (time.monotonic() - began) * 1000


def measure(place):
    sink = Sink(place.folder)
    relay = Relay(place.folder / "start", place.broker, place.redis("redis"), sink.url,
                  {"log.level": "warning", "topics.partitions": "12"}).prepare()
    runs = {"worker": [], "producer": []}
    for number in range(place.size(10, 1)):
        worker, ready = start(lambda: relay.worker(wait=False))
        relay.publish(events.reset_request())
        eventually("the worker's mail", lambda: sink.counted().mails == number + 1, DEADLINE, seen=worker.tail)
        relay.wait_until_committed()
        runs["worker"].append({"ready_ms": ready, "stop_ms": stop(worker)})
        producer, ready = start(lambda: relay.producer(wait=False))
        runs["producer"].append({"ready_ms": ready, "stop_ms": stop(producer)})
    figures = [Figure("P13", f"{who}, {what}, ms", Spread(tuple(run[name] for run in runs[who])), "≤ 100", digits=0)
               for who in runs for what, name in (("start to ready", "ready_ms"), ("SIGTERM to exit when idle", "stop_ms"))]
    return Result(figures, runs=runs)
