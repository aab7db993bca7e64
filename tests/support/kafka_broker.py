"""Apache Kafka 4.1.0, one node, KRaft, in a folder of its own; no distribution needed, only its jars."""
import resource
import shutil
import subprocess
import uuid
import base64

from . import places
from .processes import Process, free_port
from .waiting import eventually

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
message.max.bytes=12000000
controlled.shutdown.enable=false
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
log.segment.bytes=67108864
"""


def java(heap, *options):
    """How a class of Kafka is run."""
    assert places.KAFKA_LIBS.is_dir(), f"{places.KAFKA_LIBS} is missing: tests/run.sh fetches Kafka"
    if places.KAFKA_CLASSES.exists() and not options:
        options = (f"-XX:SharedArchiveFile={places.KAFKA_CLASSES}", "-Xlog:disable")
    return [places.tool("java"), f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
            *options, "-Dlog4j2.level=ERROR", "-cp", f"{places.KAFKA_LIBS}/*"]


def cluster_id():
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def format_storage(heap, cluster, properties, *options):
    """Makes the folder of a node's log."""
    # In one word: an id may begin with a hyphen, and would be taken for an option.
    subprocess.run([*java(heap), "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", properties,
                    *options], check=True, capture_output=True, timeout=120)


class KafkaBroker:
    """`address` stays the same over stop and start, so that clients find it again."""

    replication = 1

    def __init__(self, folder, heap="512m"):
        self.folder = folder
        self.heap = heap
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.process = None
        folder.mkdir(parents=True, exist_ok=True)
        self.properties = folder / "server.properties"
        self.properties.write_text(PROPERTIES.format(port=self.port, controller=free_port(), folder=folder))
        format_storage(heap, cluster_id(), self.properties, "--standalone")

    def start(self, *options):
        self.process = Process(f"kafka-{self.port}", [*java(self.heap, *options), "kafka.Kafka", self.properties],
                               self.folder)
        eventually(f"Kafka to answer on {self.address}", self._answers, deadline=90, seen=self.process.tail)
        return self

    def _answers(self):
        assert self.process.running, f"Kafka ended\n{self.process.tail()}"
        return answers(self.address)

    def kill(self):
        self.process.kill()

    def stop(self):
        self.process.stop()

    def fill_disk(self):
        """Until it is started anew none of its files grows, as on a full disk: what it is asked to write fails."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))

    def remove(self):
        if self.process:
            self.process.kill()
        shutil.rmtree(self.folder / "data", ignore_errors=True)


def answers(address):
    """The brokers that take part; False where nobody answers.  One is listed only once it is unfenced, and only then
    it takes topics."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient
    try:
        return AdminClient({"bootstrap.servers": address, "log_level": 0, "logger": _silent()}).list_topics(
            timeout=5).brokers
    except KafkaException:
        return False


def _silent():
    import logging
    logger = logging.getLogger("kafka-client")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    return logger
