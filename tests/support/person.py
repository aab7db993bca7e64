"""What a person does at the demonstration, in one of three manners: with a mouse, on a phone, by keyboard alone.

A test says `person.press("Reset password")`; how that is done is the manner's.  On a phone no page may be wider than the
screen; by keyboard everything is reached with Tab, and the focus must be seen where it is.
"""
import time

from .browser import DESK, PHONE, Keys
from .visitor import Visitor
from .waiting import eventually

MOUSE, ON_A_PHONE, BY_KEYBOARD = MANNERS = ("with a mouse", "on a phone", "by keyboard alone")


class Person:
    def __init__(self, browser, demo, manner):
        self.browser, self.demo, self.manner = browser, demo, manner
        browser.be(PHONE if manner == ON_A_PHONE else DESK)
        self.shows, self.words = browser.shows, browser.words

    # Acts.

    def open(self, path):
        self.browser.go(path if path.startswith("http") else self.demo.url + path)

    def press(self, text):
        """The link or the button with these words."""
        if self.manner == BY_KEYBOARD:
            self.browser.the_words(text)
            self.browser.tab_to(text)
            self.browser.enter()
        else:
            self.browser.click(text)

    def press_first(self, text):
        """The first of several whose words begin so."""
        self.browser.the_words(text).click()

    def type(self, label, text):
        if self.manner == BY_KEYBOARD:
            self.browser.field(label)
            self.browser.tab_to(label)
            self.browser.press(text)
        else:
            self.browser.fill(label, text)

    def choose(self, text, group):
        """The radio button with these words; by keyboard the group is one stop, and arrows move inside."""
        if self.manner != BY_KEYBOARD:
            self.browser.choose(text)
            return
        self.browser.tab_to(group)
        for _ in range(5):
            if self.browser.focused().startswith(text):
                return
            self.browser.press(Keys.ARROW_DOWN)
        raise AssertionError(f"the arrow keys do not reach {text!r}")

    def sees(self, heading):
        """The page with this heading; on a phone nothing of it is beside the screen."""
        self.browser.heading(heading)
        if self.manner == ON_A_PHONE:
            assert self.browser.overflows() <= 0, f"{heading!r} is wider than a phone"

    # Things that people do.

    def is_signed_in(self, who):
        """Given: signed in already, without the page, where signing in is not the matter."""
        for name, value in Visitor(self.demo.url).sign_in(who).cookies.items():
            self.browser.set_cookie(self.demo.url, name, value)

    def is_on_the_page_of(self, colleague):
        """Given: there already, without the list."""
        self.open(f"/people/{colleague.id}")
        self.sees(colleague.name)

    def sign_in(self, who, password=None):
        self.open("/sign-in")
        self.type("E-mail address", who.email)
        self.type("Password", password or who.password)
        with self.browser.another_page():
            self.press("Sign in")

    def sign_out(self):
        self.press("Sign out")
        self.sees("Sign in")

    def open_mail(self, who, number=1):
        """Finds the person's mail of this number in the mailbox, and opens it; the mail."""
        mail = self.demo.mail_to(who.email, number)
        self.open("/mailbox?to=" + who.email)
        self.press(self._line_of(mail, who))
        self.sees(str(mail.message["Subject"]))
        return mail

    def _line_of(self, mail, who):
        """The newest line of the mailbox, which the mail must be."""
        lines = eventually("the mail in the mailbox",
                           lambda: self.browser.found("//ul[@class='mails']//a") or self.browser.driver.refresh(), 20)
        assert str(mail.message["Subject"]) in lines[0].text, lines[0].text
        return " ".join(lines[0].text.split())

    def follow_link(self, mail):
        """Clicks the link in the mail that is open."""
        if self.manner == BY_KEYBOARD:
            self.press("As plain text")
            self.browser.tab_to(mail.link)
            self.browser.enter()
        else:
            self.browser.click_in_frame(mail.link)

    def change_password(self, password):
        self.type("New password", password)
        self.type("New password again", password)
        self.press("Change the password")

    def is_let_in(self, name):
        """The page after signing in, whichever it is, with the person's name on it."""
        self.shows(name, "Sign out")
        assert not self.browser.found("//h1[.='Sign in']")

    def tries(self, succeeded, deadline=30):
        """Again and again until it succeeded: a wrong try costs a growing delay, during which even the right one must wait."""
        end = time.monotonic() + deadline
        while True:
            yield
            self.shows("Almanac")
            if succeeded():
                return
            assert time.monotonic() < end, self.words()
