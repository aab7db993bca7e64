"""Bad input, row by row of the issue: what a service, or a stranger on Kafka, gets for it."""
import json

import pytest

from support import events, web
from support.expectations import audits_are_valid, nothing_was_mailed, the_mail_to
from support.fixtures import shared_relay
from support.waiting import NotYet, eventually


@pytest.fixture
def producer(relay):
    relay.the_producer = relay.producer()
    return relay.the_producer


def nothing_was_published(relay):
    relay.reader.complete()
    assert not relay.reader.of(relay.requested), "an event was published"


def changed(**paths):
    """A good request with fields set; a path is user__email, None as the string DELETE removes."""
    body = events.reset_request()
    for path, value in paths.items():
        *parents, last = path.split("__")
        place = body
        for parent in parents:
            place = place[parent]
        if value == "DELETE":
            del place[last]
        else:
            place[last] = value
    return events.encode(body)


GOOD = events.encode(events.reset_request())
BODIES = {
    # body, the field that the problem must name (None: the bytes are at fault)
    "empty": (b"", None),
    "not_json": (b"tenant=acme", None),
    "cut_short": (GOOD[:-1], None),
    "two_documents": (GOOD + GOOD, None),
    "an_array": (b"[" + GOOD + b"]", None),
    "duplicate_keys": (b'{"tenant":"globex",' + GOOD[1:], None),
    "duplicate_keys_escaped": (b'{"ten\\u0061nt":"globex",' + GOOD[1:], None),
    "too_deep": (GOOD[:-1] + b',"x":' + b"[" * 17 + b"]" * 17 + b"}", None),
    "a_depth_bomb": (b"[" * 30000, None),
    "bad_utf8": (GOOD.replace(b"acme", b"\xc0\xaf", 1), None),
    "a_lone_surrogate": (GOOD.replace(b"acme", b"\\ud800", 1), None),
    "an_escaped_nul": (GOOD.replace(b"acme", b"\\u0000", 1), None),
    "unknown_field": (changed(colour="red"), "colour"),
    "unknown_field_of_the_user": (changed(user__colour="red"), "colour"),
    "asserted_by_of_its_own": (changed(asserted_by={"channel": "http", "key_id": "x"}), "asserted_by"),
    "no_tenant": (changed(tenant="DELETE"), "tenant"),
    "no_user": (changed(user="DELETE"), "user"),
    "no_actor": (changed(actor="DELETE"), "actor"),
    "tenant_of_the_wrong_type": (changed(tenant=7), "tenant"),
    "user_of_the_wrong_type": (changed(user=[]), "user"),
    "email_of_the_wrong_type": (changed(user__email=None), "email"),
    "tenant_too_long": (changed(tenant="x" * 5000), "tenant"),
    "email_too_long": (changed(user__email="x" * 5000 + "@example.com"), "email"),
    "carriage_return_in_the_address": (changed(user__email="a\r\nRCPT TO:<b@example.com>"), "email"),
    "line_feed_in_the_address": (changed(user__email="a@example.com\n"), "email"),
    "angle_in_the_address": (changed(user__email="a>@example.com"), "email"),
    "opening_angle_in_the_address": (changed(user__email="<a@example.com"), "email"),
    "address_without_at": (changed(user__email="example.com"), "email"),
    "unknown_method": (changed(method="telepathy"), "method"),
    "not_after_that_is_no_time": (changed(not_after="tomorrow"), "not_after"),
    "a_huge_number": (changed(not_after=1e308), "not_after"),
    "nan": (GOOD[:-1] + b',"not_after":NaN}', None),
}


@pytest.fixture(scope="module")
def shared_producer(tmp_path_factory, broker):
    """One deployment for the many bodies that never get anywhere."""
    from support.redis_server import RedisServer
    from support.relay import Relay
    folder = tmp_path_factory.mktemp("bad-input")
    redis = RedisServer(folder / "redis").start()
    redis.process.lasting = True
    relay = Relay(folder / "relay", broker, redis, "smtp://127.0.0.1:9").prepare()
    relay.the_producer = relay.producer()
    relay.the_producer.lasting = True
    yield relay.the_producer
    relay.close()
    redis.kill()


