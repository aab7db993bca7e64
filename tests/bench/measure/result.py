"""What a row has to say: figures, each with its target where it has one, and a chart where it has an axis."""
import dataclasses
import operator

from .spread import Spread

JUDGES = {"≥": operator.ge, "≤": operator.le}


@dataclasses.dataclass
class Figure:
    row: str  # P1, ...
    what: str
    spread: Spread
    target: str = ""  # "≥ 0.9"
    digits: int = 2

    @property
    def met(self):
        """None where there is no target."""
        if not self.target:
            return None
        sign, number = self.target.split()[:2]
        return JUDGES[sign](self.spread.median, float(number))

    def document(self):
        return {"row": self.row, "what": self.what, "target": self.target, "met": self.met, **self.spread.document()}


@dataclasses.dataclass
class Chart:
    """Lines over an axis, each point with its minimum and maximum; {line's name: {x: Spread}}; an x that is a
    text is a place of its own, not a number."""
    title: str
    across: str
    up: str
    lines: dict
    logarithmic: bool = False
    wanted: dict = dataclasses.field(default_factory=dict)  # {line's name: y}, drawn as a dashed line

    def document(self):
        return {"title": self.title, "across": self.across, "up": self.up,
                "lines": {name: [{"x": x, **spread.document()} for x, spread in line.items()]
                          for name, line in self.lines.items()}}


@dataclasses.dataclass
class Result:
    figures: list
    charts: dict = dataclasses.field(default_factory=dict)  # {file's name: Chart}
    runs: dict = dataclasses.field(default_factory=dict)  # whatever each single run told
