"""What stays on the application's side: uniform pages, the token's secrecy, one change for each request, all sessions
ended, and every form judged on the server whatever the page showed.
"""
import re

import pytest

from support.visitor import Visitor
from support.waiting import eventually

NEW_PASSWORD, OTHER_PASSWORD = "copper ladder orchid", "paper walnut breeze"


@pytest.fixture
def visitor(demo):
    return Visitor(demo.url)


def reset_form(visitor, mail):
    """Opens a mailed link as the page's script does; the hidden field that the form has."""
    visitor.get("/reset-password")
    page = visitor.post("/reset-password/open", token=mail.token)
    assert page.status == 200, page.text
    return {"token": mail.token, "checked": re.search(r'name="checked" value="([^"]+)"', page.text).group(1)}


def ask(visitor, demo, who, number=1):
    visitor.get("/forgot-password")
    assert visitor.post("/forgot-password", email=who.email, form_id=f"ask-{number}").status == 303
    return demo.mail_to(who.email, number)


def test_an_unknown_account_gets_the_same_answer_as_a_known_one(demo, company):
    answers = []
    for email in (company.user.email, f"nobody@{company.domain}"):
        visitor = Visitor(demo.url)
        visitor.get("/forgot-password")
        answer = visitor.post("/forgot-password", email=email)
        headers = [(name, value) for name, value in answer.headers.items() if name not in ("Date", "Set-Cookie")]
        page = re.sub(r'value="[^"]+"', "", visitor.get(answer.headers["Location"]).text)
        answers.append((answer.status, headers, answer.text, page))
    assert answers[0] == answers[1]
    demo.mail_to(company.user.email)
    assert not demo.mails_to(f"nobody@{company.domain}")


def test_signing_in_with_an_unknown_account_and_with_a_wrong_password_look_the_same(demo, company):
    pages = []
    for email in (company.user.email, f"nobody@{company.domain}"):
        visitor = Visitor(demo.url)
        visitor.get("/sign-in")
        answer = visitor.post("/sign-in", email=email, password="not the password")
        pages.append((answer.status, re.sub(r'value="[^"]+"', "", answer.text)))
    assert pages[0] == pages[1] and pages[0][0] == 422


def test_wrong_tries_cost_a_delay_for_unknown_accounts_too(visitor, company):
    visitor.get("/sign-in")

    def delayed(email):
        answer = visitor.post("/sign-in", email=email, password="not the password")
        assert answer.status in (422, 429), answer.text
        return answer if answer.status == 429 else None
    for email in (company.user.email, f"nobody@{company.domain}"):
        answer = eventually("a delay", lambda email=email: delayed(email), 30)
        assert int(answer.headers["Retry-After"]) >= 1 and "Wait" in answer.text


def test_the_token_leaves_the_address_bar_and_is_in_no_log(anybody, company, demo, visitor):
    mail = ask(visitor, demo, company.user)
    anybody.open(mail.link)
    anybody.sees("Choose a new password")
    assert mail.token not in anybody.browser.address
    anybody.change_password(NEW_PASSWORD)
    anybody.sees("Sign in")
    for text in (demo.application.stdout(), demo.application.stderr(), demo.worker.stderr(), demo.producer.stderr()):
        assert mail.token not in text
    assert mail.token.encode() not in b"".join(path.read_bytes() for path in demo.folder.glob("almanac.db*"))


def test_opening_the_link_consumes_nothing(anybody, company, demo, visitor):
    mail = ask(visitor, demo, company.user)
    for _ in range(3):
        anybody.open(mail.link)
        anybody.sees("Choose a new password")
    anybody.change_password(NEW_PASSWORD)
    anybody.sees("Sign in")


def test_the_page_without_a_link_says_so(anybody):
    anybody.open("/reset-password")
    anybody.shows("this address has none in it", "Ask for a link")


def test_a_link_pasted_while_the_page_is_open_opens(anybody, company, demo, visitor):
    mail = ask(visitor, demo, company.user)
    anybody.open("/reset-password")
    anybody.shows("this address has none in it")
    anybody.open(mail.link)
    anybody.shows(f"For {company.user.email}")


def test_a_weak_password_is_refused_before_the_link_is_used(anybody, company, demo, visitor):
    anybody.open(ask(visitor, demo, company.user).link)
    for password, sentence in (("short", "at least 12 characters"), ("carla-jensen-2026", "Leave your name"),
                               ("password123456", "easy to guess")):
        anybody.change_password(password)
        anybody.shows("Please look at this again", sentence)
    anybody.type("New password", NEW_PASSWORD)
    anybody.type("New password again", OTHER_PASSWORD)
    anybody.press("Change the password")
    anybody.shows("The two passwords differ.")
    anybody.change_password(NEW_PASSWORD)
    anybody.sees("Sign in")


def test_all_sessions_end_and_nobody_is_signed_in_after_a_change(company, demo, visitor):
    elsewhere = Visitor(demo.url).sign_in(company.user)
    assert elsewhere.get("/account").status == 200
    form = reset_form(visitor, ask(visitor, demo, company.user))
    answer = visitor.post("/reset-password/change", **form, password=NEW_PASSWORD, repeated=NEW_PASSWORD)
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")
    for session in (elsewhere, visitor):
        answer = session.get("/account")
        assert answer.status == 302 and answer.headers["Location"].startswith("/sign-in")


