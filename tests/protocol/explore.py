#!/usr/bin/python3
"""Builds protocol-explore, optimised, and runs it: every interleaving of its scenarios over the production code.

  tests/protocol/explore.py            the short scenarios
  tests/protocol/explore.py --all      all of them: minutes, and up to 4 GiB
  tests/protocol/explore.py NAME...    these;  --list names them,  --stop ends at the first broken promise

tests/protocol/rules.py takes each rule out of the code, and shows the promise that then breaks.
"""
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "explore"
PROGRAM = BUILD / "bin" / "protocol-explore"


def build():
    """None, or what went wrong.  One at a time."""
    BUILD.parent.mkdir(exist_ok=True)
    with open(BUILD.parent / "explore.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return build_alone()


def build_alone():
    commands = [["cmake", "--build", "--preset", "explore"]]
    if not (BUILD / "CMakeCache.txt").exists():
        commands.insert(0, ["cmake", "--preset", "explore", *(["-G", "Ninja"] if shutil.which("ninja") else [])])
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            return done.stdout
    return None


if __name__ == "__main__":
    trouble = build()
    if trouble:
        sys.exit(trouble)
    os.execv(PROGRAM, [str(PROGRAM), *sys.argv[1:]])
