"""Whoever can write Redis, and whoever speaks in its place: nothing is minted, moved, prolonged or revived, no mail
goes out without its stored hash, and one bad key stops nobody."""
import hashlib
import os
import subprocess

import pytest

from support import events
from support.expectations import audits_are_valid, the_mail_to
from support.fault_proxy import FaultProxy
from support.waiting import eventually

TOKEN, REQUEST, USER, PASSWORD = b"pwreset:token:", b"pwreset:request:", b"pwreset:user:", b"pwreset:password:"
# Of a token's record: version, request id, inc, expires, tenant, user id, method, recipient, mac, key id, claim, made.
EXPIRES, USER_ID, RECIPIENT, CLAIM, MADE = 3, 5, 7, 10, 11


def stored(token):
    return TOKEN + hashlib.blake2b(token.encode(), digest_size=32).hexdigest().encode()


class Writer:
    """Somebody with Redis's password: whole records, and single fields of them."""

    def __init__(self, server):
        self.client = server.client()

    def save(self):
        return {key: (self.client.get(key), self.client.pttl(key)) for key in self.client.scan_iter("pwreset:*")}

    def restore(self, saved, *kinds):
        for key, (value, rest) in saved.items():
            if key.startswith(kinds):
                self.client.set(key, value, px=max(rest, 1000))

    def fields(self, key):
        return self.client.get(key).split(b"\t")

    def write(self, key, fields):
        self.client.set(key, b"\t".join(fields), px=86_000_000)

    def change(self, key, number, value):
        fields = self.fields(key)
        fields[number] = value
        self.write(key, fields)


@pytest.fixture
def writer(redis_server):
    return Writer(redis_server)


@pytest.fixture
def running(deploy):
    relay = deploy({"policy.temporary_password": "mailed,handed,chosen"})
    relay.the_worker, relay.the_producer = relay.worker(), relay.producer()
    return relay


def link_for(running, smtp, **fields):
    """A link that is live, and what was asked."""
    request = events.reset_request(**fields)
    identifier = running.the_producer.request(request)
    running.outcome(identifier, "sent")
    mails = [mail for mail in smtp.mails.all() if mail.recipients[0] == request["user"]["email"]]
    return mails[-1].token, request["user"]["email"], identifier


def opens(producer, token, email, form):
    checked = producer.check(token).status
    redeemed = producer.redeem(token, email, form).status
    assert {checked, redeemed} <= {200, 404}
    return checked == 200 or redeemed == 200


def test_a_link_is_not_minted_moved_or_prolonged_in_redis(running, smtp, writer):
    producer = running.the_producer
    mine, my_mail, my_id = link_for(running, smtp, user="mallory", email="mallory@evil.example")
    theirs, their_mail, their_id = link_for(running, smtp, user="victim", email="victim@example.com")
    own = "A" * 43  # a token of one's own making
    my_record, their_record = writer.fields(stored(mine)), writer.fields(stored(theirs))
    before, tried = writer.save(), []

    def attempt(what, token, email, *changes):
        for change in changes:
            change()
        assert not opens(producer, token, email, f"form-{len(tried)}"), what
        tried.append(what)
        writer.client.delete(stored(own))
        writer.restore(before, TOKEN, REQUEST, USER)

    attempt("minted from the victim's record", own, their_mail, lambda: writer.write(stored(own), their_record))
    attempt("minted, and named by the request", own, their_mail, lambda: writer.write(stored(own), their_record),
            lambda: rename_in_request(writer, their_id, stored(own)))
    attempt("mine moved to the victim", mine, my_mail, lambda: writer.change(stored(mine), USER_ID, b"victim"))
    attempt("mine moved to the victim, the victim's address", mine, their_mail,
            lambda: writer.change(stored(mine), USER_ID, b"victim"))
    attempt("the victim's record under my token", mine, their_mail, lambda: writer.write(stored(mine), their_record))
    attempt("the victim's link to my address", theirs, my_mail,
            lambda: writer.change(stored(theirs), RECIPIENT, my_record[RECIPIENT]))
    attempt("prolonged", theirs, their_mail, lambda: writer.change(stored(theirs), EXPIRES, b"9" * 13))
    attempt("made later", theirs, their_mail, lambda: writer.change(stored(theirs), MADE, b"9" * 13))
    assert producer.metric("reset_relay_mac_failures_total") >= 8
    denied = eventually("an audit record of a forgery", lambda: running.audits(outcome="denied"))
    assert {audit["data"]["reason"] for audit in denied} == {"forged"}
    assert opens(producer, theirs, their_mail, "the-true-one")
    audits_are_valid(running.audits())


