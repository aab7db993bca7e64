"""What became of a request, in words: from the relay's state of it, and from what happened to the account since.

The relay says what happened to the mail and the link; that a newer link took the place of an older one, or that a change
of the password ended all of them, is told here from the company's own list.
"""
import datetime

from .database import now, row, rows
from .people import ROLE_NAMES
from .relay import Away

METHODS = {"link": "Link by mail", "temporary_password_handed": "Temporary password, handed over",
           "temporary_password_mailed": "Temporary password by mail",
           "temporary_password_chosen": "Temporary password, chosen"}

# state: (badge, tone, sentence).  Tones: busy moves on by itself, good, quiet ended as it should, bad wants somebody.
STATES = {
    "unknown": ("On its way", "busy", "Waiting for its turn."),
    "sending": ("Sending", "busy", "The mail is being handed to the mail server."),
    "deferred": ("Delayed", "busy", "The mail server asked us to come back later."),
    "sent": ("Mailed", "good", "Accepted by the relay"),
    "redeemed": ("Used", "quiet", "The link was opened and used"),
    "completed": ("Password changed", "good", "The password was changed"),
    "expired": ("Not mailed", "bad", "It was too old when its turn came. Ask again."),
    "dead": ("Not delivered", "bad", "The mail server refused it for good. Check the address."),
    "away": ("Not known", "quiet", "The relay does not answer just now."),
}
SUPPRESSED = {
    "coalesced": "A mail went out moments ago; its link still works.",
    "superseded": "A newer request took its place before it was mailed.",
    "admin_link": "An administrator's link is on its way or in the mailbox; it stays good.",
    "user_limit": "This person had many mails already. Ask again in an hour.",
    "recipient_limit": "This mailbox had many mails already. Ask again in an hour.",
    "actor_limit": "Many requests came from the same administrator. Ask again in an hour.",
    "bulk_limit": "Many requests came at once. Ask again in an hour.",
    "revoked": "It was revoked, or the password was changed meanwhile. Ask again if it is needed.",
}
ENDED = {"revoked": "It was revoked: nobody gets in with it.", "changed": "The password was changed since: it is dead.",
         "replaced": "A newer one took its place: it is dead.", "over": "It was not used within 24 hours: it is dead."}
UNDER_WAY = ("unknown", "sending", "deferred", "away")
TOOK_PLACE = ("sent", "redeemed", "completed")
LASTS = 24 * 3600  # seconds that a link or a temporary password lives
HAPPENED = {"sent": "changed_at", "redeemed": "redeemed_at", "completed": "completed_at"}
NOT_IN_THE_MAIL = ("temporary_password_handed", "temporary_password_chosen")
PASSWORD_USED = "Somebody signed in with it"


def stories_of(person, relay, shown):
    """The last requests for a person, newest first, as the page shows them."""
    asked = rows("SELECT requests.*, askers.name AS asker, askers.role AS asker_role FROM requests "
                 "LEFT JOIN people AS askers ON askers.id = asked_by WHERE person = ? AND requests.company = ? "
                 "ORDER BY requests.rowid DESC LIMIT ?", person["id"], person["company"], shown)
    stories, replaced = [], set()
    for each in asked:
        story, lane = _story_of(each, relay), each["method"] == "link"
        if story["state"] == "sent":
            story.update(_end_of(each, person, lane in replaced))
        if story["state"] in UNDER_WAY + TOOK_PLACE:
            replaced.add(lane)
        stories.append(story)
    return stories


def _story_of(asked, relay):
    try:
        answer = relay.state(asked["id"])
        known = answer.body if answer.status == 200 else {"state": "unknown"}
    except Away:
        known = {"state": "away"}
    state = known.get("state", "unknown")
    badge, tone, sentence = STATES.get(state, STATES["unknown"])
    if state == "suppressed":
        badge, tone, sentence = "Not mailed", "quiet", SUPPRESSED.get(known.get("reason"), "It was not needed.")
    if state == "expired" and known.get("reason") == "password_lapsed":
        sentence = "It was not put in force in time. Set another."
    if state == "sent" and asked["method"] in NOT_IN_THE_MAIL:
        badge, sentence = "In force", "A notice of it was accepted by the relay"
    if state == "redeemed" and asked["method"] != "link":
        sentence = PASSWORD_USED
    if state == "deferred":
        sentence = _deferred(known)
    return {"id": asked["id"], "method": METHODS[asked["method"]], "asked_at": asked["asked_at"],
            "asker": f"{asked['asker']}, {ROLE_NAMES[asked['asker_role']].lower()}" if asked["asker"] else None,
            "state": state, "badge": badge, "tone": tone, "sentence": sentence,
            "at": seconds_of(known.get(HAPPENED.get(state))),
            "live": state in UNDER_WAY}