def test_a_second_change_for_one_request_is_refused_even_when_the_relay_would_allow_it(company, demo, visitor):
    """Redis restored from an old copy brings a used link back to life."""
    mail = ask(visitor, demo, company.user)
    client = demo.redis.client()
    before = {key: (client.get(key), client.pttl(key)) for key in client.scan_iter("pwreset:*", count=1000)
              if client.type(key) == b"string"}
    form = reset_form(visitor, mail)
    assert visitor.post("/reset-password/change", **form, password=NEW_PASSWORD, repeated=NEW_PASSWORD).status == 303
    demo.mail_to(company.user.email, 2)
    for key, (value, lives) in before.items():
        if company.user.id.encode() in value or mail_record(client, key, company):
            client.set(key, value, px=lives if lives > 0 else None)
    visitor.get("/reset-password")
    answer = visitor.post("/reset-password/change", **form, password=OTHER_PASSWORD, repeated=OTHER_PASSWORD)
    assert answer.status == 404 and "This link no longer works" in answer.text
    Visitor(demo.url).sign_in(company.user, NEW_PASSWORD)


def mail_record(client, key, company):
    return company.id.encode() in (client.get(key) or b"")


def test_a_form_sent_twice_is_one_change(company, demo, visitor):
    form = reset_form(visitor, ask(visitor, demo, company.user))
    first = visitor.post("/reset-password/change", **form, password=NEW_PASSWORD, repeated=NEW_PASSWORD)
    visitor.get("/reset-password")
    second = visitor.post("/reset-password/change", **form, password=OTHER_PASSWORD, repeated=OTHER_PASSWORD)
    assert (first.status, second.status) == (303, 404)
    Visitor(demo.url).sign_in(company.user, NEW_PASSWORD)


def test_a_form_of_another_site_is_refused(company, demo):
    visitor = Visitor(demo.url).sign_in(company.admin)
    visitor.form_token = "made-up"
    assert visitor.post(f"/people/{company.user.id}/reset").status == 400
    assert Visitor(demo.url).post("/forgot-password", email=company.user.email).status == 400


@pytest.mark.parametrize("path, role, status", [
    ("/people/{stranger}/reset", "admin", 404),
    ("/people/{stranger}/temporary-password", "admin", 404), ("/people/{stranger}/revoke", "manager", 404),
    ("/people/{user}/temporary-password", "manager", 403), ("/people/{user}/reset", "user", 403),
    ("/people/{admin}/reset", "admin", 403), ("/people/{admin}/temporary-password", "admin", 403)])
def test_what_no_button_offers_is_refused_by_the_server(company, demo, path, role, status):
    stranger = next(other for other in demo.companies if other is not company)
    visitor = Visitor(demo.url).sign_in(getattr(company, role))
    answer = visitor.post(path.format(stranger=stranger.user.id, user=company.user.id, admin=company.admin.id),
                          way="handed")
    assert answer.status == status


def test_a_person_of_another_company_is_a_page_that_does_not_exist(company, demo):
    stranger = next(other for other in demo.companies if other is not company).user
    visitor = Visitor(demo.url).sign_in(company.admin)
    for path in (f"/people/{stranger.id}", f"/people/{stranger.id}/requests", f"/people/{stranger.id}/temporary-password",
                 "/people/nobody"):
        assert visitor.get(path).status == 404


def test_users_see_no_list_of_people(company, demo):
    visitor = Visitor(demo.url).sign_in(company.user)
    assert visitor.get("/people").status == 403
    assert "/people" not in visitor.get("/account").text


def test_cookies_and_headers(visitor):
    answer = visitor.get("/sign-in")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script>" not in answer.text and " style=" not in answer.text and "onclick" not in answer.text


def test_after_signing_in_nobody_is_led_elsewhere(company, demo, visitor):
    for goal in ("//evil.example/", "https://evil.example/", "/\\evil.example"):
        visitor = Visitor(demo.url)
        visitor.get("/sign-in")
        answer = visitor.post("/sign-in", email=company.user.email, password=company.user.password, next=goal)
        assert (answer.status, answer.headers["Location"]) == (303, "/")


def test_a_handed_password_is_shown_once(company, demo):
    """The page loaded again, or its form sent again, shows it no more."""
    visitor = Visitor(demo.url).sign_in(company.admin)
    path = f"/people/{company.user.id}/temporary-password"
    first = visitor.post(path, way="handed")
    assert first.status == 200 and "shown this once" in first.text
    password = re.search(r'<output[^>]*>([^<]+)</output>', first.text).group(1)

    demo.mail_to(company.user.email)
    second = visitor.post(path, way="handed")
    assert second.status == 422 and "shown once already" in second.text
    assert password not in second.text and password not in visitor.get(f"/people/{company.user.id}").text


def test_a_temporary_password_ends_the_old_one_and_all_sessions(company, demo):
    elsewhere = Visitor(demo.url).sign_in(company.user)
    assert Visitor(demo.url).sign_in(company.admin).post(f"/people/{company.user.id}/temporary-password",
                                                         way="handed").status == 200
    assert elsewhere.get("/account").headers["Location"].startswith("/sign-in")
    visitor = Visitor(demo.url)
    visitor.get("/sign-in")
    assert visitor.post("/sign-in", email=company.user.email, password=company.user.password).status == 422
