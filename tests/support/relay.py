"""A whole deployment of the pair for one test: topics, keys, publishers, configuration, workers, producers.

Each has names of its own on the shared broker, so that tests do not see one another.  Settings are
{"section.key": value}; what a test does not set is roomy enough not to interfere (limits), or quick (retry tiers).
"""
import itertools
import json
import os
import signal
import subprocess

from . import events, kafka_client, places, web
from .processes import Process, free_port
from .waiting import NotYet, eventually

_numbers = itertools.count(1)
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1:exitcode=99", "UBSAN_OPTIONS": "print_stacktrace=1:exitcode=99"}
ALL_SCOPES = ("request:self", "request:admin", "request:temporary_password", "redeem", "revoke", "notify", "status")


class Relay:
    def __init__(self, folder, broker, redis, smtp_url, settings=None, tiers=("3s", "1m")):
        self.folder = folder
        self.broker = broker
        self.redis = redis
        self.name = f"t{os.getpid()}-{next(_numbers)}"
        self.requested = f"{self.name}.requested"
        self.audit_topic = f"{self.name}.audit"
        self.dead_letters = f"{self.name}.requested.dlq"
        self.retries = [f"{self.requested}.retry.{tier}" for tier in tiers]
        self.group = f"{self.name}.worker"
        self.settings = {
            "kafka.bootstrap.servers": broker.address,
            "kafka.session.timeout.ms": "6000",
            "kafka.heartbeat.interval.ms": "500",
            "topics.requested": self.requested,
            "topics.audit": self.audit_topic,
            "topics.dead_letter": self.dead_letters,
            "topics.retry": ",".join(tiers),
            "topics.partitions": "6",
            "topics.replication": str(broker.replication),
            "redis.url": redis.url,
            "smtp.url": smtp_url,
            "smtp.tls": "off",
            "smtp.dot_timeout": "50s",  # below the longest tier, as it must be
            "smtp.from": "Example <no-reply@example.org>",
            "link.url": "https://app.example.org/reset#{token}",
            "token.master_keys_file": str(folder / "master.keys"),
            "token.record_keys_file": str(folder / "record.keys"),
            "limits.coalesce": "60s",
            "limits.per_user": "off",
            "limits.per_recipient": "off",
            "limits.per_actor": "off",
            "limits.per_client": "off",
            "auth.keys_file": str(folder / "api.keys"),
            "auth.publishers_file": str(folder / "publishers"),
            "auth.publisher": "intake",
            "worker.group_id": self.group,
            "replay.group_id": f"{self.name}.replay",
            "log.format": "json",
            "log.level": "debug",
            **(settings or {}),
        }
        self.topics = [self.requested, self.audit_topic, self.dead_letters, *self.retries]
        self.processes = []
        self._reader = None
        folder.mkdir(parents=True, exist_ok=True)

    # Setting up, as an operator would.

    def prepare(self):
        if hasattr(self.broker, "create_topics"):
            self.broker.create_topics(self.topics)
        else:
            kafka_client.create_topics(self.broker.address, self.topics, replication=self.broker.replication,
                                       **{"max.message.bytes": "12000000"})
        self.command("reset-worker", "keygen", self.settings["token.master_keys_file"])
        self.command("reset-producer", "keygen", self.settings["token.record_keys_file"])
        self.add_publisher("intake", ALL_SCOPES + ("request:bulk", "assert:key"))
        self.publisher = "portal"
        self.publisher_secret = self.add_publisher(self.publisher, ALL_SCOPES)
        self.key = self.add_key("everything", ALL_SCOPES)
        return self

    def write_config(self, name="relay", **settings):
        """An INI file; `settings` names sections and keys with __ and _ as in smtp__url, or pass a dict."""
        merged = {**self.settings, **settings}
        sections = {}
        for key, value in merged.items():
            section, _, rest = key.partition(".")
            if value is not None:
                sections.setdefault(section, []).append(f"{rest} = {value}")
        path = self.folder / f"{name}.ini"
        path.write_text("".join(f"[{section}]\n" + "\n".join(lines) + "\n\n" for section, lines in sections.items()))
        return path

    def command(self, program, *arguments, check=True, text=None, timeout=120, settings=None):
        """Runs one command of a program to its end: the CompletedProcess."""
        config = self.write_config(f"command-{next(_numbers)}", **(settings or {}))
        done = subprocess.run([places.program(program), "--config", config, *map(str, arguments)], input=text,
                              stdin=subprocess.DEVNULL if text is None else None, capture_output=True, text=True,
                              timeout=timeout, env={**os.environ, **SANITIZERS}, cwd=self.folder)
        if check:
            assert done.returncode == 0, f"{done.args} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done

    def add_key(self, name, scopes, tenants=("*",)):
        """An API key, as `keys add` prints it."""
        printed = self.command("reset-producer", "keys", "add", *_grant(name, scopes, tenants)).stdout.split()
        assert len(printed) == 1, f"keys add prints the key alone, not {len(printed)} words"
        return printed[0]

    def add_publisher(self, name, scopes, tenants=("*",)):
        """A publisher's secret."""
        printed = self.command("reset-producer", "publishers", "add", *_grant(name, scopes, tenants)).stdout.split()
        assert len(printed) == 2 and printed[0] == name, "publishers add prints `name secret`"
        return printed[1]

    # Running.

    def worker(self, wait=True, program="reset-worker", wrap=None, **settings):
        """`wrap`: makes the command that is run instead, of the command that would be."""
        return self._run(program, "run", Worker, wait, settings, wrap)

    def producer(self, wait=True, wrap=None, **settings):
        return self._run("reset-producer", "serve", Producer, wait, settings, wrap)

    def _run(self, program, verb, kind, wait, settings, wrap):
        name = f"{kind.__name__.lower()}-{next(_numbers)}"
        settings = {"admin.listen": f"127.0.0.1:{free_port()}", "http.listen": f"127.0.0.1:{free_port()}",
                    "smtp.helo": f"{name}.test", **settings}
        config = self.write_config(name, **settings)
        command = [places.program(program), "--config", config, verb]
        process = kind(name, wrap(command) if wrap else command, self.folder, SANITIZERS, self.folder)
        process.relay = self
        process.admin_port = int(settings["admin.listen"].rpartition(":")[2])
        process.port = int(settings["http.listen"].rpartition(":")[2])
        self.processes.append(process)
        if wait:
            process.wait_ready()
        return process

    # What a service and an auditor see.

    def publish(self, request, identifier=None, publisher=None, secret=None, **attributes):
        """A signed event straight on Kafka; its id."""
        document = events.event(request, identifier, **attributes)
        self.publish_records([events.record(document, publisher or self.publisher, secret or self.publisher_secret)])
        return document["id"]

    def publish_records(self, records, topic=None):
        kafka_client.publish(self.broker.address, topic or self.requested, records)

    @property
    def reader(self):
        if self._reader is None:
            self._reader = kafka_client.TopicReader(self.broker.address, self.topics)
        return self._reader

    def audits(self, request_id=None, outcome=None):
        """Audit events (whole CloudEvents) so far, repeats with the same id left out."""
        self.reader.refresh()
        found = {}
        for record in self.reader.of(self.audit_topic):
            document = json.loads(record.value)
            data = document["data"]
            if request_id in (None, data.get("request_id")) and outcome in (None, data["outcome"]):
                found.setdefault(document["id"], document)
        return list(found.values())

    def outcome(self, request_id, outcome, reason=None, deadline=60):
        """Waits for the audit record of this outcome; its data."""
        def found():
            match = [audit["data"] for audit in self.audits(request_id, outcome)
                     if reason in (None, audit["data"].get("reason"))]
            if not match:
                raise NotYet([audit["data"] for audit in self.audits(request_id)] or "no audit record")
            return match[0]
        return eventually(f"audit {outcome} {reason or ''} of {request_id}", found, deadline)

    def unfinished(self):
        return kafka_client.unfinished(self.broker.address, self.group, [self.requested, *self.retries])

    def wait_until_committed(self, deadline=60):
        """Until the group has committed past every record of its topics."""
        eventually("all offsets to be committed", lambda: not self.unfinished(), deadline, seen=self.unfinished)

    def close(self):
        for process in self.processes:
            process.kill()
        if self._reader:
            self._reader.close()


