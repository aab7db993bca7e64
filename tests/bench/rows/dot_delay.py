"""P2: a relay that takes 20 ms at the dot.  N connections can have N/T mails a second at most; the share of it that
is reached, by the engine alone (whose figure has the target) and by the whole worker, which shares two processors with
Kafka and Redis."""
from measure import clients
from measure.result import Chart, Figure, Result
from measure.spread import Spread, interleaved, spread
from measure.stage import Stage

ROWS = ("P2",)
DELAY_MS = 20
SECONDS = 4  # that the fastest possible takes


def measure(place):
    connections = place.size((50, 200, 500), (20,))
    message = clients.message_file(place)
    stage = Stage(place, "dot", {"smtp.connections": "50"})
    most = {count: count * 1000 / DELAY_MS for count in connections}
    wanted = {count: place.size(int(most[count] * SECONDS), 200) for count in connections}

    def engine(count):
        return clients.run(place.folder, lambda sink: clients.engine(sink, wanted[count], count, message), wanted[count],
                           "--delay", DELAY_MS)
    runs, lines = {}, {"the engine alone": {}, "the whole worker": {}}
    for count in connections:
        stage.preload(wanted[count] - stage.events, f"c{count}-")
        runs[count] = interleaved(place.runs, engine=lambda: engine(count),
                                  worker=lambda: stage.drain("--delay", DELAY_MS, **settings(count)).document())
        lines["the engine alone"][count] = share(spread(runs[count]["engine"], "mails_per_s"), most[count])
        lines["the whole worker"][count] = share(spread(runs[count]["worker"], "events_per_s"), most[count])
    figures = [Figure("P2", f"{name}, {count} connections: throughput ÷ (N / {DELAY_MS} ms)", line[count],
                      "≥ 0.90" if name == "the engine alone" else "")
               for name, line in lines.items() for count in connections]
    chart = Chart(f"A relay that takes {DELAY_MS} ms at the dot", "connections", "share of N/T", lines, logarithmic=True,
                  wanted={"possible": 1.0})
    return Result(figures, {"P2": chart}, {str(count): run for count, run in runs.items()})


def share(rates, most):
    return Spread(tuple(rate / most for rate in rates.values))


def settings(connections):
    """As many events under way as keep the connections busy."""
    return {"smtp.connections": str(connections), "worker.concurrency": str(max(400, connections * 3))}
