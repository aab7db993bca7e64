"""`reset-producer send`: a result line per request in order, and an exit code that can be relied on."""
import json
import os
import signal
import subprocess

import pytest

from support import events, places
from support.expectations import audits_are_valid
from support.processes import free_port
from support.relay import SANITIZERS
from support.waiting import eventually


@pytest.fixture(scope="module")
def idle_relay(tmp_path_factory, broker):
    """Topics, keys and publishers; nothing runs and nothing is mailed."""
    from support.relay import Relay
    from types import SimpleNamespace
    relay = Relay(tmp_path_factory.mktemp("send") / "relay", broker, SimpleNamespace(url="redis://127.0.0.1:9"),
                  "smtp://127.0.0.1:9").prepare()
    yield relay
    relay.close()


def lines_of(requests):
    return "".join(json.dumps(request) + "\n" for request in requests)


def results_of(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def published(relay):
    relay.reader.complete()
    return relay.reader.of(relay.requested)


@pytest.fixture
def start(idle_relay):
    """start(*arguments, **popen) runs `send` and leaves it running."""
    children = []

    def run(*arguments, settings=None, **options):
        config = idle_relay.write_config(f"send-{free_port()}", **(settings or {}))
        child = subprocess.Popen([places.program("reset-producer"), "--config", config, "send", *arguments],
                                 stdin=subprocess.PIPE, env={**os.environ, **SANITIZERS},
                                 **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})
        children.append(child)
        return child
    yield run
    for child in children:
        if child.poll() is None:
            child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout, child.stderr):
            if stream:
                stream.close()


def test_every_event_is_signed_keyed_and_stamped_as_from_the_command_line(idle_relay):
    before = len(published(idle_relay))
    request = events.reset_request(name="Zoë", locale="de")
    done = idle_relay.command("reset-producer", "send", text=lines_of([request, events.decoy()]))
    results = results_of(done)
    assert [result["status"] for result in results] == ["accepted", "accepted"]
    records = {json.loads(record.value)["id"]: record for record in published(idle_relay)[before:]}
    record, decoy = (records[result["id"]] for result in results)
    data = json.loads(record.value)["data"]
    assert data.pop("asserted_by") == {"channel": "cli", "key_id": "intake", "bulk": True}
    assert data == request
    assert record.key.decode() == f"acme/{request['user']['id']}"
    assert record.header("content-type") == "application/cloudevents+json"
    assert record.header("reset-relay-signature").startswith("v1;intake;")
    assert json.loads(decoy.value)["data"]["user"] is None
    assert decoy.key.decode().startswith("acme/") and len(decoy.key) > len("acme/")


REFUSED = {
    "not JSON": ("{", None),
    "two texts": ('{"tenant":"acme"} {}', None),
    "a missing field": (json.dumps({"tenant": "acme"}), ""),
    "an unknown field": (json.dumps({**events.reset_request(), "colour": "red"}), "/colour"),
    "two addresses": (json.dumps(events.reset_request(email="a@example.com\r\nRCPT TO:<b@example.com>")),
                      "/user/email"),
    "an actor of another company": (json.dumps(events.reset_request(actor_tenant="globex")), "/actor/tenant"),
    "an actor without the role": (json.dumps(events.reset_request(actor_role="guest")), "/actor/role"),
    "a password to be handed over": (json.dumps(events.password_request("handed")), "/method"),
    "a password that is mailed, which is off here": (json.dumps(events.password_request("mailed")), "/method"),
    "a password": (json.dumps({**events.reset_request(), "method": "temporary_password_chosen",
                               "password": "correct horse battery"}), "/method"),
    "a long line": (json.dumps({**events.reset_request(), "colour": "x" * 70000}), None),
    "a very long line": (json.dumps({**events.reset_request(), "colour": "x" * 3_000_000}), None),
}


def test_bad_lines_are_refused_each_with_its_field_and_the_others_go_on(idle_relay):
    before = len(published(idle_relay))
    bad = list(REFUSED.values())
    lines = []
    for text, _field in bad:
        lines += [text, json.dumps(events.reset_request())]
    done = idle_relay.command("reset-producer", "send", text="\n".join(lines), check=False)
    assert done.returncode == 65, done
    results = results_of(done)
    assert [result["line"] for result in results] == list(range(1, len(lines) + 1))
    assert [result["status"] for result in results] == ["refused", "accepted"] * len(bad)
    for result, (text, field) in zip(results[::2], bad):
        assert result["error"] and "id" not in result, result
        if field:
            assert result["field"] == field, (text, result)
        assert "example.com" not in result["error"] and "correct horse" not in result["error"]
    assert len(published(idle_relay)) - before == len(bad)


