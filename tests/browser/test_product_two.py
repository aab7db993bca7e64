"""Product two, sentence by sentence: an administrator (not a manager) creates a new password for a user and hands it over;
the user signs in with it and must update it to regain access; users are advised to reset by themselves.
"""
import re

import pytest

NEW_PASSWORD = "copper ladder orchid"
CHOSEN_PASSWORD = "seven quiet otters 4"
MADE = re.compile(r"(?:[2-9a-hjkmnp-z]{4}-){5}[2-9a-hjkmnp-z]{4}")


def set_temporary_password(person, company, way, **more):
    """The administrator, signed in, sets one for the user."""
    person.is_on_the_page_of(company.user)
    person.press("Set a temporary password")
    person.sees("Set a temporary password")
    person.choose(way, group="I hand it over")
    for label, text in more.items():
        person.type(label.replace("_", " "), text)
    person.press("Set the temporary password")


def handed_over(person, company):
    """A temporary password that works, in the hand of the user; everybody is signed out."""
    person.is_signed_in(company.admin)
    set_temporary_password(person, company, "I hand it over")
    person.sees(f"Hand this over to {company.user.name}")
    password = MADE.search(person.words()).group()
    person.press("Done")
    person.shows("Temporary password, handed over", "In force", "accepted by the relay")
    person.sign_out()
    return password


def test_an_administrator_creates_a_new_password_for_a_user_and_hands_it_over(person, company, demo):
    person.is_signed_in(company.admin)
    set_temporary_password(person, company, "I hand it over")
    person.sees(f"Hand this over to {company.user.name}")
    password = MADE.search(person.shows("It is shown this once.")).group()
    mail = demo.mail_to(company.user.email)
    assert password not in mail.raw.decode() and "temporary" in mail.part("plain").lower()
    person.press("Done")
    person.sees(company.user.name)
    assert password not in person.shows("Temporary password, handed over", "In force")
    person.sign_out()
    person.sign_in(company.user, password)
    person.sees("Choose your own password")


def test_an_administrator_may_choose_it_too(anybody, company):
    person = anybody
    person.is_signed_in(company.admin)
    set_temporary_password(person, company, "I choose it", The_temporary_password="short")
    person.shows("Please look at this again", "at least 12 characters")
    person.choose("I choose it", group="I choose it")
    person.type("The temporary password", CHOSEN_PASSWORD)
    person.press("Set the temporary password")
    person.sees(company.user.name)
    person.shows("Temporary password, chosen", "In force")
    person.sign_out()
    person.sign_in(company.user, CHOSEN_PASSWORD)
    person.sees("Choose your own password")


def test_an_administrator_may_have_it_mailed(anybody, company):
    person = anybody
    person.is_signed_in(company.admin)
    set_temporary_password(person, company, "By mail")
    person.shows(f"A temporary password is on its way to {company.user.email}.")
    mail = person.open_mail(company.user)
    password = MADE.search(mail.part("plain")).group()
    person.open("/people")
    person.sign_out()
    person.sign_in(company.user, password.upper())
    person.sees("Choose your own password")


def test_not_a_manager(person, company, demo):
    person.is_signed_in(company.manager)
    person.is_on_the_page_of(company.user)
    assert person.browser.has_button("Reset password")
    assert not person.browser.has_button("Set a temporary password")
    person.open(f"/people/{company.user.id}/temporary-password")
    person.sees("You may not do this")
    assert not demo.mails_to(company.user.email)


def test_the_user_signs_in_with_it(person, company):
    password = handed_over(person, company)
    person.sign_in(company.user, password)
    person.sees("Choose your own password")
    person.shows("You signed in with a temporary password.")


def test_and_must_update_it_to_regain_access(person, company):
    password = handed_over(person, company)
    person.sign_in(company.user)
    person.shows("The e-mail address or the password is not right.")
    for _ in person.tries(lambda: "Choose your own password" in person.words()):
        person.sign_in(company.user, password)
    for path in ("/account", "/people", "/"):
        person.open(path)
        person.sees("Choose your own password")
    person.change_password(NEW_PASSWORD)
    person.sees("Sign in")
    person.sign_in(company.user, NEW_PASSWORD)
    person.is_let_in(company.user.name)
    person.sign_out()
    for _ in person.tries(lambda: "is not right" in person.words()):
        person.sign_in(company.user, password)


@pytest.mark.parametrize("path", ["/sign-in", "temporary password page"])
def test_users_are_advised_to_reset_by_themselves(person, company, path):
    if path == "/sign-in":
        person.open(path)
        person.shows("Reset it yourself with Forgot password")
    else:
        person.is_signed_in(company.admin)
        person.is_on_the_page_of(company.user)
        person.press("Set a temporary password")
        person.shows(f"Can {company.user.name} read mail?", "or Forgot password on the sign-in page")
        person.sign_out()
    person.press("Forgot password")
    person.type("E-mail address", company.user.email)
    person.press("Mail me a link")
    person.sees("Look into your mailbox")
    person.open_mail(company.user)
