"""Programs built with a hiredis that has TLS, and certificates for Redis.  Where there is no such hiredis, every test is
skipped with the reason."""
import os
import subprocess

import pytest

from e2e.conftest import broker, deploy  # noqa: F401
from support import places
from support.fixtures import redis_server, relay, smtp  # noqa: F401
from support.redis_server import RedisServer
from support.processes import free_port

BUILD = places.ROOT / "build" / "tls"


@pytest.fixture(scope="session")
def with_tls():
    """The folder of programs that speak TLS to Redis."""
    found = subprocess.run([places.ROOT / "tests" / "tls" / "hiredis.sh", places.CACHE / "hiredis-tls"],
                           capture_output=True, text=True, timeout=600)
    if found.returncode:
        pytest.skip(found.stderr.strip().splitlines()[-1])
    environment = {**os.environ, "PKG_CONFIG_PATH": found.stdout.strip()}
    for command in (["cmake", "-S", places.ROOT, "-B", BUILD, "-DCMAKE_BUILD_TYPE=Debug", "-DRESET_SANITIZE=ON",
                     "-DRESET_WERROR=ON", "-DRESET_TESTS=ON"],
                    ["cmake", "--build", BUILD, "-j2", "--target", "reset-worker", "reset-producer", *UNIT]):
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, done.stdout[-4000:]
    return BUILD / "bin"


UNIT = ["redis_url_test", "redis_test", "redis_record_store_test", "redis_nonsense_test", "redis_settlement_test"]


@pytest.fixture
def programs(with_tls, monkeypatch):
    monkeypatch.setattr(places, "BIN", with_tls)


class Authority:
    """Signs certificates; its own is `path`."""

    def __init__(self, folder, name):
        self.folder = folder
        self.path, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.path)

    def certificate(self, name, subject, days=2):
        """Certificate and key for what `subject` says (DNS:…,IP:…)."""
        path, key, request = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                "-addext", f"subjectAltName={subject}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.path, "-CAkey", self.key, "-CAcreateserial", "-days", days,
                "-copy_extensions", "copy", "-out", path)
        return path, key


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "ours")


@pytest.fixture
def tls_redis(tmp_path, authority):
    """tls_redis(certificate, options...): a Redis with it; its TLS port is `tls_port`."""
    started = []

    def start(certificate, *options, clients="no"):
        port = free_port()
        server = RedisServer(tmp_path / f"redis-tls-{len(started)}", "--tls-port", str(port),
                             "--tls-cert-file", str(certificate[0]), "--tls-key-file", str(certificate[1]),
                             "--tls-ca-cert-file", str(authority.path), "--tls-auth-clients", clients, *options)
        server.tls_port = port
        started.append(server.start())
        return server
    yield start
    for server in started:
        server.kill()
