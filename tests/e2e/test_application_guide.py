"""What docs/APPLICATION.md tells an application's developer, by running its programs as they stand, in each language."""
import os
import subprocess
import urllib.parse

import pytest

from support import places, web
from support.processes import Process
from support.waiting import eventually

APPLICATIONS = places.ROOT / "deploy" / "example" / "application"
EMAIL = "kim@example.com"
GOOD, BETTER = "a long enough password", "another long password"


def go_program(folder):
    """Built once for each test run, where Go keeps what it compiled."""
    program = folder / "forgot-password"
    environment = {**os.environ, "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local"}
    done = subprocess.run([places.tool("go"), "build", "-o", program, "."], cwd=APPLICATIONS / "go", env=environment,
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [program]


COMMANDS = {
    "python": lambda _: ["/usr/bin/python3", APPLICATIONS / "python" / "app.py"],
    "java": lambda _: [places.tool("java"), "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", f"{places.KAFKA_LIBS}/*",
                       "ForgotPassword.java"],
    "go": go_program,
    "node": lambda _: [places.tool("node"), APPLICATIONS / "node" / "app.mjs"],
}


class Application:
    """The program under test, as a browser meets it."""

    def __init__(self, language, relay):
        key = relay.add_key("portal", ("request:self", "redeem", "notify"), ("acme",))
        producer = relay.producer()
        environment = {"RESET_RELAY_URL": f"http://127.0.0.1:{producer.port}", "RESET_RELAY_KEY": key}
        self.process = Process(f"application-{language}", COMMANDS[language](relay.folder), relay.folder, environment,
                               APPLICATIONS / language)
        self.port = int(eventually("its address", self._address).rpartition(":")[2])

    def _address(self):
        assert self.process.running, self.process.tail()
        return self.process.stdout().strip()

    def get(self, path):
        return web.call(self.port, "GET", path)

    def post(self, path, **form):
        return web.call(self.port, "POST", path, urllib.parse.urlencode(form),
                        {"Content-Type": "application/x-www-form-urlencoded"}, timeout=60)

    def sign_in(self, password):
        return self.post("/sign-in", email=EMAIL, password=password).status


@pytest.fixture(params=COMMANDS)
def application(request, relay):
    relay.worker()
    application = Application(request.param, relay)
    yield application
    application.process.kill()


def the_newest_mail(smtp, count):
    mails = eventually(f"{count} mails", lambda: (found := smtp.mails.to(EMAIL)) and len(found) >= count and found)
    return mails[-1]


def page(answer):
    """What tells one answer from another: all but the date."""
    return answer.status, {name: value for name, value in answer.headers.items() if name != "date"}, answer.body


def test_a_forgotten_password_is_replaced_through_the_example(application, relay, smtp):
    asked = application.post("/forgot", email=EMAIL)
    assert asked.status == 200, asked
    stranger = application.post("/forgot", email="nobody@example.com")
    assert page(asked) == page(stranger), "the page tells whether there is an account"
    token = the_newest_mail(smtp, 1).token

    for path in ("/forgot", "/reset", "/sign-in", "/reset.js"):
        shown = application.get(path)
        assert shown.status == 200 and shown.headers["referrer-policy"] == "no-referrer", (path, shown)
    assert application.post("/reset", token=token, password="short").status == 422
    assert application.post("/reset", token=token[:-1] + "!", password=GOOD).status == 404
    changed = application.post("/reset", token=token, password=GOOD)
    assert changed.status == 200, (changed, application.process.tail())
    assert application.post("/reset", token=token, password=BETTER).status == 404, "one link changes one password"
    assert (application.sign_in(GOOD), application.sign_in(BETTER)) == (200, 403)

    notice = the_newest_mail(smtp, 2)
    assert token not in notice.raw.decode() and "http" not in notice.part("plain"), "a notice has no link in it"
    request_id = next(audit["data"]["request_id"] for audit in relay.audits(outcome="redeemed"))
    relay.outcome(request_id, "completed")


def test_the_guide_shows_each_program():
    """The guide names every program that is tested here, and no other."""
    guide = (places.ROOT / "docs" / "APPLICATION.md").read_text(encoding="utf-8")
    named = {language for language in COMMANDS if f"deploy/example/application/{language}/" in guide}
    assert named == set(COMMANDS)
    assert {path.name for path in APPLICATIONS.iterdir()} == {*COMMANDS, "pages"}
