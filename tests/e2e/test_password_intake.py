"""Temporary passwords at the intake: shown or chosen once, kept as a keyed hash, tried at a price.

What Redis keeps is computed again here with Python's hashlib and argon2, from the producer's own record key.
"""
import base64
import concurrent.futures
import hashlib
import json
import re

import argon2
import pytest

from support import events
from support.expectations import audits_are_valid
from support.mail import PASSWORD
from support.waiting import NotYet, eventually

CHOSEN = "violin under a quiet lamp"
PATH = "/v1/password-resets"
ALL = {"policy.temporary_password": "mailed,handed,chosen"}


@pytest.fixture
def relay(deploy):
    return deploy(ALL)


def lp(*parts):
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def record_key(relay, number, context):
    """crypto_kdf of the current key of the record key file."""
    line = next(line for line in open(relay.settings["token.record_keys_file"]) if not line.startswith("#"))
    return hashlib.blake2b(b"", digest_size=32, key=bytes.fromhex(line.split()[1]), person=context + bytes(8),
                           salt=number.to_bytes(8, "little") + bytes(8)).digest()


def verifier(relay, user, kind, secret):
    return hashlib.blake2b(lp(b"acme", user.encode(), kind, secret), digest_size=32,
                           key=record_key(relay, 3, b"rrpasswd")).digest()


def binary(text):
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def staged(redis_server, identifier):
    """The fields of what waits for a worker, and for how many seconds it does."""
    key = f"pwreset:staged:{identifier}"
    client = redis_server.client()
    return client.get(key).split(b"\t"), client.ttl(key)


def nothing_is_staged(redis_server):
    assert not [key for key in redis_server.dump() if b"staged" in key or b"password" in key]


def nothing_was_published(relay):
    relay.reader.complete()
    assert not relay.reader.of(relay.requested)


def published(relay, count=1):
    def found():
        relay.reader.refresh()
        records = relay.reader.of(relay.requested)
        if len(records) < count:
            raise NotYet(len(records))
        return [json.loads(record.value) for record in records]
    return eventually(f"{count} events", found)


def test_a_handed_password_is_shown_once_and_only_its_keyed_hash_is_kept(relay, redis_server):
    producer = relay.producer()
    body = events.password_request("handed")
    answer = producer.post(PATH, body)
    assert answer.status == 202 and answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"id", "temporary_password"}
    shown = answer.json()["temporary_password"]
    assert PASSWORD.fullmatch(shown)
    fields, seconds = staged(redis_server, answer.json()["id"])
    canonical = shown.replace("-", "").encode()
    assert verifier(relay, body["user"]["id"], b"generated", canonical) in [binary(field) for field in fields
                                                                           if len(field) == 43]
    assert 86300 < seconds <= 86400
    [event] = published(relay)
    assert event["id"] == answer.json()["id"] and event["data"]["method"] == "temporary_password_handed"
    assert "password" not in event["data"] and "temporary_password" not in json.dumps(event["data"]).replace(
        "temporary_password_handed", "")
    others = {producer.show_password(events.password_request("handed"))[1] for _ in range(20)}
    assert len(others) == 20 and shown not in others


def test_a_chosen_password_is_stretched_and_only_its_keyed_hash_is_kept(relay, redis_server):
    producer = relay.producer()
    body = events.password_request("chosen", CHOSEN)
    answer = producer.post(PATH, body)
    assert answer.status == 202 and set(answer.json()) == {"id"}
    fields, seconds = staged(redis_server, answer.json()["id"])
    salts = [binary(field) for field in fields if len(field) == 22]
    stretched = [argon2.low_level.hash_secret_raw(CHOSEN.encode(), salt, time_cost=2, memory_cost=19 * 1024,
                                                  parallelism=1, hash_len=32, type=argon2.Type.ID)
                 for salt in salts]
    kept = [binary(field) for field in fields if len(field) == 43]
    assert any(verifier(relay, body["user"]["id"], b"argon2id", each) in kept for each in stretched)
    assert 800 < seconds <= 900
    [event] = published(relay)
    assert event["data"]["method"] == "temporary_password_chosen" and "password" not in event["data"]
    again, _ = staged(redis_server, producer.request(events.password_request("chosen", CHOSEN, user=body["user"]["id"])))
    assert not set(kept) & {binary(field) for field in again if len(field) == 43}, "the same salt was taken twice"


