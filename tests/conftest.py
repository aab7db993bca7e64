"""What every Python test shares: the `support` package, and the logs of its processes beside a failure."""
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support import processes  # noqa: E402

SANITIZER = re.compile(r"ERROR: (Address|Leak|Undefined)\w*Sanitizer|: runtime error: ")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed and call.when in ("setup", "call"):
        for process in processes.JOURNAL:
            if not process.name.startswith(("kafka", "redis")) or not process.running:
                report.sections.append((f"{process.name} ({'running' if process.running else process.child.returncode})",
                                        process.tail()))


@pytest.fixture(autouse=True)
def no_process_is_left():
    """Whatever the test started ends with it; a server of the session stays."""
    before = list(processes.JOURNAL)
    yield
    reports = []
    for process in [process for process in processes.JOURNAL if process not in before]:
        if not getattr(process, "lasting", False):
            process.kill()
            processes.JOURNAL.remove(process)
            reports += [f"{process.name}: {line}" for line in process.stderr().splitlines() if SANITIZER.search(line)]
    assert not reports, "a sanitizer found something:\n" + "\n".join(reports)
