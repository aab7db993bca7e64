"""The sink's own ceiling: the fastest client that there is, one, two and four processes of it.  What the rows measure
must stay below it, and `sink busy` below 1, or they measure the sink."""
from measure import clients
from measure.result import Chart, Figure, Result
from measure.spread import interleaved, spread

ROWS = ("sink",)
CLIENTS = (1, 2, 4)


def measure(place):
    mails = place.size(60_000, 200)
    message = clients.message_file(place)
    subjects = {str(count): lambda count=count: clients.run(
        place.folder, lambda sink: clients.engine(sink, mails, 50, message), mails, clients=count) for count in CLIENTS}
    runs = interleaved(place.runs, **subjects)
    figures = []
    for count in CLIENTS:
        figures += [Figure("sink", f"mails/s from {count} client process{'es' * (count > 1)}",
                           spread(runs[str(count)], "mails_per_s"), digits=0),
                    Figure("sink", f"its busy share of one processor meanwhile, {count}", spread(runs[str(count)], "sink_busy"))]
    figures.append(Figure("sink", "its processor time for a mail, µs", spread(runs["4"], "sink_us_per_mail"), digits=1))
    chart = Chart("The sink's own ceiling", "client processes", "mails/s",
                  {"sink": {count: spread(runs[str(count)], "mails_per_s") for count in CLIENTS}})
    return Result(figures, {"sink": chart}, runs)
