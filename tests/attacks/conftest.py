from e2e.conftest import broker, deploy  # noqa
from support.fixtures import redis_server, relay, smtp  # noqa: F401