@pytest.mark.parametrize("fault", BODIES)
def test_a_bad_body_is_answered_400_naming_the_field(shared_producer, fault):
    body, field = BODIES[fault]
    answer = shared_producer.post("/v1/password-resets", body)
    assert answer.status == 400, answer
    problem = answer.problem
    assert problem["title"] and problem["type"]
    if field:
        assert field in json.dumps(problem), f"{field} is not named in {problem}"
    nothing_was_published(shared_producer.relay)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_kind_is_refused(shared_producer, kind):
    answer = shared_producer.post("/v1/password-resets", GOOD, Content_Type=kind)
    assert answer.status in (400, 415), answer
    nothing_was_published(shared_producer.relay)


def request_bytes(*, line="POST /v1/password-resets HTTP/1.1", host="Host: relay.example\r\n", body=GOOD, extra="",
                  length=None):
    length = f"Content-Length: {len(body)}\r\n" if length is None else length
    return (f"{line}\r\n{host}Authorization: Bearer {{key}}\r\nContent-Type: application/json\r\n{length}{extra}\r\n"
            .encode() + body)


RAW = {
    # bytes, the statuses allowed
    "body_over_64_KiB": (request_bytes(body=b"x" * 70000), {413}),
    "body_that_says_it_is_over_64_KiB": (request_bytes(length="Content-Length: 99999999\r\n"), {413}),
    "chunks_over_64_KiB": (request_bytes(length="Transfer-Encoding: chunked\r\n",
                                         body=(b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 6 + b"0\r\n\r\n"), {413}),
    "headers_over_16_KiB": (request_bytes(extra="".join(f"X-{number}: {'y' * 500}\r\n" for number in range(40))), {431}),
    "one_header_over_16_KiB": (request_bytes(extra=f"X-Long: {'y' * 17000}\r\n"), {431}),
    "length_and_chunked": (request_bytes(extra="Transfer-Encoding: chunked\r\n"), {400}),
    "two_lengths": (request_bytes(extra="Content-Length: 5\r\n"), {400}),
    "length_with_a_plus": (request_bytes(length=f"Content-Length: +{len(GOOD)}\r\n"), {400}),
    "two_hosts": (request_bytes(extra="Host: other.example\r\n"), {400}),
    "no_host": (request_bytes(host=""), {400}),
    "space_before_the_colon": (request_bytes(extra="Transfer-Encoding : chunked\r\n"), {400}),
    "a_folded_header": (request_bytes(extra="X-Fold: a\r\n b\r\n"), {400}),
    "a_bare_line_feed": (request_bytes(extra="X-Bare: a\n"), {400}),
    "a_nul_in_a_header": (request_bytes(extra="X-Nul: a\0b\r\n"), {400}),
}


@pytest.mark.parametrize("fault", RAW)
def test_bytes_that_smuggle_or_overflow_are_refused_and_the_connection_closed(shared_producer, fault):
    data, statuses = RAW[fault]
    answer, closed = web.raw(shared_producer.port, data.replace(b"{key}", shared_producer.relay.key.encode()))
    assert answer.status in statuses, answer
    assert answer.problem
    assert closed, "the connection stayed open"
    nothing_was_published(shared_producer.relay)


def test_a_good_request_in_chunks_is_accepted(producer):
    half = len(GOOD) // 2
    body = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in (GOOD[:half], GOOD[half:])) + b"0\r\n\r\n"
    data = request_bytes(length="Transfer-Encoding: chunked\r\nConnection: close\r\n", body=body)
    answer, _closed = web.raw(producer.port, data.replace(b"{key}", producer.relay.key.encode()))
    assert answer.status == 202, answer


NO_KEY = {
    "no_key": "",
    "a_word": "hello",
    "an_unknown_id": "rr_00000000_0123456789012345678901234567890123456789012",
}


@pytest.mark.parametrize("kind", NO_KEY)
def test_no_key_or_a_wrong_one_is_401(shared_producer, kind):
    answer = shared_producer.post("/v1/password-resets", GOOD, key=NO_KEY[kind])
    assert answer.status == 401 and answer.problem


def test_a_key_whose_secret_is_off_by_one_is_401(shared_producer):
    key = shared_producer.relay.key
    wrong = key[:-1] + ("A" if key[-1] != "A" else "B")
    assert shared_producer.post("/v1/password-resets", GOOD, key=wrong).status == 401
    assert shared_producer.check("A" * 43, key=wrong).status == 401


DENIED = {
    # scopes, tenants, request, reason
    "a_key_of_another_scope": (["redeem"], ["*"], events.reset_request(), "scope"),
    "a_self_key_for_an_administrator": (["request:self"], ["*"], events.reset_request(), "scope"),
    "a_key_of_another_tenant": (["request:admin"], ["globex"], events.reset_request(), "tenant"),
    "an_actor_of_another_company": (["request:admin"], ["*"], events.reset_request(actor_tenant="globex"), "actor_tenant"),
    "an_actor_who_is_no_administrator": (["request:admin"], ["*"], events.reset_request(actor_role="member"), "actor_role"),
}


