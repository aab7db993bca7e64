"""Who calls without the right, as somebody else, or too often."""
import collections
import uuid

import pytest

from support import events, web
from support.expectations import audits_are_valid
from support.relay import ALL_SCOPES
from support.waiting import NotYet, eventually

SCOPES = ALL_SCOPES + ("request:bulk",)
USER = "victim-of-callers"
CALLS = {
    # what is called: (method, path, body, the scopes that allow it, the answer to a key of another company)
    "a reset": ("POST", "/v1/password-resets", events.reset_request(user=USER), {"request:admin"}, 403),
    "one's own reset": ("POST", "/v1/password-resets", events.own_request(user=USER), {"request:admin", "request:self"}, 403),
    "a temporary password": ("POST", "/v1/password-resets", events.password_request("mailed", user=USER),
                             {"request:temporary_password"}, 403),
    "a changed password": ("POST", "/v1/password-changes", events.password_change(USER, f"{USER}@example.com"), {"notify"}, 403),
    "a check": ("POST", "/v1/tokens/check", {"token": "A" * 43}, {"redeem"}, 404),
    "a redemption": ("POST", "/v1/tokens/redeem", {"token": "A" * 43, "email": "ann@example.com"}, {"redeem"}, 404),
    "a try": ("POST", "/v1/temporary-passwords/verify", {"tenant": "acme", "user_id": USER, "password": "guess"}, {"redeem"}, 404),
    "a revocation": ("POST", "/v1/tokens/revoke", {"tenant": "acme", "user_id": USER}, {"revoke"}, 403),
    "a status": ("GET", f"/v1/password-resets/{uuid.uuid4()}", None, {"status"}, 404),
}


@pytest.fixture(scope="module")
def keys(pair):
    """A key for each thing that a call may lack, and the intake that knows them."""
    made = {f"all but {'+'.join(sorted(allowing))}": pair.add_key(f"lacks-{number}", [scope for scope in SCOPES if scope not in allowing])
            for number, allowing in enumerate({frozenset(call[3]): None for call in CALLS.values()})}
    made["another company"] = pair.add_key("foreign", SCOPES, ["globex", "Acme", "acme ", "acm", "acmee", "\u0430cme"])
    made["nothing"] = pair.add_key("one", ["status"], ["globex"])
    pair.callers = pair.producer()
    pair.callers.lasting = True
    yield made
    pair.callers.kill()
    pair.callers.lasting = False


def call(pair, what, key):
    method, path, body, _, _ = CALLS[what]
    return pair.callers.call(method, path, body, key=key, Idempotency_Key=f"form-{uuid.uuid4()}")


def requests_published(pair):
    pair.reader.complete()
    return sum(USER.encode() in (record.value or b"") for record in pair.reader.of(pair.requested))


@pytest.mark.parametrize("what", CALLS)
def test_a_key_with_every_scope_but_the_one_is_403_and_audited(pair, keys, what):
    before, denied = requests_published(pair), len(pair.audits(outcome="denied"))
    answer = call(pair, what, keys[f"all but {'+'.join(sorted(CALLS[what][3]))}"])
    assert answer.status == 403 and answer.problem["reason"] == "scope", answer

    def told():
        found = pair.audits(outcome="denied")
        return found if len(found) > denied else None
    audits_are_valid(eventually("the denial in the audit", told))
    assert requests_published(pair) == before


@pytest.mark.parametrize("what", CALLS)
def test_a_key_of_companies_with_nearly_the_same_name_is_refused(pair, keys, what):
    before = requests_published(pair)
    answer = call(pair, what, keys["another company"])
    assert answer.status == CALLS[what][4] and answer.problem, answer
    if answer.status == 403:
        assert answer.problem["reason"] == "tenant", answer
    assert requests_published(pair) == before


def wrong_keys(pair):
    prefix, identifier, secret = pair.key.split("_", 2)
    return {
        "none": "", "a word": "hello", "an id alone": f"rr_{identifier}", "an id and a hyphen": f"rr_{identifier}_",
        "the secret alone": secret, "without its last letter": pair.key[:-1], "with a letter more": pair.key + "A",
        "the last letter changed": pair.key[:-1] + ("A" if pair.key[-1] != "A" else "B"),
        "the first letter of the secret changed": f"rr_{identifier}_{'A' if secret[0] != 'A' else 'B'}{secret[1:]}",
        "in capitals": pair.key.upper(), "another prefix": "RR" + pair.key[2:], "the id in capitals": f"rr_{identifier.upper()}_{secret}x",
        "an unknown id": f"rr_{'0' * len(identifier)}_{secret}", "no id": f"rr__{secret}", "twice": pair.key * 2,
        "two keys": f"{pair.key},{pair.key}", "quoted": f'"{pair.key}"', "with a hash for a secret": f"rr_{identifier}_{'0' * 64}",
        "a wildcard": "rr_*_*", "a path": "rr_../../etc/passwd_x", "a query": f"rr_{identifier}' or '1'='1_x", "very long": "rr_a_" + "A" * 8000,
        "letters beyond ASCII": f"rr_{identifier}_{secret[:-1]}\xe9", "a trailing equals sign": pair.key + "=",
    }


@pytest.mark.parametrize("what", CALLS)
def test_no_key_or_a_wrong_one_is_401_in_the_same_words_whether_its_id_is_known(pair, keys, what):
    answers = {name: call(pair, what, key) for name, key in wrong_keys(pair).items()}
    assert {answer.status for answer in answers.values()} == {401}, {name: answer.status for name, answer in answers.items()}
    forms = {(answer.body, tuple(sorted(set(answer.headers.items()) - {("date", answer.headers.get("date"))})))
             for answer in answers.values()}
    assert len(forms) == 1, "an answer tells more than another"


