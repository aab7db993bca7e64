"""The servers and the deployment that the end-to-end tests run against."""
import pytest

from support.fixtures import broker, deploy, redis_server, relay, release, smtp  # noqa: F401
from support.kafka_broker import KafkaBroker


@pytest.fixture
def own_broker(tmp_path):
    """A Kafka that the test may stop."""
    broker = KafkaBroker(tmp_path / "kafka", heap="384m").start()
    yield broker
    broker.remove()
