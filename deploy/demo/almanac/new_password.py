"""The change that must follow a temporary password, before anything else opens."""
import functools

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for

from . import password_changes, sessions
from .people import faults_of_password

pages = Blueprint("new_password", __name__, url_prefix="/new-password")


def _with_temporary_password(view):
    @functools.wraps(view)
    def wrapped():
        if g.person is None:
            return redirect(url_for("sign_in.page"))
        if not g.session["temporary_request"]:
            return redirect(url_for("sign_in.start"))
        return view()
    return wrapped


@pages.get("")
@_with_temporary_password
def page():
    return render_template("new_password.html", faults=[])


@pages.post("")
@_with_temporary_password
def change():
    password = request.form.get("password", "")
    faults = list(faults_of_password(g.person, password, request.form.get("repeated", "")))
    if faults:
        return render_template("new_password.html", faults=faults), 422
    if not password_changes.change(g.person, password, "Your password was changed after a temporary one.",
                                   g.session["temporary_request"]):
        abort(400, "The password was changed with this temporary password already.")
    sessions.end()
    flash("Your password is changed. Sign in with the new password.")
    return redirect(url_for("sign_in.page"), 303)
