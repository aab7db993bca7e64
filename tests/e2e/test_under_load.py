"""A thousand requests, and what may happen to the workers meanwhile: nothing is lost, nothing doubled."""
import json
import signal
import uuid

from support import events, places
from support.expectations import (audits_are_valid, each_link_redeems_once_and_only_with_its_address,
                                  same_request_same_mail, wait_for_outcomes)
from support.waiting import eventually

REQUESTS = places.DATA / "requests.jsonl"


def requests():
    return [json.loads(line) for line in REQUESTS.read_text(encoding="utf-8").splitlines()]


def mailed_as_asked(mails):
    """Exactly the addresses of the file, and as many links as mails."""
    assert sorted(mail.recipients[0] for mail in mails) == sorted(line["user"]["email"] for line in requests())
    assert len({mail.link for mail in mails}) == len(mails)
    assert len({mail.message_id for mail in mails}) == len(mails)


def send_all(relay):
    """`send` acknowledges every line, in order; the ids."""
    done = relay.command("reset-producer", "send", REQUESTS)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 1000
    identifiers = [line["id"] for line in lines]
    assert len(set(identifiers)) == 1000
    return identifiers


def test_a_thousand_requests_are_a_thousand_mails_links_and_audit_records(relay, smtp):
    relay.worker()
    producer = relay.producer()
    identifiers = send_all(relay)
    sent = wait_for_outcomes(relay, 1000)
    assert set(sent) == set(identifiers)
    relay.wait_until_committed()
    mails = smtp.mails.all()
    mailed_as_asked(mails)
    each_link_redeems_once_and_only_with_its_address(producer, mails)
    audits = relay.audits()
    assert len([audit for audit in audits if audit["data"]["outcome"] == "sent"]) == 1000
    assert len([audit for audit in audits if audit["data"]["outcome"] == "redeemed"]) == 1000
    audits_are_valid(audits)


def test_no_request_is_lost_when_a_worker_is_killed_three_times(relay, smtp):
    """Extra mails only with the same link and Message-ID.  Each successor has room beside the events whose leases
    it must wait for."""
    worker = relay.worker(**{"worker.concurrency": "50"})
    identifiers = send_all(relay)
    for mark, concurrency in ((100, "150"), (250, "400"), (500, "1000")):
        eventually(f"{mark} mails", lambda: len(smtp.mails) >= mark, 120, seen=lambda: len(smtp.mails))
        worker.kill()
        worker = relay.worker(wait=False, **{"worker.concurrency": concurrency})
    worker.wait_ready(120)
    sent = wait_for_outcomes(relay, 1000, deadline=240)
    assert set(sent) == set(identifiers)
    relay.wait_until_committed()
    distinct = same_request_same_mail(smtp.mails.all())
    mailed_as_asked(distinct)
    each_link_redeems_once_and_only_with_its_address(relay.producer(), distinct[:100])
    terminal = [audit["data"]["request_id"] for audit in relay.audits()
                if audit["data"]["outcome"] in ("sent", "suppressed", "expired", "dead")]
    assert sorted(terminal) == sorted(identifiers), "a request has two terminal outcomes"
    audits_are_valid(relay.audits())


def test_two_workers_and_a_rebalance_under_load_lose_and_double_nothing(relay, smtp):
    first = relay.worker()
    send_all(relay)
    eventually("a hundred mails", lambda: len(smtp.mails) >= 100)
    second = relay.worker()
    eventually("the second worker to take part", lambda: second.metric("reset_relay_events_consumed_total") > 0
               or len(smtp.mails) == 1000)
    send_more = [relay.publish(events.reset_request()) for _ in range(50)]
    wait_for_outcomes(relay, 1000 + len(send_more))
    assert second.stop() == 0
    identifier = relay.publish(events.reset_request())
    relay.outcome(identifier, "sent")
    relay.wait_until_committed()
    assert first.running
    assert len(smtp.mails) == 1051


