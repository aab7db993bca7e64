#!/usr/bin/python3
"""Takes protections out, one at a time, and demands that the named test fails as expected.

  tests/protections/run.py              all of them
  tests/protections/run.py NAME...      these
  tests/protections/run.py --table      the table of docs/RELIABILITY.md

Works on a copy of the tree below build/protections, built incrementally; the tree itself is not touched.
"""
import os
import re
import subprocess
import sys

import patches
from matrix import ATTACKS, FAULTS

COPY = patches.ROOT / "build" / "protections" / "source"
BUILD = ["-DRESET_WERROR=OFF"]
TEST_DEADLINE_S = 600
PROGRAMS = ["reset-producer", "reset-worker"]  # all that a test with real servers needs to be built again


def call(*command, **options):
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(COPY.parent),
                   "RESET_CACHE": os.environ.get("RESET_CACHE", str(patches.ROOT / ".cache"))}
    return subprocess.run(command, cwd=COPY, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def refresh():
    """The copy becomes the tree as it is; only what differs is written, so that the build stays incremental."""
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=patches.ROOT, check=True,
                            capture_output=True, text=True).stdout.split("\0")
    wanted = {name for name in listed if name and (patches.ROOT / name).is_file()}
    for name in sorted(wanted):
        source, target = patches.ROOT / name, COPY / name
        content = source.read_bytes()
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(source.stat().st_mode)
    for path in COPY.rglob("*"):
        name = path.relative_to(COPY)
        if path.is_file() and name.parts[0] != "build" and "__pycache__" not in name.parts and str(name) not in wanted:
            path.unlink()


def build(*targets):
    """None, or what went wrong."""
    if not (COPY / "build" / "asan" / "build.ninja").exists():
        done = call("cmake", "--preset", "asan", "-G", "Ninja", *BUILD)
        if done.returncode:
            return done.stdout
    done = call("cmake", "--build", "build/asan", *(["--target", *targets] if targets else []))
    return done.stdout if done.returncode else None


def run_test(protection):
    if protection.unit:
        command = ["ctest", "--test-dir", "build/asan", "-R", f"^{protection.unit}$", "--output-on-failure",
                   "--no-tests=error"]
    else:
        command = ["/usr/bin/python3", "-m", "pytest", "-x", "-c", "tests/pytest.ini", "--rootdir=tests",
                   protection.test]
    return call(*command, timeout=TEST_DEADLINE_S)


def show(protection):
    """What became of one, as (shown or not, sentence)."""
    refresh()
    applied = call("git", "apply", str(protection.path))
    if applied.returncode:
        return False, "the patch does not apply"
    if protection.unit:
        targets = [protection.unit]
    else:
        targets = PROGRAMS if not protection.test.startswith(("tests/protocol", "tests/contract", "tests/integration")) else []
    trouble = build(*targets)
    if trouble:
        return False, "does not build without it:\n" + trouble[-3000:]
    try:
        done = run_test(protection)
    except subprocess.TimeoutExpired:
        return False, f"the test did not end within {TEST_DEADLINE_S} s"
    if done.returncode == 0:
        return False, "THE TEST PASSES WITHOUT IT"
    if not re.search(protection.expect, done.stdout):
        return False, "the test fails otherwise than expected:\n" + done.stdout[-3000:]
    return True, "fails without it"


def rows(kind, titles, protections):
    for subject, title in titles.items():
        mine = [each for each in protections if each.kind == kind and each.subject == subject]
        tests = "<br>".join(sorted({f"`{each.test.split('/')[-1].split('::')[-1]}`" for each in mine}))
        removed = "<br>".join(sorted({each.removes for each in mine}))
        yield title, tests, removed


def print_table():
    protections = patches.all_protections()
    print("| # | what breaks | what must hold | shown by | which fails without |\n|---|---|---|---|---|")
    faults = {number: f"{number} | {what} | {then}" for number, (what, then) in FAULTS.items()}
    for title, tests, removed in rows("Row", faults, protections):
        print(f"| {title} | {tests} | {removed} |")
    print("\n| what attacks | what must be answered | shown by | which fails without |\n|---|---|---|---|")
    attacks = {what: f"{what} | {then}" for what, then in ATTACKS.items()}
    for title, tests, removed in rows("Attack", attacks, protections):
        print(f"| {title} | {tests} | {removed} |")


def main(names):
    if names == ["--table"]:
        print_table()
        return 0
    protections = patches.all_protections()
    unknown = set(names) - {each.name for each in protections}
    if unknown:
        print(f"there is no {', '.join(sorted(unknown))}.patch in tests/protections", file=sys.stderr)
        return 64
    COPY.mkdir(parents=True, exist_ok=True)
    refresh()
    trouble = build()
    if trouble:
        print(f"the tree as it is does not build:\n{trouble[-3000:]}")
        return 70
    failed = 0
    for protection in protections:
        if names and protection.name not in names:
            continue
        shown, sentence = show(protection)
        failed += not shown
        print(f"{'shown ' if shown else 'FAILED'} {protection.name}: {protection.removes}: {sentence}", flush=True)
    refresh()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
