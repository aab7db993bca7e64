#!/usr/bin/python3
"""The house check: what the compiler does not see but every reader relies on.

Prints one line for each violation, `path:line: sentence`, and ends with 1 when there is any.  Rules:
dependencies go one way, pure core does no I/O, banned functions stay out, every header compiles alone,
no file grows past the limit, and nothing in the tree names a place on one person's machine.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys

ROOMS = ("common", "producer", "worker")
LINE_LIMIT = 450
COUNTED = {".c", ".h", ".py", ".sh", ".lua"}
SKIPPED_FOLDERS = {".git", "build", ".cache", "__pycache__", ".pytest_cache"}

# Which rooms may not be included from where.
FORBIDDEN_ROOMS = {"common": ("producer/", "worker/"), "producer": ("worker/",), "worker": ("producer/",)}

# Pure core takes bytes and `now`: no descriptor, environment, clock or randomness of its own.
IMPURE_HEADERS = re.compile(
    r"^(io/|sys/(?!types\.h)|netinet/|arpa/|event2/|hiredis/|librdkafka/|curl/|openssl/|"
    r"(unistd|fcntl|poll|netdb|signal|pthread|time|event|evhttp|ini|dirent|syslog|threads)\.h$)")
IMPURE_CALLS = ("time", "clock", "clock_gettime", "gettimeofday", "getenv", "secure_getenv", "rand", "random",
                "getrandom", "randombytes_buf", "randombytes_random", "randombytes_uniform", "fopen", "fread",
                "fwrite", "fputs", "puts", "printf", "fprintf", "open", "read", "write", "close", "socket",
                "crypto_kdf_keygen", "sodium_init")
BANNED_CALLS = ("strcpy", "strcat", "sprintf", "vsprintf", "gets", "strtok", "atoi", "system", "popen")

# Spelled so that this file does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:work|home|root|Users)/[\w.]")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def without_comments_and_strings(source):
    """The source with comments, strings and characters blanked; lines keep their numbers."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), source)


def files_below(root):
    """What git knows or would add; everything, where there is no git."""
    if (root / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=root, check=True,
                                capture_output=True).stdout.decode().split("\0")
        names = [root / name for name in listed if name]
    else:
        names = root.rglob("*")
    return sorted(path for path in names
                  if path.is_file() and not SKIPPED_FOLDERS & set(path.relative_to(root).parts))


def includes_of(source):
    for number, line in enumerate(source.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1)


def check_includes(name, source):
    room = name.parts[0]
    core = name.parts[:2] == ("common", "core")
    for number, included in includes_of(source):
        if included.startswith("../") or "/../" in included:
            yield number, f"includes {included}: name it from its room instead"
        for forbidden in FORBIDDEN_ROOMS.get(room, ()):
            if included.startswith(forbidden):
                yield number, f"{room}/ includes {included}: dependencies go common ◂ producer, common ◂ worker"
        if core and IMPURE_HEADERS.match(included):
            yield number, f"pure core includes {included}: move what needs it to io/"


def check_calls(name, source):
    core = name.parts[:2] == ("common", "core")
    for number, line in enumerate(without_comments_and_strings(source).splitlines(), 1):
        for call in re.findall(r"(?<![\w.>])(\w+)\s*\(", line):
            if call in BANNED_CALLS:
                yield number, f"{call}() is banned"
            elif core and call in IMPURE_CALLS:
                yield number, f"pure core calls {call}(): take it as a value or a port"


def check_text(name, source):
    lines = source.splitlines()
    if name.suffix in COUNTED and len(lines) >= LINE_LIMIT:
        yield len(lines), f"{len(lines)} lines: split it ({LINE_LIMIT} is the limit, 300 the aim)"
    for number, line in enumerate(lines, 1):
        if MACHINE_PATH.search(line):
            yield number, "names a path of one machine"


def package_flags():
    packages = ["jansson", "libsodium", "gmime-3.0", "rdkafka", "hiredis", "libcurl", "libevent_core", "inih",
                "cmocka"]
    flags = []
    for package in packages:
        found = subprocess.run(["pkg-config", "--cflags", package], capture_output=True, text=True)
        flags += found.stdout.split() if found.returncode == 0 else []
    return list(dict.fromkeys(flags))


def check_headers_alone(root, headers):
    """Each header twice in an empty file: it must bring what it uses and guard itself."""
    flags = ["-std=c11", "-fsyntax-only", "-Wall", "-Wextra", "-Wno-unused-function", "-Werror", "-D_GNU_SOURCE",
             "-DRESET_VERSION=\"0\"", "-DSOURCE_DIRECTORY=\"\"", f"-I{root}", f"-I{root / 'common'}",
             f"-I{root / 'tests/unit'}", *package_flags()]
    for header in headers:
        unit = f'#include "{header}"\n#include "{header}"\ntypedef int not_empty;\n'
        done = subprocess.run(["gcc", "-x", "c", *flags, "-"], input=unit, capture_output=True, text=True, cwd=root)
        if done.returncode != 0:
            first = next((line for line in done.stderr.splitlines() if "error" in line), "does not compile")
            yield header, f"does not compile alone: {first.split('error:')[-1].strip()}"


def violations(root):
    headers = []
    for path in files_below(root):
        name = path.relative_to(root)
        try:
            source = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a fixture with bytes that are no text
        found = list(check_text(name, source))
        if name.suffix in (".c", ".h"):
            if name.parts[0] in ROOMS:
                found += check_includes(name, source)
            found += check_calls(name, source)
            if name.suffix == ".h":
                headers.append(name)
        for number, sentence in sorted(found):
            yield f"{name}:{number}: {sentence}"
    for name, sentence in check_headers_alone(root, headers):
        yield f"{name}:1: {sentence}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    found = list(violations(parser.parse_args().root.resolve()))
    for line in found:
        print(line)
    print(f"house check: {len(found)} violations" if found else "house check: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
