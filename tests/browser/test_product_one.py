"""Product one, sentence by sentence: an administrator or a manager opens the list of the users of their own company, clicks
a name, clicks "reset password"; the user gets a mail with a link valid for 24 hours; after that another reset must be
triggered and a new link is mailed.  A user can do the same alone with "forgot password" on the login page.
"""
import datetime
import re

import pytest

NEW_PASSWORD = "copper ladder orchid"


@pytest.mark.parametrize("role", ["admin", "manager"])
def test_an_administrator_or_a_manager_opens_the_list_of_the_users_of_their_own_company(person, company, role):
    person.sign_in(getattr(company, role))
    person.sees("People of ACME")
    words = person.shows("Administrator", "Manager", "User")
    for colleague in (company.admin, company.manager, company.user, company.other_admin, company.other_user):
        assert colleague.name in words and colleague.email in words
    assert set(re.findall(r"@(\S+)", words)) == {company.domain}, "nobody of another company is on the list"


def test_clicks_a_name(person, company):
    person.is_signed_in(company.manager)
    person.open("/people")
    person.press(company.user.name)
    person.sees(company.user.name)
    person.shows(company.user.email, "Reset password", "Nobody asked for a reset of this password yet.")


def test_clicks_reset_password(person, company):
    person.is_signed_in(company.manager)
    person.is_on_the_page_of(company.user)
    person.press("Reset password")
    person.shows(f"A mail with a link is on its way to {company.user.email}.", "Link by mail",
                 "Asked by Bob Ortiz, manager")


def test_the_user_gets_a_mail_with_a_link_valid_for_24_hours(person, company, demo):
    person.is_signed_in(company.admin)
    person.is_on_the_page_of(company.user)
    before = datetime.datetime.now(datetime.timezone.utc)
    person.press("Reset password")
    mail = person.open_mail(company.user)
    until = re.search(r"(\d+ \w+ \d{4}),? (?:at )?(\d\d:\d\d) \(?UTC", " ".join(mail.part("plain").split()))
    assert until, mail.part("plain")
    until = datetime.datetime.strptime(" ".join(until.groups()) + " +0000", "%d %B %Y %H:%M %z")
    assert datetime.timedelta(hours=23, minutes=58) <= until - before <= datetime.timedelta(hours=24, minutes=2)

    person.follow_link(mail)
    person.sees("Choose a new password")
    person.shows(f"For {company.user.email}")
    person.change_password(NEW_PASSWORD)
    person.sees("Sign in")
    person.shows("Your password is changed")
    person.sign_in(company.user, NEW_PASSWORD)
    person.is_let_in(company.user.name)


def test_after_that_another_reset_must_be_triggered_and_a_new_link_is_mailed(person, company, demo):
    person.is_signed_in(company.admin)
    person.is_on_the_page_of(company.user)
    person.press("Reset password")
    old = demo.mail_to(company.user.email)
    demo.let_links_expire(company.user.id)
    person.open(old.link)
    person.sees("This link no longer works")

    person.is_on_the_page_of(company.user)
    person.press("Reset password")
    new = person.open_mail(company.user, 2)
    assert new.link != old.link
    person.follow_link(new)
    person.sees("Choose a new password")
    person.open(old.link)
    person.sees("This link no longer works")


def test_a_user_can_do_the_same_alone_with_forgot_password_on_the_login_page(person, company):
    person.open("/sign-in")
    person.press("Forgot password")
    person.sees("Forgot password")
    person.type("E-mail address", company.user.email)
    person.press("Mail me a link")
    person.sees("Look into your mailbox")
    person.follow_link(person.open_mail(company.user))
    person.sees("Choose a new password")
    person.change_password(NEW_PASSWORD)
    person.sees("Sign in")
    person.sign_in(company.user, NEW_PASSWORD)
    person.is_let_in(company.user.name)
