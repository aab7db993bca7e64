"""The demonstration application with everything behind it, and a person at a real browser in front of it."""
import itertools
import re

import pytest

from support.browser import Browser
from support.demo import Demo
from support.person import MANNERS, Person

COMPANIES = 90


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    demo = _started(tmp_path_factory)
    yield demo
    said = demo.application.stderr()
    demo.close()
    assert "Traceback" not in said, said[-4000:]


def _started(tmp_path_factory, tries=3):
    """Another process may take a port that was free a moment ago."""
    while True:
        demo = Demo(tmp_path_factory.mktemp("demo"), COMPANIES)
        try:
            return demo.start()
        except AssertionError:
            demo.close()
            tries -= 1
            if tries == 0:
                raise


@pytest.fixture(scope="session")
def chromium():
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def _companies(demo):
    return itertools.count()


@pytest.fixture
def company(demo, _companies):
    """A company that no other test touches."""
    return demo.companies[next(_companies)]


@pytest.fixture(params=MANNERS)
def person(request, demo, chromium):
    """Somebody at the application, in each of the manners."""
    yield from _person_at(demo, chromium, request.param)


@pytest.fixture
def anybody(demo, chromium):
    """Somebody at the application, for what does not depend on how they use it."""
    yield from _person_at(demo, chromium, MANNERS[0])


def _person_at(demo, chromium, manner):
    chromium.go("about:blank")
    chromium.forget_cookies()
    chromium.complaints()
    yield Person(chromium, demo, manner)
    # An answer like 404 is logged, too; what must not be there are broken policies and scripts.
    wrong = [line for line in chromium.complaints() if not re.search(r"the server responded with a status of 4\d\d", line)]
    assert not wrong, wrong
