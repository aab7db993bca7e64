"""Writes down, while a long run goes on, what the relay took, what the audit topic says, how far the group has
committed and what the processes need.  Keeps of each record what the verdict asks, never a mail or an event."""
import json
import pathlib
import re
import threading
import time

from confluent_kafka import Consumer, KafkaException, TopicPartition

from evidence import Copy, End, Mail, Position, Sample, Token
from stream import DOMAIN
from support import kafka_client
from support.expectations import audit_validator

TERMINAL = ("sent", "suppressed", "expired", "dead")
MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([0-9a-f-]{36})\.([^@>]+)@", re.M)
LINK = re.compile(rb"#([\w-]{43})(?![\w-])")
TOKEN = re.compile(rb"(?<![\w-])[\w-]{43}(?![\w-])")
TOKEN_REQUEST, TOKEN_CLAIM = 1, 10  # fields of a token's record (common/core/protocol/record.c)
VALIDATED = 20            # one audit record of so many goes through the JSON Schema
COMMITS_EVERY_S = 0.5
SAMPLES_EVERY_S = 2.0


class MailLedger:
    """Stands in for the relay's store: a mail becomes one line of evidence.  `links`: each must have one."""

    def __init__(self, evidence, links=True):
        self.evidence = evidence
        self.links = links

    def add(self, mail):
        text = mail.raw.replace(b"=\r\n", b"")
        message_id, link = MESSAGE_ID.search(text), LINK.search(text)
        if message_id is None or self.links and link is None:
            self.evidence.invalid.append(f"a mail to {mail.recipients} has no Message-ID or link")
            return
        self.evidence.mails.append(Mail(message_id.group(1).decode(), mail.recipients[0], mail.at, mail.connection,
                                        link.group(1).decode() if link else "", message_id.group(2).decode()))

    def __len__(self):
        return len(self.evidence.mails)


class Nothing:
    """A store that keeps nothing: refused mails, of which there are many."""

    def add(self, _mail):
        pass


class Greetings:
    """Stands in for the relay's list of commands: keeps who greets on which connection."""

    def __init__(self, evidence):
        self.evidence = evidence

    def append(self, command):
        number, line = command
        if line[:4].upper() in ("EHLO", "HELO"):
            self.evidence.connections[number] = line[5:].strip()


class TopicLedger:
    """The audit topic and the topics that the workers read."""

    def __init__(self, evidence, relay):
        self.evidence = evidence
        self.relay = relay
        self.reader = kafka_client.TopicReader(relay.broker.address,
                                               [relay.audit_topic, relay.requested, *relay.retries])
        self.ended = set()             # request ids
        self.records = 0
        self._seen = set()             # audit ids
        self._pending = {}             # (topic, partition) -> [(offset, request, generation, copy)], not yet passed
        self._validator = audit_validator()
        self._group = Consumer({"bootstrap.servers": relay.broker.address, "group.id": relay.group,
                                "enable.auto.commit": False, "logger": kafka_client._silent()})

    def refresh(self):
        self.reader.refresh()
        records, self.reader.records = self.reader.records, []
        for record in records:
            if record.topic == self.relay.audit_topic:
                self._audit(record)
            else:
                self._event(record)

    def complete(self, deadline=60):
        self.reader.complete(deadline)
        self.refresh()

    def _audit(self, record):
        document = json.loads(record.value)
        data = document["data"]
        self.records += 1
        if DOMAIN.encode() in record.value:
            self.evidence.leaks.append(f"an address in an audit record: {record.value.decode()}")
        if self.records % VALIDATED == 0:
            self.evidence.invalid += [error.message for error in self._validator.iter_errors(document)]
        request, at = data.get("request_id"), record.timestamp_ms / 1000
        if document["id"] in self._seen:
            return
        self._seen.add(document["id"])
        if data["outcome"] in TERMINAL:
            self.ended.add(request)
            self.evidence.ends.setdefault(request, []).append(
                End(document["id"], data["outcome"], data.get("reason", ""), data.get("generation", 0),
                    data.get("rebuilt", False), data.get("maybe_mailed", False), at))
        elif data["outcome"] == "deferred":
            self.evidence.deferred[request] = self.evidence.deferred.get(request, 0) + 1

    def _event(self, record):
        request = json.loads(record.value)["id"]
        generation, copy = (int(record.header(name) or 0) for name in ("generation", "copy"))
        if record.topic != self.relay.requested:
            self.evidence.copies.setdefault(request, []).append(Copy(generation, copy, record.timestamp_ms / 1000))
        self._pending.setdefault((record.topic, record.partition), []).append(
            (record.offset, request, generation, copy))

    def look_at_commits(self):
        """What the group is seen to have committed past by now."""
        try:
            committed = self._group.committed([TopicPartition(*where) for where in self._pending], timeout=5)
        except KafkaException:
            return
        now = time.time()
        for partition in committed:
            if partition.error:
                continue
            waiting = self._pending[partition.topic, partition.partition]
            passed = [each for each in waiting if each[0] < partition.offset]
            if passed:
                self._pending[partition.topic, partition.partition] = waiting[len(passed):]
            where = f"{partition.topic}[{partition.partition}]"
            self.evidence.positions += [Position(request, generation, copy, f"{where}@{offset}", now)
                                        for offset, request, generation, copy in passed]

    @property
    def not_passed(self):
        return sum(len(waiting) for waiting in self._pending.values())

    def close(self):
        self.reader.close()
        self._group.close()


