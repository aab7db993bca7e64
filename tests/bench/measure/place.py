"""Where a bench runs: a folder, one Kafka for all rows, and how much of everything: the whole figure or a smoke of it."""
import pathlib
import shutil
import tempfile

from confluent_kafka.admin import AdminClient

from support import kafka_client
from support.kafka_broker import KafkaBroker, _silent
from support.processes import JOURNAL
from support.redis_server import RedisServer


WARM_UP = 50_000


class Broker(KafkaBroker):
    """Topics with as many partitions as a row wants, gone from the disk soon after they are deleted."""

    partitions = 12

    def __init__(self, folder, heap):
        super().__init__(folder, heap)
        with open(self.properties, "a") as file:  # not fenced by a machine that is busy for some seconds
            file.write("broker.session.timeout.ms=30000\nbroker.heartbeat.interval.ms=2000\n")

    def create_topics(self, names):
        kafka_client.create_topics(self.address, names, self.partitions, **{"max.message.bytes": "12000000",
                                                                            "file.delete.delay.ms": "1000"})

    def delete_topics(self):
        admin = AdminClient({"bootstrap.servers": self.address, "logger": _silent()})
        names = [name for name in admin.list_topics(timeout=30).topics if not name.startswith("__")]
        if names:
            for future in admin.delete_topics(names, operation_timeout=30).values():
                future.result()


def warm_up(broker):
    """A JVM compiles what it runs often: whoever is measured first would pay for that with a fifth of a second here and
    there.  Records that go one by one, and all at once."""
    broker.create_topics(["warm-up"])
    for linger_ms in (0, 5):
        kafka_client.publish(broker.address, "warm-up", ((b"%d" % number, bytes(1000), None) for number in range(WARM_UP)),
                             **{"linger.ms": linger_ms})
    reader = kafka_client.TopicReader(broker.address, ["warm-up"])
    reader.complete()
    reader.close()


class Place:
    def __init__(self, smoke, runs):
        self.smoke = smoke
        self.runs = 1 if smoke else runs
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="reset-bench."))
        self.folder = self.root
        self._broker = None

    def size(self, full, smoke):
        return smoke if self.smoke else full

    @property
    def broker(self):
        if self._broker is None:
            self._broker = Broker(self.root / "kafka", heap="1g").start()
            self._broker.process.lasting = True  # what ends a test's processes leaves it
            if not self.smoke:
                warm_up(self._broker)
        return self._broker

    def redis(self, name):
        """As production would have it, but for the disk: what is measured is not its speed."""
        return RedisServer(self.folder / name, "--appendfsync", "everysec", "--slowlog-log-slower-than", "-1").start()

    def begin(self, row):
        """A folder for a row."""
        self.folder = self.root / row
        self.folder.mkdir()

    def end(self):
        """All that the row started is gone, its records too."""
        kept = self._broker.process if self._broker else None
        for process in JOURNAL:
            if process is not kept:
                process.kill()
        JOURNAL[:] = [kept] if kept else []
        if self._broker:
            self._broker.partitions = Broker.partitions
            self._broker.delete_topics()
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self):
        if self._broker:
            self._broker.remove()
        shutil.rmtree(self.root, ignore_errors=True)
