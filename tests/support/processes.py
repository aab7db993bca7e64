"""Processes of a test: started in their own group, logged to a file, gone when the test is.

Whatever a test starts is in `JOURNAL`; conftest prints the tails of those logs beside a failure and stops what a
test left running.
"""
import ctypes
import fcntl
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import time

JOURNAL = []
_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def free_port():
    """A loopback port that is free, was given to nobody else for long, and that no client's socket gets by chance while
    a test has its server down: below the range that the kernel gives them from.

    A server binds its port seconds later, so that being free now is not enough: all tests of this user, in whatever
    process, take the next port of one round, whose place is kept in a file.
    """
    lowest = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = range(10_000, max(lowest, 11_000))
    with open(pathlib.Path(tempfile.gettempdir()) / f"reset-relay-ports-{os.getuid()}", "a+") as place:
        fcntl.flock(place, fcntl.LOCK_EX)
        place.seek(0)
        last = int(place.read() or random.choice(ports))
        following = (ports[(last - ports.start + step) % len(ports)] for step in range(1, len(ports)))
        port = next(port for port in following if _is_free(port))
        place.truncate(0)
        place.write(str(port))
    return port


def _is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _end(path, size):
    """The last bytes of a file, which may have grown to hundreds of megabytes."""
    with open(path, "rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - size))
        return file.read(size).decode(errors="replace")


def _die_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Process:
    """One child.  stdout and stderr go to files of their own; `environment` is added to ours."""

    def __init__(self, name, command, folder, environment=None, cwd=None):
        self.name = name
        self.command = [str(part) for part in command]
        folder = pathlib.Path(folder)
        self.out_path = folder / f"{name}.out"
        self.err_path = folder / f"{name}.err"
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            self.child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=cwd,
                                          env={**os.environ, **(environment or {})}, start_new_session=True,
                                          preexec_fn=_die_with_parent)
        JOURNAL.append(self)

    @property
    def pid(self):
        return self.child.pid

    @property
    def running(self):
        return self.child.poll() is None

    def stdout(self):
        return self.out_path.read_text(errors="replace")

    def stderr(self):
        return self.err_path.read_text(errors="replace")

    def tail(self, size=4000):
        return f"--- {self.name} stdout\n{_end(self.out_path, size)}\n--- {self.name} stderr\n{_end(self.err_path, size)}"

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, deadline=60):
        """The exit code; a process that does not end is killed and the test fails."""
        try:
            return self.child.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {deadline} s\n{self.tail()}") from None

    def kill(self):
        """SIGKILL, at once."""
        if self.running:
            self.child.kill()
        self.child.wait()

    def stop(self, deadline=45):
        """SIGTERM and the exit code."""
        if self.running:
            self.child.terminate()
        return self.wait(deadline)


def wait_for_port(process, port, deadline=30):
    """Until something listens on the loopback port; fails at once when the process ends before."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        assert process.running, f"{process.name} ended with {process.child.returncode}\n{process.tail()}"
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"{process.name} does not listen on port {port} after {deadline} s\n{process.tail()}")
