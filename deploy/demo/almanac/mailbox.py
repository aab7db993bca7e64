"""Demonstration only: everybody's mail, as the quickstart's SMTP server received it, in a Maildir.

No part of the application: it reads files that a mail server wrote, and asks nobody to sign in, so that one can click the
links.  A mail's HTML is foreign: it is shown in a frame without scripts, forms or an origin.
"""
import email
import email.policy
import hashlib
import re

from flask import Blueprint, Response, abort, current_app, render_template, request
from markupsafe import Markup, escape

pages = Blueprint("mailbox", __name__, url_prefix="/mailbox")
SHOWN = 60
LINK = re.compile(r"https?://[^\s<>\"]+")
FRAME = ("sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "
         "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'")


def _files():
    """Name and path of each mail, the newest first."""
    found = [path for path in (current_app.config["MAILBOX"] / "new").glob("*") if path.is_file()]
    found.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return [(hashlib.sha256(path.name.encode()).hexdigest()[:16], path) for path in found]


def _read(path):
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def _summary(name, path):
    mail = _read(path)
    return {"name": name, "mail": mail, "sender": str(mail["From"] or ""), "to": str(mail["To"] or ""),
            "subject": str(mail["Subject"] or "(no subject)"), "at": int(path.stat().st_mtime)}


def _find(name):
    for each, path in _files():
        if each == name:
            return _summary(each, path)
    return abort(404)


@pages.get("")
def page():
    to = request.args.get("to", "").strip()
    mails = [_summary(name, path) for name, path in _files()[:SHOWN]]
    return render_template("mailbox.html", mails=[mail for mail in mails if to.lower() in mail["to"].lower()], to=to)


@pages.get("/<name>")
def mail(name):
    found = _find(name)
    plain = found["mail"].get_body(("plain",))
    return render_template("mail.html", mail=found, text=_linked(plain.get_content() if plain else ""),
                           has_html=found["mail"].get_body(("html",)) is not None)


def _linked(text):
    """The text with its addresses as links; everything else stays text."""
    parts, end = [], 0
    for link in LINK.finditer(text):
        parts += [escape(text[end:link.start()]), Markup('<a href="{0}">{0}</a>').format(link.group())]
        end = link.end()
    return Markup("").join([*parts, escape(text[end:])])


@pages.get("/<name>/html")
def part(name):
    html = _find(name)["mail"].get_body(("html",))
    if html is None:
        abort(404)
    shown = re.sub(r"(<head[^>]*>)", r'\1<base target="_top">', html.get_content(), count=1, flags=re.I)
    return Response(shown, mimetype="text/html", headers={"Content-Security-Policy": FRAME})
