#!/usr/bin/python3
"""What two compilers' analyzers find in every C file of ours: gcc's -fanalyzer, and clang-tidy as .clang-tidy says.

    tests/static.py [--deep] BUILD_FOLDER [FILE...]      all files that the build compiles, or these

--deep asks clang's analyzer as well (not Annex K's functions, which glibc lacks, and not the order of members).

One line for each finding, and 1 when there is any.  What is known and no fault stands in tests/static_allowed.txt, each
with its reason; an entry that nothing matches any more is a finding, too.  Needs no more of the build than its
compile_commands.json.  A file takes half a second, --deep three; all processors work, at the lowest priority.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
ALLOWED = ROOT / "tests" / "static_allowed.txt"
ROOMS = ("common/", "producer/", "worker/")
TIDY = "clang-tidy-14"
DEEP = ("--checks=clang-analyzer-*,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,"
        "-clang-analyzer-optin.performance.Padding")
FUNCTION = re.compile(r"In function ['‘](\w+)['’]")
GCC = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d+):\d+: warning: (?P<text>.*) \[(?P<check>-W[\w-]+)\]$")
CLANG = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d+):\d+: (?:warning|error): (?P<text>.*) \[(?P<check>[\w.,-]+)\]$")


def run(command, folder):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
    return done.stdout


def name_of(path, folder):
    return os.path.relpath(os.path.normpath(os.path.join(folder, path)), ROOT)


def gcc_findings(entry):
    """(file, line, function, check, text); the analyzer alone, on the code as it is optimised a little."""
    command = [word for word in shlex.split(entry["command"]) if not re.match(r"-O|-g|-fsanitize|--coverage", word)]
    if pathlib.Path(command[0]).name == "ccache":
        command = command[1:]
    command[command.index("-o") + 1] = os.devnull
    function = "-"
    for line in run([*command, "-O1", "-fanalyzer", "-DRESET_ANALYZE", "-Wno-error", "-Wno-unused-value"], entry["directory"]).splitlines():
        named = FUNCTION.search(line)
        found = GCC.match(line)
        if named:
            function = named.group(1)
        elif found and found["check"].startswith("-Wanalyzer"):
            yield name_of(found["file"], entry["directory"]), found["line"], function, found["check"], found["text"]


def clang_findings(entry, deep=False):
    database = pathlib.Path(entry["directory"])
    printed = run([TIDY, "--quiet", "-p", database, *([DEEP] if deep else []), "--extra-arg=-DRESET_ANALYZE", "--extra-arg=-Wno-unused-value",
                   "--extra-arg=-Wno-gnu-statement-expression", entry["file"]], ROOT)
    for line in printed.splitlines():
        found = CLANG.match(line)
        if found:
            check = found["check"].removesuffix(",-warnings-as-errors")
            yield name_of(found["file"], ROOT), found["line"], "-", check, found["text"]


def deep_findings(entry):
    return clang_findings(entry, deep=True)


def examine(job):
    look, entry = job
    return list(look(entry))


def read_allowed():
    """{(file, function, check): reason}."""
    allowed = {}
    for line in ALLOWED.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            file, function, check, reason = line.split(None, 3)
            allowed[file, function, check] = reason
    return allowed


def tell(found, sentence):
    """Once, though a header is seen from many files."""
    if sentence not in found:
        found.add(sentence)
        print(sentence, flush=True)


def main():
    arguments = [word for word in sys.argv[1:] if word != "--deep"]
    deep = len(arguments) < len(sys.argv) - 1
    if not arguments:
        sys.exit(__doc__)
    database = json.loads((pathlib.Path(arguments[0]) / "compile_commands.json").read_text())
    chosen = {os.path.normpath(name) for name in arguments[1:]}
    entries = [entry for entry in database if name_of(entry["file"], entry["directory"]).startswith(ROOMS)]
    entries = [entry for entry in entries
               if not chosen or name_of(entry["file"], entry["directory"]) in chosen]
    if not entries:
        sys.exit("no file of ours is compiled there")
    os.nice(int(os.environ.get("NICE","19")))
    allowed, met, found = read_allowed(), set(), set()
    looks = (gcc_findings, deep_findings if deep else clang_findings)
    jobs = [(look, entry) for entry in entries for look in looks]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for findings in pool.map(examine, jobs):
            for file, line, function, check, text in findings:
                if (file, function, check) in allowed:
                    met.add((file, function, check))
                else:
                    tell(found, f"{file}:{line}: {text} [{check} in {function}]")
    if not chosen:
        for key in allowed:
            if key not in met and (deep or not key[2].startswith("clang-analyzer-")):
                tell(found, f"tests/static_allowed.txt: nothing is found any more for {' '.join(key)}")
    print(f"static: {len(entries)} files, {len(found)} findings, {len(met)} known and no fault")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