def test_a_key_in_any_other_place_is_no_key(pair, keys):
    for header in ("X-API-Key", "Proxy-Authorization", "Cookie", "X-Authorization", "Api-Key"):
        assert web.call(pair.callers.port, "POST", "/v1/tokens/check", b"{}",
                        {"Content-Type": "application/json", header: f"Bearer {pair.key}"}).status == 401
    for scheme in ("Basic", "Token", "Digest", "Bearer:", "Bearer\xa0", "Bearer,", ""):
        assert web.call(pair.callers.port, "POST", "/v1/tokens/check", b"{}",
                        {"Content-Type": "application/json", "Authorization": f"{scheme} {pair.key}"}).status == 401
    for query in ("access_token", "key", "api_key"):
        assert web.call(pair.callers.port, "POST", f"/v1/tokens/check?{query}={pair.key}", b"{}",
                        {"Content-Type": "application/json"}).status == 401


def test_a_status_and_a_link_of_another_company_look_as_if_there_were_none(pair, keys):
    identifier = pair.intake.request(events.reset_request())
    pair.outcome(identifier, "sent")
    unknown = pair.callers.call("GET", f"/v1/password-resets/{uuid.uuid4()}")
    foreign = pair.callers.call("GET", f"/v1/password-resets/{identifier}", key=keys["another company"])
    assert (foreign.status, foreign.body) == (unknown.status, unknown.body) == (404, unknown.body)
    assert pair.callers.call("GET", f"/v1/password-resets/{identifier}").status == 200
    for odd in (identifier.upper(), identifier + "/", identifier.replace("-", ""), identifier[:-1], identifier + "x",
                "%2e%2e", "..", "*", identifier.replace("0", "%30"), f"{identifier}%00", "a" * 800):
        assert pair.callers.call("GET", f"/v1/password-resets/{odd}").status in (200, 404), odd


# Mail bombing.

def endings(relay, identifiers):
    wanted = set(identifiers)

    def all_ended():
        found = {audit["data"]["request_id"]: (audit["data"]["outcome"], audit["data"].get("reason"))
                 for audit in relay.audits() if audit["data"]["outcome"] in ("sent", "suppressed", "expired", "dead")}
        if not wanted <= set(found):
            raise NotYet(f"{len(wanted - set(found))} are under way")
        return collections.Counter(found[identifier] for identifier in wanted)
    return eventually(f"{len(wanted)} requests to end", all_ended, 120)


def test_a_mailbox_that_is_bombed_gets_five_mails_and_nobody_is_locked_out(deploy, smtp):
    """By many users, of several companies, from many addresses, under several keys, with the limits as they are by default
    (but for coalescing, which would suppress even more)."""
    defaults = {f"limits.per_{what}": None for what in ("user", "recipient", "actor", "client")}
    relay = deploy({**defaults, "limits.coalesce": "0s"})
    others = [relay.add_key(f"caller-{number}", SCOPES) for number in range(3)]
    intake = relay.producer()
    relay.worker()
    victim = "victim@example.com"
    flood = []
    for number in range(90):
        request = events.own_request(user=f"attacker-{number}", email=victim, tenant=("acme", "globex", "initech")[number % 3],
                                     client={"ip": f"198.51.{number}.7"})
        flood.append(intake.request(request, key=others[number % 3]))
    own = [intake.request(events.own_request(user="victim", email=victim)) for _ in range(30)]
    ends = endings(relay, flood + own)
    assert ends[("sent", None)] == 5, ends
    assert sum(ends.values()) == 120 and set(ends) <= {("sent", None), ("suppressed", "recipient_limit"), ("suppressed", "user_limit")}
    assert len(smtp.mails.to(victim)) == 5
    audits_are_valid(relay.audits())
    # Nobody is locked out: an administrator's request, another mailbox, and the links that were mailed go on working.
    helped = intake.request(events.reset_request(user="victim", email=victim))
    stranger = intake.request(events.own_request(user="somebody-else"))
    assert endings(relay, [helped, stranger]) == {("sent", None): 2}
    last = smtp.mails.to(victim)[-1]
    assert intake.redeem(last.token, victim, "form-of-the-victim").status == 200


# What an unknown account costs.

def commands_of(redis_server):
    return {name: stats["calls"] for name, stats in redis_server.client().info("commandstats").items()
            if not name.startswith(("cmdstat_info", "cmdstat_client", "cmdstat_ping", "cmdstat_time"))}


def test_an_unknown_account_costs_the_same_work_as_a_known_one(relay, redis_server):
    """The same questions to Redis, one record, the same answer: how long it takes is measured by tests/bench (oracle)."""
    intake = relay.producer()
    costs = collections.defaultdict(list)
    for number in range(6):
        for kind in ("known", "unknown"):
            request = events.own_request(user=f"user-{number}", email=f"user-{number}@example.com")
            request = {**request, "user": None} if kind == "unknown" else request
            for headers in ({}, {"Idempotency_Key": f"{kind}-{number}"}, {"Idempotency_Key": f"{kind}-{number}"}):
                before = commands_of(redis_server)
                answer = intake.post("/v1/password-resets", request, **headers)
                after = commands_of(redis_server)
                asked = {name: calls - before.get(name, 0) for name, calls in after.items() if calls != before.get(name, 0)}
                costs[kind].append((bool(headers), answer.status, sorted(answer.headers), len(answer.body), asked))
    assert costs["known"] == costs["unknown"]
    assert any(cost[4] for cost in costs["known"]), "Redis is asked about a repeat"
    relay.reader.complete()
    records = collections.Counter(b'"user":null' in record.value for record in relay.reader.of(relay.requested))
    assert records == {False: 18, True: 18}, "every 202 is one record"
