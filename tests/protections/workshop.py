"""Copies of the tree below build/protections in which protections are taken out, and what a test said there.

Each copy is built incrementally, only as far as a test needs it.  What differs between two protections is one patch, so
that a copy is put right again by taking the patch back.  Whoever works in a copy holds its lock: several runs may go on
side by side.
"""
import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import patches

FOLDER = patches.ROOT / "build" / "protections"
TEST_DEADLINE_S = 900
TOGETHER_DEADLINE_S = 3600
PROGRAMS = ["reset-producer", "reset-worker"]
TOOLS = {"tests/integration": ["smtp_send"]}  # what else the tests of a folder run
BROKER = "a broker"  # support/fixtures.py
CLUSTER = "three brokers"  # faults/conftest.py
SHARED = {"tests/attacks": BROKER, "tests/e2e": BROKER, "tests/tls": BROKER, "tests/faults": CLUSTER}
OWN = ("test_failpoints.py", "test_kafka.py", "test_kafka_answers.py")  # whose tests have their own all the same

sys.path.insert(0, str(patches.ROOT / "tests"))


_children = set()


def end_children():
    """What tests and builds have started, at once."""
    for child in list(_children):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


class Trouble(Exception):
    """What keeps a test from being run."""


class Workshop:
    def __init__(self, copy):
        self.copy = copy
        self.environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(copy.parent), "PYTHONDONTWRITEBYTECODE": "1",
                            "RESET_CACHE": os.environ.get("RESET_CACHE", str(patches.ROOT / ".cache"))}
        self.environment.pop("RESET_BIN", None)
        if shutil.which("ccache"):
            self.environment.update(CMAKE_C_COMPILER_LAUNCHER="ccache", CCACHE_BASEDIR=str(copy), CCACHE_NOHASHDIR="1")
        self._refresh()

    def call(self, *command, deadline=TEST_DEADLINE_S, **environment):
        """(exit code, output); whatever it started ends with it.  None is the code of what did not end in time."""
        with tempfile.TemporaryFile() as output:
            child = subprocess.Popen(command, cwd=self.copy, env={**self.environment, **environment},
                                     stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                     start_new_session=True)
            _children.add(child)
            try:
                code = child.wait(deadline)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(20)
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                code = None
            _children.discard(child)
            output.seek(0)
            return code, output.read().decode(errors="replace")

    def _refresh(self):
        """The copy becomes the tree as it is; only what differs is written, so that the build stays incremental."""
        listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=patches.ROOT, check=True,
                                capture_output=True, text=True).stdout.split("\0")
        wanted = {name for name in listed if name and (patches.ROOT / name).is_file()}
        for name in sorted(wanted):
            source, target = patches.ROOT / name, self.copy / name
            content = source.read_bytes()
            if not target.is_file() or target.read_bytes() != content:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                target.chmod(source.stat().st_mode)
        for folder, folders, files in os.walk(self.copy):
            here = pathlib.Path(folder).relative_to(self.copy)
            folders[:] = [name for name in folders if name != "__pycache__" and (here.parts or name != "build")]
            for name in files:
                if str(here / name) not in wanted:
                    (self.copy / here / name).unlink()

    @contextlib.contextmanager
    def without(self, protection):
        code, output = self.call("git", "apply", str(protection.path))
        if code:
            raise Trouble(f"the patch does not apply: {output}")
        try:
            yield
        finally:
            self.call("git", "apply", "-R", str(protection.path))

    def build(self, targets):
        if not (self.copy / "build" / "asan" / "build.ninja").exists():
            code, output = self.call("cmake", "--preset", "asan", "-G", "Ninja", "-DRESET_WERROR=OFF")
            if code:
                raise Trouble(f"it cannot be configured:\n{output[-3000:]}")
        code, output = self.call("cmake", "--build", "build/asan", "--target", *targets, deadline=TOGETHER_DEADLINE_S)
        if code != 0:
            raise Trouble(f"it does not build:\n{output[-3000:]}")

    def build_for(self, protections):
        """What their tests run."""
        targets = set()
        for each in protections:
            targets |= {each.unit} if each.unit else {*PROGRAMS, *TOOLS.get(folder_of(each), ())}
        self.build(sorted(targets))

    def test(self, names, unit, servers, deadline=TEST_DEADLINE_S):
        if unit:
            return self.call("ctest", "--test-dir", "build/asan", "-R", f"^({'|'.join(names)})$", "--output-on-failure",
                             "--no-tests=error", "--timeout", "300", deadline=deadline)
        command = ["/usr/bin/python3", "-m", "pytest", "-c", "tests/pytest.ini", "--rootdir=tests", *names]
        code, output = self.call(*command, deadline=deadline, **servers)
        if "ERROR at setup" in output:  # it never began, and says nothing
            code, output = self.call(*command, deadline=deadline, **servers)
        return code, output


def folder_of(protection):
    return str(pathlib.PurePath(protection.test.partition("::")[0]).parent)


def servers_of(protection):
    """What its test can share with others: BROKER, CLUSTER or nothing."""
    file = pathlib.PurePath(protection.test.partition("::")[0])
    return "" if protection.unit or file.name in OWN else SHARED.get(str(file.parent), "")


@contextlib.contextmanager
def servers(wanted):
    """What lasts from one test to the next, as the environment tells it to them; made by whoever asks, in its thread."""
    from support.kafka_broker import KafkaBroker
    from support.kafka_cluster import KafkaCluster
    if not wanted:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="protections-kafka-") as place:
        kind, name = {BROKER: (KafkaBroker, "RESET_TEST_BROKER"), CLUSTER: (KafkaCluster, "RESET_TEST_CLUSTER")}[wanted]
        kafka = kind(pathlib.Path(place))
        try:
            kafka.start()
            yield {name: kafka.address}
        finally:
            kafka.remove()


@contextlib.contextmanager
def workshops(count):
    """Of the copies that nobody works in, the first ones."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        found, number = [], 0
        while len(found) < count:
            lock = stack.enter_context(open(FOLDER / f"{number}.lock", "w"))
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                copy = FOLDER / str(number)
                copy.mkdir(exist_ok=True)
                found.append(Workshop(copy))
            number += 1
        yield found


def what_failed(output, unit):
    """Of a test's output what says how it failed: neither the names of tests that passed, nor what programs logged."""
    if unit:
        passed = set(re.findall(r"\[ +OK +\] (\S+)", output))
        return "\n".join(line for line in output.splitlines()
                         if not (re.search(r"\[ +(RUN|OK) +\]", line) and line.split()[-1] in passed))
    begin = re.search(r"^=+ (ERRORS|FAILURES) =+$", output, re.M)
    told, shown = [], True
    for line in output[begin.end():].splitlines() if begin else []:
        if re.fullmatch(r"-+ .* -+", line):
            shown = False
        elif re.match(r"_{3,} .* _{3,}|=+ .* =+$", line):
            shown = True
        if shown:
            told.append(line)
    return "\n".join(told)
