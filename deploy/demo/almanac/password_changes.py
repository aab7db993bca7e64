"""The change of a password, in one place.

One transaction: the request that led to it is spent, the password is new, every session is over, every link is known to be
dead, and the change will be announced.  A second change for the same request is refused here, whatever the relay says:
this alone covers a relay whose Redis was restored from an old copy.
"""
from . import announcements, sessions
from .database import changing, now, row
from .people import HASHER


def is_spent(request_id):
    return row("SELECT 1 FROM spent_requests WHERE id = ?", request_id) is not None


def change(person, password, what, request_id=None):
    """False where the request's change was made before.  `what` is the sentence for the person's activity."""
    hashed = HASHER.hash(password)
    with changing() as connection:
        if request_id and connection.execute("INSERT OR IGNORE INTO spent_requests VALUES (?, ?)",
                                             (request_id, now())).rowcount == 0:
            return False
        connection.execute("UPDATE people SET password_hash = ?, suspended = 0, links_ended_at = ?, "
                           "links_ended_by = 'changed' WHERE id = ?", (hashed, now(), person["id"]))
        sessions.end_all(connection, person["id"])
        connection.execute("INSERT INTO activity (person, at, what, request) VALUES (?, ?, ?, ?)",
                           (person["id"], now(), what, request_id))
        announcements.add(connection, person, request_id)
    announcements.told()
    return True