class Program(Process):
    def readiness(self):
        try:
            return web.call(self.admin_port, "GET", "/readyz", timeout=5)
        except OSError as error:
            return error

    def wait_ready(self, deadline=60):
        def ready():
            assert self.running, f"{self.name} ended with {self.child.returncode}\n{self.tail()}"
            answer = self.readiness()
            if getattr(answer, "status", None) != 200:
                raise NotYet(answer)
            return True
        eventually(f"{self.name} to be ready", ready, deadline)
        return self

    def metric(self, name, **labels):
        return web.metric(self.admin_port, name, **labels)

    def read_again(self):
        """SIGHUP, until keys and publishers are read again."""
        before = self.stderr().count("read again")
        self.signal(signal.SIGHUP)
        eventually(f"{self.name} to read its files again", lambda: self.stderr().count("read again") > before)

    def set_not_before(self, moment):
        """token.not_before in the process's own configuration, and SIGHUP."""
        path = self.command[self.command.index("--config") + 1]
        lines = [line for line in open(path).read().splitlines() if not line.startswith("not_before")]
        lines.insert(lines.index("[token]") + 1, f"not_before = {moment}")
        with open(path, "w") as file:
            file.write("\n".join(lines) + "\n")
        self.read_again()

    def audit_lines(self):
        return [json.loads(line) for line in self.stdout().splitlines() if line.startswith("{")]


