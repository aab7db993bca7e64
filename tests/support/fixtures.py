"""The fixtures that every suite with a deployment has; a conftest imports them by name."""
import pytest

from .redis_server import RedisServer
from .smtp_server import SmtpServer


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