def test_sigterm_under_load_ends_cleanly_and_the_next_worker_goes_on(relay, smtp):
    worker = relay.worker(**{"worker.concurrency": "20"})
    identifiers = send_all(relay)
    for mark in (50, 200, 400):
        eventually(f"{mark} mails", lambda: len(smtp.mails) >= mark, seen=lambda: len(smtp.mails))
        assert worker.stop() == 0
        assert len(smtp.mails) < 1000, "the load was over before the worker was stopped"
        worker = relay.worker(**{"worker.concurrency": "20"})
    sent = wait_for_outcomes(relay, 1000)
    assert set(sent) == set(identifiers)
    relay.wait_until_committed()
    mailed_as_asked(smtp.mails.all())


def test_sigterm_with_a_mail_at_the_dot_parks_it_and_mails_once(deploy, smtp):
    """The drain ends before the relay answers; the successor copy finds out."""
    from support.smtp_server import HOLD
    relay = deploy({"worker.drain": "10s"})
    worker = relay.worker()
    smtp.rule("dot", HOLD)
    request = events.reset_request()
    identifier = relay.publish(request)
    eventually("the mail at the dot", smtp.held.all)
    assert worker.stop() == 0
    relay.reader.complete()
    copies = [record for topic in relay.retries for record in relay.reader.of(topic)]
    assert len(copies) == 1 and identifier.encode() in copies[0].value
    assert not relay.unfinished().keys() - {(record.topic, record.partition) for record in copies}


def test_a_second_signal_ends_at_once(deploy, smtp):
    from support.smtp_server import HOLD
    relay = deploy({"worker.drain": "10m"})
    worker = relay.worker()
    smtp.rule("dot", HOLD)
    relay.publish(events.reset_request())
    eventually("the mail at the dot", smtp.held.all)
    worker.signal(signal.SIGTERM)
    eventually("the drain to begin", lambda: getattr(worker.readiness(), "status", 0) == 503)
    worker.signal(signal.SIGTERM)
    worker.wait(30)


def test_every_acknowledged_request_survives_kill_9_of_the_producer(relay, smtp):
    relay.worker()
    acknowledged = []
    for _ in range(3):
        producer = relay.producer()

        def ask_until_killed():
            request = events.reset_request()
            try:
                answer = producer.post("/v1/password-resets", request)
            except (OSError, http_error()):
                return False
            if answer.status == 202:
                acknowledged.append(answer.json()["id"])
            return True
        for _ in range(30):
            assert ask_until_killed()
        producer.kill()
        assert not ask_until_killed()
    sent = wait_for_outcomes(relay, len(acknowledged))
    assert set(sent) == set(acknowledged)


def http_error():
    import http.client
    return http.client.HTTPException


def test_replayed_from_the_beginning_nothing_is_mailed_again(relay, smtp):
    """The group's offsets are gone: Redis knows what was done."""
    worker = relay.worker()
    identifiers = [relay.publish(events.reset_request()) for _ in range(20)]
    wait_for_outcomes(relay, 20)
    relay.wait_until_committed()
    worker.stop()
    relay.worker(**{"worker.group_id": relay.group + ".again"})
    relay.group += ".again"
    relay.wait_until_committed()
    assert len(smtp.mails) == 20
    assert {audit["data"]["request_id"] for audit in relay.audits(outcome="sent")} == set(identifiers)


def test_retries_do_not_hold_up_fresh_requests(relay, smtp):
    """Many events wait for their retry; a fresh one goes through."""
    relay.worker()
    seen = set()

    def refuse_once(address):
        known = address in seen
        seen.add(address)
        return "451 4.7.1 later" if address.startswith("later") and not known else None
    smtp.rule("rcpt", refuse_once)
    relay.publish_records([events.record(events.event(events.reset_request(email=f"later{number}@example.com")),
                                         relay.publisher, relay.publisher_secret) for number in range(200)])
    request = events.reset_request(email=f"fresh-{uuid.uuid4()}@example.com")
    identifier = relay.publish(request)
    relay.outcome(identifier, "sent")
    wait_for_outcomes(relay, 201)
    assert len({audit["data"]["request_id"] for audit in relay.audits(outcome="deferred")}) == 200
    assert len(smtp.mails) == 201
