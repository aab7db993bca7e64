"""What a fault run writes down: four records that do not know of one another, and the faults that struck.

The client's answers, the relay's mails, the audit topic with the positions of the requests' records, and what Redis
keeps.  Plain values: the verdict reads nothing else, and a test can doctor them.
"""
import contextlib
import dataclasses
import time
import typing


class Fault(typing.NamedTuple):
    kind: str
    at: float             # the moment before it was done; seconds since the epoch, as everywhere here
    until: float          # when what was broken had been let go again
    target: str = ""      # a worker's name, where it struck one


class Mail(typing.NamedTuple):
    """One that the relay took: its final dot was read, and the answer was 250 or was cut."""
    request: str
    address: str
    at: float
    connection: int
    token: str
    message_id: str


class End(typing.NamedTuple):
    """A terminal audit record, the first with its id."""
    audit: str
    outcome: str
    reason: str
    generation: int
    rebuilt: bool
    maybe_mailed: bool
    at: float             # when the broker had it


class Copy(typing.NamedTuple):
    generation: int
    copy: int
    at: float


class Position(typing.NamedTuple):
    """A record on a topic that the workers read, and when the group was first seen to have committed past it."""
    request: str
    generation: int
    copy: int
    where: str
    passed: float


class Token(typing.NamedTuple):
    request: str
    ttl_ms: int
    claimed: bool         # redeemed: it opens nothing more, and is kept for whoever asks for his answer again


class Sample(typing.NamedTuple):
    at: float
    memory: int           # KiB resident
    descriptors: int
    threads: int


class Redemption(typing.NamedTuple):
    request: str
    stranger: int         # statuses: with somebody else's address,
    own: int              # with its own,
    repeated: int         # asked again with the same key,
    second: int           # and with another key


@dataclasses.dataclass
class Evidence:
    asked: dict = dataclasses.field(default_factory=dict)         # number -> when first
    acknowledged: dict = dataclasses.field(default_factory=dict)  # number -> request id
    users: dict = dataclasses.field(default_factory=dict)         # number -> user
    answers: dict = dataclasses.field(default_factory=dict)       # status or "none" -> how many
    mails: list = dataclasses.field(default_factory=list)         # in the order in which the relay took them
    connections: dict = dataclasses.field(default_factory=dict)   # connection -> the worker's name in its EHLO
    ends: dict = dataclasses.field(default_factory=dict)          # request id -> [End]
    deferred: dict = dataclasses.field(default_factory=dict)      # request id -> how many
    copies: dict = dataclasses.field(default_factory=dict)        # request id -> [Copy]
    positions: list = dataclasses.field(default_factory=list)
    tokens: list = dataclasses.field(default_factory=list)        # Redis's, at the end
    leaks: list = dataclasses.field(default_factory=list)         # sentences: where something secret was found
    redemptions: list = dataclasses.field(default_factory=list)
    invalid: list = dataclasses.field(default_factory=list)       # audit records that break their schema
    samples: dict = dataclasses.field(default_factory=dict)       # process that lived throughout -> [Sample]
    at_rest: dict = dataclasses.field(default_factory=dict)       # the same -> descriptors before all, and after it
    faults: list = dataclasses.field(default_factory=list)
    died: list = dataclasses.field(default_factory=list)          # sentences: processes that ended by themselves
    trouble: list = dataclasses.field(default_factory=list)       # sentences: faults that did not strike as meant
    outcomes: tuple = ("sent",)                                   # what the faults of this run may lead to


@contextlib.contextmanager
def fault_of(evidence, kind, target=""):
    """What is done inside is a fault of that kind."""
    began = time.time()
    try:
        yield
    finally:
        evidence.faults.append(Fault(kind, began, time.time(), target))
