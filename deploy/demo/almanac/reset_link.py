"""The page that the mailed link opens: check, validate, redeem, change.

The token stands behind the # of the address, which browsers send to nobody.  The page's script takes it out of the address
bar and posts it; it is only ever in forms' bodies, never in an address, a log, a cookie or the database.  A GET consumes
nothing: mail scanners open links.
"""
import hashlib
import re

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer

from . import password_changes, sessions
from .people import faults_of_password, person_by_id
from .relay import Away

pages = Blueprint("reset_link", __name__, url_prefix="/reset-password")
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
LASTS = 24 * 3600  # seconds, as the link


@pages.get("")
def page():
    return render_template("reset_open.html")


@pages.post("/open")
def open_link():
    token = request.form.get("token", "")
    answer = current_app.extensions["relay"].check(token) if TOKEN.fullmatch(token) else None
    if answer is None or answer.status != 200 or password_changes.is_spent(answer.body["request_id"]):
        return _dead()
    person = person_by_id(answer.body["user_id"])
    if person is None or person["company"] != answer.body["tenant"]:
        return _dead()
    return _form(token, person, _seal().dumps([person["id"], answer.body["request_id"], _name_of(token)]))


@pages.post("/change")
def change():
    token, password, sealed = (request.form.get(name, "") for name in ("token", "password", "checked"))
    person, request_id = _opened(token, sealed)
    if person is None or password_changes.is_spent(request_id):
        return _dead()
    faults = list(faults_of_password(person, password, request.form.get("repeated", "")))
    if faults:
        return _form(token, person, sealed, faults), 422
    # The key is made of the form that was drawn: after a lost answer the same form asks for the same redemption.
    try:
        answer = current_app.extensions["relay"].redeem(token, person["email"],
                                                        sessions.idempotency_key("redeem", token))
    except Away:
        fault = ("password", "We could not reach the service that knows your link. Type the password again in a minute.")
        return _form(token, person, sealed, [fault], request.form.get("form_id")), 503
    if answer.status != 200 or (answer.body["user_id"], answer.body["request_id"]) != (person["id"], request_id):
        return _dead()
    if not password_changes.change(person, password, "Your password was changed with a mailed link.", request_id):
        return _dead()
    sessions.end()
    flash("Your password is changed, and you are signed out everywhere. Sign in with the new password.")
    return redirect(url_for("sign_in.page"), 303)


def _seal():
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="reset-link")


def _name_of(token):
    return hashlib.sha256(token.encode()).hexdigest()


def _opened(token, sealed):
    """Whose link it was found to be when the page was drawn.  Not asked again: a link whose redemption lost its answer is
    taken already, and only redeeming it once more with the same key tells the end."""
    try:
        person_id, request_id, name = _seal().loads(sealed, max_age=LASTS)
    except BadSignature:
        return None, None
    return (person_by_id(person_id), request_id) if name == _name_of(token) else (None, None)


def _form(token, person, checked, faults=(), form_id=None):
    return render_template("reset_form.html", token=token, person=person, checked=checked, faults=list(faults),
                           same_form=form_id)


def _dead():
    return render_template("reset_dead.html"), 404
