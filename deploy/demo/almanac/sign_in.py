"""Signing in and out, and "forgot password".

What these pages answer says nothing about who has an account: an unknown address goes the same way with the same calls
(the relay gets `user: null`, and verifies for a user that nobody is), and ends at the same page.
"""
import datetime
import hashlib
import uuid

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request, url_for

from . import sessions
from .client import client
from .database import changing, now
from .people import (LONGEST, as_user, company_of_address, may_see_people, password_opens, person_by_email)

pages = Blueprint("sign_in", __name__)
LONGEST_ADDRESS = 254


@pages.get("/")
def start():
    if g.person is None:
        return redirect(url_for(".page"))
    return redirect(url_for("console.list_people") if may_see_people(g.person) else url_for("account.page"))


@pages.get("/sign-in")
def page():
    return redirect(url_for(".start")) if g.person else _page()


def _page(faults=(), email="", status=200):
    return render_template("sign_in.html", faults=list(faults), email=email, next=_safe_next()), status


def _safe_next():
    """Where to go afterwards: a path of ours, or nothing."""
    path = request.values.get("next", "")
    return path if path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable() else ""


@pages.post("/sign-in")
def sign_in():
    email, password = request.form.get("email", "").strip()[:LONGEST_ADDRESS], request.form.get("password", "")
    if not email or not password or len(password) > LONGEST:
        return _page([("email" if not email else "password", "Type your e-mail address and your password.")], email, 422)
    account = email.lower()
    wait = sessions.charge_try(account)
    if wait:
        return _wait(wait, email)
    person = person_by_email(email)
    if password_opens(person, password):
        sessions.forget_tries(account)
        goal = _safe_next()
        sessions.begin(person["id"])
        return redirect(goal or url_for(".start"), 303)
    return _temporary_password(person, email, password)


def _temporary_password(person, email, password):
    """It was not the password: perhaps it is a temporary one.  The relay says so, and how long there is to change it."""
    tenant = person["company"] if person else company_of_address(email)
    user_id = person["id"] if person else "unknown-" + hashlib.sha256(email.lower().encode()).hexdigest()[:32]
    answer = current_app.extensions["relay"].verify_temporary_password(tenant, user_id, password)
    if answer.status == 429:
        return _wait(answer.retry_after or 1, email)
    if answer.status == 200 and person:
        sessions.forget_tries(email.lower())
        sessions.begin(person["id"], temporary_request=answer.body["request_id"],
                       expires=_seconds(answer.body["expires_at"]))
        return redirect(url_for("new_password.page"), 303)
    return _page([("password", "The e-mail address or the password is not right.")], email, 422)


def _seconds(time):
    return int(datetime.datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp())


def _wait(seconds, email):
    sentence = f"There were several wrong tries. Wait {_in_words(seconds)}, then try again."
    page, _ = _page([("password", sentence)], email)
    return page, 429, {"Retry-After": str(seconds)}


def _in_words(seconds):
    if seconds < 90:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    minutes = (seconds + 59) // 60
    return f"{minutes} minutes"


@pages.post("/sign-out")
def sign_out():
    sessions.end()
    flash("You are signed out.")
    return redirect(url_for(".page"), 303)


# Forgot password.

@pages.get("/forgot-password")
def forgot():
    return render_template("forgot.html", faults=[], email="")


@pages.post("/forgot-password")
def ask_for_link():
    email = request.form.get("email", "").strip()
    if "@" not in email or len(email) > LONGEST_ADDRESS:
        fault = ("email", "Type the e-mail address that you sign in with, like name@company.example.")
        return render_template("forgot.html", faults=[fault], email=email[:LONGEST_ADDRESS]), 422
    person = person_by_email(email)
    tenant = person["company"] if person else company_of_address(email)
    answer = current_app.extensions["relay"].ask_for_own_link(
        tenant, as_user(person) if person else None, client(), sessions.idempotency_key("forgot", email.lower()))
    if answer.status == 429:
        abort(429, f"Many requests came from where you are. Wait {_in_words(answer.retry_after or 60)}, then try again.")
    _keep(answer.body.get("id") or str(uuid.uuid4()), tenant, person)
    return redirect(url_for(".link_sent"), 303)


def _keep(request_id, tenant, person):
    """For the list on the person's page; for nobody, too, so that it costs the same."""
    with changing() as connection:
        connection.execute("INSERT OR IGNORE INTO requests VALUES (?, ?, ?, NULL, 'link', ?)",
                           (request_id, tenant, person["id"] if person else None, now()))


@pages.get("/forgot-password/sent")
def link_sent():
    return render_template("forgot_sent.html")
