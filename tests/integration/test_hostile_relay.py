"""A relay that is the attacker, and somebody on the way to it: what it says is bounded, named, and never believed
further than SMTP goes.  The pool runs by itself here (smtp_send), so each row is what one connection makes of it."""
import pytest

from support.hostile_relay import Endless, HostileRelay, Tls
from support.mailbox import make_certificate
from support.smtp_pool import send

ADDRESS = "canary-7f3a@example.com"


@pytest.fixture
def hostile():
    started = []

    def start(**script):
        started.append(HostileRelay(script).start())
        return started[-1]
    yield start
    for relay in started:
        relay.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


LINE = Endless(b"250-and so on ")
LINES = Endless(b"250-and so on\r\n")
DRIP = Endless(b"2", pause=0.02)
HUGE_LIST = b"".join(b"250-X%05d and its parameters\r\n" % number for number in range(4000)) + b"250 HELP\r\n"
LONG_LISTS = {lines: b"".join(b"250-X%05d\r\n" % number for number in range(lines - 1)) + b"250 HELP\r\n"
              for lines in (100, 110)}

CONNECTING = "unavailable connect connect 0"
BROKEN = "unavailable mail protocol 0"
SCRIPTS = {
    # What it says at a step, and how the mail ends.  Until connected:
    "a greeting without a line end": ({"greeting": [b"220-", LINE]}, CONNECTING),
    "a greeting without an end": ({"greeting": Endless(b"220-welcome\r\n")}, CONNECTING),
    "an EHLO reply without a line end": ({"ehlo": [b"250-", LINE]}, CONNECTING),
    "an EHLO reply without an end": ({"ehlo": LINES}, CONNECTING),
    "an EHLO list of 120 KB": ({"ehlo": HUGE_LIST}, CONNECTING),
    "an EHLO list of 110 lines": ({"ehlo": LONG_LISTS[110]}, CONNECTING),
    "an EHLO list of 100 lines": ({"ehlo": LONG_LISTS[100]}, "accepted dot none 250"),
    "an EHLO reply byte by byte": ({"ehlo": DRIP}, "unavailable connect deadline 0"),
    "250 as a greeting": ({"greeting": b"250 ok\r\n"}, "accepted dot none 250"),
    "another protocol": ({"greeting": b"HTTP/1.1 200 OK\r\n\r\n"}, "unavailable connect deadline 0"),
    "NUL and 8-bit in the greeting": ({"greeting": b"220 \x00\xff\x80\x1b[2J\r\n"}, "accepted dot none 250"),
    # In the dialog:
    "a reply without a line end": ({"mail": LINE}, BROKEN),
    "a reply without an end": ({"mail": LINES}, BROKEN),
    "a reply byte by byte": ({"mail": DRIP}, "unavailable mail deadline 0"),
    "NUL in a reply": ({"mail": b"250 o\x00k\r\n"}, BROKEN),
    "8-bit in a reply": ({"mail": b"250 gr\xfc\xdf dich \xf0\x9f\x92\xa9\r\n"}, "accepted dot none 250"),
    "a bare CR in a reply": ({"mail": b"250 ok\r250 ok\r\n"}, BROKEN),
    "codes that change": ({"mail": b"250-ok\r\n550 no\r\n"}, BROKEN),
    "nothing but noise": ({"mail": bytes(range(256)) * 16}, BROKEN),
    "354 for everything": ({"mail": b"354 go\r\n", "rcpt": b"354 go\r\n"}, BROKEN),
    "250 to DATA": ({"data": b"250 ok\r\n"}, "unavailable data protocol 0"),
    "a line end that never comes, at the dot": ({"dot": b"250 queued"}, "uncertain dot deadline 0"),
    "a reply without an end at the dot": ({"dot": LINES}, "uncertain dot protocol 0"),
    "NUL at the dot": ({"dot": b"250 \x00\r\n"}, "uncertain dot protocol 0"),
    "two replies at the dot": ({"dot": b"250 ok\r\n250 ok\r\n"}, "accepted dot none 250"),
    "the dot's answer behind 354": ({"data": b"354 go\r\n250 ok\r\n"}, None),
    "all replies before the commands": (
        {"greeting": b"220 hi\r\n250 hi\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n"}, None),
    "all replies to EHLO": ({"ehlo": b"250 hi\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n"}, None),
}


@pytest.mark.parametrize("name", SCRIPTS, ids=lambda name: name.replace(" ", "-"))
def test_what_a_hostile_relay_says_is_bounded_and_named(hostile, name):
    script, expected = SCRIPTS[name]
    relay = hostile(**script)
    results, said = send(relay.url, [ADDRESS], tls="off", connect=2000, mail=500, rcpt=2000, data=2000, dot=500)
    result = results[ADDRESS]
    if expected:
        assert result.startswith(expected), said
    if result.startswith("accepted"):
        assert relay.mails, "a yes to a mail that was not sent whole"
    assert ADDRESS not in said and "and so on" not in said and "welcome" not in said and "\x1b" not in said


NOT_VERIFIED = {
    # What an attacker on the way does to STARTTLS, and how that is named.
    "stripped": ({}, "tls"),
    "stripped by a HELO-only relay": ({"ehlo": [b"502 5.5.1 HELO, please\r\n"]}, "connect"),
    "250 instead of 220": ({"ehlo": b"250 STARTTLS\r\n", "starttls": b"250 ok\r\n"}, "tls"),
    "250 for everything": (dict.fromkeys(("ehlo", "starttls", "auth", "mail", "rcpt", "data", "dot"),
                                         b"250 STARTTLS\r\n"), "tls"),
    "refused": ({"ehlo": b"250 STARTTLS\r\n", "starttls": b"454 4.7.0 not now\r\n"}, "tls"),
    "more behind the answer": ({"ehlo": b"250 STARTTLS\r\n", "starttls": b"220 go\r\n250-relay\r\n250 AUTH PLAIN\r\n"},
                               "connect"),
    "plaintext instead of a handshake": ({"ehlo": b"250 STARTTLS\r\n",
                                          "starttls": [b"220 go\r\n", Endless(b"250 ok\r\n", pause=0.02)]}, "tls"),
    "silence instead of a handshake": ({"ehlo": b"250 STARTTLS\r\n"}, "deadline"),
}


@pytest.mark.parametrize("name", NOT_VERIFIED, ids=lambda name: name.replace(" ", "-"))
def test_without_verified_tls_no_byte_of_ours_goes_out(hostile, name):
    script, reason = NOT_VERIFIED[name]
    relay = hostile(**script)
    results, said = send(relay.url, [ADDRESS], connect=1000, username="relay", password="open sesame")
    assert results[ADDRESS].startswith(f"unavailable connect {reason} 0"), said
    assert relay.url.removeprefix("smtp://") in said
    everything = b"".join(map(bytes, relay.heard))
    assert b"MAIL" not in everything and b"AUTH" not in everything and b"canary" not in everything
    assert "open sesame" not in said


def test_what_was_offered_in_plain_does_not_count_under_tls(hostile, certificate):
    """SMTPUTF8 and a SIZE were: neither is believed behind it."""
    relay = hostile(ehlo=b"250-STARTTLS\r\n250-SMTPUTF8\r\n250 SIZE 10\r\n")
    relay.script["starttls"] = [b"220 go\r\n", Tls(certificate), lambda: relay.script.pop("ehlo")]
    results, said = send(relay.url, ["jürgen@example.com", ADDRESS], ca=certificate[0], connections=1)
    assert results["jürgen@example.com"].startswith("refused none smtputf8"), said
    assert results[ADDRESS].startswith("accepted"), said  # the SIZE of before would refuse it
