"""Puts the application together: pages, the headers of every answer, errors, and words for times.

Headers: no inline script or style, nothing from elsewhere, no framing, no referrer to anybody, and nothing kept in caches;
the page that a reset link opens needs each of them.
"""
import datetime
import pathlib

from flask import Flask, render_template, request
from werkzeug.exceptions import HTTPException

from . import account, announcements, console, database, mailbox, new_password, people, reset_link, sessions, sign_in
from .relay import Away

CONTENT_SECURITY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                    "frame-src 'self'; form-action 'self'; frame-ancestors {ancestors}; base-uri 'none'")
LARGEST_FORM = 64 << 10
STATIC_LASTS = "public, max-age=300"


def create_application(database, companies, relay, trail, mailbox=None):
    application = Flask(__name__)
    path = pathlib.Path(database).resolve()
    application.config.update(
        DATABASE=path, MAILBOX=mailbox, MAX_CONTENT_LENGTH=LARGEST_FORM,
        SECRET_KEY=_database_made(path, companies),
        SESSION_COOKIE_NAME="almanac", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax")
    application.extensions["relay"], application.extensions["trail"] = relay, trail
    _add_pages(application, bool(mailbox))
    announcements.start(application)
    return application


def _database_made(path, companies):
    return database.create(path, companies, people.HASHER.hash)


def _add_pages(application, with_mailbox):
    application.teardown_appcontext(database.close)
    application.before_request(sessions.load)
    application.before_request(sessions.check_form)
    application.after_request(_add_headers)
    application.register_error_handler(HTTPException, _error_page)
    application.register_error_handler(Away, _away_page)
    for room in (sign_in, reset_link, new_password, console, account):
        application.register_blueprint(room.pages)
    if with_mailbox:
        application.register_blueprint(mailbox.pages)
    application.jinja_env.globals.update(form_token=sessions.form_token, form_id=sessions.form_id,
                                         may_see_people=people.may_see_people, ROLE_NAMES=people.ROLE_NAMES,
                                         has_mailbox=with_mailbox, SHORTEST=people.SHORTEST, LONGEST=people.LONGEST)
    application.jinja_env.filters.update(iso=iso, when=when, initials=initials)
    application.jinja_env.trim_blocks = application.jinja_env.lstrip_blocks = True


def _add_headers(response):
    framed = request.endpoint == "mailbox.part"  # the mailbox shows a mail in a frame without any rights
    response.headers.setdefault("Content-Security-Policy",
                                CONTENT_SECURITY.format(ancestors="'self'" if framed else "'none'"))
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store" if request.endpoint != "static" else STATIC_LASTS
    return response


WORDS = {400: "That did not work", 403: "You may not do this", 404: "There is no such page",
         405: "There is no such page", 413: "That was too much", 429: "Please wait a little"}


def _error_page(error):
    own = error.description if error.code in (400, 403, 429) and error.description != type(error).description else None
    return render_template("error.html", title=WORDS.get(error.code, "Something went wrong"), sentence=own), error.code


def _away_page(_error):
    return render_template("error.html", title="We could not do this just now",
                           sentence="Nothing is lost. Go back and try again in a minute."), 503


# Times: in words for people, exact for the browser.

def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def when(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def initials(name):
    words = name.split()
    return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()
