"""The way of one request, in by HTTP or straight from Kafka, until its link is redeemed."""
import email.utils
import json
import re
import uuid

import pytest

from support import events
from support.expectations import audits_are_valid, each_link_redeems_once_and_only_with_its_address, the_mail_to


def test_a_request_over_http_becomes_one_mail_whose_link_redeems_once(running, smtp):
    request = events.reset_request(name="Ann Lee", locale="en-GB")
    identifier = running.the_producer.request(request)

    mail = the_mail_to(smtp, request["user"]["email"])
    assert mail.recipients == [request["user"]["email"]]
    sent = running.outcome(identifier, "sent")
    assert sent["user_id"] == request["user"]["id"]
    checked = running.the_producer.check(mail.token)
    assert checked.status == 200, checked
    assert checked.json()["request_id"] == identifier
    assert checked.json()["user_id"] == request["user"]["id"]
    assert checked.json()["method"] == "link"
    each_link_redeems_once_and_only_with_its_address(running.the_producer, [mail])
    running.outcome(identifier, "redeemed")
    audits_are_valid(running.audits())


def test_an_event_signed_straight_on_kafka_becomes_one_mail(running, smtp):
    request = events.own_request(name="Ann Lee")
    identifier = running.publish(request)

    mail = the_mail_to(smtp, request["user"]["email"])
    sent = running.outcome(identifier, "sent")
    assert sent["asserted_by"] == {"channel": "kafka", "publisher": running.publisher}
    assert running.the_producer.redeem(mail.token, request["user"]["email"], "form-1").status == 200
    audits_are_valid(running.audits())


