"""`reset-producer replay` by itself: dead letters as a worker writes them in, first retry topic out."""
import json
import time
import uuid
from types import SimpleNamespace

import pytest

from support import events, kafka_client
from support.processes import free_port
from support.relay import Relay

HOUR = 3_600_000


@pytest.fixture
def relay(tmp_path, broker):
    """Topics and publishers; no worker."""
    relay = Relay(tmp_path / "relay", broker, SimpleNamespace(url="redis://127.0.0.1:9"),
                  "smtp://127.0.0.1:9").prepare()
    yield relay
    relay.close()


def dead_letter(relay, reason="refused", age=0, generation=0, **options):
    """(id, record) of a letter; `options` change the event or, as `headers`, what stands on the record."""
    extra = options.pop("headers", {})
    document = events.event(options.pop("request", None) or events.reset_request(), str(uuid.uuid4()), **options)
    key, value, headers = events.record(document, relay.publisher, relay.publisher_secret)
    own = {"generation": str(generation), "copy": "2", "attempt": "3", "retry-at": "0", "reason": reason,
           "t0": str(int(time.time() * 1000) - age), "__connect.errors.topic": "somewhere", **extra}
    headers += [(name, text.encode()) for name, text in own.items() if text is not None]
    return document["id"], (key, value, headers)


def bury(relay, *letters):
    relay.publish_records([record for _id, record in letters], relay.dead_letters)


def replay(relay, *arguments, code=0, **options):
    """Verdicts by id; the stderr."""
    done = relay.command("reset-producer", "replay", *arguments, check=False, **options)
    assert done.returncode == code, done
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [(line.get("request_id"), line["verdict"]) for line in lines], done.stderr


def copies(relay):
    relay.reader.complete()
    assert not relay.reader.of(relay.retries[1]), "only the first retry topic is written"
    return relay.reader.of(relay.retries[0])


def test_a_copy_is_the_letter_as_the_next_generation(relay):
    identifier, (key, value, headers) = dead_letter(relay, generation=4, headers={"x-own": "kept"})
    t0 = dict(headers)["t0"]
    bury(relay, (identifier, (key, value, headers)))
    assert replay(relay)[0] == [(identifier, "replayed")]
    (copy,) = copies(relay)
    assert (copy.key, copy.value) == (key, value)
    assert copy.headers["reset-relay-signature"] == dict(headers)["reset-relay-signature"]
    assert [copy.header(name) for name in ("generation", "copy", "attempt", "reason", "x-own")] == \
        ["5", "0", "0", "refused", "kept"]
    assert copy.headers["t0"] == t0
    assert abs(int(copy.header("retry-at")) - copy.timestamp_ms) < 60_000
    assert "__connect.errors.topic" not in copy.headers


def test_each_letter_gets_its_verdict_and_the_group_goes_past_all_of_them(relay):
    forged = dead_letter(relay, "signature", headers={"reset-relay-signature": "v1;portal;" + "0" * 64})
    good, expired = dead_letter(relay), dead_letter(relay, age=25 * HOUR)
    policy = dead_letter(relay, "policy", request=events.reset_request(actor_tenant="globex"))
    nonsense = (None, (b"k", b"\xff\xfe", [("reason", b"not_json"), ("t0", b"1")]))
    tombstone = (None, (b"k", None, []))
    bury(relay, forged, good, expired, policy, nonsense, tombstone)
    verdicts, summary = replay(relay)
    assert sorted(verdicts, key=str) == sorted([
        (None, "skipped"), (good[0], "replayed"), (expired[0], "expired"), (policy[0], "skipped"),
        (None, "skipped"), (None, "skipped")], key=str)
    assert "1 replayed, 1 expired, 4 skipped, 0 failed" in summary
    assert replay(relay)[0] == []
    assert len(copies(relay)) == 1
    again = [verdict for _id, verdict in replay(relay, "--from-beginning", "--dry-run")[0]]
    assert sorted(again) == ["expired", "replayed"] + 4 * ["skipped"]


def test_a_dry_run_writes_and_moves_nothing(relay):
    letter = dead_letter(relay)
    bury(relay, letter)
    for _ in range(2):
        assert replay(relay, "--dry-run")[0] == [(letter[0], "replayed")]
    assert not copies(relay)
    assert replay(relay)[0] == [(letter[0], "replayed")]


def test_picking_by_id_and_reason_writes_those_alone_and_moves_nothing(relay):
    letters = [dead_letter(relay), dead_letter(relay, "attempts"), dead_letter(relay, "attempts")]
    bury(relay, *letters)
    ids = [identifier for identifier, _record in letters]
    assert replay(relay, "--id", ids[0], "--id", ids[1])[0] and len(copies(relay)) == 2
    assert sorted(replay(relay, "--reason", "attempts")[0]) == sorted((one, "replayed") for one in ids[1:])
    assert replay(relay, "--reason", "attempts", "--id", ids[0], "--dry-run")[0] == []
    assert sorted(replay(relay)[0]) == sorted((one, "replayed") for one in ids)
    replay(relay, "--id", ids[0], code=65)
    assert replay(relay, "--id", ids[0], "--from-beginning", "--dry-run")[0] == [(ids[0], "replayed")]


def test_dropped_letters_are_passed_over_for_good(relay):
    letter = dead_letter(relay)
    bury(relay, letter)
    verdicts, summary = replay(relay, "--drop")
    assert verdicts == [(letter[0], "dropped")] and "1 dropped" in summary
    assert replay(relay)[0] == []
    assert not copies(relay)


def test_more_letters_than_a_batch_all_come_back_and_only_once(relay):
    letters = [dead_letter(relay) for _ in range(1500)]
    bury(relay, *letters)
    verdicts, _summary = replay(relay)
    assert sorted(verdicts) == sorted((identifier, "replayed") for identifier, _record in letters)
    assert sorted(json.loads(copy.value)["id"] for copy in copies(relay)) == sorted(one for one, _ in letters)
    assert not kafka_client.unfinished(relay.broker.address, relay.settings["replay.group_id"], [relay.dead_letters])


def test_what_kafka_does_not_take_is_not_passed(relay):
    letter = dead_letter(relay)
    bury(relay, letter)
    verdicts, summary = replay(relay, code=69, settings={"topics.retry": "7s,60s"})
    assert verdicts == [(letter[0], "failed")] and "replay again" in summary
    assert replay(relay)[0] == [(letter[0], "replayed")]


WRONG = {
    "a reason that there is not": (["--reason", "weather"], 64, {}, "weather"),
    "an id that is none": (["--id", "7"], 64, {}, "no request id"),
    "dropping what was picked": (["--drop", "--reason", "refused"], 64, {}, "--drop"),
    "a topic that is not there": ([], 69, {"topics.dead_letter": "nobody.made.this"}, "nobody.made.this"),
    "no publishers file": ([], 78, {"auth.publishers_file": None}, "auth.publishers_file"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_wrong_is_named(relay, fault):
    arguments, code, settings, words = WRONG[fault]
    assert words in replay(relay, *arguments, code=code, settings=settings)[1]


def test_without_kafka_it_ends_with_69(relay):
    _verdicts, said = replay(relay, code=69, settings={"kafka.bootstrap.servers": f"127.0.0.1:{free_port()}"})
    assert "no Kafka broker answers" in said
