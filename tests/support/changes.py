"""What an application tells of its passwords, and what it may not."""
from . import events
from .waiting import NotYet, eventually


def change_of(request, request_id=None, **more):
    """The body of POST /v1/password-changes for the user of a reset request."""
    person = request["user"]
    shown = {name: person[name] for name in ("name", "locale", "timezone") if name in person}
    return events.password_change(person["id"], person["email"], request["tenant"], request_id=request_id, **shown, **more)


def denied_for(relay, reason):
    """Waits for the one denial that there is, which must be for this reason."""
    def found():
        reasons = [audit["data"]["reason"] for audit in relay.audits(outcome="denied")]
        if not reasons:
            raise NotYet("no audit record of a denial")
        return reasons
    assert eventually(f"a denial for {reason}", found) == [reason]
