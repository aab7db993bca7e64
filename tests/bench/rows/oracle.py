"""Whether the answer's time tells who has an account.

Requests for a known and for an unknown account (`user: null`) are asked in turn, in random order, of the running pair:
Redis is asked (Idempotency-Key), the worker mails the known ones meanwhile.  A third kind is the control: unknown ones
that take a fifth of the median longer.  Status, headers and body must be alike in all; the figure is P(known faster than
unknown) with its 95 % bootstrap interval, worth something only if the control's interval lies outside the band.
"""
import bisect
import json
import random
import statistics
import uuid

from measure.asker import Asker, form
from measure.result import Figure, Result
from measure.sink import Sink
from measure.spread import Spread
from support import events
from support.redis_server import RedisServer
from support.relay import Relay
from support.waiting import NotYet, eventually

ROWS = ("oracle",)
PATH = "/v1/password-resets"
BAND = (0.40, 0.60)
RESAMPLES = 2000
WARM_UP = 300


def chance_faster(first, second):
    """P(one of the first is below one of the second), ties by half.  Both sorted."""
    below = sum(len(second) - bisect.bisect_right(second, value) for value in first)
    not_above = sum(len(second) - bisect.bisect_left(second, value) for value in first)
    return (below + not_above) / 2 / (len(first) * len(second))


def interval(first, second, random_source):
    """(2.5 %, estimate, 97.5 %) by the bootstrap."""
    estimates = sorted(chance_faster(sorted(random_source.choices(first, k=len(first))),
                                     sorted(random_source.choices(second, k=len(second)))) for _ in range(RESAMPLES))
    return (estimates[int(RESAMPLES * 0.025)], chance_faster(sorted(first), sorted(second)),
            estimates[int(RESAMPLES * 0.975)])


def known(number):
    return events.own_request(user=f"known-{number}", client={"ip": "2001:db8::1"})


def unknown(number):
    return {**known(number), "user": None}


def wait_for_outcomes(relay, ids):
    def found():
        relay.reader.refresh()
        ended = {}
        for record in relay.reader.of(relay.audit_topic):
            data = json.loads(record.value)["data"]
            ended[data["request_id"]] = (data["outcome"], data.get("reason"))
        if len(ended) < len(ids):
            raise NotYet(f"{len(ended)} of {len(ids)}")
        return ended
    return eventually("every request's outcome", found, 300)


def nothing_was_lost(relay, ids, sink):
    """Every 202 is one event with one outcome, and every known account has its one mail."""
    ended = wait_for_outcomes(relay, ids)
    assert set(ended) == set(ids), "an event was lost, or one is too many: no figure"
    wrong = [kind for identifier, kind in ids.items()
             if ended[identifier] != (("sent", None) if kind == "known" else ("suppressed", "unknown_user"))]
    assert not wrong, f"{len(wrong)} requests did not end as they must: no figure"
    mails = sink.counted().mails
    assert mails == sum(kind == "known" for kind in ids.values()), f"{mails} mails: no figure"


def ask_all(asker, count, warm, random_source):
    """{kind: seconds}, {request id: kind}, and the control's delays; the answers' forms must be one."""
    times = {"known": [], "unknown": [], "control": []}
    ids, forms, delays = {}, set(), []
    kinds = [kind for kind in times for _ in range(count)]
    random_source.shuffle(kinds)  # whatever came before, and still works, came before all kinds alike
    for number, kind in enumerate(kinds):
        if number % 50 == 0:  # a fifth of what the median is by now
            delays.append(statistics.median(times["unknown"][-100:] or warm) * 0.2)
        body = events.encode((known if kind == "known" else unknown)(number))
        seconds, head, answer = asker.ask(body, uuid.uuid4(), delays[-1] if kind == "control" else 0.0)
        assert head.startswith(b"HTTP/1.1 202 "), f"{head.splitlines()[0].decode()}: no figure"
        times[kind].append(seconds)
        forms.add(form(head, answer))
        ids[json.loads(answer)["id"]] = kind
    assert len(forms) == 1, f"answers have {len(forms)} forms, and differ for unknown accounts or by chance: {forms}"
    return times, ids, delays


def compare(folder, broker, sink, count, judged, seed=None):
    random_source = random.Random(seed)
    redis = RedisServer(folder / "redis-oracle", "--slowlog-log-slower-than", "-1").start()
    relay = Relay(folder / "relay-oracle", broker, redis, f"smtp://127.0.0.1:{sink.port}", {"log.level": "warning"}).prepare()
    try:
        relay.worker()
        producer = relay.producer()
        asker = Asker(producer.port, relay.key, PATH)
        ids, warm = {}, []
        for number in range(WARM_UP):
            kind, make = random_source.choice((("known", known), ("unknown", unknown)))
            seconds, _, answer = asker.ask(events.encode(make(f"warm-{number}")),
                                           uuid.uuid4())
            warm.append(seconds)
            ids[json.loads(answer)["id"]] = kind
        times, asked, delays = ask_all(asker, count, warm[-100:], random_source)
        asker.close()
        nothing_was_lost(relay, {**ids, **asked}, sink)
        low, chance, high = interval(times["known"], times["unknown"], random_source)
        control = interval(times["known"], times["control"], random_source)
    finally:
        relay.close()
        redis.kill()
    delay = statistics.median(delays)
    assert not judged or control[0] > BAND[1], (f"the control, {delay * 1e6:.0f} µs slower, is not told apart ({control[0]:.3f} to "
                                  f"{control[2]:.3f}): the machine is too busy, no figure")
    return {"requests_each": count, "chance_known_faster": chance, "low": low, "high": high,
            "control_low": control[0], "control_high": control[2], "delay_us": delay * 1e6,
            "median_known_us": statistics.median(times["known"]) * 1e6,
            "median_unknown_us": statistics.median(times["unknown"]) * 1e6}



def measure(place):
    sink = Sink(place.folder)
    figures = compare(place.folder, place.broker, sink, place.size(2000, 50), not place.smoke)
    sink.stop()
    told = [Figure("oracle", "P(an answer for a known account is faster), 95 % interval, lower end within", Spread((figures["low"],)),
                   f"≥ {BAND[0]}", digits=3),
            Figure("oracle", "the same, upper end within", Spread((figures["high"],)), f"≤ {BAND[1]}", digits=3),
            Figure("oracle", f"the same for a control {figures['delay_us']:.0f} µs slower, lower end outside",
                   Spread((figures["control_low"],)), f"≥ {BAND[1]}", digits=3),
            Figure("oracle", "median µs, known", Spread((figures["median_known_us"],)), digits=0),
            Figure("oracle", "median µs, unknown", Spread((figures["median_unknown_us"],)), digits=0)]
    return Result(told, runs=figures)
