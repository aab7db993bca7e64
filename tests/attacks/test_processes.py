"""What somebody on the same machine could take from a running process, as its own user or by having it crash."""
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest

from support import events
from support.expectations import the_mail_to
from support.redis_server import RedisServer
from support.relay import SANITIZERS, Producer, Relay, Worker
from support.waiting import NotYet, eventually

NOBODY = 65534
ROOT_ALONE = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts a process of another user")
PROC_FILES = ("environ", "mem", "maps", "auxv", "stack", "syscall", "io", "pagemap", "smaps", "fd", "fdinfo", "cwd", "root", "exe", "personality")
OPEN_ANYWAY = {"stat", "status", "cmdline", "comm", "limits"}

LOOK = """
import os, sys
pid, files = sys.argv[1], sys.argv[2:]
for name in files:
    path = f"/proc/{pid}/{name}"
    try:
        if name in ("fd", "fdinfo"):
            found = os.listdir(path)
            for each in found:
                os.readlink(f"{path}/{each}") if name == "fd" else open(f"{path}/{each}").read()
        elif name in ("cwd", "root", "exe"):
            os.readlink(path)
        else:
            with open(path, "rb") as file:
                if name == "mem":
                    file.seek(int(open(f"/proc/{pid}/maps").readline().split("-")[0], 16))
                file.read(64)
        print("OPEN", name)
    except OSError as refusal:
        print("refused", name, refusal.errno)
"""


def as_nobody(*command, **options):
    return subprocess.run(command, user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True, timeout=120, cwd="/",
                          **options)


