"""Who may ask for what, end to end: refused and audited at the intake, and dead in the worker for who went round it."""
import pytest

from support import events
from support.expectations import audits_are_valid, dead_letter_of, nothing_was_mailed, the_mail_to
from support.fixtures import shared_relay
from support.relay import ALL_SCOPES
from support.waiting import NotYet, eventually

SCOPES = ALL_SCOPES + ("request:temporary_password",)
ON = {"policy.temporary_password": "mailed,handed,chosen"}


def temporary(method="mailed", **fields):
    request = {**events.reset_request(**fields), "method": f"temporary_password_{method}"}
    if method == "chosen":
        request["password"] = "lorry-Quiet-77-teapot"
    return request


REFUSED = {
    # what is asked; the word in the audit
    "a_link_by_a_manager_of_another_company":
        (events.reset_request(actor_role="manager", actor_tenant="globex"), "actor_tenant"),
    "a_link_by_an_administrator_of_another_company": (events.reset_request(actor_tenant="globex"), "actor_tenant"),
    "a_link_by_a_user_of_another_company": (events.own_request(actor_tenant="globex"), "actor_tenant"),
    "a_link_by_somebody_without_a_role": (events.reset_request(actor_role="user"), "actor_role"),
    "a_link_in_a_role_with_a_dotless_i": (events.reset_request(actor_role="adm\u0131n"), "actor_role"),
    "a_link_in_a_role_with_a_space_after_it": (events.reset_request(actor_role="admin "), "actor_role"),
    "a_link_by_a_company_with_a_kelvin_sign": (events.reset_request(tenant="kiosk", actor_tenant="\u212aiosk"),
                                               "actor_tenant"),
    "a_link_by_a_company_in_another_normal_form": (events.reset_request(tenant="ren\u00e9", actor_tenant="rene\u0301"),
                                                   "actor_tenant"),
    "a_temporary_password_by_a_manager": (temporary(actor_role="manager", role="user"), "actor_role"),
    "a_temporary_password_by_the_user": (temporary(actor_role="self", role="user"), "actor_role"),
    "a_temporary_password_for_a_role_untold": (temporary(), "user_role"),
    "a_temporary_password_by_an_administrator_of_another_company":
        (temporary(actor_tenant="globex", role="user"), "actor_tenant"),
}


@pytest.fixture(scope="module")
def office(tmp_path_factory, broker):
    """A deployment with one producer and one worker for all of these."""
    with shared_relay(tmp_path_factory.mktemp("office"), broker, ON) as office:
        office.vouching = office.add_key("vouching", SCOPES)
        office.direct_secret = office.add_publisher("direct", SCOPES)
        office.intake = office.producer()
        office.intake.lasting = office.worker().lasting = True
        yield office


@pytest.mark.parametrize("what", REFUSED)
def test_the_intake_refuses_and_tells_the_audit(office, what):
    request, reason = REFUSED[what]
    before = {audit["id"] for audit in office.audits(outcome="denied")}
    answer = office.intake.post("/v1/password-resets", request, key=office.vouching)
    assert answer.status == 403 and answer.problem["reason"] == reason, answer

    def denied():
        fresh = [audit for audit in office.audits(outcome="denied") if audit["id"] not in before]
        if not fresh:
            raise NotYet("no denial")
        return fresh
    found = eventually("the denial in the audit", denied)
    audits_are_valid(found)
    assert len(found) == 1 and found[0]["data"]["reason"] == reason
    assert found[0]["data"]["actor"] == request["actor"]
    assert found[0]["data"]["method"] == request["method"]
    nothing_was_mailed(office.smtp)


@pytest.mark.parametrize("what", [what for what in REFUSED])
def test_the_worker_buries_what_went_round_the_intake(office, what):
    request, reason = REFUSED[what]
    identifier = office.publish(request, publisher="direct", secret=office.direct_secret)
    dead = office.outcome(identifier, "dead", "policy")
    assert dead["detail"] == reason
    assert dead["actor"] == request["actor"] and dead["asserted_by"]["publisher"] == "direct"
    dead_letter_of(office, identifier)
    nothing_was_mailed(office.smtp)


def test_a_manager_may_mail_a_link_to_an_administrator(deploy, smtp):
    relay = deploy()
    producer = relay.producer()
    relay.worker()
    request = events.reset_request(actor_role="manager", role="admin")
    relay.outcome(producer.request(request), "sent")
    the_mail_to(smtp, request["user"]["email"])


def test_roles_are_those_of_the_configuration_highest_first(deploy):
    relay = deploy({**ON, "policy.admin_roles": "owner,admin"})
    key = relay.add_key("vouching", SCOPES)
    producer = relay.producer()

    def answer(request):
        answer = producer.post("/v1/password-resets", request, key=key)
        return answer.status if answer.status == 202 else answer.problem["reason"]
    assert answer(events.reset_request(actor_role="manager")) == "actor_role"
    assert answer(events.reset_request(actor_role="admin", role="owner")) == 202
    assert answer(temporary(actor_role="admin", role="user")) == "actor_role"
    assert answer(temporary(actor_role="owner", role="owner")) == 202
