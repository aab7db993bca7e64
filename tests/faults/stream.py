"""The numbered stream of requests of a long run, asked as a good service asks: with an Idempotency-Key, again and
again until the 202."""
import http.client
import random
import threading
import time

from support import events

DOMAIN = "canary.example"
SLOWEST_S = 20
AGAIN_S = 0.2


class Stream:
    """`producers()`: those that may be asked; `allowed()`: how many numbers may have been asked by now."""

    def __init__(self, evidence, producers, total, rate, twins=False, threads=6, seed=0):
        self.evidence = evidence
        self.total = total
        self.twins = twins              # every 25th number is asked for the user of the number before
        self._producers = producers
        self._every = 1.0 / rate
        self._lock = threading.Lock()
        self._next_at = 0.0
        self._allowed = float("inf")
        self._stopped = threading.Event()
        self._chance = random.Random(seed)
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def start(self):
        self._next_at = time.monotonic()
        for thread in self._threads:
            thread.start()

    def allow(self, count):
        self._allowed = count

    def no_more(self):
        """What is asked is asked on until it is acknowledged; nothing new begins."""
        self.total = min(self.total, len(self.evidence.asked))

    @property
    def done(self):
        return len(self.evidence.acknowledged) >= self.total

    def stop(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join(SLOWEST_S + 5)

    def _take(self):
        """The next number and for how long to wait before it is asked, or None."""
        with self._lock:
            number = len(self.evidence.asked) + 1
            if number > min(self.total, self._allowed):
                return None, AGAIN_S
            now = time.monotonic()
            self._next_at = max(self._next_at + self._every, now - 1)
            user = f"user-{number - 1 if self.twins and number % 25 == 0 else number}"
            self.evidence.users[number] = user
            self.evidence.asked[number] = time.time()
            return number, max(0.0, self._next_at - now)

    def _run(self):
        while not self._stopped.is_set():
            number, pause = self._take()
            self._stopped.wait(pause)
            while number and not self._stopped.is_set() and not self._ask(number):
                self._stopped.wait(AGAIN_S)

    def _ask(self, number):
        user = self.evidence.users[number]
        body = events.reset_request(user=user, email=f"{user}@{DOMAIN}")
        producer = self._chance.choice(self._producers())
        try:
            answer = producer.post("/v1/password-resets", body, timeout=SLOWEST_S, Idempotency_Key=f"number-{number}")
            status = answer.status
        except (OSError, http.client.HTTPException):
            status = "none"
        with self._lock:
            self.evidence.answers[status] = self.evidence.answers.get(status, 0) + 1
            if status == 202:
                self.evidence.acknowledged[number] = answer.json()["id"]
        return status == 202
