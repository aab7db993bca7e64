"""The demonstration application beside the pair, as the quickstart runs it: dev-broker, Redis, an SMTP server whose mails
go to a Maildir, a worker, a producer, and the application with keys of exactly its scopes."""
import json
import mailbox
from types import SimpleNamespace

import argon2

from . import places
from .processes import JOURNAL, Process, free_port, wait_for_port
from .redis_server import RedisServer
from .relay import Relay
from .smtp_server import SmtpServer
from .waiting import eventually

APPLICATION = places.ROOT / "deploy" / "demo" / "demo.py"
PYTHON = "/usr/bin/python3"
PASSWORD = "marble tunnel violin"
SIGN_IN_SCOPES = ("request:self", "redeem", "notify")
PEOPLE = (("Ann Lee", "admin"), ("Bob Ortiz", "manager"), ("Carla Jensen", "user"))
OTHERS = (("Farid Haddad", "admin"), ("Jonas Weber", "user"))
CONSOLE_SCOPES = ("request:admin", "request:temporary_password", "revoke", "status")


class DevBroker:
    replication = 1

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.process = Process("dev-broker", [places.program("dev-broker")], folder)
        self.address = eventually("dev-broker's address", lambda: self.process.stdout().strip(), 20)


class DemoRelay(Relay):
    """On the default topics, which dev-broker has already: it has no Admin API."""

    def __init__(self, folder, broker, redis, smtp_url, settings):
        super().__init__(folder, broker, redis, smtp_url, settings)
        for name in [name for name in self.settings if name.startswith("topics.")]:
            del self.settings[name]
        self.settings |= {"topics.partitions": "4", "topics.replication": str(broker.replication)}
        self.settings["log.level"] = "info"

    def prepare(self):
        self.command("reset-worker", "keygen", self.settings["token.master_keys_file"])
        self.command("reset-producer", "keygen", self.settings["token.record_keys_file"])
        self.add_publisher("intake", ("request:admin", "request:temporary_password", "notify", "assert:key"))
        return self


class Demo:
    """Everything, with so many companies; `url` is the application."""

    def __init__(self, folder, companies):
        self.folder = folder
        self.maildir = mailbox.Maildir(folder / "mail")
        self.refused = {}  # recipient: the reply that the relay gets at RCPT
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.companies, document = companies_of(companies)
        self.seed, self.tenants = folder / "companies.json", folder / "tenants.ini"
        self.seed.write_text(json.dumps(document))
        self.tenants.write_text("".join(f"[{company.id}]\nname = ACME\n" for company in self.companies))
        self._before = list(JOURNAL)

    def start(self):
        self.smtp = SmtpServer().start()
        self.smtp.rule("rcpt", self.refused.get)
        self.smtp.rule("dot", self._keep)
        self.redis = RedisServer(self.folder / "redis").start()
        self.relay = DemoRelay(self.folder / "relay", DevBroker(self.folder / "broker"), self.redis, self.smtp.url, {
            "link.url": self.url + "/reset-password#{token}", "policy.temporary_password": "mailed,handed,chosen",
            "limits.coalesce": "0s", "templates.tenants": str(self.tenants)}).prepare()
        sign_in, console = self._key("sign-in", SIGN_IN_SCOPES), self._key("console", CONSOLE_SCOPES)
        self.worker, self.producer = self.relay.worker(wait=False), self.relay.producer(wait=False)
        self.worker.wait_ready()
        self.producer.wait_ready()
        trail = f"{places.program('reset-producer')} --config {self.relay.write_config('trail')} trail"
        self.application = Process("demo", [
            PYTHON, APPLICATION, "--listen", f"127.0.0.1:{self.port}", "--database", self.folder / "almanac.db",
            "--companies", self.seed, "--intake", f"http://127.0.0.1:{self.producer.port}",
            "--sign-in-key", sign_in, "--console-key", console, "--mailbox", self.folder / "mail", "--trail", trail],
            self.folder)
        wait_for_port(self.application, self.port)
        for process in self.processes():
            process.lasting = True
        return self

    def _key(self, name, scopes):
        path = self.folder / f"{name}.key"
        path.write_text(self.relay.add_key(name, scopes))
        return path

    def _keep(self, mail):
        self.maildir.add(mail.raw)

    def processes(self):
        return [process for process in JOURNAL if process not in self._before]

    def close(self):
        """Also what was started by half."""
        for process in self.processes():
            process.kill()
            JOURNAL.remove(process)
        self.smtp.stop()

    # What a person's mailbox has.

    def mails_to(self, address):
        return self.smtp.mails.to(address)

    def mail_to(self, address, number=1):
        """The address's mail of this number, as it comes."""
        return eventually(f"mail {number} to {address}", lambda: self.mails_to(address)[number - 1:], 30)[0]

    def let_links_expire(self, user_id):
        """As if 24 hours went by for this user: Redis lets the records of their links go."""
        client = self.redis.client()

        def theirs():
            return [key for key in client.scan_iter("pwreset:token:*", count=1000)
                    if user_id.encode() in (client.get(key) or b"").split(b"\t")]
        for key in eventually(f"a link of {user_id}", theirs, 10):
            client.pexpire(key, 1)
        eventually("the links to expire", lambda: not theirs(), 10)


class Company:
    """ACME once more, with people of its own, so that tests do not see one another."""

    def __init__(self, number):
        self.id = f"acme-{number}"
        self.domain = f"acme-{number}.example"
        self.admin, self.manager, self.user = (self._person(*who) for who in PEOPLE)
        self.other_admin, self.other_user = (self._person(*who) for who in OTHERS)

    def _person(self, name, role):
        return SimpleNamespace(id=f"{self.id}-{name.split()[0].lower()}", name=name, role=role,
                               email=name.lower().replace(" ", ".") + "@" + self.domain, password=PASSWORD)

    def document(self, password_hash):
        people = (self.admin, self.manager, self.user, self.other_admin, self.other_user)
        return {"id": self.id, "name": "ACME", "domain": self.domain, "people": [
            {"id": person.id, "name": person.name, "email": person.email, "role": person.role, "locale": "en",
             "password_hash": password_hash} for person in people]}


def companies_of(count):
    password_hash = argon2.PasswordHasher(2, 19 * 1024, 1).hash(PASSWORD)
    companies = [Company(number) for number in range(1, count + 1)]
    return companies, {"password": PASSWORD, "companies": [company.document(password_hash) for company in companies]}
