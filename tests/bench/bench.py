#!/usr/bin/python3
"""Measures the pair on real Kafka, Redis and relays, beside its peers; see run.sh.

A row prints its figures only when its runs were whole: every event one mail, every mail one `sent` audit, every 202 one
event, nobody refused but who was to be.  What a row cannot print, it says why; then the exit code is 1.
"""
import argparse
import json
import pathlib
import sys
import time
import traceback

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1]), str(pathlib.Path(__file__).resolve().parent)]

import rows  # noqa: E402
from measure import chart, report  # noqa: E402
from measure.noise import Noise  # noqa: E402
from measure.place import Place  # noqa: E402


def chosen(names, table):
    """The modules of the named rows, each once, in the table's order; all without a name."""
    unknown = set(names) - set(table)
    if unknown:
        sys.exit(f"there is no row {sorted(unknown)[0]}: {' '.join(table)}")
    return list(dict.fromkeys(module for row, module in table.items() if not names or row in names))


def measure(module, place, folder, judged):
    """The row's part of the JSON, or None where there is no figure."""
    name = "-".join(module.ROWS)
    place.begin(name)
    try:
        with Noise() as noise:
            result = module.measure(place)
    except Exception as fault:  # whatever it is, the other rows are still to be measured
        print(f"{name:<6} no figure: {str(fault)[:2000]}", flush=True)
        if not isinstance(fault, AssertionError):
            traceback.print_exc()
        return None
    finally:
        place.end()
    report.print_row(result, noise, judged)
    for drawing, what in result.charts.items():
        chart.draw(what, folder, drawing)
    return report.document_of(result, noise)


def main():
    table = rows.table()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {' '.join(table)}; none: all")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/bench"), help="folder of bench.json and the charts")
    parser.add_argument("--runs", type=int, default=3, help="of each of those that take turns")
    parser.add_argument("--smoke", action="store_true", help="a few mails each, no target judged: does it still work?")
    parser.add_argument("--readme", type=pathlib.Path, metavar="FILE",
                        help="measures nothing: puts the last run's table between the marks of FILE")
    options = parser.parse_args()
    if options.readme:
        report.fill(options.readme, json.loads((options.out / "bench.json").read_text()), options.out / "P3.svg")
        return 0
    modules = chosen(options.names, table)
    options.out.mkdir(parents=True, exist_ok=True)
    place, document, began = Place(options.smoke, options.runs), {}, time.monotonic()
    try:
        for module in modules:
            document["-".join(module.ROWS)] = measure(module, place, options.out, not options.smoke)
    finally:
        place.close()
    missing = [name for name, row in document.items() if row is None]
    whole = {"smoke": options.smoke, "runs": place.runs, "seconds": round(time.monotonic() - began), "machine": report.machine(),
             "without_figure": missing, "rows": {name: row for name, row in document.items() if row}}
    report.write_json(options.out / "bench.json", whole)
    print(f"{whole['seconds']} s; {options.out / 'bench.json'}, charts beside it"
          + (f"; no figure from {', '.join(missing)}" if missing else ""))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
