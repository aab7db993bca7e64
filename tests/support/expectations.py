"""What several tests expect of the pair, in one place and in words."""
import concurrent.futures
import json

import jsonschema

from . import places
from .waiting import NotYet, eventually


def the_mail_to(smtp, address, deadline=60):
    """The one mail to this address: waits for it, and it must be the only one."""
    eventually(f"a mail to {address}", lambda: smtp.mails.to(address), deadline)
    mails = smtp.mails.to(address)
    assert len(mails) == 1, f"{len(mails)} mails went to {address}, one was expected"
    return mails[0]


def wait_for_mails(smtp, count, deadline=120):
    eventually(f"{count} mails", lambda: len(smtp.mails) >= count, deadline, seen=lambda: len(smtp.mails))
    return smtp.mails.all()


def nothing_was_mailed(smtp):
    assert not smtp.mails.all() and not smtp.refused.all(), \
        f"a mail went out: {[mail.recipients for mail in smtp.mails.all() + smtp.refused.all()]}"


def wait_for_outcomes(relay, count, outcome="sent", deadline=180):
    """Until so many requests have this outcome; the audits' data by request id."""
    def enough():
        found = {audit["data"]["request_id"]: audit["data"] for audit in relay.audits(outcome=outcome)}
        if len(found) < count:
            raise NotYet(f"{len(found)} of {count} {outcome}")
        return found
    return eventually(f"{count} requests to be {outcome}", enough, deadline)


def audit_validator():
    schemas = [json.loads(path.read_text()) for path in places.SCHEMAS.glob("*.schema.json")]
    schema = next(schema for schema in schemas if "/audit." in schema["$id"])
    resolver = jsonschema.RefResolver.from_schema(schema, store={each["$id"]: each for each in schemas})
    kind = jsonschema.validators.validator_for(schema)
    return kind(schema, resolver=resolver, format_checker=jsonschema.FormatChecker())


def audits_are_valid(audits):
    validator = audit_validator()
    for audit in audits:
        faults = [error.message for error in validator.iter_errors(audit)]
        assert not faults, f"{faults} in {audit}"


def dead_letter_of(relay, request_id, deadline=30):
    """The one dead letter whose value is the event of this id."""
    def found():
        relay.reader.refresh()
        return [record for record in relay.reader.of(relay.dead_letters) if request_id.encode() in record.value]
    letters = eventually(f"a dead letter of {request_id}", found, deadline)
    assert len(letters) == 1, f"{len(letters)} dead letters of {request_id}"
    return letters[0]


def in_parallel(function, items, threads=8):
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))


def each_link_redeems_once_and_only_with_its_address(producer, mails):
    """Every mail's link: refused with another address, redeemed with its own, refused a second time."""
    def redeem(numbered):
        number, mail = numbered
        stranger = producer.redeem(mail.token, "somebody.else@example.com", f"stranger-{number}")
        own = producer.redeem(mail.token, mail.recipients[0], f"own-{number}")
        again = producer.redeem(mail.token, mail.recipients[0], f"again-{number}")
        return stranger.status, own.status, again.status
    answers = in_parallel(redeem, enumerate(mails))
    wrong = [(mail.recipients[0], answer) for mail, answer in zip(mails, answers) if answer != (404, 200, 404)]
    assert not wrong, f"{len(wrong)} links did not answer (404, 200, 404), e.g. {wrong[:3]}"


def same_request_same_mail(mails):
    """Extra mails to an address are allowed after a crash only with the same link and Message-ID."""
    first = {}
    for mail in mails:
        address = mail.recipients[0]
        original = first.setdefault(address, mail)
        assert (mail.link, mail.message_id) == (original.link, original.message_id), \
            f"two mails to {address} differ in link or Message-ID"
    return list(first.values())
