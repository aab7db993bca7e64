"""How noisy the machine was while something was measured: load, time stolen by the hypervisor, and processors that
were busy with what is not ours."""
import os
import resource
import time

from support.processes import JOURNAL

from .usage import cpu_seconds

TICKS = os.sysconf("SC_CLK_TCK")


def _machine():
    """Seconds of all processors together: (busy, stolen, all)."""
    with open("/proc/stat") as file:
        user, nice, system, idle, wait, hard, soft, stolen = (int(word) / TICKS for word in file.readline().split()[1:9])
    busy = user + nice + system + hard + soft
    return busy, stolen, busy + idle + wait + stolen


def _ours():
    """What we and all that we started have used so far."""
    used = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        figures = resource.getrusage(who)
        used += figures.ru_utime + figures.ru_stime
    for process in JOURNAL:
        if process.running:
            used += cpu_seconds(process.pid, children=True)
    return used


class Noise:
    def __enter__(self):
        self.load = os.getloadavg()[0]
        self.began, self.before, self.used = time.monotonic(), _machine(), _ours()
        return self

    def __exit__(self, *_):
        busy, stolen, total = (now - then for now, then in zip(_machine(), self.before))
        total = max(total, 1e-9)
        self.seconds = time.monotonic() - self.began
        self.stolen = stolen / total
        self.others = max(0.0, busy - (_ours() - self.used)) / total

    def document(self):
        return {"seconds": round(self.seconds, 1), "load_before": self.load, "stolen_share": round(self.stolen, 4),
                "others_share": round(self.others, 4)}

    def text(self):
        return (f"{self.seconds:.0f} s, load before {self.load:.2f}, stolen {self.stolen:.1%}, "
                f"others' use of the processors {self.others:.1%}")
