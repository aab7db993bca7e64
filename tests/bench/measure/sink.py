"""The sink in C, and who of the recipients is chosen to be refused or stalled."""
import dataclasses
import itertools
import socket

from support import places
from support.processes import Process
from support.waiting import eventually

_numbers = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Counted:
    mails: int
    bytes: int
    first: int  # monotonic nanoseconds, of mails or refusals
    last: int
    recipients: int
    refused: int
    stalled: int
    connections: int

    @property
    def seconds(self):
        return max((self.last - self.first) / 1e9, 1e-6)

    @property
    def rate(self):
        """Answers to mails a second, refusals among them, between the first and the last."""
        return (self.mails + self.refused - 1) / self.seconds


class Sink:
    """`options` as the program has them: "--delay", 20, ...; `log`: arrivals() will be asked."""

    def __init__(self, folder, *options, log=False):
        name = f"sink-{next(_numbers)}"
        self.log = folder / f"{name}.log"
        if log:
            options += ("--log", self.log)
        self.process = Process(name, [places.program("bench_sink"), *options], folder)
        self.port = int(eventually("the sink's port", self.process.stdout, 20).split()[0])
        self.url = f"smtp://127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def counted(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(b"XCOUNT\r\nQUIT\r\n")
            answer = connection.makefile("r").read().splitlines()
        words = dict(word.split("=") for word in answer[1].split()[1:])
        return Counted(**{name: int(number) for name, number in words.items()})

    def arrivals(self):
        """{address: monotonic nanoseconds} of what was logged; ask for the counts first, which writes the log out."""
        lines = (line.split() for line in self.log.read_text().splitlines())
        return {address: int(moment) for moment, address in lines}

    def stop(self):
        self.process.kill()


def is_chosen(address, share):
    """As the sink chooses: FNV-1a of the address in lower case, `share` of 10 000."""
    value = 2166136261
    for byte in address.lower().encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value % 10000 < share
