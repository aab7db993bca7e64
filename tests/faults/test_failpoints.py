"""Programs that die, or are told of a failure, at every step boundary and every call of a port.  Row 2 of the fault
matrix.  Nobody lists the points: a program tells which it passed (support/failpoints.py), and a run goes on until it
has struck at each."""
import http.client
import itertools
import subprocess

import pytest

from mixture import CONNECTIONS, OUTCOMES, SETTINGS, TIERS, Mixture
from support import events, failpoints, places
from support.expectations import audits_are_valid, dead_letter_of
from support.failpoints import Failpoints, built
from support.processes import free_port
from support.waiting import NotYet, eventually

LEASE_MS = 4_000  # longer than a parked mail waits at the dot
LOST_LEASES = 8  # which field of a request's record
NO_MEMORY_FAULTS = "memory=fail@4000000000"


@pytest.fixture(scope="module")
def programs():
    return failpoints.build()


@pytest.fixture
def kafka(broker):
    """One broker is enough: what is failing here are our own processes."""
    return broker


@pytest.fixture
def relay(deploy):
    return deploy(SETTINGS, tiers=TIERS)


@pytest.fixture
def mixture(relay, smtp, redis_server):
    mixture = Mixture(relay, smtp, redis_server)
    yield mixture
    mixture.close()


class Crew:
    """Programs that are started again whenever they end, as a supervisor does."""

    def __init__(self, points, start, size=1):
        self.deaths = 0
        self._points = points
        self._start = start
        self._members = [start(number) for number in range(size)]

    def look(self):
        for number, member in enumerate(self._members):
            if not member.running:
                assert member.child.returncode == failpoints.EXIT_CODE, f"ended otherwise\n{member.tail()}"
                self.deaths += 1
                self._members[number] = self._start(number)

    @property
    def first(self):
        return self._members[0]

    def stop(self):
        for member in self._members:
            member.kill()


class Rotation(Crew):
    """One that is followed by the next whenever its partition was lost to it somewhere."""

    def look(self):
        lost = steps_between(self._points.struck)
        if len(lost) > self.deaths:
            self.deaths = len(lost)
            self._members[0].stop()
            self._members[0] = self._start(0)


def walk(mixture, producer, points, look):
    """Batch after batch, until everything of one has ended and it led to no point where nothing has struck yet."""
    for batch in itertools.count(1):
        struck, before = points.struck, set(mixture.acknowledged)
        mixture.ask_each_kind(producer)
        asked = set(mixture.acknowledged) - before

        def done():
            look()
            missing = asked - mixture.ledger.ended
            if missing:
                raise NotYet(f"batch {batch}: {len(points.struck)} of {len(points.seen)} points struck, no end of "
                             f"{sorted((each, mixture.acknowledged[each]) for each in missing)}")
            return True
        eventually("a batch to end", done, 240)
        if points.struck == struck:
            return


def steps_between(points):
    return {point for point in points if point.startswith("step.")}


@pytest.mark.parametrize("program", ["reset-worker", "reset-producer"])
def test_the_programs_to_run_have_nothing_of_the_failpoints(programs, program):
    marks = [b"RESET_FAILPOINT", b"failpoint_", b"redis.swap.answer"]
    assert all(mark in (programs / program).read_bytes() for mark in marks), "this test would see nothing"
    release = (failpoints.build("release") / program).read_bytes()
    assert not [mark for mark in marks if mark in release]


def test_a_release_with_failpoints_is_refused(tmp_path):
    done = subprocess.run(["cmake", "-S", places.ROOT, "-B", tmp_path, "-DCMAKE_BUILD_TYPE=Release",
                           "-DRESET_FAILPOINTS=ON"], capture_output=True, text=True)
    assert done.returncode != 0 and "for test builds" in done.stderr, "it was configured"


def each_named(relay, points):
    """A worker under a name of its own in the group: who comes back gets its partitions at once, instead of after a
    dead member's session."""
    return lambda number: relay.worker(
        wait=False, wrap=points.wrap, **{"kafka.group.instance.id": f"{relay.group}.{number}"})


def count_more_lost_leases(client, request, lost):
    """As if so many workers had died of it; True once the record says so."""
    key = f"pwreset:request:{request}"
    fields = (client.get(key) or b"").split(b"\t")
    counted = int(fields[LOST_LEASES] or 0) if len(fields) > LOST_LEASES else 0
    if 2 <= counted < lost:
        fields[LOST_LEASES] = str(lost).encode()
        client.set(key, b"\t".join(fields), keepttl=True)
    return counted >= lost


