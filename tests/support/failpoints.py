"""The programs built with failpoints, and the journal of what struck in them (common/io/failpoint.h)."""
import fcntl
import itertools
import os
import subprocess

from . import places

EXIT_CODE = 86
_numbers = itertools.count(1)


def build(preset="failpoints"):
    """Builds a preset's programs where they are missing or older than the sources: their folder."""
    folder = places.ROOT / "build" / preset
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f"{preset}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "CMakeCache.txt").exists():
            _run("cmake", "--preset", preset)
        _run("cmake", "--build", folder, f"-j{os.cpu_count()}", "--target", "reset-worker", "reset-producer")
    return folder / "bin"


def _run(*command):
    done = subprocess.run(command, cwd=places.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"it does not build:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"


def built(programs, **environment):
    """Makes a command of the relay's (Relay.worker's `wrap`) one of these programs."""
    return lambda command: ["env", *(f"{name}={value}" for name, value in environment.items()),
                            programs / command[0].name, *command[1:]]


class Failpoints:
    """Rules for one process or for several, one after the other, and what came of them."""

    def __init__(self, folder, programs, rules, **numbers):
        self.path = folder / f"failpoints-{next(_numbers)}"
        self.path.touch()
        self.wrap = built(programs, RESET_FAILPOINTS=rules, RESET_FAILPOINTS_JOURNAL=self.path,
                          **{f"RESET_FAILPOINT_{name.upper()}": number for name, number in numbers.items()})

    def _lines(self, *words):
        return {name for word, _, name in (line.partition(" ") for line in self.path.read_text().splitlines())
                if word in words}

    @property
    def seen(self):
        return self._lines("seen")

    @property
    def struck(self):
        return self._lines("exit", "fail", "hang")
