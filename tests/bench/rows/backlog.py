"""P10, P11: memory, and the time that an event takes, with ten thousand, a hundred thousand and a million events that
wait, and with a million live links in Redis.  Of each backlog the first events are drained, as many of all, so that
what a start costs falls on all of them alike.  The largest is drained to its end once, at the last: then every event
has its link, and Redis is as full as it gets."""
from measure import outcomes
from measure.result import Chart, Figure, Result
from measure.sink import Sink
from measure.spread import Spread, demand, interleaved, ratio, spread
from measure.stage import Stage
from measure.usage import Stopwatch, memory_mb
from support.waiting import eventually

ROWS = ("P10", "P11")


def first_of(stage, limit):
    """µs for an event of the first `limit` of the backlog; the worker is then told to end, and owes nothing."""
    stage.forget()
    sink = Sink(stage.folder)
    started, _group, audit = stage.run(sink)
    stage.wait_for_mails(sink, started, limit)
    rate = sink.counted().rate
    demand(started[0].stop() == 0, f"the worker did not end well: {started[0].tail(1500)}")
    mails, told = sink.counted().mails, outcomes.read(stage.broker.address, audit)
    demand(mails == told.count("sent") and set(told.requests) == {"sent"},
           f"{mails} mails, {told.count('sent')} audits `sent`, outcomes {set(told.requests)}")
    demand(told.unusual == 0, f"{told.unusual} audits speak of a loss or of uncertain mails")
    sink.stop()
    return {"us_per_event": 1e6 / rate, "mails": mails}


def redis_bytes(stage):
    return stage.redis.client().info("memory")["used_memory"]


def whole(stage, more):
    """The whole backlog, then `more` events on top of all the links that it left."""
    stage.forget()
    empty, sink, producer = redis_bytes(stage), Sink(stage.folder), stage.relay.producer()
    clock = Stopwatch(redis=stage.redis.process, broker=stage.broker.process)
    started, group, audit = stage.run(sink)
    stage.wait_for_mails(sink, started, stage.events)
    committed = stage.wait_for_commit(group, started)
    drained = stage.judge(sink, started, audit, clock.used(), stage.events, 0, committed)
    run = drained.document() | {"producer_memory_mb": memory_mb(producer.pid),
                                "redis_bytes_per_link": (redis_bytes(stage) - empty) / stage.events}
    demand(producer.stop() == 0, "the producer did not end well")
    demand(started[0].stop() == 0, "the worker did not end well")
    before = stage.events
    stage.preload(more, "on-top-")
    beside = Sink(stage.folder)
    worker = stage.relay.worker(wait=False, **{"smtp.url": beside.url, "topics.audit": audit, "worker.group_id": group})
    stage.wait_for_mails(beside, [worker], more)
    stage.wait_for_commit(group, [worker])
    told = outcomes.read(stage.broker.address, audit)
    demand(beside.counted().mails == more and told.count("sent") == before + more, "not every event has its one mail")
    return run | {"us_per_event_on_top": 1e6 / beside.counted().rate}


def idle_memory(stage):
    sink = Sink(stage.folder)
    worker, producer = stage.relay.worker(**{"smtp.url": sink.url}), stage.relay.producer()
    eventually("both idle", lambda: worker.readiness().status == 200 and producer.readiness().status == 200)
    idle = {"worker_mb": memory_mb(worker.pid), "producer_mb": memory_mb(producer.pid)}
    worker.stop(), producer.stop()
    return idle


def measure(place):
    sizes = place.size((10_000, 100_000, 1_000_000), (100, 200, 400))
    limit = sizes[0]
    idle = idle_memory(Stage(place, "idle"))
    stages = {size: Stage(place, f"backlog-{size}").preload(size) for size in sizes}
    times_each = place.size(2 * place.runs, 1)  # they are short
    runs = interleaved(times_each, **{str(size): lambda size=size: first_of(stages[size], limit) for size in sizes})
    last = whole(stages[sizes[-1]], limit)
    times = {size: spread(runs[str(size)], "us_per_event") for size in sizes}
    on_top = Spread((last["us_per_event_on_top"],))
    worker_mb = max(last["memory_mb"])
    figures = [
        Figure("P10", "resident memory, worker idle, MB", Spread((idle["worker_mb"],)), "≤ 24", digits=1),
        Figure("P10", "resident memory, producer idle, MB", Spread((idle["producer_mb"],)), "≤ 24", digits=1),
        Figure("P10", f"resident memory, worker, most with {sizes[-1]} events waiting, MB", Spread((worker_mb,)), "≤ 32", digits=1),
        Figure("P10", f"resident memory, producer, with {sizes[-1]} events waiting, MB", Spread((last["producer_memory_mb"],)),
               "≤ 32", digits=1),
        Figure("P10", "Redis's bytes for a live link, all keys of its request", Spread((last["redis_bytes_per_link"],)), "≤ 1500",
               digits=0),
        *(Figure("P11", f"time for an event, {size} waiting ÷ {sizes[0]} waiting", ratio(times[size], times[sizes[0]]), "≤ 1.10")
          for size in sizes[1:]),
        Figure("P11", f"time for an event, {sizes[-1]} live links in Redis ÷ {sizes[0]} waiting",
               Spread((on_top.median / times[sizes[0]].median,)), "≤ 1.10"),
        *(Figure("P11", f"µs for an event, {size} waiting", times[size], digits=1) for size in sizes),
        Figure("P11", f"µs for an event, all {sizes[-1]} of them", Spread((1e6 / last["events_per_s"],)), digits=1)]
    chart = Chart("Time for an event", "events waiting", "µs", {"Redis empty": times, "as many live links in Redis": {sizes[-1]: on_top}},
                  logarithmic=True)
    return Result(figures, {"P11": chart}, {**runs, "whole": [last], "idle": [idle]})
