"""Every page as a picture, by day, by night and on a phone (build/pictures/demo), with what a machine can judge of it:
nothing is beside the screen, every text has a contrast of 4.5 : 1, every field has a label, every page its landmarks.
"""
import pytest

from support import places
from support.browser import DESK, PHONE

PICTURES = places.ROOT / "build" / "pictures" / "demo"
LOOKS = {"day": (DESK, False), "night": (DESK, True), "phone": (PHONE, False), "phone-night": (PHONE, True)}
NEW_PASSWORD = "copper ladder orchid"

# Luminance as WCAG 2.2 has it; the ground is that of the nearest element that paints one.
FAINT_TEXTS = """
const parse = colour => { const c = colour.match(/[\\d.]+/g).map(Number); return c.length < 4 ? [...c, 1] : c; };
const luminance = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
                         return .2126 * r + .7152 * g + .0722 * b; };
const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] == 1) return c; }
                      return [255, 255, 255, 1]; };
const found = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, words = walk.currentNode.textContent.trim();
    if (!words || !e.checkVisibility() || e.closest('.unseen, script, noscript')) continue;
    const [a, b] = [luminance(parse(getComputedStyle(e).color)), luminance(ground(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)}: ${words.slice(0, 40)}`);
}
return found;
"""
NAMELESS = """
const named = e => e.labels?.length || e.textContent.trim() || e.ariaLabel || e.title;
return [...document.querySelectorAll('input:not([type=hidden], .unseen), button, a, iframe, nav')]
    .filter(e => !named(e)).map(e => e.outerHTML.slice(0, 80));
"""
LANDMARKS = "return ['header', 'main', 'footer', 'h1'].map(name => document.querySelectorAll(name).length).join()"


@pytest.fixture
def look(anybody):
    """look(name): a picture of the page in every look, and what is wrong with it."""
    def take(name):
        browser, wrong = anybody.browser, []
        for look, (size, dark) in LOOKS.items():
            browser.be(size, dark)
            browser.picture(PICTURES / f"{name}-{look}.png")
            run = browser.driver.execute_script
            wrong += [f"{look}: {each}" for each in (*run(FAINT_TEXTS), *run(NAMELESS))]
            if browser.overflows() > 0:
                wrong.append(f"{look}: {browser.overflows()} pixels are beside the screen")
            if run(LANDMARKS) != "1,1,1,1":
                wrong.append(f"{look}: header, main, footer, h1: {run(LANDMARKS)}")
        browser.be(DESK)
        assert not wrong, f"{name}: {wrong}"
    yield take
    anybody.browser.be(DESK)


def test_the_entrance(anybody, look, company, demo):
    anybody.open("/sign-in")
    look("sign-in")
    anybody.press("Sign in")
    anybody.shows("Please look at this again")
    look("sign-in-fault")
    anybody.press("Forgot password")
    anybody.sees("Forgot password")
    look("forgot-password")
    anybody.type("E-mail address", company.user.email)
    anybody.press("Mail me a link")
    anybody.sees("Look into your mailbox")
    look("forgot-password-sent")
    mail = anybody.open_mail(company.user)
    look("mail")
    anybody.open("/mailbox")
    look("mailbox")
    anybody.open(mail.link)
    anybody.sees("Choose a new password")
    look("reset-password")
    anybody.change_password("short")
    anybody.shows("Please look at this again")
    look("reset-password-fault")
    anybody.change_password(NEW_PASSWORD)
    anybody.sees("Sign in")
    look("sign-in-after-change")
    anybody.open(mail.link)
    anybody.sees("This link no longer works")
    look("reset-password-dead")
    anybody.sign_in(company.user, NEW_PASSWORD)
    anybody.sees("Your account")
    look("account")


def test_the_console(anybody, look, company):
    anybody.is_signed_in(company.admin)
    anybody.open("/people")
    anybody.sees("People of ACME")
    look("people")
    anybody.press(company.user.name)
    anybody.sees(company.user.name)
    anybody.press("Reset password")
    anybody.shows("Accepted by the relay")
    look("person")
    anybody.press_first("Audit trail")
    anybody.sees("Audit trail")
    look("audit-trail")
    anybody.is_on_the_page_of(company.user)
    anybody.press("Set a temporary password")
    anybody.sees("Set a temporary password")
    look("temporary-password")
    anybody.press("Set the temporary password")
    anybody.sees(f"Hand this over to {company.user.name}")
    look("temporary-password-shown")
    anybody.open("/no-such-page")
    anybody.sees("There is no such page")
    look("no-such-page")
