#!/usr/bin/python3
"""A long run under faults: a numbered stream of requests through three brokers, Redis, workers, producers and a
scripted relay, faults that strike, and the verdict over what was written down.  See run.sh for the options.

Ends with 0 when no invariant was broken, with 1 otherwise; prints the figures and writes them to a file.
"""
import argparse
import concurrent.futures
import pathlib
import pickle
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import figures  # noqa: E402
import strikes  # noqa: E402
import verdict  # noqa: E402
from evidence import Evidence, Redemption  # noqa: E402
from stream import Stream  # noqa: E402
from system import System  # noqa: E402
from support.waiting import NotYet, eventually  # noqa: E402
from watch import TopicLedger, Watch, look_into_files, look_into_redis, sample_of  # noqa: E402

SETTLED_WITHIN_S = 300  # without one more end
RESTED_WITHIN_S = 90    # thrice smtp.idle_timeout
REDEEMED_EVERY = 40
MIXED_PAUSE_S = (0.5, 4.0)
MORTAL = {"worker": (-1, 0), "producer": (0, -1), "mixed": (2, 1)}  # -1: all of them


def arguments(given=None):
    parser = argparse.ArgumentParser(prog="tests/faults/run.sh", description=__doc__)
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--hours", type=float, help="all faults, mixed, for so long")
    length.add_argument("--minutes", type=float, help="the same, shorter")
    length.add_argument("--kills", type=int, help="kill -9, so often, of what --of says")
    parser.add_argument("--of", choices=sorted(strikes.KILLS), default="worker")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--producers", type=int, default=2)
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=3, help="1: only where no broker is struck")
    parser.add_argument("--requests", type=int, help="default: 100 for each kill; as many as there is time for")
    parser.add_argument("--pause", type=float, nargs=2, help="seconds between two kills, least and most")
    parser.add_argument("--rate", type=float, default=60, help="requests asked in a second, at most")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--json", type=pathlib.Path, help="where the figures go, as JSON")
    parser.add_argument("--folder", type=pathlib.Path, help="servers' data and logs; default: a fresh one, removed")
    options = parser.parse_args(given)
    if options.brokers == 1 and (options.kills is None or options.of == "broker"):
        parser.error("brokers that are struck are three")
    return options


