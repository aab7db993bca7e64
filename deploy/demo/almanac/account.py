"""Everybody's own page: what happened to the account, and changing the password while knowing it."""
from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from . import password_changes, sessions
from .database import database, rows
from .people import faults_of_password, password_opens

pages = Blueprint("account", __name__, url_prefix="/account")


@pages.get("")
@sessions.signed_in
def page():
    return _page()


def _page(faults=(), status=200):
    happened = rows("SELECT * FROM activity WHERE person = ? ORDER BY number DESC LIMIT 10", g.person["id"])
    database().execute("UPDATE activity SET seen = 1 WHERE person = ?", (g.person["id"],))
    return render_template("account.html", happened=happened, faults=list(faults)), status


@pages.post("/password")
@sessions.signed_in
def change_password():
    password = request.form.get("password", "")
    faults = list(faults_of_password(g.person, password, request.form.get("repeated", "")))
    account = g.person["email"].lower()
    wait = sessions.seconds_to_wait(account)
    if wait:
        faults.insert(0, ("current", f"There were several wrong tries. Wait {wait} seconds, then try again."))
    elif not faults:
        sessions.charge_try(account)
        if password_opens(g.person, request.form.get("current", "")[:1024]):
            sessions.forget_tries(account)
        else:
            faults.append(("current", "This is not your current password."))
    if faults:
        return _page(faults, 422)
    password_changes.change(g.person, password, "Your password was changed on this page, by somebody who knew it.")
    sessions.end()
    flash("Your password is changed, and you are signed out everywhere. Sign in with the new password.")
    return redirect(url_for("sign_in.page"), 303)