def rename_in_request(writer, identifier, key):
    """The request's record names another stored hash."""
    fields = writer.fields(REQUEST + identifier.encode())
    number = next(number for number, field in enumerate(fields) if len(field) == 64)
    writer.change(REQUEST + identifier.encode(), number, key.removeprefix(TOKEN))


def test_a_link_that_expired_does_not_live_on_because_redis_keeps_it(deploy, smtp, writer):
    relay = deploy({"token.ttl": "2s"})
    relay.the_worker, relay.the_producer = relay.worker(), relay.producer()
    token, email, _ = link_for(relay, smtp)
    saved = writer.save()
    eventually("the link to end", lambda: not writer.client.exists(stored(token)))
    writer.restore({key: (value, 86_000_000) for key, (value, _) in saved.items()}, TOKEN, REQUEST, USER)
    assert writer.client.exists(stored(token))
    assert not opens(relay.the_producer, token, email, "late")


def test_a_link_that_was_used_or_superseded_is_not_revived_by_its_own_record(running, smtp, writer):
    producer = running.the_producer
    token, email, identifier = link_for(running, smtp, user="used")
    saved = writer.save()
    assert producer.redeem(token, email, "first").status == 200
    writer.restore(saved, TOKEN)
    assert producer.redeem(token, email, "second").status == 404, "redeemed once more from a saved token's record"

    older, email, identifier = link_for(running, smtp, user="twice", email="twice@example.com")
    saved = writer.save()
    link_for(running, smtp, user="twice", email="twice@elsewhere.example")
    writer.restore(saved, TOKEN)
    assert not opens(producer, older, email, "third"), "a superseded link lives again"
    # With every record of the user put back it is as it was: the one thing that no seal prevents.  So the answer has
    # the request's id, and an application refuses a second change for the same one.
    writer.restore(saved, TOKEN, REQUEST, USER)
    answer = producer.redeem(older, email, "fourth")
    assert answer.status == 200 and answer.json()["request_id"] == identifier


def test_a_temporary_password_is_not_moved_prolonged_or_closed_again(running, writer):
    producer = running.the_producer
    mine, my_password = producer.show_password(events.password_request("handed", user="mallory"))
    theirs, their_password = producer.show_password(events.password_request("handed", user="victim"))
    for identifier in (mine, theirs):
        running.outcome(identifier, "sent")
    my_key, their_key = (next(key for key in writer.client.scan_iter("pwreset:password:*") if name in writer.fields(key))
                         for name in (b"mallory", b"victim"))
    saved = writer.save()
    forgeries = {
        "mine under the victim's name": writer.fields(my_key),
        "mine, with the victim's name in it": [b"victim" if field == b"mallory" else field
                                               for field in writer.fields(my_key)],
        "mine, for the victim's request": [theirs.encode() if field == mine.encode() else
                                           b"victim" if field == b"mallory" else field
                                           for field in writer.fields(my_key)],
    }
    for what, fields in forgeries.items():
        writer.write(their_key, fields)
        assert producer.refuses("victim", my_password), what
        writer.restore(saved, PASSWORD)
        writer.client.delete(*writer.client.keys("pwreset:attempts:*"))
    opened = producer.verified("victim", their_password)
    fields = writer.fields(their_key)
    number = next(number for number, field in enumerate(fields) if field == b"1" and number > 0)
    for what, change in {"closed again": (number, b""), "longer": (4, b"9" * 13)}.items():
        writer.change(their_key, *change)
        assert producer.refuses("victim", their_password), what
        writer.write(their_key, fields)
    assert producer.verified("victim", their_password)["expires_at"] == opened["expires_at"]


