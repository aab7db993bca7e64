"""The servers of a fault run: three brokers, Redis behind a proxy, a scripted relay behind a proxy."""
import os
import random

import pytest

from load import Load
from support.fault_proxy import FaultProxy
from support.fixtures import redis_server, relay, smtp  # noqa: F401
from support.kafka_cluster import KafkaCluster
from support.relay import Relay


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """One cluster for all tests; each deployment has topics of its own."""
    cluster = KafkaCluster(tmp_path_factory.mktemp("cluster")).start()
    yield cluster
    cluster.remove()


@pytest.fixture
def kafka(cluster):
    """The cluster, whole and undisturbed again after the test."""
    yield cluster
    cluster.let_through()
    for node in cluster.nodes:
        if not node.process.running:
            cluster.start_node(node, wait=False)
    cluster.wait_for(len(cluster.nodes))


@pytest.fixture
def redis_proxy(redis_server):
    proxy = FaultProxy(redis_server.port).start()
    yield proxy
    proxy.stop()


@pytest.fixture
def smtp_proxy(smtp):
    proxy = FaultProxy(smtp.port).start()
    yield proxy
    proxy.stop()


@pytest.fixture
def deploy(tmp_path, kafka, redis_server, redis_proxy, smtp, smtp_proxy):
    """deploy(settings..., tiers=...): the pair between the proxies; nothing runs yet."""
    made = []

    def make(settings=None, **options):
        settings = {"redis.url": f"redis://127.0.0.1:{redis_proxy.port}", **(settings or {})}
        relay = Relay(tmp_path / f"relay-{len(made)}", kafka, redis_server, f"smtp://127.0.0.1:{smtp_proxy.port}",
                      settings, **options).prepare()
        made.append(relay)
        return relay
    yield make
    for relay in made:
        relay.close()


@pytest.fixture
def load(relay, smtp, redis_server):
    """The numbered stream of requests, and the judge of what became of it."""
    return Load(relay, smtp, redis_server)


@pytest.fixture
def chance(request):
    """Randomness that a failed run can be repeated with: FAULT_SEED=… (printed beside the failure)."""
    seed = int(os.environ.get("FAULT_SEED", random.SystemRandom().randrange(2**32)))
    request.node.add_report_section("setup", "seed", f"FAULT_SEED={seed}")
    return random.Random(seed)