def _end_of(asked, person, replaced):
    """Why a mailed link or password is dead meanwhile; nothing where it is not."""
    if person["links_ended_at"] is not None and person["links_ended_at"] >= asked["asked_at"]:
        why = ENDED[person["links_ended_by"]]
    elif replaced:
        why = ENDED["replaced"]
    elif asked["asked_at"] + LASTS < now():
        why = ENDED["over"]
    else:
        return {}
    return {"badge": "Dead", "tone": "quiet", "sentence": why, "at": None}


def _deferred(known):
    code, next_try = known.get("reply_code"), seconds_of(known.get("next_try_at"))
    said = f"The mail server said {code}." if code else STATES["deferred"][2]
    return said + (f" Next try in {max(1, next_try - now())} s." if next_try else "")


def _ended(story, asked):
    """A mailed link or password that is dead meanwhile."""
    person = row("SELECT links_ended_at, links_ended_by FROM people WHERE id = ?", asked["person"])
    newer = row("SELECT 1 FROM requests WHERE person = ? AND (method = 'link') = ? AND rowid > "
                "(SELECT rowid FROM requests WHERE id = ?)", asked["person"], asked["method"] == "link", asked["id"])
    if person["links_ended_at"] is not None and person["links_ended_at"] >= asked["asked_at"]:
        return {**story, "badge": "Dead", "tone": "quiet", "sentence": ENDED[person["links_ended_by"]], "at": None,
                "live": False}
    return {**story, "superseded": bool(newer)}


def told(answer, otherwise):
    """The relay's answer to what was asked, in a sentence for who asked."""
    if answer.status < 300:
        return otherwise
    if answer.status == 429:
        return f"Too many requests. Wait {answer.retry_after or 60} seconds, then try again."
    if answer.status == 403:
        return f"The relay does not allow this ({answer.body.get('reason', 'refused')}); it is in the audit trail."
    if answer.status == 409:
        return "This password was made and shown once already. Set another one if it is lost."
    return answer.body.get("detail") or "The relay did not take this. Try again."


def seconds_of(text):
    if not text:
        return None
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


# The audit trail.

OUTCOMES = {"sent": ("Mailed", "good"), "suppressed": ("Not mailed", "quiet"), "expired": ("Expired", "bad"),
            "dead": ("Not delivered", "bad"), "deferred": ("Delayed", "busy"), "denied": ("Refused", "bad"),
            "redeemed": ("Used", "good"), "completed": ("Password changed", "good"), "revoked": ("Revoked", "quiet")}


NOTICES = {"sent": "Notice of the change mailed", "suppressed": "Notice of the change not mailed",
           "dead": "Notice of the change not delivered"}


def trail_of(request_id, records):
    """The audit records as lines for people: when, what, and the facts that the record has."""
    lines = []
    for record in records:
        data = record.get("data", {})
        title, tone = OUTCOMES.get(data.get("outcome"), (data.get("outcome", "?"), "quiet"))
        if data.get("method") == "password_changed":
            title = NOTICES.get(data.get("outcome"), title)
        elif data.get("into") == request_id:
            title = "A later request, which this one stands for"
        facts = [(name, text) for name, text in (
            ("Asked by", _asker(data.get("actor"))), ("Reason", data.get("reason")), ("Rule", data.get("detail")),
            ("Vouched for by", _voucher(data.get("asserted_by"))),
            ("Attempt", data.get("attempt") if data.get("attempt") != 1 else None),
            ("Mail server's answer", _reply(data.get("smtp"))), ("Folded into", data.get("into")),
            ("Written by", data.get("worker") or record.get("source"))) if text not in (None, "", "none")]
        lines.append({"at": seconds_of(record.get("time")), "title": title, "tone": tone, "facts": facts})
    return lines


def _asker(actor):
    if not actor:
        return None
    if actor.get("role") == "self":
        return "the sign-in page"
    person = row("SELECT name FROM people WHERE id = ?", actor.get("id"))
    return f"{person['name'] if person else actor.get('id')}, {ROLE_NAMES.get(actor['role'], actor['role']).lower()}"


def _voucher(asserted_by):
    if not asserted_by:
        return None
    return " ".join(text for text in (asserted_by.get("channel"), "key" if asserted_by.get("key_id") else "",
                                      asserted_by.get("key_id") or asserted_by.get("publisher")) if text)


def _reply(smtp):
    return " ".join(str(part) for part in (smtp.get("code"), smtp.get("enhanced")) if part) if smtp else None