class Watch:
    """The thread that refreshes the topics' ledger and looks at processes; `processes()`: {name: pid}."""

    def __init__(self, ledger, evidence, processes):
        self.ledger = ledger
        self.evidence = evidence
        self.trouble = None
        self._processes = processes
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stopped.set()
        self._thread.join(60)
        self.must_see()

    def must_see(self):
        assert self.trouble is None, f"the judge went blind: {self.trouble!r}"

    def _run(self):
        commits = samples = 0.0
        while not self._stopped.wait(0.05):
            try:
                self.ledger.refresh()
                if time.monotonic() - commits > COMMITS_EVERY_S:
                    self.ledger.look_at_commits()
                    commits = time.monotonic()
                if time.monotonic() - samples > SAMPLES_EVERY_S:
                    for name, pid in self._processes().items():
                        sample = sample_of(pid)
                        if sample:
                            self.evidence.samples.setdefault(name, []).append(sample)
                    samples = time.monotonic()
            except Exception as trouble:  # the run says it at the end: a blind judge judges nothing
                self.trouble = trouble
                raise


def sample_of(pid):
    folder = pathlib.Path(f"/proc/{pid}")
    try:
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        return Sample(time.time(), int(status["VmRSS"].split()[0]),
                      len(list((folder / "fd").iterdir())), int(status["Threads"]))
    except (OSError, KeyError):
        return None


def look_into_redis(evidence, client):
    """I3 and I4: what it keeps at the end, and whether a mailed token is anywhere in it."""
    mailed = {mail.token.encode() for mail in evidence.mails}
    batch = []

    def read():
        pipeline = client.pipeline(transaction=False)
        for key in batch:
            pipeline.dump(key) if not key.startswith(b"pwreset:") else pipeline.get(key)
            pipeline.pttl(key)
        answers = pipeline.execute(raise_on_error=False)
        for key, value, ttl in zip(batch, answers[::2], answers[1::2]):
            value = value if isinstance(value, bytes) else repr(value).encode()
            if mailed & set(TOKEN.findall(key + b" " + value)):
                evidence.leaks.append(f"a token in the clear in Redis under {key.decode()}")
            if key.startswith(b"pwreset:token:"):
                fields = value.split(b"\t")
                evidence.tokens.append(Token(fields[TOKEN_REQUEST].decode(), ttl, fields[TOKEN_CLAIM] != b""))
        batch.clear()
    for key in client.scan_iter(count=2000):
        batch.append(key)
        if len(batch) == 2000:
            read()
    read()


def look_into_files(evidence, paths):
    """I5: no token that was mailed, and no address, in what programs and Redis wrote."""
    mailed = {mail.token.encode() for mail in evidence.mails}
    for path in paths:
        with open(path, "rb") as file:
            for line in file:
                if DOMAIN.encode() in line:
                    evidence.leaks.append(f"an address in {path.name}: {line[:300]!r}")
                    break
                if mailed & set(TOKEN.findall(line)):
                    evidence.leaks.append(f"a token in {path.name}")
                    break
