"""A stream of requests of every kind, so that whatever the worker can do with an event is done: mailed, mailed at the
second try, refused, unknown, shut out, parked at the dot, told of a changed password, and not allowed to ask."""
from load import Load
from stream import DOMAIN
from support import events
from support.smtp_server import STALL

KINDS = ("plain", "later", "refused", "unknown", "shut", "stalled", "changed", "plain")
OUTCOMES = ("sent", "dead", "suppressed")
SETTINGS = {
    "worker.park": "1s",
    "smtp.dot_timeout": "2s",
    "smtp.connections": "2",
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

    def _request(self, number):
        kind = KINDS[number % len(KINDS)]
        user, path = f"{kind}-{number}", "/v1/password-resets"
        address = f"{user}@{DOMAIN}"
        body = events.reset_request(user=user, email=address)
        if kind == "unknown":
            body["user"], address = None, None
        elif kind == "changed":
            path, body = "/v1/password-changes", events.password_change(user, address)
        return path, body, user, address

    def ask_each_kind(self, producer):
        self.ask_many(producer, len(KINDS))
        stranger = events.reset_request(user=f"stranger-{self._next()}", actor_tenant="elsewhere")
        with self._lock:
            self._note(self._number, stranger["user"]["id"], self.relay.publish(stranger), None)
