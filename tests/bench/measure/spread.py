"""A figure of several runs: its median, with minimum and maximum; and runs that take turns, so that what the machine
does meanwhile falls on all of them alike."""
import dataclasses
import statistics


class NoFigure(AssertionError):
    """A mail was lost or refused, or whatever else makes a figure worth nothing."""


def demand(condition, sentence):
    if not condition:
        raise NoFigure(sentence)


@dataclasses.dataclass(frozen=True)
class Spread:
    values: tuple

    @property
    def median(self):
        return statistics.median(self.values)

    def text(self, digits=2):
        if len(set(self.values)) == 1:
            return f"{self.median:.{digits}f}"
        return f"{self.median:.{digits}f} ({min(self.values):.{digits}f}–{max(self.values):.{digits}f})"

    def document(self):
        return {"median": self.median, "minimum": min(self.values), "maximum": max(self.values), "runs": list(self.values)}


def spread(runs, name=None):
    """Of numbers, or of one number of each run."""
    return Spread(tuple(run if name is None else run[name] for run in runs))


def ratio(above, below):
    """Run by run: what was measured side by side is compared."""
    return Spread(tuple(first / second for first, second in zip(above.values, below.values, strict=True)))


def interleaved(runs, **subjects):
    """{name: [its runs]}, in the order A B A B A B."""
    measured = {name: [] for name in subjects}
    for _ in range(runs):
        for name, subject in subjects.items():
            measured[name].append(subject())
    return measured
