"""The servers and the deployment that the end-to-end tests run against."""
import pytest

from support.fixtures import broker, deploy, redis_server, relay, release, smtp  # noqa: F401
from support.kafka_broker import KafkaBroker


def _started(relay):
    relay.the_worker = relay.worker()
    relay.the_producer = relay.producer()
    return relay


@pytest.fixture
def running(relay):
    """The deployment with a worker and a producer: `the_worker`, `the_producer`."""
    return _started(relay)


@pytest.fixture
def start_with_passwords(deploy):
    """start_with_passwords(settings...): a running deployment that gives temporary passwords of each kind."""
    return lambda settings=None, **options: _started(
        deploy({"policy.temporary_password": "mailed,handed,chosen", **(settings or {})}, **options))


@pytest.fixture
def own_broker(tmp_path):
    """A Kafka that the test may stop."""
    broker = KafkaBroker(tmp_path / "kafka", heap="384m").start()
    yield broker
    broker.remove()
