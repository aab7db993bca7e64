#!/usr/bin/python3
"""*Forgot password* behind an application's sign-in page: complete, with Python's standard library alone.

    RESET_RELAY_URL=http://127.0.0.1:8080 RESET_RELAY_KEY=rr_... app.py [PORT]

The key needs the scopes request:self, redeem and notify.  The users live in memory here; put your own table in the
place of `Users`, whose methods say what it must do.  docs/APPLICATION.md explains each rule.
"""
import hashlib
import html
import json
import os
import pathlib
import secrets
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TENANT = "acme"
RELAY_URL, RELAY_KEY = os.environ["RESET_RELAY_URL"], os.environ["RESET_RELAY_KEY"]


def relay(path, body, idempotency_key=None, tries=5):
    """(status, answer).  Asks again on 503 or without an answer: under the same Idempotency-Key that is safe."""
    headers = {"Authorization": f"Bearer {RELAY_KEY}", "Content-Type": "application/json"}
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    for left in reversed(range(tries)):
        request = urllib.request.Request(RELAY_URL + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            if refused.code != 503 or not left:
                return refused.code, {}
        except OSError:
            if not left:
                return 503, {}
        time.sleep(0.5)


class Users:
    """One transaction for each method: that is what a database is for."""

    def __init__(self):
        self._lock = threading.Lock()
        self._users = {"kim": {"id": "kim", "email": "kim@example.com", "name": "Kim Example", "password": b""}}
        self._changed_by = set()  # request ids: a unique column beside the password's history
        self.sessions = {}        # session -> user id

    def by_email(self, email):
        return next((user for user in self._users.values() if user["email"] == email), None)

    def get(self, user_id):
        return self._users.get(user_id)

    def change_password(self, user_id, password, request_id):
        """False when this request has changed a password before.  Ends the user's sessions; a second factor stays."""
        salt = secrets.token_bytes(16)
        stored = salt + hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
        with self._lock:
            if request_id in self._changed_by:
                return False
            self._changed_by.add(request_id)
            self._users[user_id]["password"] = stored
            self.sessions = {session: user for session, user in self.sessions.items() if user != user_id}
            return True

    def password_is(self, user, password):
        salt, stored = user["password"][:16], user["password"][16:]
        return bool(stored) and secrets.compare_digest(
            stored, hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1))


USERS = Users()


def ask_for_link(email, client_ip):
    """What the page tells.  The same call for an account that does not exist: neither answer nor time tells."""
    user = USERS.by_email(email)
    person = {"id": user["id"], "email": user["email"], "name": user["name"]} if user else None
    status, _ = relay("/v1/password-resets", {
        "tenant": TENANT, "user": person, "method": "link", "client": {"ip": client_ip},
        "actor": {"role": "self", "id": user["id"] if user else "unknown", "tenant": TENANT},
    }, secrets.token_urlsafe(16))
    if status != 202:
        return 503, "Please try again in a minute."
    return 200, "If there is an account with that address, a mail is on its way."


def choose_password(token, password):
    """What the page tells: check, validate, redeem, change, in this order, so that a poor password costs no link."""
    status, link = relay("/v1/tokens/check", {"token": token})
    user = USERS.get(link.get("user_id")) if status == 200 and link["tenant"] == TENANT else None
    if status == 503:
        return 503, "Please try again in a minute."
    if not user:
        return 404, "This link does not work any more. Ask for a new one."
    if len(password) < 12:
        return 422, "Please choose at least 12 characters."
    status, link = relay("/v1/tokens/redeem", {"token": token, "email": user["email"]}, secrets.token_urlsafe(16))
    if status == 503:
        return 503, "Please try again in a minute."
    if status != 200 or not USERS.change_password(user["id"], password, link["request_id"]):
        return 404, "This link does not work any more. Ask for a new one."
    # The relay ends every other link and tells the user by mail.  The password is changed whatever comes back here:
    # an application with a job queue puts this call into it.
    relay("/v1/password-changes", {
        "tenant": TENANT, "user": {"id": user["id"], "email": user["email"], "name": user["name"]},
        "request_id": link["request_id"], "actor": {"role": "self", "id": user["id"], "tenant": TENANT},
    }, link["request_id"])
    return 200, "Your password is changed. Sign in with it now."


PAGES = {"/forgot": "forgot.html", "/reset": "reset.html", "/reset.js": "reset.js", "/sign-in": "sign-in.html"}
FOLDER = pathlib.Path(__file__).parent.parent / "pages"


class Handler(BaseHTTPRequestHandler):
    def answer(self, status, content, kind="text/html; charset=utf-8", **headers):
        body = content.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), "Cache-Control": "no-store",
                            "Referrer-Policy": "no-referrer", "Content-Security-Policy": "default-src 'self'",
                            **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path in PAGES:
            kind = "text/javascript" if self.path.endswith(".js") else "text/html; charset=utf-8"
            self.answer(200, (FOLDER / PAGES[self.path]).read_text(encoding="utf-8"), kind)
        else:
            self.answer(404, "There is nothing here.")

    def do_POST(self):
        size = min(int(self.headers.get("Content-Length") or 0), 8192)
        form = dict(urllib.parse.parse_qsl(self.rfile.read(size).decode()))
        if self.path == "/forgot":
            status, sentence = ask_for_link(form.get("email", ""), self.client_address[0])
            self.answer(status, html.escape(sentence))
        elif self.path == "/reset":
            status, sentence = choose_password(form.get("token", ""), form.get("password", ""))
            self.answer(status, html.escape(sentence))
        elif self.path == "/sign-in":
            user = USERS.by_email(form.get("email", ""))
            if user and USERS.password_is(user, form.get("password", "")):
                session = secrets.token_urlsafe(32)
                USERS.sessions[session] = user["id"]
                self.answer(200, "Welcome.", Set_Cookie=f"session={session}; HttpOnly; SameSite=Lax")
            else:
                self.answer(403, "Address or password are wrong.")
        else:
            self.answer(404, "There is nothing here.")

    def log_message(self, *_):
        pass  # a log of addresses and forms is the last thing that a reset page needs


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
