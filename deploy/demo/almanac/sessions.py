"""Who is signed in, protection of forms, and the delay after wrong tries.

A session is a random key in an HttpOnly, SameSite cookie (inside Flask's signed one); the database has its hash, so that
all sessions of a person can be ended, and a copy of the database opens none.  A session after a temporary password may
only change the password, and only until the relay's fifteen minutes are over.
"""
import functools
import hashlib
import hmac
import secrets

from flask import abort, g, redirect, request, session, url_for

from .database import changing, database, now, row
from .people import may_see_people, person_by_id

LASTS = 8 * 3600  # seconds
FREE_TRIES = 4    # wrong tries without a delay; then 2 s, 4 s … up to a minute, for unknown accounts, too
LONGEST_DELAY = 60


def _hashed(key):
    return hashlib.sha256(key.encode()).hexdigest()


def begin(person_id, temporary_request=None, expires=None):
    """A fresh key and a fresh form token: what was known before signing in is worth nothing after."""
    key = secrets.token_urlsafe(32)
    with changing() as connection:
        connection.execute("DELETE FROM sessions WHERE expires <= ?", (now(),))
        connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)",
                           (_hashed(key), person_id, now(), expires or now() + LASTS, temporary_request))
    session.clear()
    session["key"] = key


def end():
    if session.get("key"):
        database().execute("DELETE FROM sessions WHERE key_hash = ?", (_hashed(session["key"]),))
    session.clear()


def end_all(connection, person_id):
    """Inside the transaction that changes the password."""
    connection.execute("DELETE FROM sessions WHERE person = ?", (person_id,))


def load():
    """Before each request: g.person and g.session, None where nobody is signed in."""
    g.person = g.session = None
    if request.endpoint != "static" and session.get("key"):
        g.session = row("SELECT * FROM sessions WHERE key_hash = ? AND expires > ?", _hashed(session["key"]), now())
        if g.session:
            g.person = person_by_id(g.session["person"])


def signed_in(view):
    """Only with a session, and not while a temporary password waits to be changed."""
    @functools.wraps(view)
    def wrapped(*arguments, **names):
        if g.person is None:
            return redirect(url_for("sign_in.page", next=request.path if request.method == "GET" else None))
        if g.session["temporary_request"]:
            return redirect(url_for("new_password.page"))
        return view(*arguments, **names)
    return wrapped


def signed_in_for_people(view):
    @functools.wraps(view)
    @signed_in
    def wrapped(*arguments, **names):
        if not may_see_people(g.person):
            abort(403)
        return view(*arguments, **names)
    return wrapped


# Forms.

def form_token():
    if "form_token" not in session:
        session["form_token"] = secrets.token_urlsafe(24)
    return session["form_token"]


def form_id():
    """Names one form as it was drawn: sent twice, it is one thing asked for."""
    return secrets.token_urlsafe(16)


def check_form():
    """Before each POST: the form came from a page of ours, in this browser."""
    if request.method == "POST":
        given, kept = request.form.get("form_token", ""), session.get("form_token", "")
        if not kept or not hmac.compare_digest(given.encode(), kept.encode()):
            abort(400, "This page was open for too long, or cookies are off. Go back, load it again and try once more.")


def idempotency_key(*parts):
    """For a call to the relay: the same submitted form again, e.g. by a double click, is the same request."""
    text = "\0".join((request.form.get("form_id", ""), session.get("form_token", ""), *parts))
    return hashlib.sha256(text.encode()).hexdigest()


# Wrong tries.

def charge_try(account):
    """Seconds to wait; 0: charged, and the password may be weighed.  Asked and charged in one transaction, so that of tries
    side by side no more are weighed than one after the other."""
    with changing() as connection:
        found = connection.execute("SELECT not_before FROM tries WHERE account = ?", (account,)).fetchone()
        if found and found["not_before"] > now():
            return found["not_before"] - now()
        connection.execute("DELETE FROM tries WHERE not_before < ?", (now() - 3600,))
        connection.execute("INSERT INTO tries VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET count = count + 1",
                           (account, now()))
        count = connection.execute("SELECT count FROM tries WHERE account = ?", (account,)).fetchone()["count"]
        delay = min(2 ** (count - FREE_TRIES), LONGEST_DELAY) if count > FREE_TRIES else 0
        connection.execute("UPDATE tries SET not_before = ? WHERE account = ?", (now() + delay, account))
    return 0


def forget_tries(account):
    database().execute("DELETE FROM tries WHERE account = ?", (account,))
