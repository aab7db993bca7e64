"""One Chromium for all pages; the pictures stay in build/gallery/, with an index page for those who look at them."""
import base64
import html
import pathlib
import shutil

import pytest

import mails
from support import places
from support.browser import PHONE, Browser

PICTURES = places.ROOT / "build" / "gallery"
MEASURE = (pathlib.Path(__file__).parent / "measure.js").read_text()
WINDOWS = [(width, scheme) for width in (PHONE[0], 600) for scheme in ("light", "dark")]


def pytest_sessionstart(session):
    if not hasattr(session.config, "workerinput"):  # the one process that there is only once
        shutil.rmtree(PICTURES, ignore_errors=True)


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput") and PICTURES.exists():
        write_index(PICTURES)


@pytest.fixture(scope="session")
def album():
    return PICTURES


@pytest.fixture(scope="session")
def browser():
    browser = Browser(flags=("--blink-settings=imagesEnabled=false", "--hide-scrollbars"))
    yield browser
    browser.close()


def draw(browser, width, path):
    """The whole page, in a window of its height: Chromium moves a right-to-left page aside when it captures beyond one."""
    height = browser.driver.execute_script("return document.documentElement.scrollHeight")
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width == PHONE[0]})
    path.write_bytes(base64.b64decode(browser.driver.execute_cdp_cmd("Page.captureScreenshot", {})["data"]))


@pytest.fixture(scope="session")
def look(browser):
    """Opens a page in each window: {(width, scheme): what is seen}; the pictures are beside it."""
    def at(folder, name, source, picture=True):
        page = folder / f"{name}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(source)
        browser.go(page.as_uri())
        seen = {}
        for width, scheme in WINDOWS:
            browser.be((width, PHONE[1]), scheme == "dark")
            # A phone widens its window to what the page needs, so what was asked for is what counts.
            seen[width, scheme] = browser.driver.execute_script(MEASURE) | {"width": width}
            if picture:
                draw(browser, width, folder / f"{name}-{width}-{scheme}.png")
        return seen
    return at


@pytest.fixture(scope="session")
def views(look, album):
    """Looks at a mail when a test first asks for it."""
    known = {}

    def view(kind, locale, trigger="administrator"):
        key = kind, locale, trigger
        if key not in known:
            known[key] = look(album / locale, f"{kind}-{trigger}", mails.part(mails.render(*key), "html"),
                              picture=trigger == mails.TRIGGERS[kind][0])
        return known[key]
    return view


def write_index(folder):
    """One row for each page that was looked at, small pictures that lead to the whole ones."""
    rows = []
    for page in sorted(folder.glob("*/*.html")):
        name = html.escape(page.relative_to(folder).with_suffix("").as_posix())
        if page.with_name(f"{page.stem}-{WINDOWS[0][0]}-{WINDOWS[0][1]}.png").exists():
            cells = "".join(f'<td><a href="{name}-{width}-{scheme}.png"><img loading="lazy" height="320" '
                            f'alt="{width} px, {scheme}" src="{name}-{width}-{scheme}.png"></a></td>' for width, scheme in WINDOWS)
            rows.append(f'<tr id="{name}"><th><a href="{name}.html">{name.replace("/", "<br>")}</a></th>{cells}</tr>')
    heads = "".join(f"<th>{width} px, {scheme}</th>" for width, scheme in WINDOWS)
    (folder / "index.html").write_text(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Mails</title><style>body{font-family:sans-serif}'
        'th{text-align:start;vertical-align:top}td{vertical-align:top}</style></head><body><h1>Mails as Chromium shows them</h1>'
        f'<table><tr><th></th>{heads}</tr>{"".join(rows)}</table></body></html>')
