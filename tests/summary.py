#!/usr/bin/python3
"""Adds up what tests/run.sh left in its results folder; the last line is `N passed, N failed[, N skipped]`.

Results are JUnit files of pytest and of ctest (a cmocka program's cases are counted from the XML that it printed),
`passed` (one name a line) and `broken` (name, tab, why).  Exit code 0 only when something passed and nothing failed.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as tree

CMOCKA_SUITE = re.compile(r'<testsuite name="[^"]*"[^>]*?tests="(\d+)" failures="(\d+)" errors="(\d+)" skipped="(\d+)"')


NAMED_AT_MOST = 10  # of the tests that one cause made fail
LINES_AT_MOST = 20  # of a cause


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self._tests_of = {}  # ("FAILED" or "SKIPPED", why), in the order they were met: names

    def fail(self, name, why):
        self.failed += 1
        self.note("FAILED", name, why)

    def skip(self, name, why):
        self.skipped += 1
        self.note("SKIPPED", name, why)

    def note(self, verdict, name, why):
        self._tests_of.setdefault((verdict, why), []).append(name)

    def notes(self):
        """A cause that many tests share, as a server that did not start, is told once and whole."""
        for (verdict, why), names in self._tests_of.items():
            cause, *more = lines_of_cause(why)
            for name in names[:NAMED_AT_MOST]:
                yield f"{verdict:7} {name}: {cause}"
            if len(names) > NAMED_AT_MOST:
                yield f"{verdict:7} ... and {len(names) - NAMED_AT_MOST} more of the same cause"
            yield from (f"        {line}" for line in more)


def lines_of_cause(text):
    """Its first line and its last ones: a log that is part of it ends with what happened."""
    lines = [line.rstrip()[:300] for line in (text or "").splitlines() if line.strip()] or ["no reason given"]
    return [lines[0].lstrip(), *lines[1:][-LINES_AT_MOST:]]


def count_pytest(tally, suite):
    for case in suite.iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        fault = case.find("failure") if case.find("failure") is not None else case.find("error")
        if fault is not None:
            tally.fail(name, fault.get("message"))
        elif case.find("skipped") is not None:
            tally.skip(name, case.find("skipped").get("message"))
        else:
            tally.passed += 1


def count_ctest(tally, suite):
    """Each program is one ctest; its cases are in what it printed."""
    for program in suite.iter("testcase"):
        output = program.findtext("system-out") or ""
        groups = [tuple(map(int, group)) for group in CMOCKA_SUITE.findall(output)]
        cases, failed, skipped = (sum(group[0] for group in groups), sum(group[1] + group[2] for group in groups),
                                  sum(group[3] for group in groups))
        if program.get("status") != "run" or program.find("failure") is not None:
            failed = max(failed, 1)
            passed = max(cases - failed - skipped, 0)
            print(f"--- {program.get('name')}\n{output[-8000:]}")
            tally.note("FAILED", f"unit {program.get('name')}", f"{failed} of its cases")
        else:
            passed = cases - skipped if groups else 1
        tally.passed += passed
        tally.failed += failed
        tally.skipped += skipped
        if skipped:
            tally.note("SKIPPED", f"unit {program.get('name')}", f"{skipped} of its cases skip themselves")


def add_up(folder):
    tally = Tally()
    for path in sorted(folder.glob("*.xml")):
        try:
            root = tree.parse(path).getroot()
        except tree.ParseError as error:
            tally.fail(path.stem, f"its result cannot be read: {error}")
            continue
        before = tally.passed, tally.failed, tally.skipped
        (count_ctest if path.stem in ("unit", "threads") else count_pytest)(tally, root)
        passed, failed, skipped = (now - then for now, then in zip((tally.passed, tally.failed, tally.skipped), before))
        print(f"{path.stem:12} {passed:5} passed {failed:4} failed {skipped:4} skipped")
    for name in lines_of(folder / "passed"):
        tally.passed += 1
        print(f"{name:12}     1 passed")
    for line in lines_of(folder / "broken"):
        name, _, why = line.partition("\t")
        tally.fail(name, why)
    return tally


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


def main():
    tally = add_up(pathlib.Path(sys.argv[1]))
    for note in tally.notes():
        print(note)
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"{tally.passed} passed, {tally.failed} failed{skipped}")
    return 0 if tally.passed and not tally.failed else 1


if __name__ == "__main__":
    sys.exit(main())
