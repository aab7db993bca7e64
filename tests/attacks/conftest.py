"""What is attacked: one pair that all tests share, or a deployment of the test's own."""
import pytest

from support.fixtures import broker, deploy, redis_server, relay, smtp  # noqa: F401
from support.redis_server import RedisServer
from support.relay import Relay
from support.smtp_server import SmtpServer


@pytest.fixture(scope="session")
def pair(tmp_path_factory, broker):
    """A producer and a worker that run through all attacks: each test has users of its own, and leaves them running.
    `pair.intake` is the producer, `pair.smtp` the relay."""
    folder = tmp_path_factory.mktemp("pair")
    redis, smtp = RedisServer(folder / "redis").start(), SmtpServer().start()
    pair = Relay(folder / "relay", broker, redis, smtp.url, {"policy.temporary_password": "mailed,handed,chosen"}).prepare()
    pair.smtp = smtp
    pair.intake, pair.the_worker = pair.producer(), pair.worker()
    redis.process.lasting = pair.intake.lasting = pair.the_worker.lasting = True
    yield pair
    pair.close()
    smtp.stop()
    redis.kill()


@pytest.fixture(autouse=True)
def the_pair_lives(request):
    """No attack ends it."""
    yield
    if "pair" in request.fixturenames:
        pair = request.getfixturevalue("pair")
        assert pair.intake.running and pair.the_worker.running
        assert pair.intake.readiness().status == pair.the_worker.readiness().status == 200
