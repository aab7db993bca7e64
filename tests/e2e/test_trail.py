"""`reset-producer trail ID`: the whole story of one request, for people and for machines."""
import json
import os
import pty
import re
import subprocess
import uuid

from support import events, places
from support.changes import change_of
from support.expectations import audits_are_valid, the_mail_to
from support.processes import free_port
from support.relay import SANITIZERS


def trail(relay, identifier, *options, **arguments):
    return relay.command("reset-producer", "trail", identifier, *options, check=False, **arguments)


def on_a_terminal(relay, identifier):
    """What a person sees, and the exit code."""
    leader, follower = pty.openpty()
    child = subprocess.Popen([places.program("reset-producer"), "--config", relay.write_config("terminal"), "trail", identifier],
                             stdin=subprocess.DEVNULL, stdout=follower, stderr=subprocess.PIPE,
                             env={**os.environ, **SANITIZERS})
    os.close(follower)
    seen = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        seen += piece
    os.close(leader)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors
    return seen.decode().replace("\r\n", "\n")


def test_the_story_is_told_from_the_request_to_the_changed_password(running, smtp):
    producer = running.the_producer
    request = events.reset_request(name="Ann Lee")
    identifier = producer.request(request)
    running.outcome(identifier, "sent")
    folded = producer.request(request)
    running.outcome(folded, "suppressed", "coalesced")
    mail = the_mail_to(smtp, request["user"]["email"])
    assert producer.redeem(mail.token, request["user"]["email"], "form-1").status == 200
    running.outcome(identifier, "redeemed")
    notice = producer.change(change_of(request, identifier))["id"]
    running.outcome(identifier, "completed")
    running.outcome(notice, "sent")
    running.outcome(producer.request(events.reset_request()), "sent")  # somebody else's

    told = trail(running, identifier.upper())
    assert (told.returncode, told.stderr) == (0, "")
    records = [json.loads(line) for line in told.stdout.splitlines()]
    audits_are_valid(records)
    assert [(record["data"]["request_id"], record["data"]["outcome"]) for record in records] == [
        (identifier, "sent"), (folded, "suppressed"), (identifier, "redeemed"), (identifier, "completed"), (notice, "sent")]
    assert [record["time"] for record in records] == sorted(record["time"] for record in records)

    table = on_a_terminal(running, identifier)
    lines = [re.split(r"  +", line) for line in table.splitlines()]
    assert lines[0][0] == f"request {identifier}, user {request['user']['id']}, tenant acme"
    assert [line[0] for line in lines[2:3]] == ["TIME"]
    assert [line[1] for line in lines[3:]] == ["asked", "sent", "suppressed", "redeemed", "completed", "notice sent"]
    assert lines[3][2].startswith("admin boss, key ")
    assert "relay said 250" in table and "folded into this one" in table
    assert mail.token not in told.stdout + table and request["user"]["email"] not in told.stdout + table


def test_an_id_that_tells_no_time_is_looked_for_in_all_that_is_kept(running):
    request = events.reset_request()
    identifier = running.publish(request)  # version 4
    running.outcome(identifier, "sent")
    told = trail(running, identifier)
    assert told.returncode == 0 and len(told.stdout.splitlines()) == 1
    nothing = trail(running, identifier, "--since", events.now(3600))
    assert (nothing.returncode, nothing.stdout) == (1, "") and "--since" in nothing.stderr


def test_nothing_found_a_wrong_call_and_no_kafka_have_codes_of_their_own(relay):
    unknown = trail(relay, str(uuid.uuid4()))
    assert (unknown.returncode, unknown.stdout) == (1, "") and "no audit record" in unknown.stderr
    for wrong in (("42",), (), (str(uuid.uuid4()), "--since", "yesterday")):
        assert relay.command("reset-producer", "trail", *wrong, check=False).returncode == 64, wrong
    away = trail(relay, str(uuid.uuid4()), settings={"kafka.bootstrap.servers": f"127.0.0.1:{free_port()}"})
    assert away.returncode == 69, away
    missing = trail(relay, str(uuid.uuid4()), settings={"topics.audit": f"{relay.name}.no-such-topic"})
    assert missing.returncode == 69, missing


def test_what_strangers_wrote_draws_nothing_on_the_terminal(relay):
    identifier = str(uuid.uuid4())
    record = {"specversion": "1.0", "type": "identity.password-reset.audited.v1", "id": str(uuid.uuid4()),
              "source": "/elsewhere", "time": events.now(),
              "data": {"outcome": "dead", "reason": "policy", "detail": "actor_tenant", "request_id": identifier,
                       "tenant": "\u001b[2Jacme", "user_id": "u\u202e1\r\n", "actor": {"role": "admin", "id": "\u0007"}}}
    relay.publish_records([(b"", json.dumps(record, ensure_ascii=False).encode(), None), (b"", b"\xff", None)],
                          relay.audit_topic)
    table = on_a_terminal(relay, identifier)
    assert all(character.isprintable() or character == "\n" for character in table)
    assert "policy, actor_tenant" in table
