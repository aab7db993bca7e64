#!/usr/bin/python3
"""Takes the protocol's rules out, one at a time, and demands that the explorer finds a broken promise.

  tests/protocol/rules.py             all of tests/protocol/rules/*.patch
  tests/protocol/rules.py NAME...     these, with the shortest way to the broken promise
  tests/protocol/rules.py --table     what each is, and which promise it keeps

Each patch has the header of tests/protections/patches.py, with `Test: explore: SCENARIO` and, under Expect, the broken
promise.  Only what a patch touches is compiled again, in a copy, and linked before the rest.
"""
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import explore

sys.path.insert(0, str(explore.ROOT / "tests" / "protections"))
import patches  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "rules"
COPIED = ("common/core", "worker/plans.c", "worker/plans.h", "worker/disposition.c", "worker/disposition.h",
          "tests/protocol/explore")
DEADLINE_S = 120


class RuleError(Exception):
    """A rule that cannot be taken out, or whose absence does not show."""


def all_rules():
    return [patches.read(path) for path in sorted(FOLDER.glob("*.patch"))]


def call(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def copy_sources(copy):
    for name in COPIED:
        source, target = explore.ROOT / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)


def take_out(rule, copy):
    """The sources that have to be compiled again."""
    touched = re.findall(r"^\+\+\+ b/(\S+)", rule.path.read_text(), re.M)
    done = call(["git", "apply", str(rule.path)], cwd=copy, env={"GIT_CEILING_DIRECTORIES": str(copy.parent), "PATH": "/usr/bin:/bin"})
    if done.returncode:
        raise RuleError(f"{rule.name}: does not apply: {done.stdout}")
    if all(name.endswith(".c") for name in touched):
        return touched
    wide = [copy / "common" / "core" / "protocol", copy / "tests" / "protocol" / "explore"]
    return sorted({str(path.relative_to(copy)) for folder in wide for path in folder.glob("*.c")}
                  | {name for name in touched if name.endswith(".c")})


def build_without(rule, copy):
    copy_sources(copy)
    known = {entry["file"]: entry for entry in json.loads((explore.BUILD / "compile_commands.json").read_text())}
    sources = take_out(rule, copy)
    objects = []  # a command ends with -o OBJECT -c FILE
    for name in sources:
        entry = known[str(explore.ROOT / name)]
        command = re.sub(re.escape(str(explore.ROOT)) + r"(?=/|\s|$)", str(copy), entry["command"])
        command = [*shlex.split(command)[:-4], "-w", "-O0", "-c", str(copy / name), "-o", str(copy / f"{len(objects)}.o")]
        done = call(command, cwd=entry["directory"])
        if done.returncode:
            raise RuleError(f"{rule.name}: does not compile:\n{done.stdout}")
        objects.append(str(copy / f"{len(objects)}.o"))
    for file, entry in known.items():
        built = shlex.split(entry["command"])[-3]
        if "/protocol-explore.dir/" in built and str(pathlib.Path(file).relative_to(explore.ROOT)) not in sources:
            objects.append(str(pathlib.Path(entry["directory"]) / built))  # make builds below, ninja at the top
    libraries = call(["pkg-config", "--libs", "jansson", "libsodium", "gmime-3.0"]).stdout.split()
    program = copy / "protocol-explore"
    done = call(["cc", "-o", program, *objects, explore.BUILD / "libreset_core.a", *libraries, "-lm"])
    if done.returncode:
        raise RuleError(f"{rule.name}: does not link:\n{done.stdout}")
    return program


def show(rule):
    """The explorer's words about the broken promise; RuleError where there is none."""
    if not rule.test.startswith("explore:"):
        raise RuleError(f"{rule.name}: names no scenario: {rule.test}")
    scenario = rule.test.removeprefix("explore:").strip()
    with tempfile.TemporaryDirectory() as folder:
        program = build_without(rule, pathlib.Path(folder))
        done = call([program, "--stop", scenario], timeout=DEADLINE_S)
    if done.returncode == 0:
        raise RuleError(f"{rule.name}: EVERY PROMISE OF {scenario} IS KEPT WITHOUT IT")
    if done.returncode != 1 or not re.search(rule.expect, done.stdout):
        raise RuleError(f"{rule.name}: otherwise than expected ({done.returncode}):\n{done.stdout}")
    return done.stdout


def print_table():
    print("| rule | without it | is broken |\n|---|---|---|")
    for rule in all_rules():
        print(f"| {rule.subject} | {rule.removes} | {rule.expect} |")


def main(names):
    if names == ["--table"]:
        print_table()
        return 0
    rules = all_rules()
    unknown = set(names) - {rule.name for rule in rules}
    if unknown:
        print(f"there is no {', '.join(sorted(unknown))}.patch in tests/protocol/rules", file=sys.stderr)
        return 64
    trouble = explore.build()
    if trouble:
        sys.exit(trouble)
    failed = 0
    for rule in rules:
        if names and rule.name not in names:
            continue
        try:
            way = show(rule)
            print(f"needed {rule.name}: {rule.removes}" + (f"\n{way}" if names else ""), flush=True)
        except RuleError as error:
            failed += 1
            print(f"FAILED {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
