"""The servers of a fault run: three brokers, Redis behind a proxy, a scripted relay behind a proxy.

Tests that touch no broker share one cluster, over all of pytest's processes; each deployment has topics of its own.
Those that ask for `kafka`, to kill brokers and to cut the ways to them, run one after another, in each module on a
cluster of its own.
"""
import os
import pathlib
import random
import tempfile

import pytest

from load import Load
from support.fault_proxy import FaultProxy
from support.fixtures import broker, deployments, redis_server, relay, smtp  # noqa: F401
from support.kafka_cluster import KafkaCluster


class _ClusterElsewhere:
    """The shared cluster, as pytest's other processes know it."""

    replication = KafkaCluster.replication

    def __init__(self, address):
        self.address = address


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="more of each fault, over more requests")


def _touches_brokers(item):
    return "kafka" in item._fixtureinfo.argnames


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the groups
def pytest_collection_modifyitems(items):
    """Those of a module that strike brokers are one group (--dist loadgroup), and come first: they take longest."""
    for item in items:
        if _touches_brokers(item):
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))
    items.sort(key=lambda item: not _touches_brokers(item))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """In the process that distributes: it outlives the others, so that the shared cluster is its."""
    config = node.config
    if not hasattr(config, "shared_cluster"):
        config.shared_cluster = KafkaCluster(pathlib.Path(tempfile.mkdtemp(prefix="cluster-"))).start()
    node.workerinput["cluster"] = config.shared_cluster.address


def pytest_unconfigure(config):
    if hasattr(config, "shared_cluster"):
        config.shared_cluster.remove()


@pytest.fixture(scope="session")
def own_cluster(tmp_path_factory):
    cluster = KafkaCluster(tmp_path_factory.mktemp("cluster")).start()
    yield cluster
    cluster.remove()


@pytest.fixture
def kafka(own_cluster):
    """The cluster, whole and undisturbed again after the test."""
    yield own_cluster
    own_cluster.let_through()
    for node in own_cluster.nodes:
        if not node.process.running:
            own_cluster.start_node(node, wait=False)
    own_cluster.wait_for(len(own_cluster.nodes))


@pytest.fixture
def cluster(request):
    """What the deployment talks to: the test's own cluster where it touches brokers, else the shared one, or one that
    runs already, at RESET_TEST_CLUSTER."""
    shared = getattr(request.config, "workerinput", {}).get("cluster") or os.environ.get("RESET_TEST_CLUSTER")
    if shared and not _touches_brokers(request.node):
        return _ClusterElsewhere(shared)
    return request.getfixturevalue("kafka")


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
def deploy(tmp_path, cluster, redis_server, redis_proxy, smtp, smtp_proxy):
    """deploy(settings..., tiers=...): the pair between the proxies; nothing runs yet."""
    with deployments(tmp_path, cluster, redis_server, f"smtp://127.0.0.1:{smtp_proxy.port}",
                     {"redis.url": f"redis://127.0.0.1:{redis_proxy.port}"}) as deploy:
        yield deploy


@pytest.fixture
def load(relay, smtp, redis_server):
    """The numbered stream of requests, and the judge of what became of it."""
    load = Load(relay, smtp, redis_server)
    yield load
    load.close()


@pytest.fixture
def how_many(request):
    """how_many(short, long): the second with --long."""
    return lambda short, long: long if request.config.getoption("--long") else short


@pytest.fixture
def chance(request):
    """Randomness that a failed run can be repeated with: FAULT_SEED=… (printed beside the failure)."""
    seed = int(os.environ.get("FAULT_SEED", random.SystemRandom().randrange(2**32)))
    request.node.add_report_section("setup", "seed", f"FAULT_SEED={seed}")
    return random.Random(seed)
