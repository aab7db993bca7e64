"""P3, P4, P8: events that wait on Kafka, drained by one worker; beside smtp-source alone, which only mails, and beside
the Go and the Node worker, which do a part of the job.  One sink of a kind for all of them, mails of one size."""
from measure import clients, peers
from measure.result import Chart, Figure, Result
from measure.spread import Spread, interleaved, ratio, spread
from measure.stage import Stage

ROWS = ("P3", "P4", "P8")
CONNECTIONS = 50


def cpu(runs, who):
    return Spread(tuple(run["cpu_us_per_event"][who] for run in runs))


def measure(place):
    count = place.size(200_000, 300)
    for_node = place.size(8_000, 100)  # a tenth of the rate: as long
    message = clients.message_file(place)
    body = peers.body_file(place, message)
    stage = Stage(place, "drain").preload(count)
    start_go = peers.go_starter(stage, body)
    runs = interleaved(
        place.runs,
        ours=lambda: stage.drain().document(),
        smtp_source=lambda: clients.run(
            place.folder, lambda sink: clients.smtp_source(sink, count, CONNECTIONS, message.stat().st_size), count),
        go=lambda: stage.drain(start=start_go).document(),
        node=lambda: peers.drain_node(stage, for_node, body))
    ours, go, node = (spread(runs[name], "events_per_s") for name in ("ours", "go", "node"))
    alone = spread(runs["smtp_source"], "mails_per_s")
    figures = [
        Figure("P3", f"draining {count} events ÷ smtp-source -s {CONNECTIONS} -d alone", ratio(ours, alone), "≥ 0.9"),
        Figure("P3", "events/s of the worker", ours, digits=0),
        Figure("P3", "mails/s of smtp-source", alone, digits=0),
        *(Figure("P3", f"of the two processors an event takes, µs: {who}", cpu(runs["ours"], name), digits=1)
          for who, name in (("worker", "workers"), ("Redis", "redis"), ("Kafka", "broker"), ("sink", "sink"))),
        Figure("P4", "draining ÷ the Go worker", ratio(ours, go), "≥ 1.5"),
        Figure("P4", "draining ÷ Node with BullMQ and nodemailer", ratio(ours, node), "≥ 15"),
        Figure("P4", "processor time for an event ÷ the Go worker's", ratio(cpu(runs["ours"], "workers"), cpu(runs["go"], "workers")),
               "≤ 0.33"),
        Figure("P4", "events/s of the Go worker", go, digits=0), Figure("P4", "mails/s of the Node worker", node, digits=0),
        Figure("P4", "processor time for an event, µs: Go", cpu(runs["go"], "workers"), digits=1),
        Figure("P4", "processor time for a mail, µs: Node", cpu(runs["node"], "workers"), digits=1),
        Figure("P8", "processor time of the worker for an event, µs", cpu(runs["ours"], "workers"), "≤ 25", digits=1)]
    chart = Chart(f"{count} waiting events, one machine", "", "events/s",
                  {"smtp-source, mails only": {0: alone}, "reset-worker": {0: ours}, "Go worker": {0: go}, "Node worker": {0: node}})
    return Result(figures, {"P3": chart}, runs)
