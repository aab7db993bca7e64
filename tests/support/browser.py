"""A real Chromium without a window, driven as a person would: by what is written on the page, or by the keyboard.

Elements are found by their words (label, button, link); what is waited for is a condition, with a deadline.
"""
import base64
import contextlib
import pathlib
import re
import shutil
import tempfile

from selenium import webdriver
from selenium.common.exceptions import (JavascriptException, NoSuchElementException, StaleElementReferenceException,
                                        WebDriverException)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from .waiting import NotYet, eventually

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--no-proxy-server", "--disable-extensions", "--disable-default-apps",
         "--disable-component-extensions-with-background-pages", "--metrics-recording-only", "--password-store=basic",
         "--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication")
DESK, PHONE = (1280, 900), (360, 740)
DEADLINE = 20


def quoted(text):
    """The text as an XPath string, whatever quotes it has."""
    return "concat(" + ", ".join(f"'{part}'" for part in text.replace("'", "'\"'\"'").split('"\'"')) + ", '')" \
        if "'" in text else f"'{text}'"


class Browser:
    def __init__(self, size=DESK, dark=False, flags=()):
        self.profile = tempfile.mkdtemp(prefix="chromium.")
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or "/usr/bin/chromium"
        for flag in (*FLAGS, *flags, f"--user-data-dir={self.profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(30)
        self.be(size, dark)

    def be(self, size=DESK, dark=False):
        """A desk or a phone, by day or by night."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                         {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def forget_cookies(self):
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})

    def set_cookie(self, url, name, value):
        self.driver.execute_cdp_cmd("Network.setCookie", {"url": url, "name": name, "value": value, "httpOnly": True})

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    # Reading.

    def go(self, url):
        self.driver.get(url)

    @property
    def address(self):
        return self.driver.current_url

    def words(self):
        """What a person reads on the page."""
        try:
            return self.driver.execute_script("return document.body ? document.body.innerText : ''")
        except WebDriverException as error:  # between two pages
            raise NotYet(error.msg) from None

    def shows(self, *sentences, deadline=DEADLINE):
        """Waits until the page shows them all; the page's words."""
        def probe():
            words = " ".join(self.words().split())
            missing = [sentence for sentence in sentences if sentence not in words]
            if missing:
                raise NotYet(f"{missing} on {self.address}: {words}")
            return words
        return eventually(f"{sentences} on the page", probe, deadline)

    def heading(self, text, deadline=DEADLINE):
        eventually(f"the page {text!r}", lambda: self.found(f"//h1[normalize-space()={quoted(text)}]"), deadline,
                   seen=lambda: f"{self.address}: {self.words()}")

    def found(self, path):
        """The visible elements of an XPath, once the page is whole and its script has moved the focus."""
        try:
            if self.driver.execute_script("return document.readyState") != "complete":
                return []
            return [element for element in self.driver.find_elements(By.XPATH, path) if element.is_displayed()]
        except (StaleElementReferenceException, NoSuchElementException, JavascriptException):
            return []

    def the(self, path):
        return eventually(f"{path} on the page", lambda: self.found(path), DEADLINE,
                          seen=lambda: f"{self.address}: {self.words()}")[0]

    def has_button(self, text):
        return bool(self.found(_pressed(text)))

    # Doing.

    def click(self, text):
        """The link or button with these words."""
        self._surely(lambda: self.the(_pressed(text)).click())

    def the_words(self, text):
        """The link or button whose words begin so."""
        return self.the(f"//*[self::a or self::button or self::summary][starts-with(normalize-space(), {quoted(text)})]")

    def click_in_frame(self, address):
        """The first link to this address in the page's frame."""
        self.driver.switch_to.frame(self.the("//iframe"))
        try:
            self.the(f"//a[@href={quoted(address)}]").click()
        finally:
            self.driver.switch_to.default_content()

    def choose(self, text):
        """The radio button whose label begins so."""
        self._surely(lambda: self.the(f"//label[starts-with(normalize-space(), {quoted(text)})]").click())

    def field(self, label):
        return self.the(f"//input[@id=//label[normalize-space()={quoted(label)}]/@for]")

    def fill(self, label, text):
        def type_it():
            field = self.field(label)
            field.clear()
            field.send_keys(text)
        self._surely(type_it)

    @staticmethod
    def _surely(act):
        """An element may be drawn anew between finding and using it."""
        def probe():
            try:
                act()
                return True
            except (StaleElementReferenceException, NoSuchElementException) as error:
                raise NotYet(error) from None
        eventually("the element to stay", probe, DEADLINE)

    @contextlib.contextmanager
    def another_page(self):
        """Waits until what was done inside has brought another page, also one that reads the same."""
        self.driver.execute_script("document.documentElement.dataset.before = 'yes'")
        yield
        eventually("another page", lambda: self.found("//html[not(@data-before)]"), DEADLINE, seen=self.words)

    # By the keyboard alone.

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def focused(self):
        """What has the focus, in words: its label, or its text."""
        return self.driver.execute_script(
            "const e = document.activeElement;"
            "return (e.labels && e.labels[0] ? e.labels[0].textContent : e.textContent || '').trim().replace(/\\s+/g, ' ')")

    def tab_to(self, text, most=60):
        """Presses Tab until the focus is on what begins with these words; it must be seen there.  How long ago
        something was is left out: it changes while the keys are pressed."""
        passed, text = [], re.sub(r" \d+ \w+ ago$", "", text)
        for _ in range(most):
            self.press(Keys.TAB)
            passed.append(self.focused())
            if passed[-1].startswith(text):
                style = self.driver.execute_script(
                    "const e = document.activeElement; const own = getComputedStyle(e), after = getComputedStyle(e, '::after');"
                    "return own.outlineStyle != 'none' ? own.outlineStyle : after.outlineStyle")
                assert style != "none", f"the focus on {text!r} is not to be seen"
                return
        raise AssertionError(f"Tab does not reach {text!r}; it passed {passed}")

    def enter(self):
        self.press(Keys.ENTER)

    # For those who look at it.

    def picture(self, path):
        """The whole page as a PNG."""
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {
            "captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"],
                                                    "scale": 1}})
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def overflows(self):
        """How many pixels the page is wider than the window."""
        return self.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")

    def complaints(self):
        """What the browser logged: broken policies, scripts, missing files."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


def _pressed(text):
    return f"//*[self::a or self::button or self::summary][normalize-space()={quoted(text)}]"


__all__ = ["Browser", "DESK", "PHONE", "Keys"]
