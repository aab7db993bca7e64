"""The SMTP pool against servers that are not ours: aiosmtpd with STARTTLS and AUTH, and Postfix's smtp-sink."""
import os
import socket
import ssl

import pytest
from aiosmtpd.controller import Controller

from support import places
from support.mailbox import Mailbox, make_certificate
from support.processes import Process, free_port
from support.smtp_pool import send
from support.waiting import eventually

LOGIN = ("relay", "a password with spaces")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def strict_mailbox(certificate):
    mailbox = Mailbox(certificate, LOGIN).start()
    yield mailbox
    mailbox.stop()


@pytest.fixture
def sink(tmp_path):
    def start(*options):
        port = free_port()
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        Process("smtp-sink", [places.tool("smtp-sink"), *user, *options, f"127.0.0.1:{port}", "100"], tmp_path)

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        eventually("smtp-sink to listen", listens, 20)
        return f"smtp://127.0.0.1:{port}"
    return start


def tls_settings(certificate, **changes):
    settings = {"ca": certificate[0], "username": LOGIN[0], "password": LOGIN[1], "connections": 3, **changes}
    return {key: value for key, value in settings.items() if value is not None}


def test_mails_go_out_under_tls_and_with_auth(strict_mailbox, certificate, tmp_path):
    content = tmp_path / "content"
    content.write_text("From: a@example.org\nTo: %s\nSubject: dots\n\n.\n..\n.leading\nend\n")
    before = len(strict_mailbox.mails.all())
    addresses = [f"user{number}@example.com" for number in range(30)]
    results, _ = send(strict_mailbox.url, addresses, content=content, **tls_settings(certificate))
    assert set(results.values()) == {"accepted dot none 250 2.0.0"}
    mails = strict_mailbox.mails.all()[before:]
    assert sorted(mail.recipients[0] for mail in mails) == sorted(addresses)
    for mail in mails:
        assert mail.tls and mail.login == LOGIN[0]
        assert mail.raw.replace(b"\r\n", b"\n") == content.read_bytes().replace(b"%s", mail.recipients[0].encode())


def test_a_long_mail_arrives_whole_through_tls(strict_mailbox, certificate, tmp_path):
    content = tmp_path / "content"
    content.write_text("Subject: long\n\n" + "".join(f".line {number} {'x' * 60}\n" for number in range(12000)))
    before = len(strict_mailbox.mails.all())
    results, _ = send(strict_mailbox.url, ["a@example.com", "b@example.com"], content=content,
                      **tls_settings(certificate, connections=1))
    assert set(results.values()) == {"accepted dot none 250 2.0.0"}
    for mail in strict_mailbox.mails.all()[before:]:
        assert mail.raw.replace(b"\r\n", b"\n") == content.read_bytes()


@pytest.mark.parametrize("name, changes, reason", [
    ("wrong password", {"password": "wrong"}, "auth"),
    ("unknown authority", {"ca": None}, "tls"),
    ("no password at all", {"username": None, "password": None}, None),
], ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else None)
def test_nothing_goes_out_where_trust_is_missing(strict_mailbox, certificate, name, changes, reason):
    before = len(strict_mailbox.mails.all())
    results, said = send(strict_mailbox.url, ["a@example.com"], **tls_settings(certificate, **changes))
    expected = f"unavailable connect {reason} 0 0.0.0" if reason else "refused mail reply 530 5.7.0"
    assert results["a@example.com"] == expected, said
    assert len(strict_mailbox.mails.all()) == before
    assert LOGIN[1] not in said


def test_a_certificate_of_another_name_is_refused(tmp_path):
    certificate = make_certificate(tmp_path, "other.example")
    mailbox = Mailbox(certificate, LOGIN).start()
    try:
        results, said = send(mailbox.url, ["a@example.com"], **tls_settings(certificate))
        assert results["a@example.com"] == "unavailable connect tls 0 0.0.0", said
        assert not mailbox.mails.all()
    finally:
        mailbox.stop()


def test_a_relay_without_starttls_gets_nothing():
    mailbox = Mailbox().start()
    try:
        results, said = send(mailbox.url, ["a@example.com"])
        assert results["a@example.com"] == "unavailable connect tls 0 0.0.0", said
        assert not mailbox.mails.all()
    finally:
        mailbox.stop()


