"""A stream of requests of every kind, so that whatever the worker can do with an event is done: mailed, mailed at the
second try, refused, unknown, shut out, parked at the dot, told of a changed password, and what is no event at all."""
import http.client

from load import Load
from support import events
from support.smtp_server import STALL

KINDS = ("plain", "later", "refused", "unknown", "shut", "stalled", "changed", "plain")
OUTCOMES = ("sent", "dead", "suppressed")
SETTINGS = {
    "worker.park": "1s",
    "smtp.dot_timeout": "2s",
    "smtp.connections": "2",
    # Who comes back with its name gets its partitions at once, instead of after a dead member's session.
    "kafka.max.poll.interval.ms": "10000",
}
TIERS = ("1s", "4s")
CONNECTIONS = 2  # of a worker: as many mails may be at the dot when it dies


class Mixture(Load):
    def __init__(self, relay, smtp, redis_server):
        super().__init__(relay, smtp, redis_server)
        self._known = set()
        smtp.rule("rcpt", self._answer_recipient)
        smtp.rule("dot", self._answer_dot)

    def _is_new(self, address):
        new = address not in self._known
        self._known.add(address)
        return new

    def _answer_recipient(self, address):
        kind = address.partition("-")[0]
        if kind in ("refused", "changed"):
            return "550 5.1.1 nobody of that name"
        if kind in ("later", "shut") and self._is_new(address):
            return "451 4.7.1 later" if kind == "later" else "421 4.3.2 closing"
        return None

    def _answer_dot(self, mail):
        address = mail.recipients[0]
        return STALL if address.startswith("stalled") and self._is_new(address) else None

    def ask(self, producer):
        number = self._next()
        kind = KINDS[number % len(KINDS)]
        address, path = f"{kind}-{number}@example.com", "/v1/password-resets"
        body = events.reset_request(user=f"user-{number}", email=address)
        if kind == "unknown":
            body["user"], address = None, None
        elif kind == "changed":
            path, body = "/v1/password-changes", events.password_change(f"user-{number}", address)
        try:
            answer = producer.post(path, body, timeout=20)
        except (OSError, http.client.HTTPException):
            answer = None
        with self._lock:
            if answer is None or answer.status != 202:
                self.refused += 1
                return False
            self.acknowledged[answer.json()["id"]] = address
        return True

    def ask_each_kind(self, producer):
        self.ask_many(producer, len(KINDS))
        self.relay.publish_records([(b"acme/nobody", b"no event at all", [])])
