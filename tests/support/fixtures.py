"""The fixtures that every suite with a deployment has; a conftest imports them by name."""
import contextlib
import os
import types

import pytest

from . import places
from .kafka_broker import KafkaBroker
from .redis_server import RedisServer
from .relay import Relay
from .smtp_server import SmtpServer


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """One Kafka for all tests; each deployment has topics of its own.  RESET_TEST_BROKER: the address of one that runs."""
    if "RESET_TEST_BROKER" in os.environ:
        yield types.SimpleNamespace(address=os.environ["RESET_TEST_BROKER"], replication=KafkaBroker.replication)
        return
    broker = KafkaBroker(tmp_path_factory.mktemp("kafka")).start()
    broker.process.lasting = True
    yield broker
    broker.remove()


@contextlib.contextmanager
def shared_relay(folder, broker, settings=None):
    """A deployment for many tests, with a Redis and a relay (`.smtp`) of its own; whoever starts a program of it says
    that it is lasting."""
    redis, smtp = RedisServer(folder / "redis").start(), SmtpServer().start()
    redis.process.lasting = True
    relay = Relay(folder / "relay", broker, redis, smtp.url, settings).prepare()
    relay.smtp = smtp
    yield relay
    relay.close()
    smtp.stop()
    redis.kill()


@pytest.fixture
def redis_server(tmp_path):
    server = RedisServer(tmp_path / "redis").start()
    yield server
    server.kill()


@pytest.fixture
def smtp():
    server = SmtpServer().start()
    yield server
    server.stop()


@pytest.fixture
def relay(deploy):
    return deploy()


@pytest.fixture
def deploy(tmp_path, broker, redis_server, smtp):
    """deploy(settings..., tiers=...) makes a deployment with keys, publishers and topics; nothing runs yet."""
    with deployments(tmp_path, broker, redis_server, smtp.url) as deploy:
        yield deploy


@contextlib.contextmanager
def deployments(folder, usual_kafka, redis_server, usual_smtp, usual_settings=None):
    """A function that makes a deployment at each call, of what is usual and what the call says; all are closed."""
    made = []

    def make(settings=None, kafka=None, smtp_url=None, **options):
        relay = Relay(folder / f"relay-{len(made)}", kafka or usual_kafka, redis_server, smtp_url or usual_smtp,
                      {**(usual_settings or {}), **(settings or {})}, **options).prepare()
        made.append(relay)
        return relay
    yield make
    for relay in made:
        relay.close()


@pytest.fixture
def release(monkeypatch):
    """The programs as production has them, without what sanitizers need."""
    folder = places.ROOT / "build" / "release" / "bin"
    if not (folder / "reset-worker").exists():
        pytest.skip("the release build is not there: cmake --build --preset release")
    monkeypatch.setattr(places, "BIN", folder)
