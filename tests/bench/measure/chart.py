"""A row as a picture, SVG and PNG: lines over an axis, or one bar each where a line has only one point."""
import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402
from matplotlib.ticker import NullLocator, ScalarFormatter  # noqa: E402

SIZE = (7, 4.2)
matplotlib.rcParams["svg.hashsalt"] = "reset-relay"  # the same figures make the same file


def _whiskers(spreads):
    return [[spread.median - min(spread.values) for spread in spreads],
            [max(spread.values) - spread.median for spread in spreads]]


def _bars(axes, chart):
    spreads = [next(iter(line.values())) for line in chart.lines.values()]
    axes.barh(list(chart.lines), [spread.median for spread in spreads], xerr=_whiskers(spreads), capsize=4, color="#4c72b0")
    for place, spread in enumerate(spreads):
        axes.annotate(f" {spread.median:,.0f}", (max(spread.values), place), va="center")
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel(chart.up)


def _lines(axes, chart):
    for name, line in chart.lines.items():
        axes.errorbar(list(line), [spread.median for spread in line.values()], yerr=_whiskers(line.values()), marker="o",
                      capsize=4, label=name)
    for name, height in chart.wanted.items():
        axes.axhline(height, linestyle="--", color="grey", label=name)
    if chart.logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(ScalarFormatter())
    across = sorted({x for line in chart.lines.values() for x in line})
    if len(across) <= 8 and not isinstance(across[0], str):
        axes.set_xticks(across)
    axes.set_xlabel(chart.across)
    axes.set_ylabel(chart.up)
    axes.set_ylim(bottom=0)
    axes.legend()


def draw(chart, folder, name):
    figure, axes = pyplot.subplots(figsize=SIZE, layout="constrained")
    (_lines if chart.across else _bars)(axes, chart)
    axes.set_title(chart.title)
    axes.grid(alpha=0.3)
    paths = [folder / f"{name}.{kind}" for kind in ("svg", "png")]
    for path in paths:
        figure.savefig(path, dpi=120, metadata={"Date": None} if path.suffix == ".svg" else {"Software": None})
    pyplot.close(figure)
    return paths
