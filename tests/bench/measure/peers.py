"""The peers: installed into the cache folder, started on the same Kafka, Redis and sink as ours.

A peer that cannot be installed is no figure, with the reason; never a row that is quietly shorter.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess

from support import places
from support.processes import Process

from .sink import Sink
from .spread import demand
from .usage import Stopwatch, memory_mb

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "peers"
HOME = places.CACHE / "peers"


TRIES = 3  # the network is not ours


def _install(name, command, folder, environment=None):
    for _ in range(TRIES):
        try:
            done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True, timeout=900,
                                  env={**os.environ, **(environment or {})})
        except (OSError, subprocess.TimeoutExpired) as trouble:
            said = str(trouble)
            continue
        if done.returncode == 0:
            return
        said = (done.stderr or done.stdout)[-1500:]
    demand(False, f"the peer {name} cannot be installed: {' '.join(map(str, command))} said:\n{said}")


def go_program():
    """Built once for each state of its sources."""
    files = sorted(SOURCES.joinpath("go").iterdir())
    state = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    program = HOME / "go" / f"peer-{state}"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        beside = program.with_suffix(f".{os.getpid()}")
        _install("Go", [places.tool("go"), "build", "-mod=readonly", "-o", beside, "."], SOURCES / "go",
                 {"GOFLAGS": "-modcacherw", "GOPATH": str(HOME / "go" / "path"), "GOCACHE": str(HOME / "go" / "build")})
        beside.rename(program)
    return program


def node_folder():
    """The peer's files beside what npm brings."""
    folder = HOME / "node"
    folder.mkdir(parents=True, exist_ok=True)
    lock = (SOURCES / "node" / "package-lock.json").read_bytes()
    installed = folder / "installed"
    fresh = installed.exists() and installed.read_bytes() == lock
    for file in SOURCES.joinpath("node").iterdir():
        shutil.copy(file, folder)
    if not fresh:
        _install("Node", [places.tool("npm"), "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
        installed.write_bytes(lock)
    return folder


def body_file(place, message):
    """What stands below the headers of our own mail: the peers' mails have the same size."""
    path = place.folder / "body"
    path.write_bytes(message.read_bytes().partition(b"\r\n\r\n")[2])
    return path


def go_starter(stage, body):
    """For Stage.drain: starts the Go worker as a new group, with an audit topic of its own."""
    program = go_program()

    def start(sink):
        name = f"{stage.relay.name}-go-{next(stage.numbers)}"
        stage.broker.create_topics([f"{name}.audit"])
        peer = Process(name, [program, "-brokers", stage.broker.address, "-requested", stage.relay.requested, "-audit",
                              f"{name}.audit", "-group", name, "-redis", f"127.0.0.1:{stage.redis.port}", "-smtp",
                              f"127.0.0.1:{sink.port}", "-body", body], stage.folder)
        return [peer], name, f"{name}.audit"
    return start


def drain_node(stage, count, body):
    """As many jobs as wanted in BullMQ's queue, and the worker that mails them."""
    folder = node_folder()
    stage.forget()
    queue = f"resets-{next(stage.numbers)}"
    filled = subprocess.run([places.tool("node"), "fill.js", str(stage.redis.port), queue, str(count)], cwd=folder,
                            capture_output=True, text=True, timeout=600)
    demand(filled.returncode == 0, f"the jobs were not written: {filled.stderr[-1500:]}")
    sink = Sink(stage.folder)
    clock = Stopwatch(redis=stage.redis.process)
    peer = Process(f"node-{queue}", [places.tool("node"), "worker.js", stage.redis.port, queue, sink.port, body],
                   stage.folder, cwd=folder)
    stage.wait_for_mails(sink, [peer], count)
    used, own, memory = clock.used(), Stopwatch.total(peer), memory_mb(peer.pid, "VmHWM")
    demand(peer.stop() == 0, f"the Node worker did not end well: {peer.tail(1500)}")
    counted = sink.counted()
    demand(counted.mails == count, f"{counted.mails} mails for {count} jobs of the Node worker")
    used |= {"sink": Stopwatch.total(sink), "workers": own}
    sink.stop()
    return {"events_per_s": counted.rate, "mails": counted.mails, "mail_bytes": counted.bytes // count,
            "cpu_us_per_event": {who: seconds * 1e6 / count for who, seconds in used.items()}, "memory_mb": [memory]}
