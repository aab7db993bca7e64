#!/usr/bin/python3
"""Which lines ran, by package, out of a build that counts (the `coverage` preset).

    tests/coverage.py BUILD_FOLDER                  the table, and 1 where a package is below its floor
    tests/coverage.py BUILD_FOLDER --missing PART   the lines that never ran, of files whose path has PART
    tests/coverage.py BUILD_FOLDER --reset          forgets all counts

gcov reads the counts; a file that no program was made of counts as lines that never ran.  Floors: common/core 95 %, all
of C 85 %.  A process that was killed has not written its counts, so the truth is a little above the figure.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
ROOMS = ("common", "producer", "worker")
PACKAGES = ("common/core", "common/io", "producer", "worker")
FLOORS = {"common/core": 95.0, "all": 85.0}


def objects_of(build):
    """The notes of every object of ours; those of tests are made of other folders."""
    return sorted(path for room in ROOMS for path in (build.resolve() / "CMakeFiles").glob(f"*.dir/{room}/**/*.gcno"))


def read_one(notes):
    """The lines of one object: {file: {line: count}}."""
    counts = notes.with_suffix(".gcda")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["gcov", "--json-format", "--stdout", counts if counts.exists() else notes], cwd=folder,
                              capture_output=True, text=True, check=False)
    lines = collections.defaultdict(dict)
    for document in filter(None, done.stdout.splitlines()):
        for file in json.loads(document)["files"]:
            name = os.path.relpath(os.path.join(ROOT, file["file"]), ROOT)
            if name.startswith(ROOMS):
                for line in file["lines"]:
                    number = line["line_number"]
                    lines[name][number] = max(lines[name].get(number, 0), line["count"])
    return lines


def read_all(build):
    together = collections.defaultdict(dict)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for lines in pool.map(read_one, objects_of(build)):
            for name, counts in lines.items():
                for number, count in counts.items():
                    together[name][number] = together[name].get(number, 0) + count
    return together


def package_of(name):
    return next(package for package in PACKAGES if name.startswith(package + "/"))


def percent(ran, lines):
    return 100.0 * ran / lines if lines else 100.0


def report(lines):
    """The table's lines, and those of the packages that are below their floor."""
    sums = {package: [0, 0] for package in (*PACKAGES, "all")}
    for name, counts in lines.items():
        for package in (package_of(name), "all"):
            sums[package][0] += sum(1 for count in counts.values() if count)
            sums[package][1] += len(counts)
    table, below = [], []
    for package, (ran, of) in sums.items():
        floor = FLOORS.get(package)
        text = f"{package:12} {percent(ran, of):6.2f} %  {ran:6} of {of:6} lines"
        table.append(text + (f"  (at least {floor:.0f} %)" if floor else ""))
        if floor and percent(ran, of) < floor:
            below.append(f"{package} {percent(ran, of):.2f} %, at least {floor:.0f} % is asked for")
    return table, below


def ranges(numbers):
    """[3, 4, 5, 9] as "3-5 9"."""
    runs = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(f"{first}-{last}" if last > first else str(first) for first, last in runs)


def worst(lines, count=12):
    """The files with the most lines that never ran."""
    missing = sorted(((sum(1 for count in counts.values() if not count), name) for name, counts in lines.items()),
                     reverse=True)
    return [f"  {number:4} lines never ran  {name}" for number, name in missing[:count] if number]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("build", type=pathlib.Path)
    options.add_argument("--missing", metavar="PART")
    options.add_argument("--reset", action="store_true")
    asked = options.parse_args()
    if asked.reset:
        for counts in asked.build.rglob("*.gcda"):
            counts.unlink()
        return 0
    lines = read_all(asked.build)
    if not lines:
        sys.exit(f"{asked.build} has no counts: cmake --preset coverage && cmake --build --preset coverage")
    if asked.missing is not None:
        for name, counts in sorted(lines.items()):
            never = [number for number, count in counts.items() if not count]
            if asked.missing in name and never:
                print(f"{name}: {percent(len(counts) - len(never), len(counts)):.1f} %: {ranges(never)}")
        return 0
    table, below = report(lines)
    print("\n".join(table + worst(lines)))
    for sentence in below:
        print(f"below: {sentence}")
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