def test_mailed_passwords_may_be_sent_where_they_are_on_and_others_never(idle_relay):
    before = len(published(idle_relay))
    publisher = {"auth.publisher": idle_relay.publisher, "policy.temporary_password": "mailed,handed,chosen"}
    lines = [events.password_request("mailed"), events.password_request("handed"),
             events.password_request("chosen", "a quiet lamp of brass"),
             events.password_request("mailed", actor_role="manager")]
    done = idle_relay.command("reset-producer", "send", text=lines_of(lines), check=False, settings=publisher)
    assert [result["status"] for result in results_of(done)] == ["accepted", "refused", "refused", "refused"]
    assert all("HTTP only" in result["error"] for result in results_of(done)[1:3])
    assert "quiet lamp" not in done.stdout + done.stderr
    assert len(published(idle_relay)) - before == 1


def denials_of(relay):
    return [audit for audit in relay.audits(outcome="denied") if audit["data"]["asserted_by"]["channel"] == "cli"]


def test_what_the_policy_refuses_is_in_the_audit_and_what_nobody_can_read_is_not(idle_relay):
    before = {audit["id"] for audit in denials_of(idle_relay)}
    foreign = events.reset_request(actor_tenant="globex")
    lines = lines_of([foreign, events.reset_request(actor_role="guest"), events.reset_request()]) + "{}\n"
    done = idle_relay.command("reset-producer", "send", text=lines, check=False)
    assert [result["status"] for result in results_of(done)] == ["refused", "refused", "accepted", "refused"]
    idle_relay.reader.complete()
    found = [audit for audit in denials_of(idle_relay) if audit["id"] not in before]
    audits_are_valid(found)
    by_reason = {audit["data"]["reason"]: audit["data"] for audit in found}
    assert sorted(by_reason) == ["actor_role", "actor_tenant"] and len(found) == 2
    assert by_reason["actor_tenant"]["user_id"] == foreign["user"]["id"]
    assert by_reason["actor_tenant"]["actor"] == foreign["actor"]
    assert by_reason["actor_tenant"]["asserted_by"] == {"channel": "cli", "key_id": "intake"}
    assert "request_id" not in by_reason["actor_tenant"]


def test_a_file_sent_again_tells_the_same_refusals_again(idle_relay):
    before = {audit["id"] for audit in denials_of(idle_relay)}
    lines = lines_of([events.reset_request(actor_role="guest") for _ in range(5)])
    for _ in range(2):
        idle_relay.command("reset-producer", "send", "--idempotency-prefix", "again", text=lines, check=False)
    idle_relay.command("reset-producer", "send", "--dry-run", text=lines, check=False)
    idle_relay.reader.complete()
    found = [audit["id"] for audit in denials_of(idle_relay) if audit["id"] not in before]
    assert len(found) == 5, "repeats have the same id, and a dry run tells nobody"


def test_a_refusal_that_the_audit_does_not_take_ends_the_run(idle_relay):
    lines = lines_of([events.reset_request(actor_role="guest")] * 3)
    done = idle_relay.command("reset-producer", "send", text=lines, check=False,
                              settings={"topics.audit": "nobody.made.this.either", "send.in_flight": "1"})
    assert done.returncode == 69, done
    assert [result["status"] for result in results_of(done)] == ["refused"]
    assert "did not acknowledge" in done.stderr


def test_requests_of_administrators_are_stamped_bulk_where_the_publisher_may(idle_relay):
    done = idle_relay.command("reset-producer", "send", text=lines_of([events.reset_request(), events.own_request()]))
    ids = [result["id"] for result in results_of(done)]
    stamps = {json.loads(record.value)["id"]: json.loads(record.value)["data"]["asserted_by"]
              for record in published(idle_relay)}
    assert [stamps[identifier].get("bulk", False) for identifier in ids] == [True, False]


def test_empty_lines_count_as_lines_and_ask_for_nothing(idle_relay):
    request = json.dumps(events.reset_request())
    done = idle_relay.command("reset-producer", "send", text=f"\n\n{request}\r\n  \n{request}")
    assert [result["line"] for result in results_of(done)] == [3, 5]


def test_no_input_is_no_failure(idle_relay):
    assert idle_relay.command("reset-producer", "send", text="").stdout == ""


def test_a_dry_run_checks_and_publishes_nothing(idle_relay):
    before = len(published(idle_relay))
    text = lines_of([events.reset_request()]) + "{\n"
    done = idle_relay.command("reset-producer", "send", "--dry-run", text=text, check=False,
                              settings={"kafka.bootstrap.servers": "127.0.0.1:9"})
    assert done.returncode == 65
    assert [result["status"] for result in results_of(done)] == ["valid", "refused"]
    assert len(published(idle_relay)) == before


def test_a_file_sent_twice_with_one_prefix_has_the_same_ids(idle_relay, tmp_path):
    path = tmp_path / "requests.jsonl"
    path.write_text(lines_of([events.reset_request() for _ in range(20)]))
    ids = [[result["id"] for result in results_of(idle_relay.command(
        "reset-producer", "send", "--idempotency-prefix", prefix, path))] for prefix in ("monday", "monday", "tuesday")]
    assert ids[0] == ids[1]
    assert len(set(ids[0] + ids[2])) == 40


