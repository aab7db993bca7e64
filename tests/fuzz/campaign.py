"""Fuzzes for hours on processors that are idle anyway, and keeps count.

    tests/fuzz/campaign.py [--slice SECONDS] [--hours H] [TARGET...]     goes on until the hours are over, or Ctrl-C
    tests/fuzz/campaign.py --table                                       what the campaign has come to

One process at a time, with the scheduler's idle class: the target that has had the least processor time gets the next
slice.  Needs the `fuzz` preset built.  build/fuzz/campaign.json keeps, for each target, processor seconds, executions,
edges covered and crashes; a crashing input stands in build/fuzz/crashes.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/fuzz"
RECORD = BUILD / "campaign.json"
FRESH = {"cpu_seconds": 0.0, "executions": 0, "edges": 0, "inputs": 0, "crashes": 0}


def targets(chosen):
    """Those that are built; anew at each slice, since targets may be added while the campaign goes on."""
    built = sorted(path.name.removeprefix("fuzz_") for path in (BUILD / "bin").glob("fuzz_*"))
    return [name for name in built if not chosen or name in chosen]


def read_record():
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}


def write_record(record):
    fresh = RECORD.with_suffix(".new")
    fresh.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
    fresh.replace(RECORD)


def command(name, seconds):
    found, crashes = BUILD / "found" / name, BUILD / "crashes"
    committed = ROOT / "tests/fuzz/corpus" / name
    dictionary = ROOT / "tests/fuzz/dictionaries" / f"{name}.dict"
    for folder in (found, crashes, committed):
        folder.mkdir(parents=True, exist_ok=True)
    return ["chrt", "-i", "0", "nice", "-n", "19", BUILD / f"bin/fuzz_{name}", f"-max_total_time={seconds}",
            # An idle process may stand still for a long time: what hangs is for run.sh to find.
            "-timeout=300", "-rss_limit_mb=1024", "-print_final_stats=1", f"-artifact_prefix={crashes}/{name}-",
            *([f"-dict={dictionary}"] if dictionary.exists() else []), found, committed]


def run_slice(name, seconds, record):
    before = os.times()
    done = subprocess.run(list(map(str, command(name, seconds))), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)
    after = os.times()
    figures = record.setdefault(name, dict(FRESH))
    figures["cpu_seconds"] += after.children_user + after.children_system - before.children_user - before.children_system
    counted = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stdout)
    figures["executions"] += int(counted.group(1)) if counted else 0
    figures["edges"] = max([figures["edges"], *map(int, re.findall(r"\bcov: (\d+)", done.stdout))])
    figures["inputs"] = sum(1 for _ in (BUILD / "found" / name).iterdir())
    if done.returncode != 0:
        figures["crashes"] += 1
        (BUILD / "crashes" / f"{name}.log").write_text(done.stdout[-20000:])
        print(f"{name}: ended with {done.returncode}, see {BUILD / 'crashes'}", flush=True)


def had(figures, slice_seconds):
    """Processor seconds, where each crash counts as a whole slice: a target that is broken does not keep the rest away."""
    return figures["cpu_seconds"] + slice_seconds * figures["crashes"]


def table(record):
    lines = ["| target | CPU seconds | executions | edges | inputs found | crashes |", "|---|--:|--:|--:|--:|--:|"]
    for name, figures in sorted(record.items()):
        lines.append("| {} | {:.0f} | {:,} | {} | {} | {} |".format(
            name, figures["cpu_seconds"], figures["executions"], figures["edges"], figures["inputs"],
            figures["crashes"]))
    return "\n".join(lines)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--slice", type=int, default=60, metavar="SECONDS")
    options.add_argument("--hours", type=float, default=24)
    options.add_argument("--table", action="store_true")
    options.add_argument("targets", nargs="*", metavar="TARGET")
    asked = options.parse_args()
    if asked.table:
        print(table(read_record()))
        return 0
    end = time.monotonic() + asked.hours * 3600
    while time.monotonic() < end:
        names = targets(asked.targets)
        if not names:
            sys.exit("no target is built: cmake --preset fuzz && cmake --build --preset fuzz")
        record = read_record()
        run_slice(min(names, key=lambda name: had(record.get(name, FRESH), asked.slice)), asked.slice, record)
        write_record(record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
