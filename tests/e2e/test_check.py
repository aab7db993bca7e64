"""`reset-producer check`: a line per thing, whatever is wrong before it, and an exit code that says what kind."""
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
    done = relay.command("reset-producer", "check", check=False, settings=settings)
    lines = {}
    for line in done.stdout.splitlines():
        lines.setdefault(line.split()[0], []).append(line)
    return done.returncode, lines, done


def test_all_well_is_told_line_by_line(relay, redis_server):
    code, lines, done = checked(relay, **{"redis.url": redis_server.url})
    assert code == 0, done
    assert list(lines) == ["config", "publishers", "keys", "record", "redis", "kafka", "topic"]
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
