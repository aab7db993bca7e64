"""What a run leaves: a table to read, JSON beside it, a picture for each chart, and the lines for the README."""
import json
import os
import platform
import shutil

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return {"processors": os.cpu_count(), "model": model, "kernel": platform.release()}


def verdict(figure):
    return {None: "", True: "met", False: "missed"}[figure.met]


def print_row(result, noise, judged):
    for figure in result.figures:
        line = f"{figure.row:<6} {figure.what:<78} {figure.spread.text(figure.digits):>26}   {figure.target:<8}"
        print(f"{line} {verdict(figure) if judged else ''}".rstrip())
    print(f"       {noise.text()}", flush=True)


def write_json(path, document):
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def document_of(result, noise):
    return {"figures": [figure.document() for figure in result.figures],
            "charts": {name: chart.document() for name, chart in result.charts.items()},
            "machine_meanwhile": noise.document(), "runs": result.runs}


def markdown(document):
    """The figures with a target, as the README has them; from the JSON of a run."""
    machine_of = document["machine"]
    lines = ["| # | figure | median (minimum–maximum) | target | |", "|---|---|---|---|---|"]
    for row in document["rows"].values():
        for figure in row["figures"]:
            if figure["target"]:
                spread = f"{figure['median']:.2f} ({figure['minimum']:.2f}–{figure['maximum']:.2f})"
                lines.append(f"| {figure['row']} | {figure['what']} | {spread} | {figure['target']} | "
                             f"{'met' if figure['met'] else 'missed'} |")
    worst = max((row["machine_meanwhile"]["others_share"] + row["machine_meanwhile"]["stolen_share"]
                 for row in document["rows"].values()), default=0.0)
    lines += ["", f"{document['runs']} runs, peers and ours taking turns, on {machine_of['processors']} × {machine_of['model']}, "
                  f"Linux {machine_of['kernel']}, everything on this one machine; at most {worst:.0%} of the processors were "
                  "anybody else's in any row."]
    return lines


def fill(path, document, picture):
    """Puts the table between the marks of a document, and the picture beside it, in docs/."""
    text = path.read_text()
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{path} has no lines {BEGIN} and {END} between which the table would stand")
    if document["smoke"] or document["without_figure"]:
        raise SystemExit("the last run was a smoke, or has rows without a figure: nothing for a document")
    before, _, rest = text.partition(BEGIN)
    shown = path.parent / "docs" / "bench.svg"
    shutil.copy(picture, shown)
    lines = [*markdown(document), "", f"![events a second, beside the peers](docs/{shown.name})"]
    path.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{rest.partition(END)[2]}")