class Unprivileged:
    """The pair's programs run by a user of their own, as in a deployment; the attacker has become that user."""

    def __init__(self, relay):
        self.relay = relay

    def start(self, kind, program, verb):
        config = self.relay.write_config(f"own-{program}", **{"admin.listen": "127.0.0.1:0", "http.listen": "127.0.0.1:0"})
        for path in [self.relay.folder, *self.relay.folder.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        setpriv = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs", "--"]
        from support import places
        process = kind(f"{program}-of-nobody", [*setpriv, places.program(program), "--config", config, verb], self.relay.folder, SANITIZERS,
                       self.relay.folder)
        process.relay = self.relay
        return process


@pytest.fixture(scope="module")
def open_folder():
    """A folder that other users may go through: pytest's own are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)
        yield pathlib.Path(folder)


@pytest.fixture
def unprivileged(open_folder, broker, redis_server, smtp):
    if not shutil.which("setpriv"):
        pytest.skip("setpriv (util-linux) is missing")
    relay = Relay(pathlib.Path(tempfile.mkdtemp(dir=open_folder)), broker, redis_server, smtp.url).prepare()
    yield Unprivileged(relay)
    relay.close()


def runs(process, said):
    def running():
        assert process.running, process.tail()
        if said not in process.stderr():
            raise NotYet(process.stderr()[-500:])
        return True
    eventually(f"{process.name} to run", running)
    return process


@ROOT_ALONE
@pytest.mark.parametrize("kind, program, verb, said", [(Producer, "reset-producer", "serve", "producer serves"),
                                                       (Worker, "reset-worker", "run", "worker runs")])
def test_the_programs_own_user_reads_nothing_of_it_and_attaches_nothing(unprivileged, kind, program, verb, said):
    """Another program broken into under the same user: /proc, ptrace, gcore."""
    process = runs(unprivileged.start(kind, program, verb), said)
    seen = as_nobody(sys.executable, "-c", LOOK, str(process.pid), *PROC_FILES)
    opened = {line.split()[1] for line in seen.stdout.splitlines() if line.startswith("OPEN")}
    assert "refused environ" in seen.stdout and "refused mem" in seen.stdout, seen
    assert not opened, f"/proc/PID/{opened} of {program} can be read by its user"
    control = subprocess.Popen(["sleep", "100"], user=NOBODY, group=NOBODY, extra_groups=[])
    try:
        assert "OPEN environ" in as_nobody(sys.executable, "-c", LOOK, str(control.pid), "environ").stdout, "the attacker can read nothing at all"
        if shutil.which("gdb"):
            def attach(pid):
                return as_nobody("gdb", "--batch", "-nx", "-ex", "info registers", "-p", str(pid), env={"HOME": "/", "PATH": os.environ["PATH"]})
            assert "Operation not permitted" in (attempt := attach(process.pid)).stdout + attempt.stderr, attempt
            assert "rip " not in attempt.stdout
    finally:
        control.kill()
        control.wait()
    command_line = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
    assert unprivileged.relay.key.encode() not in command_line
    assert process.running


def killed_with_a_core(child):
    """Whether the kernel wrote a core for the child that SIGABRT ended, with its limit raised as far as we may."""
    try:
        resource.prlimit(child.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except PermissionError:  # a container's root; the hard limit stands
        _, hard = resource.prlimit(child.pid, resource.RLIMIT_CORE)
        resource.prlimit(child.pid, resource.RLIMIT_CORE, (hard, hard))
    child.send_signal(signal.SIGABRT)
    _, status = os.waitpid(child.pid, 0)
    child.returncode = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return os.WIFSIGNALED(status) and os.WCOREDUMP(status)


@ROOT_ALONE
def test_a_crash_leaves_no_core_even_where_the_limit_was_raised_from_outside(relay, tmp_path):
    control = subprocess.Popen(["sleep", "100"], cwd=tmp_path)
    if not killed_with_a_core(control):
        pytest.skip("this kernel writes no cores at all (core_pattern)")
    for process in (relay.producer(), relay.worker()):
        limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
        assert next(line for line in limits.splitlines() if line.startswith("Max core")).split()[4:6] == ["0", "0"]
        assert not killed_with_a_core(process.child), f"{process.name} left a core"
        assert not [path for path in relay.folder.iterdir() if path.name.startswith("core")]


@ROOT_ALONE
def test_no_children_are_made_so_no_environment_is_handed_on(pair):
    pair.outcome(pair.intake.request(events.reset_request()), "sent")
    for process in (pair.intake, pair.the_worker):
        for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
            assert (task / "children").read_text() == "", f"{process.name} has made a process"


SECRETS = {
    # how a secret is given that others could see; what must be said instead
    "redis_password_in_argv": (["--set", "redis.url=redis://:canary-secret@127.0.0.1:1"], {}, "redis.url"),
    "smtp_password_in_argv": (["--set", "smtp.password=canary-secret"], {}, "smtp.password"),
    "kafka_password_in_argv": (["--set", "kafka.sasl.password=canary-secret"], {}, "kafka.sasl.password"),
    "redis_password_in_environment": ([], {"RESET_RELAY_REDIS_URL": "redis://:canary-secret@127.0.0.1:1"}, "REDIS_URL"),
    "smtp_password_in_environment": ([], {"RESET_RELAY_SMTP_PASSWORD": "canary-secret"}, "SMTP_PASSWORD"),
    "kafka_password_in_environment": ([], {"RESET_RELAY_KAFKA_SASL_PASSWORD": "canary-secret"}, "SASL_PASSWORD"),
    "kafka_key_in_environment": ([], {"RESET_RELAY_KAFKA_SSL_KEY_PASSWORD": "canary-secret"}, "SSL_KEY_PASSWORD"),
}


@pytest.fixture(scope="module")
def idle(tmp_path_factory, broker):
    folder = tmp_path_factory.mktemp("idle")
    redis = RedisServer(folder / "redis").start()
    redis.process.lasting = True
    yield Relay(folder / "relay", broker, redis, "smtp://127.0.0.1:9").prepare()
    redis.kill()


@pytest.mark.parametrize("way", SECRETS)
@pytest.mark.parametrize("program, verb", [("reset-producer", "serve"), ("reset-worker", "run")])
def test_a_secret_that_others_could_see_ends_with_78_and_is_not_repeated(idle, way, program, verb):
    from support import places
    arguments, environment, named = SECRETS[way]
    if "smtp" in way and program == "reset-producer":
        return  # it has no such key: an unknown one is another matter
    config = idle.write_config(f"secret-{way}-{program}", **({"redis.url": None} if "redis" in way else {}))
    done = subprocess.run([places.program(program), "--config", config, *arguments, verb], capture_output=True, text=True, timeout=30,
                          env={**os.environ, **SANITIZERS, **environment})
    assert done.returncode == 78, done
    assert named in done.stderr and "canary-secret" not in done.stdout + done.stderr


@pytest.mark.parametrize("file", ["master.keys", "record.keys", "api.keys", "publishers"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602])
def test_a_secret_file_that_anybody_else_may_touch_is_refused(idle, file, mode):
    path = idle.folder / file
    path.chmod(mode)
    try:
        for program in ("reset-worker", "reset-producer"):
            if file == "master.keys" and program == "reset-producer" or file == "api.keys" and program == "reset-worker":
                continue
            done = idle.command(program, "check", check=False)
            assert done.returncode == 78 and file in done.stdout + done.stderr, done
    finally:
        path.chmod(0o600)
