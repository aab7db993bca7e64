"""P9: 1, 2, 4, 8 workers against a relay that takes 100 ms at the dot, 20 connections each.

Counted in a window in which all of them have work: it begins a second after each has joined the group and the relay
has all their connections.  The measured rate of one worker is what docs/CAPACITY.md's model is checked against.
"""
import time

from measure.result import Chart, Figure, Result
from measure.spread import Spread, demand, interleaved, spread
from measure.stage import Stage
from measure.sink import Sink
from measure.usage import Stopwatch
from support.waiting import eventually

ROWS = ("P9",)
DELAY_MS, CONNECTIONS, PARTITIONS = 100, 20, 24


def window(sink, seconds):
    """Mails a second while `seconds` pass, by the sink's count."""
    first, began = sink.counted(), time.monotonic()
    eventually("the window's end", lambda: time.monotonic() - began >= seconds, seconds + 30)
    last, ended = sink.counted(), time.monotonic()
    return (last.mails - first.mails) / (ended - began)


def measure(place):
    numbers = place.size((1, 2, 4, 8), (1, 2))
    seconds = place.size(5, 1)
    each = CONNECTIONS * 1000 // DELAY_MS
    stage = Stage(place, "workers", {"smtp.connections": str(CONNECTIONS)}, PARTITIONS)

    def run(number):
        stage.forget()
        sink = Sink(stage.folder, "--delay", DELAY_MS)
        clock = Stopwatch(redis=stage.redis.process, broker=stage.broker.process)
        started, group, audit = stage.run(sink, number)
        for worker in started:
            worker.wait_ready()
        opened = number * place.size(CONNECTIONS, 1)
        eventually(f"{opened} connections of {number} workers", lambda: sink.counted().connections >= opened, 120,
                   seen=lambda: f"{sink.counted()} {started[0].tail()}")
        window(sink, 1)
        rate = window(sink, seconds)
        demand(place.smoke or sink.counted().mails < stage.events, "the events did not last until the window's end")
        stage.wait_for_mails(sink, started, stage.events)
        committed = stage.wait_for_commit(group, started)
        drained = stage.judge(sink, started, audit, clock.used(), stage.events, 0, committed)
        for worker in started:
            demand(worker.stop() == 0, f"a worker did not end well: {worker.tail()}")
        sink.stop()
        return {"mails_per_s": rate, "delay_ms": DELAY_MS, "connections_each": CONNECTIONS, **drained.document()}
    runs = {}
    for number in numbers:
        # As much for each worker, and more than the window takes: the partitions are not of one size.
        stage.preload(int(each * number * seconds * 2) - stage.events, f"n{number}-")
        runs[number] = interleaved(place.runs, workers=lambda: run(number))["workers"]
    rates = {number: spread(runs[number], "mails_per_s") for number in numbers}
    one = rates[numbers[0]].median
    line = {number: Spread(tuple(rate / (one * number) for rate in rates[number].values)) for number in numbers}
    figures = [Figure("P9", f"{number} workers ÷ {number} × one", line[number], "≥ 0.95") for number in numbers[1:]]
    figures += [Figure("P9", f"mails/s of {number} worker{'s' * (number > 1)}", rates[number], digits=0) for number in numbers]
    chart = Chart(f"Workers before a relay that takes {DELAY_MS} ms at the dot, {CONNECTIONS} connections each", "workers",
                  "mails/s", {"measured": rates, "linear": {number: Spread((one * number,)) for number in numbers}},
                  logarithmic=True)
    return Result(figures, {"P9": chart}, {str(number): run for number, run in runs.items()})
