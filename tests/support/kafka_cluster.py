"""Three Apache Kafka brokers, KRaft, as a production cluster has them: replication 3, min.insync.replicas 2.

Clients reach each broker through a proxy of its own (support/fault_proxy.py), brokers reach one another directly, so
that a test can disturb either a broker or the way to it.
"""
import shutil

from .fault_proxy import FaultProxy
from .kafka_broker import answers, cluster_id, format_storage, java
from .processes import Process, free_port
from .waiting import eventually

PROPERTIES = """\
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
listeners=CLIENT://127.0.0.1:{client},BROKER://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENT://127.0.0.1:{proxy},BROKER://127.0.0.1:{broker}
controller.listener.names=CONTROLLER
inter.broker.listener.name=BROKER
listener.security.protocol.map=CLIENT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
message.max.bytes=12000000
controlled.shutdown.enable=false
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
controller.quorum.election.timeout.ms=1000
controller.quorum.fetch.timeout.ms=2000
replica.lag.time.max.ms=5000
log.segment.bytes=67108864
"""


class _Node:
    def __init__(self, number, folder):
        self.number = number
        self.folder = folder
        self.client, self.broker, self.controller = free_port(), free_port(), free_port()
        self.proxy = FaultProxy(self.client)
        self.process = None

    @property
    def properties(self):
        return self.folder / "server.properties"

    def format(self, heap, cluster, voters):
        self.folder.mkdir(parents=True)
        self.properties.write_text(PROPERTIES.format(
            node=self.number, voters=voters, client=self.client, broker=self.broker, controller=self.controller,
            proxy=self.proxy.port, folder=self.folder))
        format_storage(heap, cluster, self.properties)


class KafkaCluster:
    """`address` names all brokers and stays the same over kill and start."""

    replication = 3

    def __init__(self, folder, size=3, heap="320m"):
        self.heap = heap
        self.nodes = [_Node(number, folder / f"broker-{number}") for number in range(1, size + 1)]
        self.address = ",".join(f"127.0.0.1:{node.proxy.port}" for node in self.nodes)
        cluster = cluster_id()
        voters = ",".join(f"{node.number}@127.0.0.1:{node.controller}" for node in self.nodes)
        for node in self.nodes:
            node.format(heap, cluster, voters)

    def start(self):
        for node in self.nodes:
            node.proxy.start()
            self.start_node(node, wait=False)
        self.wait_for(len(self.nodes))
        return self

    def start_node(self, node, wait=True):
        node.process = Process(f"kafka-{node.number}-{node.client}", [*java(self.heap), "kafka.Kafka", node.properties],
                               node.folder)
        node.process.lasting = True
        if wait:
            self.wait_for(sum(each.process.running for each in self.nodes))

    def kill_node(self, node):
        node.process.kill()

    def wait_for(self, count, deadline=120):
        """Until so many brokers take part."""
        def enough():
            assert any(node.process.running for node in self.nodes), "no broker is left"
            found = answers(self.address)
            return found and len(found) >= count
        eventually(f"{count} brokers to answer", enough, deadline)

    def let_through(self):
        for node in self.nodes:
            node.proxy.let_through()

    def remove(self):
        for node in self.nodes:
            node.process.kill()
            node.proxy.stop()
            shutil.rmtree(node.folder / "data", ignore_errors=True)
