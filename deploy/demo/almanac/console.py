"""For administrators and managers: the company's people, a person's page, and what can be done for them there.

Every form is judged here again, whatever the page showed.  A person of another company is a page that does not exist.
"""
from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request, url_for

from . import sessions
from .audit_trail import Unreadable
from .client import client
from .database import changing, now, row
from .people import (ROLES, as_actor, as_user, colleagues, faults_of_password, may_reset,
                     may_set_temporary_password, person_by_id)
from .request_states import stories_of, told, trail_of

pages = Blueprint("console", __name__)
WAYS = {"handed": "temporary_password_handed", "mailed": "temporary_password_mailed",
        "chosen": "temporary_password_chosen"}
SHOWN, KEPT = 6, 20  # requests on a person's page; those that a trail is told of in full


def _colleague(identifier):
    person = person_by_id(identifier)
    if person is None or person["company"] != g.person["company"]:
        abort(404)
    return person


@pages.get("/people")
@sessions.signed_in_for_people
def list_people():
    found = sorted(colleagues(g.person["company"]), key=lambda person: (ROLES.index(person["role"]), person["name"]))
    return render_template("people.html", people=found)


@pages.get("/people/<identifier>")
@sessions.signed_in_for_people
def person(identifier):
    found = _colleague(identifier)
    return render_template("person.html", person=found, **_requests(found),
                           may_reset=may_reset(g.person, found),
                           may_set_temporary_password=may_set_temporary_password(g.person, found))


@pages.get("/people/<identifier>/requests")
@sessions.signed_in_for_people
def requests_of(identifier):
    """The list alone: the page's script asks for it again while something is under way."""
    found = _colleague(identifier)
    return render_template("_requests.html", person=found, **_requests(found))


def _requests(person):
    stories = stories_of(person, current_app.extensions["relay"], SHOWN)
    return {"stories": stories, "live": any(story["live"] for story in stories)}


@pages.post("/people/<identifier>/reset")
@sessions.signed_in_for_people
def reset(identifier):
    found = _colleague(identifier)
    if not may_reset(g.person, found):
        abort(403)
    answer = _ask(found, "link")
    flash(told(answer, f"A mail with a link is on its way to {found['email']}."))
    return redirect(url_for(".person", identifier=identifier), 303)


def _ask(person, method, password=None):
    """Asks the relay in the name of who is signed in, and keeps what was asked for the person's page."""
    answer = current_app.extensions["relay"].ask(
        person["company"], as_user(person), as_actor(g.person), method, client(),
        sessions.idempotency_key(method, person["id"], g.person["id"]), password)
    if answer.status == 202:
        with changing() as connection:
            connection.execute("INSERT OR IGNORE INTO requests VALUES (?, ?, ?, ?, ?, ?)",
                               (answer.body["id"], person["company"], person["id"], g.person["id"], method, now()))
            if method != "link":
                connection.execute("UPDATE people SET suspended = 1 WHERE id = ?", (person["id"],))
                sessions.end_all(connection, person["id"])
    return answer


@pages.get("/people/<identifier>/temporary-password")
@sessions.signed_in_for_people
def temporary_password(identifier):
    found = _for_temporary_password(identifier)
    return render_template("temporary.html", person=found, faults=[], way="handed")


def _for_temporary_password(identifier):
    found = _colleague(identifier)
    if not may_set_temporary_password(g.person, found):
        abort(403, "Only administrators set temporary passwords, and not for somebody of a higher role.")
    return found


@pages.post("/people/<identifier>/temporary-password")
@sessions.signed_in_for_people
def set_temporary_password(identifier):
    found, way = _for_temporary_password(identifier), request.form.get("way", "")
    if way not in WAYS:
        abort(400)
    password = request.form.get("password", "") if way == "chosen" else None
    faults = list(faults_of_password(found, password, password)) if way == "chosen" else []
    if not faults:
        answer = _ask(found, WAYS[way], password)
        if answer.status == 202:
            return _temporary_password_set(found, way, answer)
        faults = [("password" if way == "chosen" else "way", told(answer, ""))]
    return render_template("temporary.html", person=found, faults=faults, way=way), 422


def _temporary_password_set(person, way, answer):
    """The one page that shows a made password, straight from the answer: it is kept nowhere."""
    if way == "handed":
        return render_template("temporary_shown.html", person=person, password=answer.body["temporary_password"])
    flash(f"A temporary password is on its way to {person['email']}." if way == "mailed" else
          f"The temporary password is set. Hand it over to {person['name']} yourself; we do not show it again.")
    return redirect(url_for(".person", identifier=person["id"]), 303)


@pages.post("/people/<identifier>/revoke")
@sessions.signed_in_for_people
def revoke(identifier):
    found = _colleague(identifier)
    if not may_reset(g.person, found):
        abort(403)
    answer = current_app.extensions["relay"].revoke(found["company"], found["id"])
    if answer.status == 204:
        with changing() as connection:
            connection.execute("UPDATE people SET links_ended_at = ?, links_ended_by = 'revoked' WHERE id = ?",
                               (now(), identifier))
    flash("Every link and temporary password is dead now." if answer.status == 204 else told(answer, ""))
    return redirect(url_for(".person", identifier=identifier), 303)


@pages.get("/requests/<uuid:identifier>")
@sessions.signed_in_for_people
def trail(identifier):
    asked = row("SELECT * FROM requests WHERE id = ? AND company = ?", str(identifier), g.person["company"])
    if asked is None or asked["person"] is None:
        abort(404)
    try:
        lines, fault = trail_of(asked["id"], current_app.extensions["trail"].of(asked["id"], asked["asked_at"])), None
    except Unreadable as error:
        lines, fault = [], str(error)
    found = person_by_id(asked["person"])
    story = next((story for story in stories_of(found, current_app.extensions["relay"], KEPT)
                  if story["id"] == asked["id"]), None)
    return render_template("trail.html", person=found, story=story, request_id=asked["id"], lines=lines, fault=fault)