@pytest.mark.parametrize("case", DENIED)
def test_what_the_key_may_not_ask_for_is_403_and_audited(relay, case):
    scopes, tenants, request, reason = DENIED[case]
    key = relay.add_key("limited", scopes, tenants)
    producer = relay.producer()
    answer = producer.post("/v1/password-resets", request, key=key)
    assert answer.status == 403 and answer.problem

    def denied():
        found = [audit["data"] for audit in relay.audits(outcome="denied")]
        if not found:
            raise NotYet("no audit record denied")
        return found
    audit = eventually("the denial in the audit", denied)[0]
    assert audit["reason"] == reason
    assert not relay.reader.of(relay.requested)
    audits_are_valid(relay.audits())


def test_a_key_without_redeem_scope_neither_checks_nor_redeems(relay):
    key = relay.add_key("limited", ["request:admin"])
    producer = relay.producer()
    assert producer.check("A" * 43, key=key).status == 403
    assert producer.redeem("A" * 43, "a@example.com", "form-1", key=key).status == 403


@pytest.mark.parametrize("token", ["", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 42 + "+", "é" * 43])
def test_what_is_no_token_is_refused_and_never_a_server_error(shared_producer, token):
    assert shared_producer.check(token).status in (400, 404)
    assert shared_producer.redeem(token, "a@example.com", "form-1").status in (400, 404)


def test_an_unknown_path_and_a_wrong_verb_are_problems_too(shared_producer):
    assert shared_producer.call("GET", "/nowhere").problem["status"] == 404
    answer = shared_producer.call("DELETE", "/v1/password-resets")
    assert answer.status in (404, 405) and answer.problem


# Straight on Kafka.

def record_with(relay, **changes):
    """A signed record whose event was changed before signing."""
    document = events.event(events.reset_request())
    document.update(changes)
    return events.record(document, relay.publisher, relay.publisher_secret, key="acme/u")


def signed(relay, value):
    return events.record(value, relay.publisher, relay.publisher_secret, key="acme/u")


FORGED = {
    "no_signature": lambda relay, value: [],
    "another_publishers_name": lambda relay, value: [
        ("reset-relay-signature", events.signature(value, "intake", relay.publisher_secret).encode())],
    "an_unknown_publisher": lambda relay, value: [
        ("reset-relay-signature", events.signature(value, "nobody", relay.publisher_secret).encode())],
    "a_signature_of_other_bytes": lambda relay, value: [
        ("reset-relay-signature", events.signature(value + b" ", relay.publisher, relay.publisher_secret).encode())],
    "a_signature_cut_short": lambda relay, value: [
        ("reset-relay-signature", events.signature(value, relay.publisher, relay.publisher_secret)[:-2].encode())],
    "binary_rubbish": lambda relay, value: [("reset-relay-signature", b"\xff\x00;;;")],
    "an_empty_header": lambda relay, value: [("reset-relay-signature", b"")],
    "a_null_header": lambda relay, value: [("reset-relay-signature", None)],
}


@pytest.fixture(scope="module")
def shared_worker(tmp_path_factory, broker):
    with shared_relay(tmp_path_factory.mktemp("bad-records"), broker) as relay:
        relay.the_worker = relay.worker()
        relay.the_worker.lasting = True
        yield relay


def ends_dead(relay, record, reason):
    """The record becomes one dead letter and one audit `dead` with the reason; the worker goes on."""
    before = {audit["id"] for audit in relay.audits()}
    letters = len(relay.reader.of(relay.dead_letters))
    relay.publish_records([record])

    def died():
        found = [audit["data"] for audit in relay.audits() if audit["id"] not in before]
        if not found:
            raise NotYet("no audit record")
        return found
    audit = eventually("the record's end in the audit", died)[0]
    assert (audit["outcome"], audit["reason"]) == ("dead", reason), audit
    eventually("its dead letter", lambda: relay.reader.refresh() is not None and
               len(relay.reader.of(relay.dead_letters)) > letters)
    relay.wait_until_committed()
    assert relay.the_worker.running
    nothing_was_mailed(relay.smtp)
    audits_are_valid(relay.audits())


