"""Canaries, hunted through everything that is kept, said, logged or left in memory, in every spelling.

A token, a temporary password and the secrets of keys and publishers are nowhere; an address is in the values of the requested,
retry and dead-letter topics alone.
"""
import os
import uuid

from support import events
from support.canary import Monitor, assert_not_in, everywhere_but_values, kept_by, memory_of
from support.expectations import the_mail_to
from support.waiting import eventually


def commands_say(relay, identifiers):
    """What the commands print about requests that were there, and about the configuration."""
    for arguments in (["trail", identifiers[0]], ["replay", "--dry-run"], ["keys", "list"], ["publishers", "list"], ["--print-config"],
                      ["check"], ["topics"]):
        done = relay.command("reset-producer", *arguments, check=False)
        yield f"reset-producer {' '.join(arguments)}", (done.stdout + done.stderr).encode()
    for arguments in (["--print-config"], ["check"]):
        done = relay.command("reset-worker", *arguments, check=False)
        yield f"reset-worker {' '.join(arguments)}", (done.stdout + done.stderr).encode()


def test_canaries_are_found_nowhere_in_any_spelling(deploy, redis_server, smtp):
    relay = deploy({"policy.temporary_password": "mailed,handed,chosen", "smtp.dot_timeout": "3s", "log.level": "debug"}, tiers=("2s", "4s"))
    monitor = Monitor(redis_server)
    worker, producer = relay.worker(), relay.producer()
    mark = uuid.uuid4().hex[:8]

    def address(kind):
        return f"canary-{kind}-{mark}@example.com"
    # A relay that tells back whatever it was told: the address, and at the dot the link and the password.
    seen, tokens = [], []

    def echo(mail):
        token = mail.token if mail.has_link else None
        tokens.extend([token] if token else [])
        seen.append(mail)
        return f"554 5.7.1 no {mail.recipients[0]} {mail.link}" if "refused" in mail.recipients[0] else None
    smtp.rule("dot", echo)
    smtp.rule("rcpt", lambda to: f"451 4.7.1 <{to}> greylisted" if "later" in to else f"250 2.1.5 <{to}> ok")
    ends = {}
    for kind, outcome in (("plain", "sent"), ("refused", "dead"), ("later", "dead")):
        ends[producer.request(events.reset_request(email=address(kind), name=f"Canary {mark}"))] = outcome
    mailed, handed, chosen = (events.password_request(kind, email=address(kind), **more) for kind, more in
                              (("mailed", {}), ("handed", {}), ("chosen", {"password": f"violin {uuid.uuid4().hex[:10]} lamp"})))
    ends[producer.request(mailed)] = ends[producer.request(chosen)] = "sent"
    identifier, shown = producer.show_password(handed)
    ends[identifier] = "sent"
    for identifier, outcome in ends.items():
        relay.outcome(identifier, outcome)
    plain = the_mail_to(smtp, address("plain"))
    in_mail = the_mail_to(smtp, address("mailed")).password
    passwords = [in_mail, shown, chosen["password"], in_mail.replace("-", ""), shown.replace("-", "")]
    # What people and attackers then do with them, in the right places and the wrong ones.
    for wrong in (f"/v1/tokens/{plain.token}", f"/?token={plain.token}&email={address('plain')}", f"/v1/password-resets/{plain.token}"):
        producer.call("GET", wrong)
    producer.post("/v1/tokens/check", {"token": plain.token, "password": passwords[2]})
    producer.post("/v1/tokens/check", {"tokens": plain.token}, Idempotency_Key=plain.token)
    producer.redeem(plain.token, address("stranger"), "form-1")
    producer.call("POST", "/v1/tokens/check", {"token": plain.token}, key=plain.token)
    for body in (mailed, handed, chosen):
        producer.verify(body["user"]["id"], passwords[2][:-1] + "x")
    producer.verified(chosen["user"]["id"], passwords[2])
    producer.verified(handed["user"]["id"], shown)
    producer.change(events.password_change(mailed["user"]["id"], address("mailed"), previous_email=address("previous")))
    assert producer.redeem(plain.token, address("plain"), "form-2").status == 200
    relay.wait_until_committed()
    redis_server.client().execute_command("SAVE")

    tokens = sorted({*tokens, plain.token})
    addresses = [address(kind) for kind in ("plain", "refused", "later", "mailed", "handed", "chosen", "stranger", "previous")]
    master = [line.split()[1] for line in (relay.folder / "master.keys").read_text().splitlines() if not line.startswith("#")]
    record = [line.split()[1] for line in (relay.folder / "record.keys").read_text().splitlines() if not line.startswith("#")]
    others = [relay.key.split("_", 2)[2], relay.publisher_secret, *master, *record]
    assert len(tokens) >= 2 and all(len(token) == 43 for token in tokens)
    places = everywhere_but_values(relay, redis_server, [worker, producer]) + kept_by(redis_server)
    places += list(commands_say(relay, list(ends)))
    places += [("MONITOR", bytes(monitor.said))]
    places += [(path.name, path.read_bytes()) for path in relay.folder.rglob("*") if path.suffix in (".out", ".err")]
    assert b"evalsha" in bytes(monitor.said).lower(), "MONITOR heard nothing"
    assert_not_in(places, addresses, "an address")
    places += [(f"value in {each.topic}@{each.offset}", each.value or b"") for each in relay.reader.records]
    assert_not_in(places, tokens, "a token")
    assert_not_in(places, passwords, "a temporary password")
    assert_not_in(places, others, "a secret of the configuration")
    carriers = {relay.requested, relay.dead_letters, *relay.retries}
    assert {each.topic for each in relay.reader.records if b"canary-" in (each.value or b"")} <= carriers
    for mail in smtp.mails.all():
        inside = [secret for secret in [*tokens, *passwords] if secret.encode() in mail.raw]
        assert len(inside) <= 1, "a mail has what belongs to another"

    if os.geteuid() == 0:  # nobody else may look
        eventually("connections to be gone", lambda: producer.metric("reset_relay_http_connections") == 0)
        for process in (producer, worker):
            for place, content in memory_of(process):
                for secret in (*tokens, *passwords):
                    assert secret.encode() not in content, f"{secret[:6]}… stays in {place}"
    monitor.close()
    for process in (worker, producer):
        assert process.stop() == 0
        assert_not_in([(process.name, process.out_path.read_bytes() + process.err_path.read_bytes())],
                      [*tokens, *passwords, *addresses, *others], "a canary")
    assert not [path for path in relay.folder.rglob("core*") if path.is_file()]
