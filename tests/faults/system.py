"""The running system of a long run: cluster, Redis, scripted relay, proxies, workers and producers that come back."""
import itertools
import threading

from evidence import fault_of
from support.fault_proxy import FaultProxy
from support.kafka_broker import KafkaBroker, answers
from support.kafka_cluster import KafkaCluster
from support.processes import JOURNAL, free_port
from support.redis_server import RedisServer
from support.relay import Relay
from support.smtp_server import SmtpServer
from watch import Greetings, MailLedger, Nothing

TIERS = ("2s", "10s", "30s", "1m")
SETTINGS = {"log.level": "info", "kafka.session.timeout.ms": "3000", "kafka.heartbeat.interval.ms": "500",
            "smtp.dot_timeout": "40s"}


class Slot:
    """A worker or producer that is started again under its ports; each incarnation of a worker greets the relay with
    a name of its own."""

    def __init__(self, system, make, title):
        self.system = system
        self.make = make
        self.title = title
        self.name = title
        self.process = None
        self.struck = False    # it is down because we took it down
        self._ports = {"admin.listen": f"127.0.0.1:{free_port()}", "http.listen": f"127.0.0.1:{free_port()}"}
        self._incarnations = itertools.count(1)

    def start(self, wait=False):
        self._forget()
        self.name = f"{self.title}-{next(self._incarnations)}"
        self.process = self.make(wait=wait, **self._ports, **{"smtp.helo": f"{self.name}.test"})
        self.struck = False

    def _forget(self):
        """An incarnation that is over leaves its log and nothing in this program."""
        if self.process is not None:
            JOURNAL.remove(self.process)
            self.system.relay.processes.remove(self.process)

    def kill(self):
        self.struck = True
        self.process.kill()

    def terminate(self, deadline):
        """SIGTERM; what it ended with."""
        self.struck = True
        return self.process.stop(deadline)

    @property
    def ended_by_itself(self):
        return self.process is not None and not self.struck and not self.process.running


def _cluster(folder, brokers):
    """One broker alone cannot be struck; it is for runs in which something else dies, on a machine with little room."""
    return KafkaBroker(folder).start() if brokers == 1 else KafkaCluster(folder, brokers, heap="400m").start()


class System:
    """`mortal`: how many of the workers, of the producers may be killed; the others live from start to end."""

    def __init__(self, folder, evidence, workers=3, producers=2, mortal=(2, 1), cluster=None, brokers=3):
        self.evidence = evidence
        self.cluster = cluster or _cluster(folder / "cluster", brokers)
        self._own_cluster = cluster is None
        self.redis = RedisServer(folder / "redis").start()
        self.redis.process.lasting = True
        self.redis_proxy = FaultProxy(self.redis.port).start()
        self.smtp = SmtpServer()
        self.smtp.mails, self.smtp.refused = MailLedger(evidence), Nothing()
        self.smtp.commands = Greetings(evidence)
        self.smtp.start()
        self.smtp_proxy = FaultProxy(self.smtp.port).start()
        self.relay = Relay(folder / "relay", self.cluster, self.redis, f"smtp://127.0.0.1:{self.smtp_proxy.port}",
                           {**SETTINGS, "redis.url": f"redis://127.0.0.1:{self.redis_proxy.port}"},
                           tiers=TIERS).prepare()
        self.workers = [Slot(self, self.relay.worker, f"worker-{letter}") for letter in "abcdefghij"[:workers]]
        self.producers = [Slot(self, self.relay.producer, f"producer-{letter}") for letter in "abcd"[:producers]]
        self.mortal_workers = self.workers[workers - mortal[0]:]
        self.mortal_producers = self.producers[producers - mortal[1]:]
        self.stopping = threading.Event()
        self._guest = Slot(self, self.relay.worker, "guest")
        for slot in self.workers + self.producers:
            slot.start(wait=True)

    def wait(self, seconds):
        """A fault lasts that long, or until the run ends."""
        self.stopping.wait(seconds)

    def fault(self, kind, target=""):
        return fault_of(self.evidence, kind, f"{target}.test" if kind.startswith("worker") else target)

    def guest(self):
        self._guest.start()
        return self._guest

    def brokers(self):
        return len(answers(self.cluster.address) or ())

    def asked_producers(self):
        return [slot.process for slot in self.producers]

    def steady_processes(self):
        """What is looked at from start to end: it is not the one that is killed."""
        slots = [slot for slot in self.workers + self.producers
                 if slot not in self.mortal_workers + self.mortal_producers]
        return {slot.title: slot.process.pid for slot in slots}

    def look_after_processes(self):
        """Nothing of ours ends by itself, whatever strikes; what does is said, and started again."""
        for slot in self.workers + self.producers:
            if slot.ended_by_itself:
                self.evidence.died.append(f"{slot.name} ended by itself with {slot.process.child.returncode}: "
                                          f"{slot.process.stderr()[-2000:]}")
                slot.start()

    def let_all_through(self):
        if self.cluster.replication > 1:
            self.cluster.let_through()
        self.redis_proxy.let_through()
        self.smtp_proxy.let_through()
        self.smtp.rules.clear()

    def written_files(self):
        """Logs of our programs, and what Redis wrote."""
        return [path for folder in (self.relay.folder, self.redis.folder) for path in folder.rglob("*")
                if path.is_file() and not path.name.endswith((".ini", ".keys", "publishers"))]

    def close(self):
        self.relay.close()
        self.redis.kill()
        self.smtp.stop()
        self.redis_proxy.stop()
        self.smtp_proxy.stop()
        if self._own_cluster:
            self.cluster.remove()