def test_the_mail_is_what_mail_programs_expect(running, smtp):
    request = events.reset_request(name="Jürgen Groß")
    running.the_producer.request(request)

    mail = the_mail_to(smtp, request["user"]["email"])
    message = mail.message
    assert not [part.defects for part in message.walk() if part.defects]
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert email.utils.parsedate_to_datetime(message["Date"])
    assert re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", mail.message_id)
    assert [(address.display_name, address.addr_spec) for address in message["From"].addresses] == \
        [("Example", "no-reply@example.org")]
    assert message["To"].addresses[0].addr_spec == request["user"]["email"]
    assert message["List-Unsubscribe"] is None
    assert "Jürgen Groß" in mail.part("plain")
    assert mail.link in mail.part("html")
    assert b"\n" not in mail.raw.replace(b"\r\n", b""), "a bare line feed"
    assert max(map(len, mail.raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("locale", ["ar", "he", "ja", "zh-Hans"])
def test_a_mail_in_a_locale_of_its_own_or_the_default_has_the_link(running, smtp, locale):
    request = events.reset_request(locale=locale)
    running.the_producer.request(request)
    assert the_mail_to(smtp, request["user"]["email"]).link in \
        the_mail_to(smtp, request["user"]["email"]).part("html")


@pytest.mark.parametrize("name", ["x" * 65, "Hacked? evil.example", "a/b", "ann@example", "abc\u202edef", "tab\there"])
def test_a_name_that_no_mail_may_show_is_left_out_and_counted(running, smtp, name):
    request = events.reset_request(name=name)
    running.the_producer.request(request)
    mail = the_mail_to(smtp, request["user"]["email"])
    assert name not in mail.part("plain") and name not in mail.part("html")
    assert running.the_worker.metric("reset_relay_names_left_out_total") == 1


def test_reading_a_link_consumes_nothing(running, smtp):
    request = events.reset_request()
    running.the_producer.request(request)
    mail = the_mail_to(smtp, request["user"]["email"])
    for method in ("GET", "HEAD"):
        for path in ("/v1/tokens/check", "/v1/tokens/redeem", f"/v1/tokens/check?token={mail.token}"):
            assert running.the_producer.call(method, path).status in (404, 405)
    for _ in range(3):
        assert running.the_producer.check(mail.token).status == 200
    assert running.the_producer.redeem(mail.token, request["user"]["email"], "form-1").status == 200


def test_a_redemption_asked_again_with_its_key_gives_the_same_answer(running, smtp):
    request = events.reset_request()
    running.the_producer.request(request)
    mail = the_mail_to(smtp, request["user"]["email"])
    first = running.the_producer.redeem(mail.token, request["user"]["email"], "form-1")
    again = running.the_producer.redeem(mail.token, request["user"]["email"], "form-1")
    assert (first.status, first.json()) == (again.status, again.json())
    assert first.status == 200
    assert running.the_producer.check(mail.token).status == 404


def test_of_a_hundred_concurrent_redemptions_one_succeeds(running, smtp):
    from support.expectations import in_parallel
    request = events.reset_request()
    running.the_producer.request(request)
    mail = the_mail_to(smtp, request["user"]["email"])
    answers = in_parallel(lambda number: running.the_producer.redeem(
        mail.token, request["user"]["email"], f"form-{number}").status, range(100), threads=32)
    assert sorted(answers) == [200] + [404] * 99


def test_redeem_wants_an_idempotency_key(running, smtp):
    request = events.reset_request()
    running.the_producer.request(request)
    mail = the_mail_to(smtp, request["user"]["email"])
    answer = running.the_producer.post("/v1/tokens/redeem", {"token": mail.token, "email": request["user"]["email"]})
    assert answer.status == 400 and answer.problem
    assert running.the_producer.check(mail.token).status == 200


def test_a_key_of_another_tenant_does_not_see_the_link(running, smtp):
    key = running.add_key("globex-only", ["redeem"], tenants=["globex"])
    producer = running.producer()
    request = events.reset_request(tenant="acme")
    producer.request(request)
    mail = the_mail_to(smtp, request["user"]["email"])
    assert producer.check(mail.token, key=key).status == 404
    assert producer.redeem(mail.token, request["user"]["email"], "form-1", key=key).status == 404
    assert producer.redeem(mail.token, request["user"]["email"], "form-1").status == 200


def test_a_newer_request_kills_the_older_link(running, smtp):
    """The administrator's request is of another class than the user's own, so nothing coalesces."""
    own = events.own_request()
    running.the_producer.request(own)
    first = the_mail_to(smtp, own["user"]["email"])
    newer = events.reset_request(user=own["user"]["id"], email="new.address@example.com")
    running.the_producer.request(newer)
    second = the_mail_to(smtp, "new.address@example.com")
    assert running.the_producer.check(first.token).status == 404
    assert running.the_producer.redeem(first.token, own["user"]["email"], "form-1").status == 404
    assert running.the_producer.redeem(second.token, "new.address@example.com", "form-2").status == 200


def test_a_request_repeated_with_its_idempotency_key_through_two_producers_is_one_mail(running, smtp):
    other = running.producer()
    request = events.reset_request()
    ids = {producer.request(request, Idempotency_Key="submission-7")
           for producer in (running.the_producer, other, running.the_producer)}
    assert len(ids) == 1
    assert uuid.UUID(ids.copy().pop()).version == 8
    running.wait_until_committed()
    running.outcome(ids.pop(), "sent")
    the_mail_to(smtp, request["user"]["email"])
    assert len(smtp.mails) == 1


def test_the_same_idempotency_key_with_another_body_is_refused_or_never_mailed(running, smtp):
    request = events.reset_request()
    identifier = running.the_producer.request(request, Idempotency_Key="submission-8")
    running.outcome(identifier, "sent")
    other = events.reset_request()
    answer = running.the_producer.post("/v1/password-resets", other, Idempotency_Key="submission-8")
    assert answer.status == 422 and answer.problem
    assert len(smtp.mails) == 1


def test_one_id_with_two_bodies_on_kafka_mails_only_the_first(running, smtp):
    first, second = events.reset_request(), events.reset_request()
    identifier = running.publish(first)
    running.outcome(identifier, "sent")
    running.publish(second, identifier)
    running.outcome(identifier, "denied", "id_reused")
    running.wait_until_committed()
    assert [mail.recipients for mail in smtp.mails.all()] == [[first["user"]["email"]]]


def test_the_audit_on_stdout_is_the_audit_on_kafka(running, smtp):
    identifier = running.the_producer.request(events.reset_request())
    running.outcome(identifier, "sent")
    lines = {line["id"]: line for line in running.the_worker.audit_lines()}
    for audit in running.audits(identifier):
        if audit["data"]["outcome"] == "sent":
            assert lines[audit["id"]] == audit, json.dumps(lines)


def test_what_redis_keeps_of_a_link_lives_at_most_a_day(running, redis_server, smtp):
    request = events.reset_request()
    running.the_producer.request(request)
    the_mail_to(smtp, request["user"]["email"])
    client = redis_server.client()
    tokens = [key for key in client.scan_iter("pwreset:token:*")]
    assert len(tokens) == 1
    assert 86_400 - 120 < client.ttl(tokens[0]) <= 86_400
