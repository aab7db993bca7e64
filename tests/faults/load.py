"""A numbered stream of requests under faults, and the judgement over it.

Four independent records are compared: the 202s that this client got, what the relay received, what Redis keeps, and
the audit topic.  None of them is the product's own opinion of itself alone.
"""
import http.client
import threading
import time

import verdict
from evidence import Evidence, Fault, fault_of
from stream import DOMAIN
from support import events
from support.repeating import Repeating
from support.waiting import NotYet, eventually
from watch import Greetings, MailLedger, TopicLedger, Watch, look_into_files, look_into_redis

EXPLAINED = "each by a fault"
PACE_S = 0.005  # between two requests of a thread: faults are what a run is for, not throughput


class Load:
    def __init__(self, relay, smtp, redis_server):
        self.relay = relay
        self.smtp = smtp
        self.redis = redis_server
        self.acknowledged = {}  # request id -> address
        self.refused = 0        # answers other than 202, and no answer
        self.evidence = Evidence()
        self.ledger = TopicLedger(self.evidence, relay)
        self._mails = MailLedger(self.evidence, links=False)
        self._watch = Watch(self.ledger, self.evidence, dict)
        self._watch.start()
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
        path, body, user, address = self._request(number)
        try:
            answer = producer.post(path, body, timeout=20)
        except (OSError, http.client.HTTPException):
            answer = None
        with self._lock:
            if answer is None or answer.status != 202:
                self.refused += 1
                return False
            self._note(number, user, answer.json()["id"], address)
            return True

    def _request(self, number):
        """Its path and body, and whom it is for: the user's id and where the mail goes, None where none does."""
        user, address = f"user-{number}", f"user-{number}@{DOMAIN}"
        return "/v1/password-resets", events.reset_request(user=user, email=address), user, address

    def _note(self, number, user, request, address):
        self.acknowledged[request] = address
        self.evidence.users[number], self.evidence.acknowledged[number] = user, request

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

    def fault(self, kind, target=None):
        """A context in which something of `verdict`'s names is done, to a worker where it is done to one."""
        return fault_of(self.evidence, kind, f"{target.name}.test" if target else "")

    # Judging.

    def wait_until_done(self, deadline=240):
        """Until every acknowledged request has a terminal outcome and every offset is committed."""
        def done():
            self._watch.must_see()
            missing = set(self.acknowledged) - self.ledger.ended
            if missing:
                raise NotYet(f"{len(missing)} of {len(self.acknowledged)} have no outcome, e.g. {min(missing)}")
            return True
        eventually("every acknowledged request to end", done, deadline)
        self.relay.wait_until_committed(deadline)

    def judge(self, extra_mails=0, outcomes=("sent",), rebuilt=False):
        """I1 to I6, once all is done.  `extra_mails`: how many second mails the faults may explain at most, or EXPLAINED,
        each by a fault that struck inside fault(); `rebuilt`: Redis lost what it kept."""
        self.wait_until_done()
        self.stop_watching()
        self.ledger.complete()
        evidence = self.evidence
        evidence.outcomes = outcomes
        if rebuilt:
            evidence.faults.append(Fault("redis emptied", 0.0, time.time()))
        for mail in self.smtp.mails.all():
            self._mails.add(mail)
        look_into_redis(evidence, self.redis.client())
        look_into_files(evidence, [path for path in self.relay.folder.rglob("*") if path.suffix in (".out", ".err")])
        broken = [*verdict.one_end(evidence), *verdict.live_tokens(evidence), *verdict.leaks(evidence),
                  *verdict.commits(evidence), *verdict.other_mails(evidence)]
        if extra_mails is EXPLAINED:
            self._greetings()
            broken += verdict.mails(evidence)
        assert not broken, "\n".join(f"{each.invariant}: {each.sentence}" for each in broken[:10])
        extra = len(verdict.second_mails(evidence.mails))
        assert extra_mails is EXPLAINED or extra <= extra_mails, f"I2: {extra} second mails, the faults explain {extra_mails}"

    def _greetings(self):
        greetings = Greetings(self.evidence)
        for command in list(self.smtp.commands):
            greetings.append(command)

    def stop_watching(self):
        if self._watch:
            self._watch.stop()
            self._watch = None

    def close(self):
        self.stop_watching()
        self.ledger.close()


class _Background(Repeating):
    def __init__(self, load, producer, threads):
        super().__init__(lambda _thread: PACE_S if load.ask(producer) else 10 * PACE_S, threads)
        self._load = load

    def more(self, count, deadline=180):
        """Until so many more were acknowledged while it runs."""
        goal = len(self._load.acknowledged) + count
        eventually(f"{count} more acknowledged requests", lambda: len(self._load.acknowledged) >= goal, deadline,
                   seen=lambda: (len(self._load.acknowledged), self._load.refused))
