"""A numbered stream of requests under faults, and the judgement over it.

Four independent records are compared: the 202s that this client got, what the relay received, what Redis keeps, and
the audit topic.  None of them is the product's own opinion of itself alone.
"""
import http.client
import re
import threading

from support import events, web
from support.expectations import audits_are_valid, same_request_same_mail
from support.waiting import NotYet, eventually

TERMINAL = ("sent", "suppressed", "expired", "dead")
PREFIX = re.compile(rb"^pwreset:(\w+):?")
TOKEN = re.compile(rb"(?<![\w-])[\w-]{43}(?![\w-])")
TTL_MOST_MS = 86_400_000
PACE_S = 0.005  # between two requests of a thread: faults are what a run is for, not throughput


class Load:
    def __init__(self, relay, smtp, redis_server):
        self.relay = relay
        self.smtp = smtp
        self.redis = redis_server
        self.acknowledged = {}  # request id -> address
        self.refused = 0        # answers other than 202, and no answer
        self._number = 0
        self._lock = threading.Lock()

    # Sending.

    def _next(self):
        with self._lock:
            self._number += 1
            return self._number

    def ask(self, producer):
        """One request of a user of its own: whether it was acknowledged.  Repeated by nobody: what is not a 202 may
        be mailed or not."""
        number = self._next()
        body = events.reset_request(user=f"user-{number}", email=f"user-{number}@example.com")
        try:
            answer = producer.post("/v1/password-resets", body, timeout=20)
        except (OSError, http.client.HTTPException):
            answer = None
        with self._lock:
            if answer is None or answer.status != 202:
                self.refused += 1
                return False
            self.acknowledged[answer.json()["id"]] = body["user"]["email"]
            return True

    def ask_many(self, producer, count):
        """Until so many more were acknowledged."""
        goal = len(self.acknowledged) + count

        def enough():
            while len(self.acknowledged) < goal:
                if not self.ask(producer):
                    raise NotYet(f"{goal - len(self.acknowledged)} to go, {self.refused} refused")
            return True
        eventually(f"{count} acknowledged requests", enough, 180)

    def background(self, producer, threads=4):
        """Asks until the context ends."""
        return _Background(self, producer, threads)

    # Judging.

    def wait_until_done(self, deadline=240):
        """Until every acknowledged request has a terminal outcome and every offset is committed."""
        def done():
            ended = {audit["data"].get("request_id") for audit in self.relay.audits()
                     if audit["data"]["outcome"] in TERMINAL}
            missing = set(self.acknowledged) - ended
            if missing:
                raise NotYet(f"{len(missing)} of {len(self.acknowledged)} have no outcome, e.g. {min(missing)}")
            return True
        eventually("every acknowledged request to end", done, deadline)
        self.relay.wait_until_committed(deadline)

    def judge(self, extra_mails=0, outcomes=("sent",), rebuilt=False):
        """I1 to I4 and I6, once all is done.  `extra_mails`: how many second mails the faults may explain at most."""
        self.wait_until_done()
        self._one_terminal_outcome(outcomes, rebuilt)
        self._mails(extra_mails, rebuilt)
        self._redis()
        audits_are_valid(self.relay.audits())

    def _one_terminal_outcome(self, outcomes, rebuilt):
        ends = {}
        for audit in self.relay.audits():
            data = audit["data"]
            if data["outcome"] in TERMINAL and "request_id" in data:  # else what is no event at all
                ends.setdefault(data["request_id"], []).append(data)
        for request_id in self.acknowledged:
            found = ends[request_id]
            kinds = [end["outcome"] for end in found]
            first = [end for end in found if not end.get("rebuilt")] if rebuilt else found
            assert len(first) <= 1 and found, f"I1: {request_id} ended {kinds}"
            assert set(kinds) <= set(outcomes), f"{request_id} ended {kinds}, expected {outcomes}"

    def _mails(self, extra_mails, rebuilt):
        mails = [mail for mail in self.smtp.mails.all() if mail.recipients[0] in set(self.acknowledged.values())]
        addresses = {mail.recipients[0] for mail in mails}
        sent = {audit["data"]["request_id"] for audit in self.relay.audits(outcome="sent")}
        missing = {self.acknowledged[each] for each in sent if each in self.acknowledged} - addresses
        assert not missing, f"I1: {len(missing)} are sent by the audit and unknown to the relay, e.g. {min(missing)}"
        if not rebuilt:
            same_request_same_mail(mails)
        extra = len(mails) - len(addresses)
        assert extra <= extra_mails, f"I2: {extra} second mails, the faults explain {extra_mails}"

    def _redis(self):
        client = self.redis.client()
        tokens = {mail.token.encode() for mail in self.smtp.mails.all()}
        owners = {}
        for key, value in self.redis.dump().items():
            assert not tokens & set(TOKEN.findall(key + b" " + value)), "I4: a token in the clear"
            if PREFIX.match(key).group(1) == b"token":
                owners.setdefault(value.split(b"\t")[1], []).append(key)
                assert 0 < client.pttl(key) <= TTL_MOST_MS, f"I4: {key} lives {client.pttl(key)} ms"
        doubled = {request for request, keys in owners.items() if len(keys) > 1}
        assert not doubled, f"I3: two live tokens for {doubled}"


class _Background:
    def __init__(self, load, producer, threads):
        self._stop = threading.Event()
        self._load = load
        self._producer = producer
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def _run(self):
        while not self._stop.is_set():
            asked = self._load.ask(self._producer)
            self._stop.wait(PACE_S if asked else 10 * PACE_S)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def more(self, count, deadline=180):
        """Until so many more were acknowledged while it runs."""
        goal = len(self._load.acknowledged) + count
        eventually(f"{count} more acknowledged requests", lambda: len(self._load.acknowledged) >= goal, deadline,
                   seen=lambda: (len(self._load.acknowledged), self._load.refused))


def counts(port):
    """Of a program: what must stay flat (I7)."""
    found = web.metrics(port)
    return {name: found[name][0][1] for name in ("process_resident_memory_bytes", "process_open_fds") if name in found}