def test_asked_again_under_the_same_key_before_a_worker_began_the_last_answer_counts(relay, redis_server):
    producer = relay.producer()
    body = events.password_request("handed", user="u-again")
    answers = [producer.post(PATH, body, Idempotency_Key="form-1").json() for _ in range(2)]
    assert answers[0]["id"] == answers[1]["id"]
    assert answers[0]["temporary_password"] != answers[1]["temporary_password"]
    fields, _ = staged(redis_server, answers[0]["id"])
    kept = [binary(field) for field in fields if len(field) == 43]
    known = [verifier(relay, "u-again", b"generated", answer["temporary_password"].replace("-", "").encode()) in kept
             for answer in answers]
    assert known == [False, True]


def test_asked_again_after_a_worker_began_it_is_a_conflict_that_changes_nothing(relay):
    producer, _ = relay.producer(), relay.worker()
    body = events.password_request("handed")
    first = producer.post(PATH, body, Idempotency_Key="form-1").json()
    relay.outcome(first["id"], "sent")
    again = producer.post(PATH, body, Idempotency_Key="form-1")
    assert again.status == 409 and "new Idempotency-Key" in again.problem["detail"]
    assert "temporary_password" not in again.json()
    other = producer.post(PATH, {**body, "method": "link"}, Idempotency_Key="form-1")
    assert other.status == 422
    producer.verified(body["user"]["id"], first["temporary_password"])
    chosen = events.password_request("chosen", CHOSEN)
    identifier = producer.request(chosen, Idempotency_Key="form-2")
    relay.outcome(identifier, "sent")
    assert producer.post(PATH, {**chosen, "password": CHOSEN + "s"}, Idempotency_Key="form-2").status == 409


