"""The application with a stand-in for the relay, whose answers a test chooses: what real processes answer too seldom."""
import html
import json
import re
import sys

import pytest

from support import places
from support.demo import companies_of
from support.waiting import eventually

sys.path.insert(0, str(places.ROOT / "deploy" / "demo"))

from almanac.application import create_application  # noqa: E402
from almanac.audit_trail import AuditTrail, Unreadable  # noqa: E402
from almanac.relay import Answer, Away  # noqa: E402

REQUEST = "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7"
TOKEN = "t" * 43
NEW_PASSWORD = "copper ladder orchid"


class StandIn:
    """answers: {call: list of what it gives, the last again and again}; an exception is raised."""

    def __init__(self, **answers):
        self.answers, self.calls = answers, []

    def __getattr__(self, call):
        def answer(*arguments):
            self.calls.append((call, arguments))
            given = self.answers[call]
            what = given.pop(0) if len(given) > 1 else given[0]
            if isinstance(what, Exception):
                raise what
            return what
        return answer

    def of(self, call):
        return [arguments for name, arguments in self.calls if name == call]


@pytest.fixture
def almanac(tmp_path):
    """almanac(relay): a browser without pictures at an application of its own; `carla` is the user."""
    def start(relay):
        (company,), document = companies_of(1)
        seed = tmp_path / "companies.json"
        seed.write_text(json.dumps(document))
        application = create_application(tmp_path / "almanac.db", seed, relay, AuditTrail([]))
        browser = application.test_client()
        browser.carla, browser.company = company.user, company
        return browser
    return start


def field(page, name):
    return html.unescape(re.search(rf'name="{name}" value="([^"]+)"', page.text).group(1))


def found(carla, company):
    return Answer(200, {"request_id": REQUEST, "tenant": company.id, "user_id": carla.id})


def reset_form(browser):
    page = browser.post("/reset-password/open", data={
        "token": TOKEN, "form_token": field(browser.get("/reset-password"), "form_token")})
    assert page.status_code == 200, page.text
    return {name: field(page, name) for name in ("token", "checked", "form_id", "form_token")}


def test_a_redemption_whose_answer_was_lost_is_asked_again_with_the_same_key(almanac):
    relay = StandIn(redeem=[Away("no answer"), None], announce_change=[Answer(202, {})])
    browser = almanac(relay)
    good = found(browser.carla, browser.company)
    relay.answers |= {"check": [good], "redeem": [Away("no answer"), good]}
    form = reset_form(browser)
    page = browser.post("/reset-password/change", data={**form, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD})
    assert page.status_code == 503 and "Type the password again" in page.text
    assert field(page, "form_id") == form["form_id"]
    form = {name: field(page, name) for name in form}
    done = browser.post("/reset-password/change", data={**form, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD})
    assert done.status_code == 303, done.text
    first, second = relay.of("redeem")
    assert first == second and first[1] == browser.carla.email


def test_each_drawn_form_is_a_redemption_of_its_own(almanac):
    relay = StandIn()
    browser = almanac(relay)
    relay.answers |= {"check": [found(browser.carla, browser.company)], "redeem": [Answer(404, {})]}
    for _ in range(2):
        form = reset_form(browser)
        page = browser.post("/reset-password/change", data={**form, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD})
        assert page.status_code == 404
    first, second = relay.of("redeem")
    assert first[2] != second[2]


def test_a_token_of_another_form_is_not_redeemed(almanac):
    relay = StandIn()
    browser = almanac(relay)
    relay.answers |= {"check": [found(browser.carla, browser.company)]}
    form = {**reset_form(browser), "token": "u" * 43}
    page = browser.post("/reset-password/change", data={**form, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD})
    assert page.status_code == 404 and not relay.of("redeem")


def test_a_change_is_announced_until_the_relay_has_it_with_one_key(almanac):
    relay = StandIn(announce_change=[Away("no answer"), Answer(503, {}), Answer(202, {})])
    browser = almanac(relay)
    relay.answers |= {"check": [found(browser.carla, browser.company)], "redeem": [found(browser.carla, browser.company)]}
    form = reset_form(browser)
    assert browser.post("/reset-password/change", data={**form, "password": NEW_PASSWORD,
                                                 "repeated": NEW_PASSWORD}).status_code == 303
    calls = eventually("the third announcement", lambda: relay.of("announce_change")[2:] and relay.of("announce_change"), 20)
    assert len({key for _, key in calls}) == 1
    change = calls[0][0]
    assert (change["request_id"], change["user"]["id"]) == (REQUEST, browser.carla.id)


def test_asking_for_a_link_while_the_relay_is_away_says_try_again(almanac):
    relay = StandIn(ask_for_own_link=[Away("no answer")])
    browser = almanac(relay)
    pages = []
    for email in (browser.carla.email, "nobody@" + browser.company.domain):
        form_token = field(browser.get("/forgot-password"), "form_token")
        answer = browser.post("/forgot-password", data={"form_token": form_token, "email": email})
        pages.append((answer.status_code, answer.text))
    assert pages[0] == pages[1] and pages[0][0] == 503 and "try again" in pages[0][1].lower()


def test_too_many_requests_say_how_long_to_wait(almanac):
    browser = almanac(StandIn(ask_for_own_link=[Answer(429, {}, 120)]))
    form_token = field(browser.get("/forgot-password"), "form_token")
    answer = browser.post("/forgot-password", data={"form_token": form_token, "email": browser.carla.email})
    assert answer.status_code == 429 and "Wait 2 minutes" in answer.text


@pytest.mark.parametrize("command", [["/no/such/program"], ["sh", "-c", "exit 69"]])
def test_an_audit_trail_that_cannot_be_read_says_so(command):
    with pytest.raises(Unreadable, match="Try again"):
        AuditTrail(command).of(REQUEST, 0)


def test_an_audit_trail_is_told_in_order():
    lines = '{"time": "b", "data": {}}\n{"time": "a", "data": {}}'
    command = ["sh", "-c", f"echo '{lines}'; test \"$*\" = '--since 2001-09-09T00:46:40Z {REQUEST}'", "sh"]
    assert [record["time"] for record in AuditTrail(command).of(REQUEST, 1000000000)] == ["a", "b"]


def test_a_request_without_a_record_yet_has_an_empty_trail():
    assert AuditTrail(["sh", "-c", "exit 1"]).of(REQUEST, 0) == []
