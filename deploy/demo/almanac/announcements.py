"""Telling the relay that a password was changed: every link and temporary password dies, and the user gets a notice.

The change and the note to announce it are one transaction (`add`); a thread takes the notes to the relay until it has
them.  The note's id is the Idempotency-Key, so a note that was told twice is one mail.
"""
import json
import sqlite3
import threading
import uuid

from .client import client
from .database import connect, now
from .people import as_user
from .relay import Away

LONGEST_PAUSE = 60            # seconds
TELL_PREVIOUS = 30 * 24 * 3600  # seconds that the address before this one hears of changes, too
_LOOK_AGAIN = threading.Event()


def add(connection, person, request_id=None):
    """Inside the transaction that changes the password; `told()` after it."""
    change = {"tenant": person["company"], "user": {name: value for name, value in as_user(person).items()
                                                    if name != "role"},
              "actor": {"role": "self", "id": person["id"], "tenant": person["company"]},
              "client": client()}
    if person["previous_email"] and person["moved_at"] + TELL_PREVIOUS > now():
        change["previous_email"] = person["previous_email"]
    if request_id:
        change["request_id"] = request_id
    connection.execute("INSERT INTO announcements VALUES (?, ?, ?, 0)", (str(uuid.uuid4()), json.dumps(change), now()))


def told():
    """There is something to announce."""
    _LOOK_AGAIN.set()


def start(application):
    threading.Thread(target=_run, args=(application,), daemon=True, name="announcements").start()


def _run(application):
    connection = connect(application.config["DATABASE"])
    while True:
        _LOOK_AGAIN.clear()
        try:
            pause = _deliver(connection, application)
        except sqlite3.Error as error:
            application.logger.error("announcements: %s", error)
            pause = LONGEST_PAUSE
        _LOOK_AGAIN.wait(pause)


def _deliver(connection, application):
    """Announces what is due; how long to rest."""
    for note in connection.execute("SELECT * FROM announcements WHERE due <= ? ORDER BY due", (now(),)).fetchall():
        try:
            answer = application.extensions["relay"].announce_change(json.loads(note["body"]), note["id"])
        except Away:
            answer = None
        if answer is not None and answer.status not in (202, 429):
            application.logger.error("announcement %s was refused: %d", note["id"], answer.status)
        if answer is not None and answer.status in (202, 400, 422):
            connection.execute("DELETE FROM announcements WHERE id = ?", (note["id"],))
        else:  # away, too many at once, or a fault that an operator will mend
            pause = min(2 ** note["tries"], LONGEST_PAUSE)
            connection.execute("UPDATE announcements SET tries = tries + 1, due = ? WHERE id = ?",
                               (now() + pause, note["id"]))
    soonest = connection.execute("SELECT MIN(due) AS due FROM announcements").fetchone()["due"]
    return LONGEST_PAUSE if soonest is None else max(1, min(soonest - now(), LONGEST_PAUSE))
