"""P1: the worker's SMTP engine alone beside smtp-source, the same mail to the same sink over as many connections."""
from measure import clients
from measure.result import Chart, Figure, Result
from measure.spread import interleaved, ratio, spread

ROWS = ("P1",)


def measure(place):
    mails = place.size(100_000, 200)
    message = clients.message_file(place)
    size = message.stat().st_size
    connections = place.size((10, 50, 200), (10, 50))

    def engine(count):
        return clients.run(place.folder, lambda sink: clients.engine(sink, mails, count, message), mails)

    def smtp_source(count):
        return clients.run(place.folder, lambda sink: clients.smtp_source(sink, mails, count, size), mails)
    runs = {count: interleaved(place.runs, engine=lambda: engine(count), smtp_source=lambda: smtp_source(count))
            for count in connections}
    rates = {name: {count: spread(runs[count][name], "mails_per_s") for count in connections}
             for name in ("engine", "smtp_source")}
    figures = [Figure("P1", "the SMTP engine alone ÷ smtp-source -s 50 -d", ratio(rates["engine"][50], rates["smtp_source"][50]),
                      "≥ 1.8"),
               Figure("P1", "mails/s of the engine, 50 connections", rates["engine"][50], digits=0),
               Figure("P1", "mails/s of smtp-source -s 50 -d", rates["smtp_source"][50], digits=0),
               Figure("P1", "the sink's busy share of one processor, under the engine", spread(runs[50]["engine"], "sink_busy"))]
    chart = Chart("One sink, the same mail", "connections", "mails/s",
                  {"reset-worker's SMTP engine": rates["engine"], "smtp-source": rates["smtp_source"]}, logarithmic=True)
    return Result(figures, {"P1": chart}, {str(count): run for count, run in runs.items()})