GARBAGE = {"nothing": b"", "bytes": os.urandom(200), "newer": b"2\tsomething", "huge": b"x" * 3_000_000,
           "a list": None}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_in_redis_stops_nobody_but_whom_it_is_about(running, smtp, writer, redis_server, kind):
    """Each kind of record in turn; `verify` and `check` answer 404, never 503."""
    producer, value = running.the_producer, GARBAGE[kind]
    token, email, identifier = link_for(running, smtp, user="victim")
    _, password = producer.show_password(events.password_request("handed", user="victim"))
    eventually("the password to count", lambda: writer.client.keys("pwreset:password:*"))

    def garble(key):
        writer.client.delete(key)
        writer.client.rpush(key, "x") if value is None else writer.client.set(key, value)

    for key in list(writer.client.scan_iter("pwreset:*")):
        if key == b"pwreset:born" and kind == "huge":
            continue  # the greeting reads it: not ready, and says so
        garble(key)
    running.outcome(producer.request(events.reset_request(user="somebody-else")), "sent")
    assert at_last(lambda: producer.check(token)).status == 404
    assert at_last(lambda: producer.redeem(token, email, "garbled")).status == 404
    assert at_last(lambda: producer.verify("victim", password)).status == 404
    assert running.the_worker.running and producer.running
    audits_are_valid(running.audits())


def at_last(call):
    """The answer, once Redis is asked again: what is too large to be read ends the connection."""
    def asked():
        answer = call()
        return answer if answer.status not in (429, 503) else None
    return eventually("an answer other than not now", asked)


class LyingProxy(FaultProxy):
    """Passes on what Redis says, but for the reply to one command."""

    def __init__(self, target):
        super().__init__(target)
        self.lie = None
        self.told = 0

    async def _pump(self, connection, reader, writer, to_server):
        while piece := await reader.read(1 << 16):
            if to_server:
                connection.asked = connection.asked or (self.lie is not None and b"EVALSHA" in piece)
            elif connection.asked and self.lie is not None:
                self.told += 1
                connection.asked = False
                writer.write(self.lie)
                await writer.drain()
                continue
            await self._write(writer, piece)
        if writer.can_write_eof():
            writer.write_eof()


LIES = [b":0\r\n", b":2\r\n", b"+OK\r\n", b"$-1\r\n", b"*3\r\n$1\r\n1\r\n$1\r\n1\r\n*0\r\n", b"-ERR what\r\n", b":1",
        b"\x00\xff\xfe", b"$9223372036854775807\r\n", b"*1\r\n" * 20, b">1\r\n+x\r\n", b"-OOM full\r\n", b"-\r\n"]


def test_a_redis_that_answers_nonsense_gets_no_mail_out_without_its_stored_hash(deploy, redis_server, smtp):
    proxy = LyingProxy(redis_server.port).start()
    relay = deploy({"redis.url": f"redis://127.0.0.1:{proxy.port}", "redis.timeout": "300ms"})
    worker = relay.worker()
    early = []  # lies at which a mail was begun all the same
    smtp.rule("mail", lambda _: early.append(proxy.lie) or "421 4.3.2 nobody should be here" if proxy.lie else None)
    for number, lie in enumerate(LIES):
        proxy.lie, told = lie, proxy.told
        identifier = relay.publish(events.reset_request())
        eventually("the lie to be told twice", lambda: proxy.told >= told + 2)
        assert len(smtp.mails) == number and worker.running, lie
        assert not early, f"a mail before its hash was stored, at {early}"
        proxy.lie = None
        relay.outcome(identifier, "sent")
    mails = smtp.mails.all()
    assert len(mails) == len(LIES)
    kept = redis_server.dump()
    assert all(stored(mail.token) in kept for mail in mails)
    assert not relay.audits(outcome="deferred")
    assert resident_mib(worker) < 400
    proxy.stop()


def resident_mib(process):
    status = subprocess.run(["grep", "VmRSS", f"/proc/{process.pid}/status"], capture_output=True, text=True, check=True)
    return int(status.stdout.split()[1]) / 1024
