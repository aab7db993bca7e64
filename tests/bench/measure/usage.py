"""What a process has used: processor seconds and memory, as the kernel counts them."""
import os

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid, children=False):
    """User and system; `children`: also of those that it has waited for.  0 when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(int(field) for field in fields[11:15 if children else 13]) / TICKS


def memory_mb(pid, line="VmRSS"):
    """Resident now; `line` VmHWM: the most that it ever was."""
    with open(f"/proc/{pid}/status") as file:
        fields = dict(entry.split(":", 1) for entry in file.read().splitlines())
    return int(fields[line].split()[0]) / 1024


class Stopwatch:
    """Processor seconds of some processes since now."""

    def __init__(self, **processes):
        self.processes = processes
        self.before = {name: cpu_seconds(process.pid) for name, process in processes.items()}

    def used(self):
        return {name: cpu_seconds(process.pid) - self.before[name] for name, process in self.processes.items()}

    @staticmethod
    def total(process):
        """Since it was started."""
        return cpu_seconds(process.pid)
