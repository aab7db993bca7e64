"""Canaries: no token is found anywhere, and no address outside the values of the request, retry and dead-letter
topics, in any spelling."""
import os
import subprocess

from support import events
from support.canary import assert_not_in, everywhere_but_values, memory_of
from support.expectations import the_mail_to
from support.waiting import eventually


def test_no_token_and_no_address_is_found_where_it_does_not_belong(deploy, redis_server, smtp):
    relay = deploy({"smtp.dot_timeout": "3s"}, tiers=("2s", "4s"))
    worker, producer = relay.worker(), relay.producer()
    smtp.rule("rcpt", lambda address: {"refused": "550 5.1.1 <%s> unknown", "later": "451 4.7.1 <%s> greylisted"}.get(
        address.split("-")[1], "250 ok <%s>") % address)
    addresses = []

    def ask(kind, **fields):
        address = f"canary-{kind}-{len(addresses)}@example.com"
        addresses.append(address)
        return events.reset_request(email=address, name=f"Canary {kind}", **fields)
    ends = {}
    for publish in (producer.request, relay.publish):
        ends[publish(ask("plain"))] = "sent"
        ends[publish(ask("refused"))] = "dead"
        ends[publish(ask("later"))] = "dead"
        ends[publish(ask("limited", not_after=events.now(3600)))] = "sent"
    denied = producer.post("/v1/password-resets", ask("denied", actor_tenant="globex"))
    assert denied.status == 403
    broken = producer.post("/v1/password-resets", events.encode(ask("broken"))[:-1] + b',"x":1}')
    assert broken.status == 400
    relay.publish(ask("forged"), secret="wrong")
    for identifier, outcome in ends.items():
        relay.outcome(identifier, outcome)
    mails = [the_mail_to(smtp, address) for address in addresses if "plain" in address or "limited" in address]
    tokens = [mail.token for mail in mails]
    producer.check(tokens[0])
    producer.redeem(tokens[0], addresses[0], "form-1")
    producer.redeem(tokens[1], "canary-stranger@example.com", "form-2")
    producer.call("GET", f"/v1/tokens/{tokens[2]}")
    producer.call("GET", f"/nowhere?email={addresses[0]}&token={tokens[0]}")
    relay.wait_until_committed()

    places = everywhere_but_values(relay, redis_server, [worker, producer])
    assert_not_in(places, tokens, "a token")
    assert_not_in(places, [*addresses, "canary-stranger@example.com"], "an address")
    values = [(f"value in {record.topic}", record.value or b"") for record in relay.reader.records]
    assert_not_in(values, tokens, "a token")
    carriers = {relay.requested, relay.dead_letters, *relay.retries}
    assert {record.topic for record in relay.reader.records if b"canary-" in (record.value or b"")} <= carriers

    # While the worker runs, Redis must not even have been told a token: the slow log has every command.
    told = [(f"SLOWLOG {entry['id']}", entry["command"]) for entry in redis_server.client().slowlog_get(20000)]
    assert_not_in(told, tokens, "a token")
    assert_not_in(told, addresses, "an address")
    for path in (redis_server.folder / "appendonlydir").iterdir():
        assert_not_in([(f"Redis {path.name}", path.read_bytes())], tokens + addresses, "a token or an address")
    for process in (worker, producer):
        assert process.stop() == 0
        assert_not_in([(process.name, process.out_path.read_bytes() + process.err_path.read_bytes())],
                      tokens + addresses, "a token or an address")