def test_tls_from_the_first_byte(certificate):
    """smtps:// verifies the certificate whatever `tls` says."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    mailbox = Mailbox()
    mailbox.controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, server_hostname="localhost",
                                    ssl_context=context)
    mailbox.start()
    try:
        url = mailbox.url.replace("smtp:", "smtps:")
        results, said = send(url, ["a@example.com"], tls="off", ca=certificate[0])
        assert results["a@example.com"] == "accepted dot none 250 2.0.0", said
        results, said = send(url, ["b@example.com"], tls="off")
        assert results["b@example.com"] == "unavailable connect tls 0 0.0.0", said
        assert [mail.recipients for mail in mailbox.mails.all()] == [["a@example.com"]]
    finally:
        mailbox.stop()


def test_an_international_address_goes_only_where_it_is_welcome(sink):
    address = "jürgen@example.com"
    mailbox = Mailbox()
    mailbox.controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, server_hostname="localhost",
                                    enable_SMTPUTF8=True)
    mailbox.start()
    try:
        results, said = send(mailbox.url, [address], tls="off")
        assert results[address] == "accepted dot none 250 2.0.0", said
        assert mailbox.mails.all()[0].recipients == [address]
    finally:
        mailbox.stop()
    results, said = send(sink(), [address, "a@example.com"], tls="off", connections=1)
    assert results[address] == "refused none smtputf8 0 0.0.0", said
    assert results["a@example.com"] == "accepted dot none 250 2.0.0", said


def test_a_thousand_mails_over_few_connections(sink):
    addresses = [f"user{number}@example.com" for number in range(1000)]
    results, said = send(sink(), addresses, tls="off", connections=5)
    assert set(results.values()) == {"accepted dot none 250 2.0.0"}
    assert "connects 5 " in said


@pytest.mark.parametrize("options, expected", [
    (("-r", "MAIL"), "refused mail reply 450 4.3.0"),
    (("-r", "RCPT"), "refused rcpt reply 450 4.3.0"),
    (("-r", "DATA"), "refused data reply 450 4.3.0"),
    (("-r", "."), "refused dot reply 450 4.3.0"),
    (("-f", "MAIL"), "refused mail reply 500 5.3.0"),
    (("-f", "RCPT"), "refused rcpt reply 500 5.3.0"),
    (("-f", "DATA"), "refused data reply 500 5.3.0"),
    (("-f", "."), "refused dot reply 500 5.3.0"),
    (("-q", "CONNECT"), "unavailable connect connect 0 0.0.0"),
    (("-q", "MAIL"), "unavailable mail cut 0 0.0.0"),
    (("-q", "RCPT"), "unavailable rcpt cut 0 0.0.0"),
    (("-q", "DATA"), "unavailable data cut 0 0.0.0"),
    (("-q", "."), "uncertain dot cut 0 0.0.0"),
    (("-Q", "CONNECT"), "unavailable connect connect 0 0.0.0"),
    (("-Q", "EHLO"), "unavailable connect connect 0 0.0.0"),
    (("-Q", "MAIL"), "unavailable mail reply 421 0.0.0"),
    (("-Q", "RCPT"), "unavailable rcpt reply 421 0.0.0"),
    (("-Q", "DATA"), "unavailable data reply 421 0.0.0"),
    (("-Q", "."), "unavailable dot reply 421 0.0.0"),
    (("-p",), "accepted dot none 250 2.0.0"),
    (("-E", "-8"), "accepted dot none 250"),
    # Without -p a delayed reply would come after those to the commands behind it: smtp-sink's own fault.
    (("-p", "-W", ".:300"), "uncertain dot deadline 0 0.0.0"),
    (("-p", "-W", "RCPT:300"), "unavailable rcpt deadline 0 0.0.0"),
    (("-A", "0"), "refused"),
], ids=lambda value: "".join(value).replace("-", "") if isinstance(value, tuple) else None)
def test_what_smtp_sink_does_is_told(sink, options, expected):
    addresses = [f"user{number}@example.com" for number in range(3)]
    results, said = send(sink(*options), addresses, tls="off", connections=1, rcpt=300, dot=300)
    for address in addresses:
        assert results[address].startswith(expected), said


def test_a_relay_that_stops_reading_meets_a_deadline(sink, tmp_path):
    content = tmp_path / "content"
    content.write_text("Subject: long\n\n" + f"line {'x' * 1000}\n" * 20000)  # more than the kernel takes
    results, said = send(sink("-T", "1024", "-H", "300"), ["a@example.com"], tls="off", content=content, block=400,
                         limit=1 << 26)
    assert results["a@example.com"] == "unavailable content deadline 0 0.0.0", said


def test_nobody_listening_is_named():
    url = f"smtp://127.0.0.1:{free_port()}"
    results, said = send(url, ["a@example.com"], tls="off")
    assert results["a@example.com"] == "unavailable connect connect 0 0.0.0"
    assert url.removeprefix("smtp://") in said