def test_an_event_that_kills_whoever_handles_it_ends_dead_and_holds_nobody_up(relay, load, programs, redis_server):
    """Row 30: it dies each time at the same place; its leases are counted, and after twenty it is given up."""
    points = Failpoints(relay.folder, programs, f"{NO_MEMORY_FAULTS},build.poison=exit%1", lease_ms=400)
    producer = relay.producer()
    crew = Crew(points, each_named(relay, points))
    poison = producer.request(events.reset_request(tenant="poison", actor_tenant="poison"))
    client = redis_server.client()
    eventually("lost leases to be counted", lambda: crew.look() or count_more_lost_leases(client, poison, 19), 90)
    dead = eventually("the poison to be dead", lambda: crew.look() or relay.audits(poison, "dead"), 90)
    assert dead[0]["data"]["reason"] == "lost_leases" and crew.deaths >= 4
    dead_letter_of(relay, poison)
    load.ask_many(producer, 10)
    load.judge()
    crew.stop()


def finish(relay, programs):
    """Somebody without faults brings to its end what was left."""
    relay.worker(wrap=built(programs, RESET_FAILPOINT_LEASE_MS=LEASE_MS))


def test_a_worker_that_dies_between_any_two_steps_or_at_any_call_loses_and_doubles_nothing(relay, mixture, programs):
    points = Failpoints(relay.folder, programs, f"{NO_MEMORY_FAULTS},*=exit", lease_ms=LEASE_MS)
    producer = relay.producer()
    crew = Crew(points, each_named(relay, points), 3)
    walk(mixture, producer, points, crew.look)
    crew.stop()
    finish(relay, programs)
    mixture.judge(extra_mails=crew.deaths * CONNECTIONS, outcomes=OUTCOMES)
    assert points.seen - {"memory"} == points.struck, "where it never died"
    assert len(steps_between(points.struck)) > 25 and crew.deaths > 35


def test_a_worker_whose_every_call_fails_and_that_loses_its_partition_anywhere_loses_and_doubles_nothing(
        relay, mixture, programs):
    points = Failpoints(relay.folder, programs, f"{NO_MEMORY_FAULTS},*=fail", lease_ms=LEASE_MS)
    producer = relay.producer()
    crew = Rotation(points, each_named(relay, points))
    walk(mixture, producer, points, crew.look)
    crew.stop()
    finish(relay, programs)
    mixture.judge(extra_mails=2, outcomes=OUTCOMES)  # where the dot was cut, and where its answer was lost
    assert points.seen - {"memory"} == points.struck, "where nothing failed"
    assert len(steps_between(points.struck)) > 25


@pytest.mark.parametrize("action, passage", itertools.product(["exit", "fail"], [1, 2]))
def test_an_intake_that_dies_or_fails_at_any_call_answers_202_for_what_is_there_and_redeems_once(
        deploy, smtp, programs, action, passage):
    relay = deploy()
    relay.worker()
    points = Failpoints(relay.folder, programs, f"{NO_MEMORY_FAULTS},*={action}@{passage}")
    address = f"127.0.0.1:{free_port()}"
    crew = Crew(points, lambda _: relay.producer(wait=False, wrap=points.wrap, **{"http.listen": address}))
    caller = Caller(relay, crew, smtp)
    struck = None
    while points.struck != struck:
        struck = points.struck
        for _ in range(passage):
            caller.goes_the_whole_way()
    caller.judges()
    crew.stop()
    assert {"http.request", "kafka.produce", "kafka.produce.answer", "redis.read", "redis.swap.answer"} <= points.struck


class Caller:
    """An application that asks again, with the same key, until it has an answer."""

    def __init__(self, relay, crew, smtp):
        self._relay = relay
        self._crew = crew
        self._smtp = smtp
        self._asked = []

    def _insist(self, ask, wanted):
        """The answer, however often the intake dies meanwhile."""
        def asked():
            self._crew.look()
            try:
                answer = ask(self._crew.first)
            except (OSError, http.client.HTTPException) as lost:
                raise NotYet(lost) from None
            assert answer.status in (wanted, 503), answer
            if answer.status != wanted:
                raise NotYet(answer)
            return answer
        return eventually(f"an answer {wanted}", asked)

    def goes_the_whole_way(self):
        number = len(self._asked)
        body = events.reset_request(user=f"caller-{number}", email=f"caller-{number}@example.com")
        answer = self._insist(lambda intake: intake.post("/v1/password-resets", body,
                                                         Idempotency_Key=f"form-{number}"), 202)
        address = body["user"]["email"]
        eventually(f"the mail to {address}", lambda: self._smtp.mails.to(address))
        token = self._smtp.mails.to(address)[0].token
        self._insist(lambda intake: intake.check(token), 200)
        self._insist(lambda intake: intake.redeem(token, address, f"new-password-{number}"), 200)
        self._insist(lambda intake: intake.redeem(token, address, f"another-{number}"), 404)
        self._asked.append((answer.json()["id"], address))

    def judges(self):
        for request_id, address in self._asked:
            self._relay.outcome(request_id, "sent")
            assert len(self._smtp.mails.to(address)) == 1
            assert len(self._relay.audits(request_id, "redeemed")) == 1
        audits_are_valid(self._relay.audits())
