"""`reset-producer check`: a line per thing, whatever is wrong before it, and an exit code that says what kind."""
import socket
from types import SimpleNamespace

import pytest

from support.processes import free_port
from support.relay import Relay


@pytest.fixture
def relay(tmp_path, broker):
    """Topics, keys and publishers, no Redis."""
    relay = Relay(tmp_path / "relay", broker, SimpleNamespace(url="redis://127.0.0.1:9"), "smtp://127.0.0.1:9",
                  {"redis.url": None}).prepare()
    yield relay
    relay.close()


def checked(relay, **settings):
    """(exit code, {thing: its lines})"""
    ports = {key: f"127.0.0.1:{free_port()}" for key in ("http.listen", "admin.listen")}
    done = relay.command("reset-producer", "check", check=False, settings={**ports, **settings})
    lines = {}
    for line in done.stdout.splitlines():
        lines.setdefault(line.split()[0], []).append(line)
    return done.returncode, lines, done


def test_all_well_is_told_line_by_line(relay, redis_server):
    made = {"topics.requested": f"{relay.name}.made", "topics.audit": f"{relay.name}.made.audit",
            "topics.dead_letter": f"{relay.name}.made.dlq"}
    relay.command("reset-producer", "topics", "--create", settings=made)
    code, lines, done = checked(relay, **{"redis.url": redis_server.url, **made})
    assert code == 0, done
    assert list(lines) == ["config", "publishers", "keys", "record", "redis", "kafka", "topic", "listen"]
    assert len(lines["topic"]) == len(relay.topics)
    assert all(line.split()[1] in ("ok", "ok:") for thing in lines.values() for line in thing), done


def test_redis_is_asked_only_where_it_is_configured(relay):
    code, lines, done = checked(relay)
    assert code == 0, done
    assert "redis" not in lines and "record" not in lines


FAULTS = {
    "no broker": ({"kafka.bootstrap.servers": "127.0.0.1:{port}"}, 69, "kafka", None),
    "no Redis": ({"redis.url": "redis://127.0.0.1:{port}"}, 69, "redis", None),
    "a topic is missing": ({"topics.audit": "nobody.made.this"}, 69, "topic", "nobody.made.this"),
    "no entry of its own": ({"auth.publisher": "nobody"}, 78, "publishers", "nobody"),
    "an entry that is no intake's": ({"auth.publisher": "portal"}, 78, "publishers", "assert:key"),
    "a property that Kafka refuses": ({"kafka.acks": "1"}, 78, "kafka", "acks"),
    "a property that Kafka does not know": ({"kafka.linger": "1"}, 78, "kafka", "linger"),
    "an address of another machine": ({"http.listen": "192.0.2.1:8080", "security.plaintext": "trusted_network"}, 69,
                                      "listen", "http.listen 192.0.2.1:8080"),
    "no file of keys": ({"auth.keys_file": "missing.keys"}, 78, "keys", "missing.keys"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_has_its_line_and_its_kind(relay, fault):
    settings, expected, thing, words = FAULTS[fault]
    code, lines, done = checked(relay, **{key: value.format(port=free_port()) for key, value in settings.items()})
    assert code == expected, done
    failed = [line for line in lines[thing] if "FAILED" in line]
    assert len(failed) == 1 and (words or "") in failed[0], done
    assert "kafka" in lines, "one fault hides another"


def test_a_topic_with_fewer_partitions_than_planned_is_warned_of(relay):
    code, lines, done = checked(relay, **{"topics.partitions": "12"})
    assert code == 0, done
    assert len(lines["topic"]) == len(relay.topics)
    for line in lines["topic"]:
        assert line.split()[1] == "warning:" and "6 partitions, must be 12" in line, done


def test_an_address_that_is_taken_is_warned_of_since_the_program_may_be_running(relay):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, lines, done = checked(relay, **{"admin.listen": f"127.0.0.1:{port}"})
    assert code == 0, done
    assert lines["listen"][0].split()[1:] == ["ok:", "http.listen"]
    assert lines["listen"][1].split()[1:3] == ["warning:", "admin.listen"] and str(port) in lines["listen"][1], done


def test_a_running_producer_keeps_its_connections_while_another_checks(relay):
    producer = relay.producer()
    code, lines, done = checked(relay, **{"http.listen": f"127.0.0.1:{producer.port}",
                                          "admin.listen": f"127.0.0.1:{producer.admin_port}"})
    assert code == 0, done
    assert [line.split()[1] for line in lines["listen"]] == ["ok:", "warning:"]
    assert producer.check("x").status == 404


def test_the_worker_checks_its_group_member_and_its_admin_port(relay, redis_server):
    done = relay.command("reset-worker", "check", check=False, settings={
        "redis.url": redis_server.url, "kafka.partition.assignment.strategy": "nobody-knows",
        "admin.listen": "192.0.2.1:9464"})
    assert done.returncode == 78, done
    lines = [line for line in done.stdout.splitlines() if "FAILED" in line]
    assert any(line.startswith("kafka") and "partition.assignment.strategy" in line for line in lines), done
    assert any(line.startswith("listen") and "admin.listen" in line for line in lines), done


BEYOND = {
    # what the key may and the publisher may not; the word in the warning
    "bulk": (("request:admin", "request:bulk"), ("*",), "request:bulk"),
    "temporary passwords": (("request:admin", "request:temporary_password"), ("*",), "request:temporary_password"),
    "administrators": (("request:admin",), ("acme",), "request:admin"),
    "another tenant": (("request:self",), ("acme", "globex"), "a tenant"),
    "all tenants": (("request:self",), ("*",), "a tenant"),
}


@pytest.mark.parametrize("what", BEYOND)
def test_a_key_that_may_more_than_the_publisher_is_warned_of(relay, what):
    scopes, tenants, words = BEYOND[what]
    own = {"bulk": ("request:admin", ("*",)), "temporary passwords": ("request:admin", ("*",)),
           "administrators": ("request:self", ("*",))}.get(what, ("request:admin", ("acme",)))
    relay.add_publisher("narrow", (own[0], "assert:key"), own[1])
    settings = {"auth.publisher": "narrow", "auth.keys_file": str(relay.folder / "narrow.keys")}
    grant = [argument for scope in scopes for argument in ("--scope", scope)]
    grant += [argument for tenant in tenants for argument in ("--tenant", tenant)]
    relay.command("reset-producer", "keys", "add", "--name", "fine", "--scope", "request:self", "--scope", "redeem",
                  "--tenant", "acme", settings=settings)
    relay.command("reset-producer", "keys", "add", "--name", "wide", *grant, settings=settings)
    code, lines, done = checked(relay, **settings)
    assert code == 0, done
    assert len(lines["grants"]) == 1, done
    assert lines["grants"][0].split()[1] == "warning:" and f" {words} that" in lines["grants"][0], done
