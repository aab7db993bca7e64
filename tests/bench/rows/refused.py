"""P7: every tenth recipient is refused: what is dealt with in a second, beside a relay that refuses nobody."""
from measure import preload
from measure.result import Figure, Result
from measure.sink import is_chosen
from measure.spread import interleaved, ratio, spread
from measure.stage import Stage

ROWS = ("P7",)
SHARE = 1000  # of 10 000


def measure(place):
    count = place.size(60_000, 200)
    stage = Stage(place, "refused").preload(count)
    refused = sum(is_chosen(preload.address(number), SHARE) for number in range(count))
    runs = interleaved(place.runs, refusing=lambda: stage.drain("--refuse", SHARE, refused=refused).document(),
                       taking=lambda: stage.drain().document())
    refusing, taking = (spread(runs[name], "events_per_s") for name in ("refusing", "taking"))
    figures = [Figure("P7", f"{refused / count:.0%} of the recipients refused: throughput ÷ without", ratio(refusing, taking), "≥ 0.9"),
               Figure("P7", "events/s, refusing", refusing, digits=0), Figure("P7", "events/s, taking all", taking, digits=0)]
    return Result(figures, runs=runs)