@pytest.mark.parametrize("in_flight", [1, 7])
def test_results_stay_in_order_however_few_are_under_way(idle_relay, in_flight):
    requests = [events.reset_request() for _ in range(300)]
    done = idle_relay.command("reset-producer", "send", text=lines_of(requests),
                              settings={"send.in_flight": str(in_flight)})
    results = results_of(done)
    assert [result["line"] for result in results] == list(range(1, 301))
    published_by_id = {json.loads(record.value)["id"]: record.key.decode().partition("/")[2]
                       for record in published(idle_relay)}
    assert [published_by_id[result["id"]] for result in results] == [request["user"]["id"] for request in requests]


def test_more_under_way_than_the_local_queue_takes_is_waited_for(idle_relay):
    requests = [events.reset_request() for _ in range(500)]
    done = idle_relay.command("reset-producer", "send", text=lines_of(requests),
                              settings={"send.in_flight": "500", "kafka.queue.buffering.max.messages": "20"})
    assert [result["status"] for result in results_of(done)] == ["accepted"] * 500


def test_a_reader_that_takes_its_time_loses_no_result(start):
    """The results of 4 000 lines are more than any pipe holds; nobody reads before all is written."""
    count = 4000
    child = start(stderr=subprocess.DEVNULL)
    for _ in range(count):
        child.stdin.write(json.dumps(events.reset_request()).encode() + b"\n")
    child.stdin.close()
    results = [json.loads(line) for line in child.stdout]
    assert [result["line"] for result in results] == list(range(1, count + 1))
    assert child.wait(60) == 0


def test_a_signal_stops_the_reading_and_tells_how_far_it_came(start):
    child = start()
    child.stdin.write(lines_of([events.reset_request()] * 3).encode())
    child.stdin.flush()
    results = [json.loads(child.stdout.readline()) for _ in range(3)]
    assert [result["status"] for result in results] == ["accepted"] * 3
    child.send_signal(signal.SIGINT)
    assert child.wait(60) == 128 + signal.SIGINT
    assert b"after line 3" in child.stderr.read()


def test_a_reader_that_goes_away_ends_the_run_with_a_failure(start):
    child = start()
    child.stdout.close()
    child.stdin.write(lines_of([events.reset_request()]).encode())
    child.stdin.flush()
    assert child.wait(60) == 74
    assert b"writing results failed" in child.stderr.read()


def test_progress_is_shown_on_a_terminal_only(start):
    import pty
    here, there = pty.openpty()
    child = start(stderr=there)
    os.close(there)
    child.stdin.write(lines_of([events.reset_request()]).encode())
    child.stdin.flush()
    shown = b""

    def progress():
        nonlocal shown
        shown += os.read(here, 4096)
        return b"1 acknowledged, " in shown and b"a second" in shown
    eventually("progress on the terminal", progress, seen=lambda: shown)
    child.stdin.close()
    assert child.wait(60) == 0
    os.close(here)


def test_without_kafka_every_line_begun_is_told_as_failed(idle_relay):
    done = idle_relay.command("reset-producer", "send", text=lines_of([events.reset_request()] * 2), check=False,
                              settings={"kafka.bootstrap.servers": f"127.0.0.1:{free_port()}"})
    assert done.returncode == 69, done
    assert [result["status"] for result in results_of(done)] == ["failed", "failed"]
    assert "2 failed" in done.stderr


def test_a_topic_that_is_not_there_is_named_at_once(idle_relay):
    done = idle_relay.command("reset-producer", "send", text=lines_of([events.reset_request()]), check=False,
                              settings={"topics.requested": "nobody.made.this"})
    assert done.returncode == 69, done
    assert results_of(done)[0]["status"] == "failed"


@pytest.mark.parametrize("settings, code, words", [
    ({"auth.publisher": "nobody"}, 78, "publishers add"),
    ({"auth.publisher": None}, 78, "auth.publisher"),
    ({"kafka.acks": "1"}, 78, "acks"),
])
def test_a_wrong_configuration_ends_with_78_and_is_named(idle_relay, settings, code, words):
    done = idle_relay.command("reset-producer", "send", text="", check=False, settings=settings)
    assert done.returncode == code, done
    assert words in done.stderr


def test_results_that_cannot_be_written_end_with_74(start):
    with open("/dev/full", "w") as full:
        child = start("--dry-run", stdout=full)
        _, said = child.communicate(lines_of([events.reset_request()]).encode(), timeout=60)
    assert child.returncode == 74, said
    assert b"No space left" in said


def test_a_file_that_is_not_there_is_named(idle_relay, tmp_path):
    done = idle_relay.command("reset-producer", "send", tmp_path / "missing.jsonl", check=False)
    assert done.returncode == 64
    assert "missing.jsonl" in done.stderr