@pytest.mark.parametrize("forgery", FORGED)
def test_an_event_that_nobody_vouches_for_is_dead(shared_worker, forgery):
    value = events.encode(events.event(events.reset_request()))
    ends_dead(shared_worker, (b"acme/u", value, FORGED[forgery](shared_worker, value)), "signature")


NO_EVENTS = {
    # value, reason
    "empty": (b"", "empty"),
    "binary": (bytes(range(256)) * 4, "not_json"),
    "text": (b"hello", "not_json"),
    "an_array": (b"[]", "schema"),
    "an_empty_object": (b"{}", "schema"),
    "cut_short": (events.encode(events.event(events.reset_request()))[:-5], "not_json"),
    "duplicate_keys": (b'{"id":"x",' + events.encode(events.event(events.reset_request()))[1:], "not_json"),
    "a_password_in_it": (events.encode(events.event({**events.reset_request(), "password": "secret"})), "schema"),
    "another_type": (events.encode({**events.event(events.reset_request()), "type": "other"}), "schema"),
    "an_id_that_is_no_uuid": (events.encode(events.event(events.reset_request(), "7")), "schema"),
    "no_time": (events.encode({key: value for key, value in events.event(events.reset_request()).items()
                               if key != "time"}), "schema"),
    "a_command_in_the_address": (events.encode(events.event(events.reset_request(
        email="a@example.com\r\nRCPT TO:<b@example.com>"))), "schema"),
    "over_128_KiB": (events.encode(events.event(events.reset_request())) + b" " * 140_000, "too_large"),
}


@pytest.mark.parametrize("kind", NO_EVENTS)
def test_a_signed_record_that_is_no_event_is_dead_with_its_reason(shared_worker, kind):
    value, reason = NO_EVENTS[kind]
    ends_dead(shared_worker, signed(shared_worker, value), reason)


def test_a_tombstone_and_ten_megabytes_do_not_stop_the_worker(relay, smtp):
    worker = relay.worker()
    relay.publish_records([(b"acme/u", None, []), (None, None, []), (b"k", b"x" * 10_000_000, []), (b"", b"\0" * 100, [])])
    request = events.reset_request()
    identifier = relay.publish(request)
    relay.outcome(identifier, "sent")
    relay.wait_until_committed()
    the_mail_to(smtp, request["user"]["email"])
    assert len(relay.audits(outcome="dead")) == 4
    assert worker.metric("reset_relay_outcomes_total", outcome="dead") == 4
    audits_are_valid(relay.audits())


def test_the_relays_own_headers_count_for_nothing_on_the_requested_topic(relay, smtp):
    relay.worker()
    request = events.reset_request()
    document = events.event(request)
    key, value, headers = events.record(document, relay.publisher, relay.publisher_secret)
    headers += [("generation", b"9"), ("copy", b"9"), ("t0", b"1"), ("attempt", b"99"), ("retry-at", b"99999999999999"),
                ("reset-relay-generation", b"9"), ("reset-relay-copy", b"9"), ("reset-relay-t0", b"1")]
    relay.publish_records([(key, value, headers)])
    relay.outcome(document["id"], "sent")
    the_mail_to(smtp, request["user"]["email"])


# A link that somebody typed, cut or guessed at.

def changed_tokens(token):
    """The token as mail programs and people break it: what was done to it, and what became of it."""
    letter = next(place for place, one in enumerate(token) if one.isalpha())
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return {
        "in capitals": token.upper(), "in small letters": token.lower(), "with all cases changed": token.swapcase(),
        "with the case of one letter changed": token[:letter] + token[letter].swapcase() + token[letter + 1:],
        "without its first byte": token[1:], "without its last byte": token[:-1],
        "without a byte in the middle": token[:20] + token[21:], "with a byte before it": "A" + token,
        "with a byte behind it": token + "A", "with a full stop behind it": token + ".", "with padding": token + "=",
        "with a space behind it": token + " ", "with a line end behind it": token + "\n", "with NUL behind it": token + "\0",
        "with other spare bits at its end": token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1], "twice": token + token,
        "with its first byte in full width": chr(ord(token[0]) + 0xFEE0) + token[1:],
    }


