#!/usr/bin/python3
"""The main job, shown step by step: an administrator resets a colleague's password.

Called by quickstart.sh when everything runs.  Each step prints what happened; the first that is not as it should be
ends with 1 and says what was expected.
"""
import argparse
import email
import email.policy
import json
import pathlib
import re
import socket
import sys
import time
import urllib.error
import urllib.request
import uuid

ADDRESS = "ann.lee@example.com"
REQUEST = {"tenant": "acme",
           "user": {"id": "u1", "email": ADDRESS, "name": "Ann Lee", "locale": "en"},
           "actor": {"role": "admin", "id": "boss", "tenant": "acme"},
           "method": "link"}
LINK = re.compile(r"https?://\S+#([A-Za-z0-9_-]{43})")
DEADLINE = 60


class Unexpected(Exception):
    pass


def expect(condition, sentence):
    if not condition:
        raise Unexpected(sentence)


def until(what, probe):
    """The first true answer of the probe."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        answer = probe()
        if answer:
            return answer
        time.sleep(0.05)
    raise Unexpected(f"{what}: not within {DEADLINE} s")


class Portal:
    """The other service: it holds an API key and speaks HTTP."""

    def __init__(self, port, key):
        self.base, self.key = f"http://127.0.0.1:{port}", key

    def post(self, path, body, idempotency_key=None):
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        request = urllib.request.Request(self.base + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


def redis(port, *words):
    """One command in Redis's protocol: this needs no client library."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection, connection.makefile("rb") as answer:
        connection.sendall(b"*%d\r\n" % len(words) + b"".join(
            b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words))
        return _redis_value(answer)


def _redis_value(answer):
    line = answer.readline().rstrip(b"\r\n")
    kind, rest = line[:1], line[1:]
    if kind == b"*":
        return [_redis_value(answer) for _ in range(int(rest))]
    if kind == b"$":
        return answer.read(int(rest) + 2)[:-2].decode() if int(rest) >= 0 else None
    return int(rest) if kind == b":" else rest.decode()


def show(title, text=""):
    print(f"\n● {title}")
    for line in text.splitlines():
        print(f"    {line}")


def received(folder):
    mails = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
             for path in (folder / "mail" / "new").glob("*")]
    return next((mail for mail in mails if mail["To"] and ADDRESS in mail["To"]), None)


def audit_trail(folder, identifier):
    lines = [line for name in ("worker", "producer") for line in (folder / f"{name}.out").read_text().splitlines()]
    records = [json.loads(line) for line in lines if line.startswith("{") and identifier in line]
    return sorted(records, key=lambda record: record["time"])


def run(folder, portal, redis_port):
    status, answer = portal.post("/v1/password-resets", REQUEST)
    expect(status == 202, f"the request was to be accepted with 202, the answer was {status}: {answer}")
    identifier = answer["id"]
    show(f"The administrator asked for a reset of {ADDRESS}: 202, request {identifier}")

    mail = until("the mail", lambda: received(folder))
    text = mail.get_body(("plain",)).get_content()
    found = LINK.search(text)
    expect(found, f"the mail was to have a link:\n{text}")
    token = found.group(1)
    show("The mail arrived", "".join(f"{name}: {mail[name]}\n" for name in ("From", "To", "Subject", "Date",
                                                                            "Message-ID")) + "\n" + text)

    status, answer = portal.post("/v1/tokens/check", {"token": token})
    expect(status == 200 and answer["request_id"] == identifier, f"the link was to be good, not {status}: {answer}")
    show("The application checked the link; that consumes nothing", json.dumps(answer))

    def redeem(address):
        return portal.post("/v1/tokens/redeem", {"token": token, "email": address}, str(uuid.uuid4()))
    status, answer = redeem("mallory@example.com")
    expect(status == 404, f"another address was to be refused with 404, not {status}: {answer}")
    show("With another address it was refused: 404")
    status, answer = redeem(ADDRESS)
    expect(status == 200, f"the link was to be redeemed with 200, not {status}: {answer}")
    show("With the address on file it was redeemed: 200", json.dumps(answer))
    status, answer = redeem(ADDRESS)
    expect(status == 404, f"a second redemption was to be refused with 404, not {status}: {answer}")
    show("A second redemption was refused: 404")

    trail = until("the audit trail", lambda: (lambda records: records if {"sent", "redeemed"} <= {
        record["data"]["outcome"] for record in records} else None)(audit_trail(folder, identifier)))
    expect(not any(ADDRESS in json.dumps(record) or token in json.dumps(record) for record in trail),
           "the audit trail was to have neither the address nor the token")
    show("The auditor's trail of this request (also on the topic password-reset.audit.v1)",
         "\n".join(json.dumps(record) for record in trail))

    keys = sorted(redis(redis_port, "KEYS", "pwreset:*"))
    lives = {key: redis(redis_port, "TTL", key) for key in keys}
    show("What Redis keeps, and for how many seconds", "\n".join(f"{lives[key]:>7}  {key}" for key in keys))
    expect(not any(token in key or token in (redis(redis_port, "GET", key) or "") for key in keys),
           "Redis was not to have the token")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--http", type=int, required=True)
    parser.add_argument("--redis", type=int, required=True)
    options = parser.parse_args()
    portal = Portal(options.http, (options.folder / "api.key").read_text().strip())
    try:
        run(options.folder, portal, options.redis)
    except (Unexpected, OSError, KeyError) as fault:
        print(f"\n✗ {fault}", file=sys.stderr)
        return 1
    print("\n✓ one request, one mail, one redemption")
    return 0


if __name__ == "__main__":
    sys.exit(main())
