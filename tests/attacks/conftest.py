"""What is attacked: one pair that all tests share, or a deployment of the test's own."""
import pytest

from support.fixtures import broker, deploy, redis_server, relay, shared_relay, smtp  # noqa: F401


@pytest.fixture(scope="session")
def pair(tmp_path_factory, broker):
    """A producer and a worker that run through all attacks: each test has users of its own, and leaves them running.
    `pair.intake` is the producer, `pair.smtp` the relay."""
    settings = {"policy.temporary_password": "mailed,handed,chosen"}
    with shared_relay(tmp_path_factory.mktemp("pair"), broker, settings) as pair:
        pair.intake, pair.the_worker = pair.producer(), pair.worker()
        pair.intake.lasting = pair.the_worker.lasting = True
        yield pair


@pytest.fixture(autouse=True)
def the_pair_lives(request):
    """No attack ends it."""
    yield
    if "pair" in request.fixturenames:
        pair = request.getfixturevalue("pair")
        assert pair.intake.running and pair.the_worker.running
        assert pair.intake.readiness().status == pair.the_worker.readiness().status == 200
