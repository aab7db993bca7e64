"""Requests and events as another service would make them; nothing of the product's own code is used."""
import datetime
import hashlib
import hmac
import itertools
import json
import uuid

EVENT_TYPE = "identity.password-reset.requested.v1"
COMPLETED_TYPE = "identity.password-change.completed.v1"
_numbers = itertools.count(1)


def reset_request(tenant="acme", user=None, email=None, actor_role="admin", actor_id="boss", actor_tenant=None,
                  **more):
    """The body of POST /v1/password-resets.  `more` goes into the user ("name", "locale", "role", "timezone") or
    else beside it; user_id "self" for the actor means the user."""
    user = user or f"user-{next(_numbers)}"
    person = {"id": user, "email": email or f"{user}@example.com"}
    body = {"tenant": tenant, "user": person,
            "actor": {"role": actor_role, "id": user if actor_role == "self" else actor_id,
                      "tenant": actor_tenant or tenant},
            "method": "link"}
    for name, value in more.items():
        (person if name in ("name", "locale", "timezone", "role") else body)[name] = value
    return body


def own_request(**fields):
    """A user asks for their own reset."""
    return reset_request(actor_role="self", **fields)


def password_request(kind, password=None, **fields):
    """An administrator asks for a temporary password: `kind` is mailed, handed or chosen."""
    body = reset_request(**{"role": "member", **fields})
    body["method"] = f"temporary_password_{kind}"
    if password is not None:
        body["password"] = password
    return body


def password_change(user, email, tenant="acme", actor_role="self", actor_id=None, request_id=None, **more):
    """The body of POST /v1/password-changes."""
    body = {"tenant": tenant, "user": {"id": user, "email": email},
            "actor": {"role": actor_role, "id": actor_id or user, "tenant": tenant}}
    if request_id:
        body["request_id"] = request_id
    for name, value in more.items():
        (body["user"] if name in ("name", "locale", "timezone") else body)[name] = value
    return body


def completed_event(change, identifier=None, address="current", **attributes):
    """The CloudEvent of a changed password, as a service would publish it itself."""
    document = event({**change, "address": address}, identifier, **attributes)
    document["type"] = COMPLETED_TYPE
    return document


def decoy(tenant="acme"):
    """What a service sends for an unknown account."""
    body = reset_request(tenant=tenant)
    body["user"] = None
    return body


def now(seconds=0):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")[:-4] + "Z"


def event(request, identifier=None, time=None, **attributes):
    """The CloudEvent around a request, as a service would publish it itself."""
    return {"specversion": "1.0", "type": EVENT_TYPE, "source": "/tests", "id": identifier or str(uuid.uuid4()),
            "time": time or now(), "datacontenttype": "application/json", "data": request, **attributes}


def encode(document):
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def signature(value, publisher, secret):
    return f"v1;{publisher};{hmac.new(secret.encode(), value, hashlib.sha256).hexdigest()}"


def record(value, publisher=None, secret=None, key=None):
    """(key, value, headers) for Kafka.  `value`: an event or bytes; signed when a publisher is named."""
    if isinstance(value, dict):
        user = (value.get("data") or {}).get("user") or {}
        key = key or f"{value['data']['tenant']}/{user.get('id', uuid.uuid4())}"
        value = encode(value)
    headers = [("content-type", b"application/cloudevents+json")]
    if publisher:
        headers.append(("reset-relay-signature", signature(value, publisher, secret).encode()))
    return (key or "").encode(), value, headers