REFUSED = {
    "too_short": ("a quiet lam", "12 to 128"),
    "too_long": ("a quiet lamp " * 10, "12 to 128"),
    "common": ("Password2024!", "too common"),
    "a_keyboard_run": ("1qaz2wsx3edc4rfv", "too common"),
    "a_repetition": ("xyxyxyxyxyxyxyxy", "too common"),
    "the_name": ("ms Fairweather lamp", "name"),
    "the_name_disguised": ("ms F4irw3ather l4mp", "name"),
    "the_address": ("lamp jfw-1984 violin", "address"),
    "the_id": ("lamp CUSTOMER-7 violin", "id"),
    "a_control_character": ("a quiet\tlamp in", "control"),
    "an_override": ("a quiet \u202elamp in", "control"),
    "nul": ("a quiet \0 lamp in", None),
    "empty": ("", None),
    "a_number": (123456789012, None),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_choice_is_refused_by_its_rule_and_never_repeated(shared, redis_of_shared, kind):
    password, rule = REFUSED[kind]
    answer = shared.post(PATH, events.password_request("chosen", password, user="customer-7", name="June Fairweather",
                                                       email="jfw-1984@example.com"))
    assert answer.status == 400, answer
    if rule:
        assert rule in answer.problem["detail"] and answer.problem["field"] == "/password"
    if password:
        assert str(password).encode() not in answer.body
    nothing_is_staged(redis_of_shared)


@pytest.fixture(scope="module")
def redis_of_shared(tmp_path_factory):
    from support.redis_server import RedisServer
    server = RedisServer(tmp_path_factory.mktemp("passwords") / "redis").start()
    server.process.lasting = True
    yield server
    server.kill()


@pytest.fixture(scope="module")
def shared(tmp_path_factory, broker, redis_of_shared):
    """One deployment for what never gets anywhere."""
    from support.relay import Relay
    relay = Relay(tmp_path_factory.mktemp("passwords") / "relay", broker, redis_of_shared, "smtp://127.0.0.1:9",
                  ALL).prepare()
    producer = relay.producer()
    producer.lasting = True
    yield producer
    nothing_was_published(relay)
    relay.close()


def test_who_may_not_set_a_temporary_password_is_refused_and_audited(relay, redis_server):
    without_scope = relay.add_key("links", ("request:self", "request:admin"))
    producer = relay.producer()
    asked = []
    for kind in ("mailed", "handed", "chosen"):
        password = CHOSEN if kind == "chosen" else None
        for reason, fields, key in (("actor_role", {"actor_role": "manager"}, None),
                                    ("actor_role", {"actor_role": "self"}, None),
                                    ("actor_tenant", {"actor_tenant": "globex"}, None),
                                    ("user_role", {"role": None}, None), ("scope", {}, without_scope)):
            body = events.password_request(kind, password, **fields)
            if fields.get("role", "") is None:
                del body["user"]["role"]
            answer = producer.post(PATH, body, key=key)
            assert (answer.status, answer.problem["reason"]) == (403, reason), (kind, fields, answer)
            asked.append(reason)
        unknown = events.password_request(kind, password) | {"user": None}
        assert producer.post(PATH, unknown).status == 403
        asked.append("user_role")

    def audited():
        denials = relay.audits(outcome="denied")
        if len(denials) < len(asked):
            raise NotYet(len(denials))
        return denials
    denials = eventually("every denial to be audited", audited)
    assert sorted(denial["data"]["reason"] for denial in denials) == sorted(asked)
    audits_are_valid(denials)
    nothing_was_published(relay)
    nothing_is_staged(redis_server)


def test_a_way_that_is_off_is_refused(deploy):
    relay = deploy({"policy.temporary_password": "mailed"})
    producer = relay.producer()
    for kind, status in (("mailed", 202), ("handed", 403), ("chosen", 403)):
        answer = producer.post(PATH, events.password_request(kind, CHOSEN if kind == "chosen" else None))
        assert answer.status == status, (kind, answer)
        if status == 403:
            assert answer.problem["reason"] == "method"
        else:
            assert set(answer.json()) == {"id"}


def test_without_redis_in_the_configuration_only_mailed_ones_can_be_asked_for(deploy):
    relay = deploy({**ALL, "redis.url": None})
    producer = relay.producer()
    assert producer.post(PATH, events.password_request("mailed")).status == 202
    for kind in ("handed", "chosen"):
        answer = producer.post(PATH, events.password_request(kind, CHOSEN if kind == "chosen" else None))
        assert answer.status == 403 and "redis.url" in answer.problem["detail"], answer
    assert producer.verify("anybody", "anything").status == 404
    assert "they need redis.url" in producer.stderr()


def test_while_redis_is_away_nothing_is_promised_and_nothing_published(relay, redis_server):
    producer = relay.producer()
    redis_server.kill()
    for kind in ("handed", "chosen"):
        answer = producer.post(PATH, events.password_request(kind, CHOSEN if kind == "chosen" else None))
        assert answer.status == 503 and answer.headers["retry-after"] == "1", answer
        assert "temporary_password" not in answer.json()
    assert producer.verify("anybody", "anything").status == 503
    nothing_was_published(relay)
    redis_server.start()
    body = events.password_request("handed")
    eventually("a password after Redis is back", lambda: producer.post(PATH, body).status == 202)


def test_two_are_hashed_at_a_time_and_the_others_are_told_to_come_back(relay):
    producer = relay.producer()

    def choose(number):
        return producer.post(PATH, events.password_request("chosen", f"{CHOSEN} {number}"))

    def try_one(number):
        return producer.verify(f"stranger-{number}", CHOSEN)
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        chosen = [pool.submit(choose, number) for number in range(12)]
        tried = [pool.submit(try_one, number) for number in range(12)]
        answers = [each.result() for each in chosen + tried]
    assert {answer.status for answer in answers} == {202, 404, 503} or {answer.status for answer in answers} == {
        202, 503} or {answer.status for answer in answers} == {404, 503}
    busy = [answer for answer in answers if answer.status == 503]
    assert all(answer.headers["retry-after"] == "1" for answer in busy)
    assert producer.metric("reset_relay_password_hashes_total", result="busy") == len(busy)
    assert producer.metric("reset_relay_password_hashes_total", result="done") == len(answers) - len(busy)
    for number, answer in enumerate(answers[12:]):
        if answer.status == 503:  # and it has cost no try
            assert try_one(number).status == 404


UNFIT = {
    "empty": ("", 400), "nul": ("a\0b", 400), "more_than_a_kibibyte": ("x" * 1025, 400), "a_number": (7, 400),
    "null": (None, 400), "a_list": (["x"], 400), "a_megabyte": ("x" * 1_000_000, 400),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_a_try_that_cannot_be_weighed_is_refused_and_costs_nothing(shared, kind):
    password, status = UNFIT[kind]
    answer = shared.verify(f"user-{kind}", password)
    assert answer.status == status, answer
    assert answer.problem.get("field") in ("/password", None)
    assert shared.verify(f"user-{kind}", "a try that can be weighed").status == 404


def test_a_try_with_an_unknown_field_or_without_one_is_refused(shared):
    good = {"tenant": "acme", "user_id": "u-1", "password": "x"}
    for body in ({**good, "email": "a@example.com"}, *({name: good[name] for name in good if name != left}
                                                      for left in good)):
        assert shared.post("/v1/temporary-passwords/verify", body).status == 400, body


def test_only_a_key_with_the_scope_and_the_tenant_may_try(relay):
    links = relay.add_key("links", ("request:admin",))
    globex = relay.add_key("globex", ("redeem",), tenants=("globex",))
    producer = relay.producer()
    refused = producer.verify("u-1", "x", key=links)
    assert (refused.status, refused.problem["reason"]) == (403, "scope")
    for _ in range(2):  # and nothing is charged to somebody of another tenant
        assert producer.verify("u-1", "x", key=globex).status == 404
    assert producer.verify("u-1", "x").status == 404
    assert producer.verify("u-1", "x").status == 429


def test_a_wrong_try_costs_a_delay_that_grows_whether_or_not_there_is_such_a_user(relay, redis_server):
    producer, _ = relay.producer(), relay.worker()
    identifier, password = producer.show_password(events.password_request("handed", user="known"))
    relay.outcome(identifier, "sent")
    relay.outcome(producer.request(events.reset_request(user="linked")), "sent")
    answers = {user: producer.verify(user, "2222-3333-4444-5555-6666-7777") for user in ("known", "linked", "nobody")}
    alike = {(answer.status, answer.body, json.dumps({name: value for name, value in answer.headers.items()
                                                      if name != "date"}, sort_keys=True))
             for answer in answers.values()}
    assert len(alike) == 1 and answers["nobody"].status == 404, answers
    for user in answers:
        early = producer.verify(user, password)
        assert early.status == 429 and early.headers["retry-after"] in ("1", "2"), early
        assert "password" not in early.problem.get("reason", "")
    assert {key.rpartition(b":")[0] for key in redis_server.dump() if b"attempts" in key} == {b"pwreset:attempts"}
    assert len([key for key in redis_server.dump() if b"attempts" in key]) == 3
    for _ in range(2):
        assert producer.refuses("known", "2222-3333-4444-5555-6666-7777")
    assert int(producer.verify("known", password).headers["retry-after"]) > 2
    producer.verified("known", password)
    assert producer.verify("known", password).status == 200, "a success ends the delay"


def test_every_wrong_try_costs_the_same_questions_to_redis_and_one_hash(relay, redis_server):
    """A user with a password, one with a link alone, one with nothing, nobody: what Redis is asked is alike."""
    producer, worker = relay.producer(), relay.worker()
    for user, kind in (("handed", "handed"), ("chosen", "chosen")):
        relay.outcome(producer.post(PATH, events.password_request(
            kind, CHOSEN if kind == "chosen" else None, user=user)).json()["id"], "sent")
    relay.outcome(producer.request(events.reset_request(user="linked")), "sent")
    assert worker.stop() == 0
    client, seen = redis_server.client(), {}
    for user in ("handed", "chosen", "linked", "nobody"):
        for typed in ("2222-3333-4444-5555-6666-7777", "a lamp that is not right"):
            client.delete(*client.keys("pwreset:attempts:*") or [b"none"])
            hashes = producer.metric("reset_relay_password_hashes_total", result="done")
            client.slowlog_reset()
            assert producer.verify(user, typed).status == 404
            asked = [entry["command"].split() for entry in client.slowlog_get(100)]
            seen[user, typed] = tuple((command[0], len(command)) for command in reversed(asked)
                                      if command[0] in (b"TIME", b"MGET", b"EVALSHA"))
            assert producer.metric("reset_relay_password_hashes_total", result="done") == hashes + 1
    assert len(set(seen.values())) == 1 and len(next(iter(seen.values()))) >= 2, seen


@pytest.mark.parametrize("kind", ["mailed", "handed", "chosen"])
def test_the_right_password_must_be_changed_within_minutes(relay, smtp, kind):
    producer, _ = relay.producer(), relay.worker()
    body = events.password_request(kind, CHOSEN if kind == "chosen" else None)
    user, address = body["user"]["id"], body["user"]["email"]
    answer = producer.post(PATH, body)
    assert answer.status == 202
    relay.outcome(answer.json()["id"], "sent")
    [mail] = smtp.mails.to(address)
    assert mail.has_password == (kind == "mailed") and not mail.has_link
    password = {"mailed": lambda: mail.password, "handed": lambda: answer.json()["temporary_password"],
                "chosen": lambda: CHOSEN}[kind]()
    first = producer.verified(user, password)
    assert set(first) == {"must_change", "request_id", "expires_at"}
    assert first["must_change"] is True and first["request_id"] == answer.json()["id"]
    assert events.now(14 * 60) < first["expires_at"] < events.now(16 * 60)
    assert producer.verify(user, password).json() == first, "a dropped session strands nobody"
    spellings = [password.upper(), password.replace("-", ""), password.replace("-", " ") + " "]
    if kind == "chosen":
        assert producer.refuses(user, CHOSEN.upper())
        assert producer.refuses(user, CHOSEN + " ")
    else:
        for spelling in spellings:
            assert producer.verify(user, spelling).status == 200, spelling
    audit = relay.outcome(answer.json()["id"], "redeemed")
    assert audit["method"] == f"temporary_password_{kind}" and audit["user_id"] == user
    assert len(relay.audits(answer.json()["id"], "redeemed")) == 1
    audits_are_valid(relay.audits(answer.json()["id"]))
    assert producer.refuses("somebody-else", password)
    assert producer.refuses(user, password, tenant="globex")


def test_a_temporary_password_written_into_redis_by_hand_opens_nothing(relay, redis_server):
    producer, _ = relay.producer(), relay.worker()
    identifier, password = producer.show_password(events.password_request("handed", user="known"))
    relay.outcome(identifier, "sent")
    client = redis_server.client()
    [key] = client.keys("pwreset:password:*")
    record = client.get(key)
    fields = record.split(b"\t")
    forgeries = [b"\t".join([*fields[:number], bytes([field[0] ^ 1]) + field[1:], *fields[number + 1:]])
                 for number, field in enumerate(fields) if len(field) >= 12]
    assert len(forgeries) >= 4
    for forgery in [*forgeries, record[:-10], b"\xff" * 100]:
        client.set(key, forgery, keepttl=True)
        client.delete(*client.keys("pwreset:attempts:*") or [b"none"])
        assert producer.verify("known", password).status == 404, forgery
    assert producer.metric("reset_relay_mac_failures_total") == len(forgeries) + 1, "all but another request id"
    [reason] = {audit["data"]["reason"] for audit in eventually("an audited denial",
                                                                lambda: relay.audits(outcome="denied"))}
    assert reason == "forged"
    client.set(key, record, keepttl=True)
    client.delete(*client.keys("pwreset:attempts:*") or [b"none"])
    assert producer.verify("known", password).status == 200


def test_a_staged_password_written_into_redis_by_hand_is_never_activated(relay, redis_server):
    producer = relay.producer()
    identifier, password = producer.show_password(events.password_request("handed", user="known"))
    client = redis_server.client()
    key = f"pwreset:staged:{identifier}"
    fields = client.get(key).split(b"\t")
    number = next(number for number, field in enumerate(fields) if len(field) == 43)
    fields[number] = fields[number][:-2] + (b"AA" if fields[number][-2:] != b"AA" else b"BA")
    client.set(key, b"\t".join(fields), keepttl=True)
    relay.worker()
    relay.outcome(identifier, "expired", "password_lapsed")
    assert producer.refuses("known", password)


def test_nothing_hashes_a_password_in_the_loop(relay):
    """A link is asked for and answered while both places are taken."""
    producer = relay.producer()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        tries = [pool.submit(producer.verify, f"u-{number}", "x") for number in range(8)]
        links = [pool.submit(producer.request, events.reset_request()) for _ in range(8)]
        assert all(re.fullmatch(r"[0-9a-f-]{36}", link.result()) for link in links)
        assert {each.result().status for each in tries} <= {404, 503}