def test_a_link_that_is_not_exactly_what_was_mailed_is_404_and_nothing_is_consumed(relay, smtp, redis_server):
    relay.worker()
    foreign = relay.add_key("foreign", ["redeem"], ["globex"])
    producer = relay.producer()
    request = events.reset_request(email="ann.lee@example.com")
    relay.outcome(producer.request(request), "sent")
    token = the_mail_to(smtp, "ann.lee@example.com").token

    def kept():
        return {key: value for key, value in redis_server.dump().items() if b":token:" in key or b":request:" in key}
    before = kept()
    assert before
    refused = {what: producer.redeem(broken, "ann.lee@example.com", "form-1")
               for what, broken in changed_tokens(token).items()}
    refused.update({f"checked {what}": producer.check(broken) for what, broken in changed_tokens(token).items()})
    for address in ("ann.lee@example.org", "ann.le@example.com", "ann.lee@example.com.", "ann.lee+x@example.com",
                    "annlee@example.com", "ann.lee@ex\u0430mple.com"):
        refused[f"with {address}"] = producer.redeem(token, address, "form-1")
    refused["with another company's key"] = producer.redeem(token, "ann.lee@example.com", "form-1", key=foreign)
    refused["checked with another company's key"] = producer.check(token, key=foreign)
    wrong = {what: answer.status for what, answer in refused.items() if answer.status != 404}
    assert not set(wrong) - {"with NUL behind it", "checked with NUL behind it", "with ann.lee@example.com."}, wrong
    assert set(wrong.values()) <= {400}, f"what can be no token and no address may be told as such: {wrong}"
    assert kept() == before
    assert not relay.audits(outcome="redeemed")
    assert producer.check(token).status == 200
    assert producer.redeem(token, "ann.lee@example.com", "form-1").status == 200


# What a user may be called, and where they may be.

def test_what_a_user_is_called_and_where_they_live_is_never_an_error(relay, smtp):
    worker = relay.worker()
    producer = relay.producer()
    shown = {"braces": "{{link}}", "ampersands": "Kim &amp; Lee", "emoji": "\U0001F600" * 64}
    left_out = {"a_thousand_emoji": "\U0001F600" * 1000, "an_override": "\u202emiK", "an_isolate": "Kim\u2066",
                "markup": "<script>evil()</script>", "an_encoded_word": "=?utf-8?q?evil?=",
                "a_bait": "Hacked? evil.example", "lines": "Kim\r\nBcc: eve@evil.example", "nothing": " "}
    ids = {}
    for who, name in {**shown, **left_out}.items():
        ids[who] = producer.request(events.reset_request(email=f"{who}@example.com", name=name))
    places = {"unknown": ("tlh-Latn-x-klingon", "Nowhere/At_All"), "empty": ("", ""), "broken": ("-_-", "../../etc/passwd"),
              "long": ("e" * 64, "E" * 64), "posix": ("en_US.UTF-8", "CET-1CEST,M3.5.0,M10.5.0/3")}
    for who, (locale, zone) in places.items():
        ids[who] = producer.request(events.reset_request(email=f"{who}@example.com", locale=locale, timezone=zone))
    ids["berlin"] = producer.request(events.reset_request(email="berlin@example.com", locale="de-CH", timezone="Europe/Berlin"))
    for identifier in ids.values():
        relay.outcome(identifier, "sent")

    for who, name in shown.items():
        mail = the_mail_to(smtp, f"{who}@example.com")
        # Python keeps the spaces between encoded words (RFC 2047, 6.2, drops them).
        addressed = mail.message["To"].addresses[0].display_name.replace(" ", "")
        assert name in mail.part("plain") and addressed == name.replace(" ", ""), who
        assert mail.link in mail.part("html")
    for who, name in left_out.items():
        mail = the_mail_to(smtp, f"{who}@example.com")
        assert not mail.message["To"].addresses[0].display_name, who
        for words in (mail.part("plain"), mail.part("html")):
            assert "evil" not in words and "\U0001F600" not in words and "miK" not in words, who
        assert set(mail.message.keys()) == set(the_mail_to(smtp, "braces@example.com").message.keys()), who
    # A blank name is as good as none: nobody chose it to mislead.
    assert worker.metric("reset_relay_names_left_out_total") in (len(left_out) - 1, len(left_out))
    for who in places:
        mail = the_mail_to(smtp, f"{who}@example.com")
        assert mail.message["Content-Language"] == "en" and "UTC" in mail.part("plain"), who
        assert "UTC+" not in mail.part("plain") and "UTC-" not in mail.part("plain"), who
    mail = the_mail_to(smtp, "berlin@example.com")
    assert mail.message["Content-Language"] == "de" and ("UTC+1" in mail.part("plain") or "UTC+2" in mail.part("plain"))
    audits_are_valid(relay.audits())
