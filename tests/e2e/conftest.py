"""The servers and the deployment that the end-to-end tests run against."""
import pytest

from support.fixtures import redis_server, relay, smtp  # noqa: F401
from support.kafka_broker import KafkaBroker
from support.relay import Relay


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """One Kafka for all tests; each deployment has topics of its own."""
    broker = KafkaBroker(tmp_path_factory.mktemp("kafka")).start()
    broker.process.lasting = True
    yield broker
    broker.remove()


@pytest.fixture
def own_broker(tmp_path):
    """A Kafka that the test may stop."""
    broker = KafkaBroker(tmp_path / "kafka", heap="384m").start()
    yield broker
    broker.remove()


@pytest.fixture
def deploy(tmp_path, broker, redis_server, smtp):
    """deploy(settings..., tiers=...) makes a deployment with keys, publishers and topics; nothing runs yet."""
    made = []

    def make(settings=None, kafka=None, smtp_url=None, **options):
        relay = Relay(tmp_path / f"relay-{len(made)}", kafka or broker, redis_server, smtp_url or smtp.url, settings,
                      **options).prepare()
        made.append(relay)
        return relay
    yield make
    for relay in made:
        relay.close()
