"""Everybody's own page: what happened to the account, and changing password and address while knowing the password."""
import re

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from . import password_changes, sessions
from .database import changing, database, now, rows
from .people import LONGEST, company_of_person, faults_of_password, password_opens, person_by_email

pages = Blueprint("account", __name__, url_prefix="/account")
ADDRESS = re.compile(r"[A-Za-z0-9._+-]{1,64}@[a-z0-9.-]{1,180}", re.I)


@pages.get("")
@sessions.signed_in
def page():
    return _page()


def _page(faults=(), status=200, email=""):
    happened = rows("SELECT * FROM activity WHERE person = ? ORDER BY number DESC LIMIT 10", g.person["id"])
    database().execute("UPDATE activity SET seen = 1 WHERE person = ?", (g.person["id"],))
    return render_template("account.html", happened=happened, faults=list(faults), email=email), status


@pages.post("/password")
@sessions.signed_in
def change_password():
    password = request.form.get("password", "")
    faults = list(faults_of_password(g.person, password, request.form.get("repeated", "")))
    faults = faults or _faults_of_current("current")
    if faults:
        return _page(faults, 422)
    password_changes.change(g.person, password, "Your password was changed on this page, by somebody who knew it.")
    sessions.end()
    flash("Your password is changed, and you are signed out everywhere. Sign in with the new password.")
    return redirect(url_for("sign_in.page"), 303)


@pages.post("/address")
@sessions.signed_in
def change_address():
    """Links to the old address die with it: they are redeemed only with the address on file."""
    email = request.form.get("email", "").strip()
    company = company_of_person(g.person)
    faults = []
    if not ADDRESS.fullmatch(email) or not email.lower().endswith("@" + company["domain"]):
        faults = [("email", f"Type an address of {company['name']}, like name@{company['domain']}.")]
    elif person_by_email(email):
        faults = [("email", "Somebody has this address already.")]
    faults = faults or _faults_of_current("current-for-address")
    if faults:
        return _page(faults, 422, email)
    with changing() as connection:
        connection.execute("UPDATE people SET email = ?, previous_email = email, moved_at = ? WHERE id = ?",
                           (email, now(), g.person["id"]))
        connection.execute("INSERT INTO activity (person, at, what) VALUES (?, ?, ?)",
                           (g.person["id"], now(), f"Your e-mail address was changed, from {g.person['email']}."))
    flash(f"Your e-mail address is {email} now. For 30 days the old one hears of changes of your password, too.")
    return redirect(url_for(".page"), 303)


def _faults_of_current(field):
    """Whoever sits at an open session does not know the password by that."""
    account = g.person["email"].lower()
    wait = sessions.charge_try(account)
    if wait:
        return [(field, f"There were several wrong tries. Wait {wait} seconds, then try again.")]
    if not password_opens(g.person, request.form.get(field, "")[:LONGEST]):
        return [(field, "This is not your current password.")]
    sessions.forget_tries(account)
    return []
