"""A machine without room, memory or descriptors, or with a wrong clock.  Rows 27, 28 and 29 of the fault matrix."""
import contextlib
import os
import re
import socket
import subprocess

import pytest

from support import events, failpoints, places
from support.expectations import the_mail_to
from support.failpoints import built
from support.relay import SANITIZERS
from support.waiting import NotYet, eventually

NO_LEAK_CHECK = f"{SANITIZERS['ASAN_OPTIONS']}:detect_leaks=0"  # it does not work under strace
DAY_MS = 86_400_000
TTL_MS = DAY_MS


@pytest.fixture(scope="module")
def programs():
    return failpoints.build()


def in_a_shell(setting):
    """Makes a command one that runs after `setting`, in the same process."""
    return lambda command: ["sh", "-c", f'{setting}; exec "$0" "$@"', *command]


def dropped(program):
    return program.metric("reset_relay_audit_lines_dropped_total") or 0


# Row 27: a full disk, a broken one.


def test_programs_whose_output_finds_no_room_go_on_and_count_it(relay, load):
    full = in_a_shell("exec >/dev/full 2>/dev/full")
    producer = relay.producer(wrap=full)
    worker = relay.worker(wrap=full)
    load.ask_many(producer, 20)
    load.judge()
    assert dropped(worker) >= 20 and producer.running


@pytest.mark.parametrize("setting", ["ulimit -f 0", "EIO"])
def test_a_key_is_not_added_where_the_file_cannot_be_written_and_the_old_file_stands(deploy, setting, tmp_path):
    relay = deploy()
    keys = relay.folder / "api.keys"
    before = keys.read_bytes()
    command = ["reset-producer", "--config", relay.write_config(), "keys", "add", "--name", "more", "--scope", "redeem",
               "--tenant", "*"]
    if setting == "EIO":
        wrap = ["strace", "-f", "-o", tmp_path / "trace", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO"]
    else:
        wrap = ["sh", "-c", f'{setting}; exec "$0" "$@"']
    done = subprocess.run([*wrap, places.program(command[0]), *command[1:]], capture_output=True, text=True, timeout=120,
                          env={**os.environ, **SANITIZERS, "ASAN_OPTIONS": NO_LEAK_CHECK})
    assert done.returncode == 78 and not done.stdout and f"cannot write {keys}" in done.stderr, done
    assert keys.read_bytes() == before
    assert [path for path in relay.folder.iterdir() if path.name.startswith("api.keys.")] == []


# Row 28: a wrong clock.


@pytest.mark.parametrize("with_redis", [True, False])
def test_an_intake_whose_clock_is_a_day_fast_takes_nothing_and_is_not_ready(relay, programs, with_redis):
    settings = {} if with_redis else {"redis.url": None}
    producer = relay.producer(wait=False, wrap=built(programs, RESET_FAILPOINT_CLOCK_MS=DAY_MS), **settings)

    def not_ready_for_its_clock():
        answer = producer.readiness()
        if getattr(answer, "status", 0) != 503 or b"set the clocks" not in answer.body:
            raise NotYet(answer)
        return True
    if with_redis:  # it knows before anybody asks it for anything
        eventually("the clock to be named", not_ready_for_its_clock)
    else:
        producer.wait_ready()
    answers = [producer.post("/v1/password-resets", events.reset_request()).status for _ in range(3)]
    assert answers == [503, 503, 503]
    assert not_ready_for_its_clock()


@pytest.mark.parametrize("days", [1, -1])
def test_a_worker_and_an_intake_with_a_wrong_clock_end_no_link_early_and_none_late(deploy, redis_server, smtp, programs,
                                                                                  days):
    """Redis's clock decides: what the mail says, how long the link lives, when a retry is due."""
    relay = deploy(tiers=("1s", "1m"))
    wrong = built(programs, RESET_FAILPOINT_CLOCK_MS=days * DAY_MS)
    relay.worker(wrap=wrong)
    refused = set()
    smtp.rule("rcpt", lambda address: None if address in refused else refused.add(address) or "451 4.7.1 later")
    producer = relay.producer()
    body = events.reset_request(email="ann@example.com")
    request = producer.request(body)
    mail = the_mail_to(smtp, "ann@example.com")
    relay.outcome(request, "sent")
    client = redis_server.client()
    (token,) = client.keys("pwreset:token:*")
    assert TTL_MS - 120_000 < client.pttl(token) <= TTL_MS
    said = mail.message["Date"].datetime.timestamp()
    assert abs(said - client.time()[0]) < 120
    clocked = relay.producer(wait=False, wrap=wrong)  # ready it is not; it is asked all the same
    eventually("the intake with the wrong clock to listen", lambda: clocked.check(mail.token).status == 200)
    assert clocked.redeem(mail.token, "ann@example.com", "form").status == 200
    assert producer.redeem(mail.token, "ann@example.com", "another-form").status == 404


# Row 29: no memory, no descriptors.


def test_programs_that_lack_memory_now_and_then_lose_and_double_nothing(relay, load, programs):
    """Every 97th time that one of our own calls asks for some, once they have started."""
    short = built(programs, RESET_FAILPOINTS="memory=fail%97")
    producer = relay.producer(wrap=short)
    worker = relay.worker(wrap=short)
    with load.background(producer) as stream:
        stream.more(300)
    load.judge(outcomes=("sent",))
    assert producer.running and worker.running


def test_an_intake_and_a_worker_with_64_descriptors_do_what_they_can_and_all_in_the_end(relay, load, smtp):
    few = in_a_shell("ulimit -n 64")
    producer = relay.producer(wrap=few)
    worker = relay.worker(wrap=few)
    with contextlib.ExitStack() as connections:
        for _ in range(100):
            connections.enter_context(socket.create_connection(("127.0.0.1", producer.port), 10))
        assert producer.running
    load.ask_many(producer, 100)
    load.judge()
    assert producer.running and worker.running
    assert re.search(r"cannot be accepted", producer.stderr()), "it never ran out"
