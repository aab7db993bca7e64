"""The relay on the other side, played by aiosmtpd and by a scripted server: TLS, AUTH, odd replies."""
import pytest

from support import events
from support.expectations import the_mail_to, wait_for_mails
from support.mailbox import Mailbox, make_certificate
from support.smtp_server import CUT, SmtpServer
from support.waiting import eventually


@pytest.fixture
def certificate(tmp_path):
    return make_certificate(tmp_path)


@pytest.fixture
def secure(tmp_path, certificate):
    mailbox = Mailbox(certificate, login=("relay", "open sesame")).start()
    password = tmp_path / "smtp.password"
    password.write_text("open sesame\n")
    password.chmod(0o600)
    mailbox.settings = {"smtp.tls": "required", "smtp.ca_file": certificate[0], "smtp.username": "relay"}
    mailbox.environment = {"RESET_RELAY_SMTP_PASSWORD_FILE": str(password)}
    yield mailbox
    mailbox.stop()


def test_mails_go_over_starttls_with_auth(deploy, secure, monkeypatch):
    monkeypatch.setenv(*next(iter(secure.environment.items())))
    relay = deploy(secure.settings, smtp_url=secure.url)
    relay.worker()
    request = events.reset_request()
    relay.outcome(relay.publish(request), "sent")
    mail = the_mail_to(secure, request["user"]["email"])
    assert mail.tls and mail.login == "relay"


def test_a_certificate_that_nobody_vouches_for_gets_no_mail(deploy, secure, monkeypatch):
    monkeypatch.setenv(*next(iter(secure.environment.items())))
    relay = deploy({**secure.settings, "smtp.ca_file": "/etc/ssl/certs/ca-certificates.crt"}, smtp_url=secure.url)
    worker = relay.worker(wait=False)
    relay.publish(events.reset_request())
    eventually("the breaker to open", lambda: worker.metric("reset_relay_breaker_open", dependency="smtp") > 0)
    assert not secure.mails.all()


def test_a_relay_without_starttls_gets_no_byte_of_ours(deploy, smtp):
    """STARTTLS stripped on the way: nothing but EHLO and QUIT is said."""
    relay = deploy({"smtp.tls": "required"})
    worker = relay.worker(wait=False)
    relay.publish(events.reset_request())
    eventually("the breaker to open", lambda: worker.metric("reset_relay_breaker_open", dependency="smtp") > 0)
    assert {command.split()[0].upper() for _number, command in smtp.commands} <= {"EHLO", "HELO", "STARTTLS", "QUIT"}
    assert not smtp.mails.all()


@pytest.fixture
def lockstep():
    server = SmtpServer(pipelining=False).start()
    yield server
    server.stop()


def test_a_relay_without_pipelining_works(deploy, lockstep):
    relay = deploy(smtp_url=lockstep.url)
    relay.worker()
    for _ in range(30):
        relay.publish(events.reset_request())
    mails = wait_for_mails(lockstep, 30)
    assert len({mail.link for mail in mails}) == 30


FRAGMENTS = {
    "byte_by_byte": list("250 2.0.0 Ok\r\n"),
    "many_lines": ["250-one\r\n", "250-two\r\n250-", "three\r\n250 2.0.0 four\r\n"],
    "between_cr_and_lf": ["250 2.0.0 Ok\r", "\n"],
}


@pytest.mark.parametrize("kind", FRAGMENTS)
def test_a_reply_in_fragments_is_one_reply(deploy, smtp, kind):
    smtp.rule("dot", lambda _mail: FRAGMENTS[kind])
    relay = deploy()
    relay.worker()
    identifiers = [relay.publish(events.reset_request()) for _ in range(5)]
    for identifier in identifiers:
        relay.outcome(identifier, "sent")
    assert len(smtp.mails) == 5


def test_connections_are_kept_and_reused(deploy, smtp):
    relay = deploy({"smtp.connections": "2"})
    relay.worker()
    for _ in range(50):
        relay.publish(events.reset_request())
    wait_for_mails(smtp, 50)
    assert smtp.connections <= 2


def test_a_connection_is_retired_after_its_messages(deploy, smtp):
    relay = deploy({"smtp.connections": "1", "smtp.messages_per_connection": "5"})
    relay.worker()
    for _ in range(20):
        relay.publish(events.reset_request())
    mails = wait_for_mails(smtp, 20)
    used = [mail.connection for mail in mails]
    assert max(used.count(number) for number in set(used)) <= 5


def test_one_refused_recipient_costs_no_connection(deploy, smtp):
    relay = deploy({"smtp.connections": "1"})
    relay.worker()
    smtp.rule("rcpt", lambda address: "550 5.1.1 unknown" if address.startswith("no") else None)
    identifiers = [relay.publish(events.reset_request(email=f"{'no' if number % 3 == 0 else 'yes'}{number}@example.com"))
                   for number in range(30)]
    for number, identifier in enumerate(identifiers):
        relay.outcome(identifier, "dead" if number % 3 == 0 else "sent")
    assert smtp.connections == 1


def test_a_proxy_that_accepts_and_cuts_is_no_relay_and_burns_no_attempt(deploy, smtp):
    """It greets, answers EHLO and cuts at MAIL: a connection alone does not close the breaker."""
    relay = deploy()
    worker = relay.worker()
    smtp.rule("mail", CUT)
    identifier = relay.publish(events.reset_request())
    eventually("the breaker to open again and again", lambda: worker.stderr().count("dependency is away") >= 3, 30)
    smtp.rule("mail", None)
    relay.outcome(identifier, "sent")
    assert not relay.audits(identifier, "deferred") and len(smtp.mails) == 1


def test_lines_that_begin_with_a_dot_arrive_as_they_were(deploy, smtp):
    relay = deploy({"link.url": "https://app.example.org/reset#{token}"})
    relay.worker()
    request = events.reset_request(name="...")
    relay.publish(request)
    assert the_mail_to(smtp, request["user"]["email"]).link
