"""Whether a link's request keeps its latency while temporary passwords are verified.

Two connections keep both places for Argon2id taken all the time, in a process of their own; link requests are asked one
after the other before and meanwhile.  On the loop, each would wait for a whole Argon2id; beside it, none does.
"""
import json
import multiprocessing
import statistics
import uuid

from measure.asker import Asker, quantile
from measure.result import Figure, Result
from measure.spread import Spread
from support import events, kafka_client
from support.redis_server import RedisServer
from support.relay import Relay
from support.waiting import eventually

ROWS = ("argon2",)


def verify_for_ever(port, key, worker, stop, done, times):
    """Every try is of another user, so that no delay after wrong tries comes between."""
    asker = Asker(port, key, "/v1/temporary-passwords/verify")
    number = 0
    while not stop.is_set():
        number += 1
        body = events.encode({"tenant": "acme", "user_id": f"v{worker}-{number}", "password": "wrong-horse-battery"})
        seconds, head, _ = asker.ask(body)
        status = int(head.split()[1])
        assert status in (404, 503), f"verify answered {status}: no figure"
        if status == 404:
            times.put(seconds)
            with done.get_lock():
                done.value += 1
    asker.close()


def ask_links(asker, count):
    times, ids = [], set()
    for _ in range(count):
        seconds, head, answer = asker.ask(events.encode(events.reset_request()), uuid.uuid4())
        assert head.startswith(b"HTTP/1.1 202 "), f"{head.splitlines()[0].decode()}: no figure"
        times.append(seconds)
        ids.add(json.loads(answer)["id"])
    return times, ids


def nothing_was_lost(relay, ids):
    reader = kafka_client.TopicReader(relay.broker.address, [relay.requested])
    try:
        published = {json.loads(record.value)["id"] for record in reader.complete(120)}
    finally:
        reader.close()
    assert published == ids, f"{len(published)} events for {len(ids)} times 202: no figure"


def compare(folder, broker, count):
    redis = RedisServer(folder / "redis-argon2", "--slowlog-log-slower-than", "-1").start()
    relay = Relay(folder / "relay-argon2", broker, redis, "smtp://127.0.0.1:9", {"log.level": "warning"}).prepare()
    context = multiprocessing.get_context("fork")
    stop, done, verified = context.Event(), context.Value("i", 0), context.Queue()
    loads = []
    try:
        producer = relay.producer()
        asker = Asker(producer.port, relay.key, "/v1/password-resets")
        _, ids = ask_links(asker, count // 5)  # warm
        alone, more = ask_links(asker, count)
        ids |= more
        loads = [context.Process(target=verify_for_ever, args=(producer.port, relay.key, worker, stop, done, verified))
                 for worker in range(2)]
        for load in loads:
            load.start()
        eventually("passwords being verified", lambda: done.value >= 4, 60)
        before = done.value
        beside, more = ask_links(asker, count)
        meanwhile = done.value - before
        ids |= more
        asker.close()
        stop.set()
        argon2 = [verified.get() for _ in range(done.value)]
        for load in loads:
            load.join(30)
            assert load.exitcode == 0, "a verification was not answered as it must: no figure"
        assert meanwhile >= 2, f"{meanwhile} passwords were verified meanwhile: no figure"
        nothing_was_lost(relay, ids)
    finally:
        stop.set()
        for load in loads:
            if load.is_alive():
                load.kill()
        relay.close()
        redis.kill()
    figures = {"links": count, "verified_meanwhile": meanwhile, "verify_median_ms": statistics.median(argon2) * 1000}
    for name, times in (("alone", alone), ("beside", beside)):
        figures |= {f"{name}_p50_ms": statistics.median(times) * 1000, f"{name}_p99_ms": quantile(times, 0.99) * 1000,
                    f"{name}_max_ms": max(times) * 1000}
    return figures



def measure(place):
    figures = compare(place.folder, place.broker, place.size(1000, 50))
    verified = f"beside {figures['verified_meanwhile']} verifications"
    told = [Figure("argon2", f"p99 of a link's request, {verified} ÷ one verification",
                   Spread((figures["beside_p99_ms"] / figures["verify_median_ms"],)), "≤ 1"),
            *(Figure("argon2", f"{part} of a link's request, ms, {what}", Spread((figures[f"{name}_{part}_ms"],)))
              for part in ("p50", "p99", "max") for name, what in (("alone", "alone"), ("beside", verified)))]
    return Result(told, runs=figures)