class Worker(Program):
    pass


class Producer(Program):
    def call(self, method, path, body=None, key=None, timeout=30, **headers):
        """`body` as JSON unless it is bytes; `key` None takes the deployment's, "" sends none."""
        key = self.relay.key if key is None else key
        if body is not None and not isinstance(body, bytes):
            body = events.encode(body)
        all_headers = {"Content-Type": "application/json"} if body is not None else {}
        if key:
            all_headers["Authorization"] = f"Bearer {key}"
        all_headers |= {name.replace("_", "-"): value for name, value in headers.items()}
        return web.call(self.port, method, path, body, all_headers, timeout)

    def post(self, path, body, **options):
        return self.call("POST", path, body, **options)

    def request(self, body, **options):
        """Asks for a reset that must be accepted; its id."""
        answer = self.post("/v1/password-resets", body, **options)
        assert answer.status == 202, answer
        return answer.json()["id"]

    def check(self, token, **options):
        return self.post("/v1/tokens/check", {"token": token}, **options)

    def redeem(self, token, email, idempotency_key, **options):
        return self.post("/v1/tokens/redeem", {"token": token, "email": email},
                         Idempotency_Key=idempotency_key, **options)

    def show_password(self, body, **options):
        """Asks for a temporary password that the answer shows; its id and the password."""
        answer = self.post("/v1/password-resets", body, **options)
        assert answer.status == 202, answer
        return answer.json()["id"], answer.json()["temporary_password"]

    def verify(self, user, password, tenant="acme", **options):
        return self.post("/v1/temporary-passwords/verify", {"tenant": tenant, "user_id": user, "password": password},
                         **options)

    def verified(self, user, password, deadline=30, **options):
        """The answer of a verify after the delay that wrong tries cost, and once a worker has begun the request."""
        def asked():
            answer = self.verify(user, password, **options)
            if answer.status != 200:
                raise NotYet(answer)
            return answer
        return eventually(f"the temporary password of {user} to be good", asked, deadline).json()

    def refuses(self, user, password, **options):
        """Whether verify says no, which is not the same as 'not now'."""
        def asked():
            answer = self.verify(user, password, **options)
            if answer.status == 429:
                raise NotYet(answer)
            return answer
        return eventually("an answer after the delay", asked).status == 404

    def revoke(self, user, tenant="acme", **options):
        return self.post("/v1/tokens/revoke", {"tenant": tenant, "user_id": user}, **options)

    def change(self, body, **options):
        """Tells that a password was changed, which must be accepted; the answer's JSON."""
        answer = self.post("/v1/password-changes", body, **options)
        assert answer.status == 202, answer
        return answer.json()


def _grant(name, scopes, tenants):
    arguments = ["--name", name]
    for scope in scopes:
        arguments += ["--scope", scope]
    for tenant in tenants:
        arguments += ["--tenant", tenant]
    return arguments
