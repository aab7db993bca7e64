"""Signed events of as many users, straight on Kafka, fast: one event is made as any service would make it, and only its
id and its user change."""
import hmac
import uuid

from support import events

USER, REQUEST = "MARK-OF-THE-USER", "MARK-OF-THE-REQUEST"


def address(number, prefix="u"):
    return f"{prefix}{number}@example.com"


def event_parts():
    """(bytes, bytes, ...) between which id, user and user stand, in this order."""
    request = events.reset_request(user=USER, name="Ann Lee", locale="en")
    encoded = events.encode(events.event(request, REQUEST)).decode()
    before, rest = encoded.split(REQUEST)
    middle, between, after = rest.split(USER)
    return before, middle, between, after


def values(count, prefix="u"):
    """(user's id, the event's bytes)."""
    before, middle, between, after = event_parts()
    for number in range(count):
        user = f"{prefix}{number}"
        yield user, f"{before}{uuid.uuid4()}{middle}{user}{between}{user}{after}".encode()


def record(user, value, publisher, secret):
    """(key, value, headers), signed."""
    signature = b"v1;%s;%s" % (publisher.encode(), hmac.digest(secret.encode(), value, "sha256").hex().encode())
    return f"acme/{user}".encode(), value, [("content-type", b"application/cloudevents+json"),
                                            ("reset-relay-signature", signature)]


def publish(relay, count, prefix="u"):
    relay.publish_records(record(user, value, relay.publisher, relay.publisher_secret)
                          for user, value in values(count, prefix))