def test_no_temporary_password_is_found_anywhere_but_in_its_mail_and_its_answer(deploy, redis_server, smtp):
    relay = deploy({"policy.temporary_password": "mailed,handed,chosen"})
    worker, producer = relay.worker(), relay.producer()
    chosen = ["canary violin under a lamp", "canar\u00fd \u00fcber \u00c4cker und W\u00e4lder"]
    tried = ["canary that nobody has set", "cana-ryyy-2222-3333-4444-5555"]
    refused = ["canary violin of her own", "can\u202eary violin under"]
    handed, asked = [], {}
    for password in chosen:
        body = events.password_request("chosen", password)
        asked[producer.request(body)] = body["user"]["id"], password
    for number in range(2):
        body = events.password_request("handed")
        identifier, password = producer.show_password(body, Idempotency_Key=f"form-{number}")
        handed.append(password)
        asked[identifier] = body["user"]["id"], password
    mailed = events.password_request("mailed")
    identifier = producer.request(mailed)
    relay.outcome(identifier, "sent")
    in_mail = the_mail_to(smtp, mailed["user"]["email"]).password
    asked[identifier] = mailed["user"]["id"], in_mail
    for password in refused:
        answer = producer.post("/v1/password-resets", events.password_request("chosen", password, name="Ms Canary"))
        assert answer.status == 400, answer
    assert producer.post("/v1/password-resets",
                         events.password_request("chosen", tried[0], actor_role="manager")).status == 403
    relay.command("reset-producer", "send", check=False, text=events.encode(
        events.password_request("chosen", chosen[0])).decode() + "\n")
    for identifier, (user, password) in asked.items():
        relay.outcome(identifier, "sent")
        producer.verified(user, password)
        for wrong in tried:
            producer.verify(user, wrong)
    producer.verify("nobody", tried[0])
    producer.call("GET", "/v1/temporary-passwords/verify", {"password": tried[0]})
    relay.publish(events.password_request("chosen", chosen[0]))  # by a service that should not
    relay.wait_until_committed()

    secrets = [*chosen, *tried, *refused, *handed, in_mail]
    secrets += [password.replace("-", "") for password in (*handed, in_mail)]
    places = everywhere_but_values(relay, redis_server, [worker, producer])
    forbidden = [record for record in relay.reader.records if record.topic != relay.audit_topic]
    by_others = [record for record in forbidden if b"canary" in (record.value or b"")]
    assert {record.header("reset-relay-signature").split(";")[1] for record in by_others} == {relay.publisher}
    places += [(f"value in {record.topic}", record.value or b"") for record in forbidden if record not in by_others]
    places += [(f"SLOWLOG {entry['id']}", entry["command"]) for entry in redis_server.client().slowlog_get(20000)]
    places += [(f"Redis {path.name}", path.read_bytes()) for path in (redis_server.folder / "appendonlydir").iterdir()]
    places += [(path.name, path.read_bytes()) for path in relay.folder.glob("*.out")]
    assert_not_in(places, secrets, "a temporary password")
    for mail in smtp.mails.all():
        inside = [secret for secret in secrets if secret.encode() in mail.raw]
        assert inside == ([in_mail] if mail.recipients == [mailed["user"]["email"]] else []), mail.raw
    if os.geteuid() == 0:  # nobody else may look
        for place, content in memory_of(producer):
            for secret in secrets:
                assert secret.encode() not in content, f"a temporary password stays in {place}"


def test_the_programs_keep_no_core_and_cannot_be_traced(relay):
    for process in (relay.worker(), relay.producer()):
        limits = open(f"/proc/{process.pid}/limits").read()
        core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert core.split()[4] == "0", core
        # A process that is not dumpable has its /proc files owned by root; root's own cannot be told apart so.
        owner = subprocess.run(["stat", "-c", "%U", f"/proc/{process.pid}/mem"], capture_output=True, text=True)
        assert owner.stdout.strip() == "root"


def test_a_record_written_into_redis_by_hand_opens_nothing(relay, redis_server, smtp):
    relay.worker()
    producer = relay.producer()
    request = events.reset_request()
    producer.request(request)
    mail = the_mail_to(smtp, request["user"]["email"])
    client = redis_server.client()
    [key] = list(client.scan_iter("pwreset:token:*"))
    record = client.get(key)
    fields = record.split(b"\t")

    def with_field(number, value):
        return b"\t".join([*fields[:number], value, *fields[number + 1:]])
    forgeries = [with_field(number, bytes([field[0] ^ 1]) + field[1:]) for number, field in enumerate(fields)
                 if len(field) >= 16]
    forgeries += [with_field(number, b"," + field[1:]) for number, field in enumerate(fields)]
    forgeries += [b"", b"\t", record[:-30], record + b"\tx", b"2" + record[1:], b"\xff" * 200, b"x" * 100_000]
    for number, forgery in enumerate(forgeries):
        client.set(key, forgery, keepttl=True)
        assert producer.check(mail.token).status == 404, forgery[:300]
        answer = producer.redeem(mail.token, request["user"]["email"], f"form-{number}")
        assert answer.status == 404, f"{forgery[:300]}: {answer}"
    assert producer.metric("reset_relay_mac_failures_total") == 2 * len(forgeries)
    client.set(key, record, keepttl=True)
    eventually("a redemption of the true record", lambda: producer.redeem(
        mail.token, request["user"]["email"], "form-true").status == 200)
