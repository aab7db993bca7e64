"""What is tried with a link: to have it lead elsewhere, to use it up unseen, to use it twice, or for somebody else."""
import json
import re
import socket
import uuid

import pytest

from support import events, web
from support.expectations import in_parallel, the_mail_to
from support.waiting import eventually

EVIL = "evil.example"
POISON = {name: value for value, names in {
    EVIL: ("Host", "X-Forwarded-Host", "X-Host", "X-Original-Host", "X-HTTP-Host-Override", "X-Forwarded-Server", "X-Forwarded-For",
           "X-Real-IP", "True-Client-IP", "X-Client-IP", "From", "Via"),
    f"https://{EVIL}/": ("Origin", "Referer", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-URI", "X-Callback-URL", "Destination"),
    f"for={EVIL};host={EVIL};proto=http": ("Forwarded",), "http": ("X-Forwarded-Proto", "X-Forwarded-Scheme", "X-URL-Scheme"),
    "/evil": ("X-Forwarded-Prefix", "X-Script-Name"), "81": ("X-Forwarded-Port",)}.items() for name in names}


def a_link(pair, **fields):
    """A link that was just mailed: (request id, mail)."""
    request = events.reset_request(user=f"user-{uuid.uuid4()}", **fields)
    identifier = pair.intake.request(request)
    pair.outcome(identifier, "sent")
    return identifier, the_mail_to(pair.smtp, request["user"]["email"])


def kept(pair, identifier):
    """What Redis has of the request and its link, with the time until each goes."""
    client = pair.redis.client()
    record = client.get(f"pwreset:request:{identifier}")
    tokens = {key: (client.get(key), client.execute_command("PEXPIRETIME", key))
              for key in client.scan_iter("pwreset:token:*") if identifier.encode() in client.get(key)}
    assert record and len(tokens) <= 1
    return record, tokens


def test_a_poisoned_host_or_body_leads_no_link_elsewhere(pair):
    """Whatever a caller can set names the attacker's host; the mail names it nowhere."""
    request = events.reset_request(user=f"user-{uuid.uuid4()}", locale=f"https://{EVIL}/r#{{token}}", timezone=f"https://{EVIL}/", role=EVIL,
                                   name=f"Click http://{EVIL}/", actor_id=EVIL,
                                   client={"ip": EVIL, "user_agent": f"https://{EVIL}/reset#{{token}}"})
    answer = pair.intake.post("/v1/password-resets", request, **{name.replace("-", "_"): value for name, value in POISON.items()})
    assert answer.status == 202, answer
    pair.outcome(answer.json()["id"], "sent")
    mail = the_mail_to(pair.smtp, request["user"]["email"])
    assert mail.link.startswith("https://app.example.org/reset#")
    for part in ("plain", "html"):
        assert EVIL not in mail.part(part)
    assert EVIL.encode() not in mail.raw
    assert {target for target in re.findall(r'(?:href|src|action)="([^"]*)"', mail.part("html"))} <= {mail.link}
    for field in ("link", "url", "redirect", "callback", "host", "base", "template"):
        answer = pair.intake.post("/v1/password-resets", {**events.reset_request(), field: f"https://{EVIL}/"})
        assert answer.status == 400 and answer.problem["field"] == f"/{field}", answer


def test_whatever_a_scanner_fetches_consumes_nothing(pair):
    """Mail scanners and browsers follow links ahead of the user, some with every method they know."""
    identifier, mail = a_link(pair)
    address = mail.recipients[0]
    before = kept(pair, identifier)
    query = f"token={mail.token}&email={address}"
    body = events.encode({"token": mail.token, "email": address})
    headers = {"Authorization": f"Bearer {pair.key}", "Idempotency-Key": "a-scanner", "Content-Type": "application/json",
               "Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender", "X-HTTP-Method-Override": "POST"}
    for path in ("/v1/tokens/redeem", "/v1/tokens/check", "/v1/tokens/revoke", f"/v1/tokens/{mail.token}", f"/reset/{mail.token}", "/"):
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"):
            for content in (None, body):
                if content and method == "HEAD":
                    continue
                answer = web.call(pair.intake.port, method, f"{path}?{query}", content, headers)
                assert answer.status in (404, 405), f"{method} {path}: {answer}"
                assert mail.token.encode() not in answer.body
    for number in range(20):
        assert pair.intake.check(mail.token).status == 200
    assert pair.intake.post(f"/v1/tokens/redeem?{query}", {}, Idempotency_Key="a-scanner").status == 400
    assert kept(pair, identifier) == before
    assert pair.intake.redeem(mail.token, address, "the-user").status == 200


def at_once(requests):
    """Sends all but the last byte of each request on a connection of its own, then all last bytes; their answers."""
    connections = [(socket.create_connection(("127.0.0.1", port), timeout=60), data) for port, data in requests]
    for connection, data in connections:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(data[:-1])
    for connection, data in connections:
        connection.sendall(data[-1:])
    answers = []
    for connection, _ in connections:
        said = b""
        while piece := connection.recv(65536):
            said += piece
        connection.close()
        head, _, content = said.partition(b"\r\n\r\n")
        answers.append(web.Answer(int(head.split()[1]), {}, content))
    return answers


def redemption(pair, token, address, key):
    body = events.encode({"token": token, "email": address})
    return (f"POST /v1/tokens/redeem HTTP/1.1\r\nHost: relay.example\r\nAuthorization: Bearer {pair.key}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


def test_of_a_hundred_redemptions_at_once_over_two_producers_one_succeeds(pair):
    other = pair.producer()
    identifier, mail = a_link(pair)
    answers = at_once([((pair.intake, other)[number % 2].port, redemption(pair, mail.token, mail.recipients[0], f"racer-{number}"))
                       for number in range(100)])
    assert sorted(answer.status for answer in answers) == [200] + [404] * 99
    pair.outcome(identifier, "redeemed")
    pair.reader.complete()
    assert len(pair.audits(identifier, "redeemed")) == 1
    winner = next(number for number, answer in enumerate(answers) if answer.status == 200)
    again = at_once([(other.port, redemption(pair, mail.token, mail.recipients[0], f"racer-{winner}"))] * 50)
    assert {answer.status for answer in again} == {200}, "the winner asks again and hears the same"
    assert {answer.body for answer in again} == {answers[winner].body}
    replayed = at_once([(other.port, redemption(pair, mail.token, mail.recipients[0], uuid.uuid4())) for _ in range(20)])
    assert {answer.status for answer in replayed} == {404}, "somebody else's replay"
    pair.reader.complete()
    assert len(pair.audits(identifier, "redeemed")) == 1


def test_a_redemption_beside_a_revocation_and_a_newer_link_leaves_one_that_works_or_none(pair):
    """Whoever redeems an old link at the moment a newer one is made is either in time or not; never both."""
    relay_user = f"user-{uuid.uuid4()}"
    address = f"{relay_user}@example.com"
    request = events.reset_request(user=relay_user, email=address)
    pair.outcome(pair.intake.request(request), "sent")
    old = the_mail_to(pair.smtp, address)
    revoke = events.encode({"tenant": "acme", "user_id": relay_user})
    revocation = (f"POST /v1/tokens/revoke HTTP/1.1\r\nHost: relay.example\r\nAuthorization: Bearer {pair.key}\r\nConnection: close\r\n"
                  f"Content-Type: application/json\r\nContent-Length: {len(revoke)}\r\n\r\n").encode() + revoke
    raced = at_once([(pair.intake.port, revocation if number % 10 == 5 else redemption(pair, old.token, address, f"racer-{number}"))
                     for number in range(40)])
    statuses = [answer.status for number, answer in enumerate(raced) if number % 10 != 5]
    assert statuses.count(200) <= 1 and set(statuses) <= {200, 404}, statuses
    assert {answer.status for number, answer in enumerate(raced) if number % 10 == 5} == {204}
    assert pair.intake.check(old.token).status == 404
    assert pair.intake.redeem(old.token, address, "late").status == 404


def wrong_addresses(address):
    """Everything near an address that is not it: each letter changed, left out, doubled; what normalisers make alike."""
    local, domain = address.split("@")
    found = set()
    for place, letter in enumerate(address):
        found |= {address[:place] + address[place + 1:], address[:place] + letter * 2 + address[place + 1:],
                  address[:place] + letter.swapcase() + address[place + 1:],
                  address[:place] + chr(ord(letter) ^ 1) + address[place + 1:],
                  address[:place] + chr(ord(letter) + 0xFEE0) + address[place + 1:], address[:place], address[place:]}
    found |= {address.upper(), address.title(), f"{local}@{domain}.", f"{local}+tag@{domain}", f"{local}%40{domain}",
              f'"{local}"@{domain}', f"{local}@[{domain}]", f"<{address}>", f"Ann <{address}>", f"mailto:{address}", f" {address}",
              f"{address} ", f"{address}\t", f"{address}\n", f"{address}\0", f"{address}\u200b", f"{address}\u00ad",
              f"{address},{address}", f"{address};eve@{EVIL}", f"{address}, eve@{EVIL}", f"eve@{EVIL},{address}", f"{address}@{EVIL}",
              f"{local}@{EVIL}", f"{local}@sub.{domain}", f"{local}(x)@{domain}", address[::-1], "", "@", domain, local, f"@{domain}",
              f"{local}@", "*", "%", address.replace("s", "\u017f"), address.replace("k", "\u212a"), address.replace("i", "\u0131"),
              address.replace("a", "\u0430"), address.replace("e", "e\u0301"), address.replace(".", "\u3002"),
              address.replace("@", "\uff20"), json.dumps(address), address.encode().hex(), "null", "true"}
    return sorted(found - {address})


def test_a_link_opens_with_no_address_but_its_own(pair):
    identifier, mail = a_link(pair, email=f"ann.k.sikes{uuid.uuid4().hex[:6]}@mail.example.com")
    address = mail.recipients[0]
    before = kept(pair, identifier)
    tried = wrong_addresses(address)
    assert len(tried) > 250
    answers = in_parallel(lambda wrong: (wrong, pair.intake.redeem(mail.token, wrong, f"form-{uuid.uuid4()}").status), tried, 4)
    opened = [answer for answer in answers if answer[1] not in (400, 404)]
    assert not opened, opened
    no_text = {None: 400, 1: 400, True: 400, "": 404}
    for wrong, status in no_text.items():
        assert pair.intake.redeem(mail.token, wrong, "form-x").status in (400, status)
    assert pair.intake.post("/v1/tokens/redeem", {"token": mail.token}, Idempotency_Key="form-y").status == 400
    assert kept(pair, identifier) == before, "a wrong address consumed something"
    assert pair.intake.redeem(mail.token, address, "form-own").status == 200


@pytest.mark.parametrize("way", ["over the intake", "straight on Kafka"])
def test_an_attackers_address_with_the_victims_user_opens_nothing(pair, way):
    """The mail goes to the attacker; the application redeems with the address it has on file."""
    victim = f"victim-{uuid.uuid4()}"
    request = events.reset_request(user=victim, email=f"{victim}@{EVIL}")
    identifier = pair.intake.request(request) if way == "over the intake" else pair.publish(request)
    pair.outcome(identifier, "sent")
    stolen = the_mail_to(pair.smtp, f"{victim}@{EVIL}")
    before = kept(pair, identifier)
    for _ in range(3):
        assert pair.intake.redeem(stolen.token, f"{victim}@example.com", f"form-{uuid.uuid4()}").status == 404
    assert kept(pair, identifier) == before
    assert not pair.audits(identifier, "redeemed")


def test_two_bodies_under_one_idempotency_key_never_mail_one_request_to_two(pair):
    """Sixty requests at once, each for another mailbox, under one key: one of them counts, whoever wins."""
    key, user = f"form-{uuid.uuid4()}", f"user-{uuid.uuid4()}"
    bodies = [events.encode(events.reset_request(user=user, email=f"{user}-{number}@example.com")) for number in range(60)]
    answers = at_once([(pair.intake.port, (
        f"POST /v1/password-resets HTTP/1.1\r\nHost: relay.example\r\nAuthorization: Bearer {pair.key}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body)
        for body in bodies])
    assert {answer.status for answer in answers} <= {202, 409, 422}
    taken = [answer.json()["id"] for answer in answers if answer.status == 202]
    assert taken and len(set(taken)) == 1, "one key is one request"
    pair.outcome(taken[0], "sent")

    def all_told():
        pair.reader.complete()
        return len(pair.audits(taken[0], "denied")) == len(taken) - 1
    eventually("every other body to be audited as denied", all_told)
    assert {audit["data"]["reason"] for audit in pair.audits(taken[0], "denied")} <= {"id_reused"}
    mails = [mail for mail in pair.smtp.mails.all() if mail.recipients[0].startswith(user)]
    assert len(mails) == 1, [mail.recipients for mail in mails]
    late = pair.intake.post("/v1/password-resets", events.reset_request(user=user, email=f"{user}-late@example.com"),
                            Idempotency_Key=key)
    assert late.status == 422, late
    assert pair.intake.redeem(mails[0].token, mails[0].recipients[0], "form-own").status == 200