class Run:
    def __init__(self, options, folder, cluster=None):
        self.options = options
        self.mixed = options.kills is None
        self.chance = random.Random(options.seed)
        self.evidence = Evidence(outcomes=("sent", "suppressed", "dead") if self.mixed else ("sent",))
        mortal = [count if each < 0 else each for count, each in
                  zip((options.workers, options.producers), MORTAL["mixed" if self.mixed else options.of]
                      if self.mixed or options.of in MORTAL else (0, 0))]
        self.system = System(folder, self.evidence, options.workers, options.producers, mortal, cluster,
                             options.brokers)
        total = options.requests or (10**9 if self.mixed else options.kills * 100)
        self.stream = Stream(self.evidence, self.system.asked_producers, total, options.rate, twins=self.mixed,
                             seed=options.seed)
        self.ledger = TopicLedger(self.evidence, self.system.relay)
        self.watch = Watch(self.ledger, self.evidence, self.system.steady_processes)
        self.began = time.time()
        self.ending = False
        self._pool = None
        self._most_ended, self._went_on = 0, 0.0

    def end_early(self, *_signal):
        """Asked to end: no further fault, and the verdict over what was."""
        self._say("asked to end early")
        self.ending = True

    def strike(self):
        self._before = self._descriptors()
        self.watch.start()
        self.stream.start()
        self._mix() if self.mixed else self._kill()

    def _say(self, text):
        print(f"{time.strftime('%H:%M:%S', time.gmtime())} {text}", flush=True)

    def _progress(self):
        evidence = self.evidence
        self._say(f"{len(evidence.faults)} faults, {len(evidence.acknowledged)} acknowledged, {len(self.ledger.ended)} "
                  f"ended, {len(evidence.mails)} mails, {len(evidence.died)} died by themselves")

    def _strike(self, strike):
        """Each with chance of its own, so that what one does never depends on how far another is."""
        try:
            strike(self.system, random.Random(self.chance.random()))
        except Exception as trouble:  # what could not be done is no reason to end, and is told
            self.evidence.trouble.append(f"{strike.__name__}: {trouble!r:.2000}")

    def _kill(self):
        """So many kills spread over so many requests."""
        kill, share = strikes.KILLS[self.options.of], self.stream.total / self.options.kills
        pauses = self.options.pause or strikes.PAUSES[self.options.of]
        for number in range(1, self.options.kills + 1):
            self.stream.allow(int(share * number))
            time.sleep(self.chance.uniform(*pauses))
            while len(self.evidence.acknowledged) < int(share * (number - 0.9)) and not self.ending:
                time.sleep(0.1)
            if self.ending:
                self.stream.no_more()
                return
            self._strike(kill)
            self.system.look_after_processes()
            if number % 20 == 0:
                self._progress()

    def _mix(self):
        """All of them, at most one at a time for each part."""
        end = time.monotonic() + 60 * (self.options.minutes or self.options.hours * 60)
        busy, told = {}, time.monotonic()
        redeemer = Redeemer(self.system, self.evidence)
        # Kept, and its threads with it, as long as the run: a child dies with the thread that started it.
        pool = self._pool = concurrent.futures.ThreadPoolExecutor(8)
        while time.monotonic() < end and not self.stream.done and not self.ending:
            time.sleep(self.chance.uniform(*MIXED_PAUSE_S))
            for part in [part for part, running in busy.items() if running.done()]:
                busy.pop(part).result()
            free = [(strike, often) for strike, (part, often) in strikes.ALL.items() if part not in busy]
            if free:
                strike = self.chance.choices(*zip(*free))[0]
                busy[strikes.ALL[strike][0]] = pool.submit(self._strike, strike)
            self.system.look_after_processes()
            if time.monotonic() - told > 60:
                self._progress()
                told = time.monotonic()
        self.stream.no_more()
        self.system.stopping.set()
        for running in busy.values():
            running.result(200)
        redeemer.stop()

    def settle(self):
        """Nothing strikes any more: until all that was asked has ended and the group is past it."""
        self.system.let_all_through()
        if self.mixed:
            self.stream.no_more()
        self._say("no more faults; waiting for the rest to end")

        def ended():
            self.system.look_after_processes()
            self.watch.must_see()
            if not self.stream.done:
                raise NotYet(f"{len(self.evidence.acknowledged)} of {self.stream.total} acknowledged, "
                             f"answers {self.evidence.answers}")
            acknowledged, ended = len(self.evidence.acknowledged), len(self.ledger.ended)
            if ended > self._most_ended:
                self._most_ended, self._went_on = ended, time.monotonic()
            if ended < acknowledged or self.ledger.not_passed:  # whose they are is asked only then: there are many
                raise NotYet(f"{ended} ended, {self.ledger.not_passed} records not committed")
            open_requests = set(self.evidence.acknowledged.values()) - self.ledger.ended
            if open_requests:
                raise NotYet(f"{len(open_requests)} open, e.g. {next(iter(open_requests))}")
            return True
        self._went_on, told = time.monotonic(), time.monotonic()
        while time.monotonic() < self._went_on + SETTLED_WITHIN_S:
            try:
                eventually("every request to end", ended, 0)
                break
            except AssertionError as late:
                if time.monotonic() > told + 60:
                    self._say(str(late))  # in the end the verdict says what is lost
                    told = time.monotonic()
            time.sleep(1)
        self.settled = time.time()
        self.stream.stop()
        self.watch.stop()
        self.ledger.complete()
        self._progress()

    def _descriptors(self):
        return {name: sample_of(pid).descriptors for name, pid in self.system.steady_processes().items()}

    def look_at_rest(self):
        """A worker keeps as many connections to the relay as it had to do, for a while: what is open once they are
        closed is compared with what was open before."""
        def rested():
            self.evidence.at_rest = {name: (self._before[name], now) for name, now in self._descriptors().items()}
            return not list(verdict.left_open(self.evidence))
        try:
            eventually("connections that nobody uses to be closed", rested, RESTED_WITHIN_S)
        except AssertionError as late:
            self._say(str(late))  # the verdict says which

    def look_around(self):
        look_into_redis(self.evidence, self.system.redis.client())
        look_into_files(self.evidence, self.system.written_files())


class Redeemer(threading.Thread):
    """Some of the links come back while faults strike: with another address, with their own until there is an answer,
    again with the same key, and with another."""

    def __init__(self, system, evidence):
        super().__init__(daemon=True)
        self.system = system
        self.evidence = evidence
        self._stopping = threading.Event()
        self._seen = 0
        self.start()

    def run(self):
        while not self._stopping.wait(0.5):
            for mail in self.evidence.mails[self._seen::REDEEMED_EVERY]:
                if self._stopping.is_set():
                    return
                answers = [self._ask(mail.token, address, key) for address, key in (
                    ("somebody@else.example", "stranger"), (mail.address, "own"), (mail.address, "own"),
                    (mail.address, "second"))]
                self.evidence.redemptions.append(Redemption(mail.request, *answers))
                self._seen += REDEEMED_EVERY

    def _ask(self, token, address, key):
        """Until the answer says something."""
        for attempt in range(600):
            producer = self.system.asked_producers()[attempt % len(self.system.producers)]
            try:
                answer = producer.redeem(token, address, f"{key}-{token[:20]}", timeout=20)
                if answer.status in (200, 404):
                    return answer.status
            except (OSError, ValueError):
                pass
            time.sleep(0.2)
        return 0

    def stop(self):
        self._stopping.set()
        self.join(120)


def main():
    options = arguments()
    print(f"seed {options.seed}", flush=True)
    folder = options.folder or pathlib.Path(tempfile.mkdtemp(prefix="faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(options, folder)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, run.end_early)
    try:
        run.strike()
        run.settle()
        run.look_at_rest()
        run.look_around()
        violations = verdict.judge(run.evidence)
        report = figures.report(run.evidence, violations, options, run.began, run.settled)
        figures.show(report)
        if options.json:
            figures.write(report, options.json)
            with open(options.json.with_suffix(".evidence"), "wb") as file:
                pickle.dump(run.evidence, file)  # who doubts a verdict asks again
    finally:
        run.system.close()
    if not options.folder and not violations:
        shutil.rmtree(folder, ignore_errors=True)
    elif violations:
        print(f"servers' data and logs stay in {folder}")
    return 1 if violations else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.exit(code)
