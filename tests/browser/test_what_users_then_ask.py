"""What both products leave out and their users then ask for: did the mail go out? who triggered it? is the old link dead?
was the account taken over?
"""
import re

from support.waiting import eventually

NEW_PASSWORD = "copper ladder orchid"


def test_did_the_mail_go_out(person, company):
    person.is_signed_in(company.admin)
    person.is_on_the_page_of(company.user)
    person.press("Reset password")
    words = person.shows("Mailed", "Accepted by the relay")
    assert re.search(r"Accepted by the relay \d+ s ago", words), words


def test_did_the_mail_go_out_when_the_mail_server_says_not_now(anybody, company, demo):
    person = anybody
    demo.refused[company.user.email] = "451 4.7.1 later"
    person.is_signed_in(company.admin)
    person.is_on_the_page_of(company.user)
    person.press("Reset password")
    person.shows("Delayed", "The mail server said 451.", "Next try in")


def test_did_the_mail_go_out_when_the_mail_server_refuses_it(anybody, company, demo):
    person = anybody
    demo.refused[company.user.email] = "550 5.1.1 nobody"
    person.is_signed_in(company.admin)
    person.is_on_the_page_of(company.user)
    person.press("Reset password")
    person.shows("Not delivered", "Check the address.")


def test_who_triggered_it(person, company):
    """An administrator, by name, for colleagues; in the mail to the user; and nobody, for the sign-in page."""
    person.is_signed_in(company.admin)
    person.is_on_the_page_of(company.user)
    person.press("Reset password")
    person.shows("Asked by Ann Lee, administrator", "Accepted by the relay")
    text = person.open_mail(company.user).part("plain")
    assert "administrator of" in " ".join(text.split()), text

    person.is_on_the_page_of(company.other_user)
    person.sign_out()
    ask_for_own_link(person, company.other_user)
    person.is_signed_in(company.manager)
    person.is_on_the_page_of(company.other_user)
    person.shows("Asked by somebody on the sign-in page, perhaps Jonas Weber")


def ask_for_own_link(person, who):
    person.open("/forgot-password")
    person.type("E-mail address", who.email)
    person.press("Mail me a link")
    person.sees("Look into your mailbox")


def test_one_request_tells_the_whole_story_in_the_audit_trail(anybody, company, demo):
    person = anybody
    person.is_signed_in(company.admin)
    person.is_on_the_page_of(company.user)
    person.press("Reset password")
    mail = demo.mail_to(company.user.email)
    person.open(mail.link)
    person.change_password(NEW_PASSWORD)
    person.sees("Sign in")
    person.is_signed_in(company.admin)
    person.is_on_the_page_of(company.user)
    person.shows("Password changed")
    person.press_first("Audit trail")
    person.sees("Audit trail")

    def story():
        words = person.words()
        if "Password changed" in words:
            return words
        person.browser.driver.refresh()
        return None
    words = eventually("the whole story", story, 30, seen=person.words)
    assert "asked by Ann Lee, administrator" in words
    assert words.index("Mailed") < words.index("Used") < words.index("Password changed")
    assert company.user.email not in words.partition("Audit trail")[2] and mail.token not in words


def test_is_the_old_link_dead(person, company, demo):
    person.is_signed_in(company.manager)
    ask_for_own_link(person, company.user)
    old = demo.mail_to(company.user.email)
    person.is_on_the_page_of(company.user)
    person.press("Reset password")
    new = demo.mail_to(company.user.email, 2)
    person.shows("Dead", "A newer one took its place: it is dead.")
    person.open(old.link)
    person.sees("This link no longer works")
    person.open(new.link)
    person.sees("Choose a new password")


def test_is_the_old_link_dead_when_it_was_revoked(anybody, company, demo):
    person = anybody
    person.is_signed_in(company.admin)
    person.is_on_the_page_of(company.user)
    person.press("Reset password")
    mail = demo.mail_to(company.user.email)
    person.shows("Accepted by the relay")
    person.press("Revoke links")
    person.shows("Every link and temporary password is dead now.", "It was revoked: nobody gets in with it.")
    person.open(mail.link)
    person.sees("This link no longer works")


def test_an_address_that_changed_hears_of_it_too_and_its_link_is_worth_nothing(anybody, company, demo):
    person = anybody
    person.is_signed_in(company.user)
    ask_for_own_link(person, company.user)
    old = demo.mail_to(company.user.email)
    new_address = f"carla.new@{company.domain}"
    person.open("/account")
    person.type("New e-mail address", new_address)
    person.type("Your password, to be sure that it is you", company.user.password)
    person.press("Change the address")
    person.shows(f"Your e-mail address is {new_address} now.")
    person.open(old.link)
    person.change_password(NEW_PASSWORD)
    person.sees("This link no longer works")

    person.open("/account")
    person.type("Current password", company.user.password)
    person.change_password(NEW_PASSWORD)
    person.sees("Sign in")
    for address, number in ((new_address, 1), (company.user.email, 2)):
        assert "changed" in str(demo.mail_to(address, number).message["Subject"]).lower()


def test_was_the_account_taken_over(person, company, demo):
    """Every change is told to the user: by mail, and on their page."""
    ask_for_own_link(person, company.user)
    person.open(demo.mail_to(company.user.email).link)
    person.change_password(NEW_PASSWORD)
    person.sees("Sign in")
    notice = person.open_mail(company.user, 2)
    assert "changed" in str(notice.message["Subject"]).lower()
    assert demo.url + "/reset-password#" not in notice.raw.decode()
    person.sign_in(company.user, NEW_PASSWORD)
    person.sees("Your account")
    person.shows("Your password was changed with a mailed link.", "New", "Was one of these not you?")
