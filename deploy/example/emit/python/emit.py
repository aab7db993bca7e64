#!/usr/bin/python3
"""Publishes one password-reset request straight on Kafka, signed, without going through reset-producer.

    emit.py CLIENT_PROPERTIES PUBLISHER_FILE [TOPIC] < request.json

CLIENT_PROPERTIES  properties of librdkafka, one `name = value` a line: bootstrap.servers, security.protocol ...
PUBLISHER_FILE     what `reset-producer publishers add` printed: the publisher's name and its secret
TOPIC              topics.requested of the relay
stdin              the request: the same JSON as the body of POST /v1/password-resets

Prints the request's id once Kafka has the event on all in-sync replicas; ends with 1 when it does not.
Needs confluent-kafka (Debian: python3-confluent-kafka).
"""
import hashlib
import hmac
import json
import sys
import uuid
from datetime import datetime, timezone

from confluent_kafka import Producer

TOPIC = "password-reset.requested.v1"


def event(request, request_id):
    """The CloudEvent around a request.  Repeat an attempt with the same id: it stays one request and one mail."""
    return {"specversion": "1.0", "type": "identity.password-reset.requested.v1", "source": "/portal",
            "id": request_id, "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            "datacontenttype": "application/json", "data": request}


def signature(value, publisher, secret):
    """Over the very bytes that are sent; the key is the secret's text as it was printed."""
    return f"v1;{publisher};{hmac.new(secret.encode(), value, hashlib.sha256).hexdigest()}"


def record_key(request):
    """All events of a user go to one partition.  An unknown user gets any."""
    user = request["user"]["id"] if request["user"] else uuid.uuid4()
    return f"{request['tenant']}/{user}"


def publish(client, topic, request, publisher, secret):
    value = json.dumps(event(request, str(uuid.uuid4())), ensure_ascii=False).encode()
    headers = {"content-type": "application/cloudevents+json",
               "reset-relay-signature": signature(value, publisher, secret)}
    # What Java clients do by default: a user's events meet in one partition, whoever publishes them.
    producer = Producer({**client, "acks": "all", "enable.idempotence": True, "partitioner": "murmur2_random"})
    faults = []
    producer.produce(topic, value, record_key(request), headers=list(headers.items()),
                     on_delivery=lambda error, _message: faults.append(error))
    producer.flush(30)
    if faults != [None]:
        raise SystemExit(f"not published: {faults[0] if faults else 'no answer from Kafka within 30 s'}")
    return json.loads(value)["id"]


def properties(path):
    with open(path, encoding="utf-8") as lines:
        pairs = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
        return {name.strip(): value.strip() for name, value in pairs}


def main():
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 64
    with open(sys.argv[2], encoding="utf-8") as file:
        publisher, secret = file.read().split()
    topic = sys.argv[3] if len(sys.argv) == 4 else TOPIC
    print(publish(properties(sys.argv[1]), topic, json.load(sys.stdin), publisher, secret))
    return 0


if __name__ == "__main__":
    sys.exit(main())
