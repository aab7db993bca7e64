"""The summary counts what really ran: nothing that failed or could not run is lost on the way."""
import pathlib
import subprocess
import sys

import pytest

SUMMARY = pathlib.Path(__file__).parents[1] / "summary.py"

PYTEST = """<testsuites><testsuite name="e2e"><testcase classname="a" name="good"/>
<testcase classname="a" name="bad"><failure message="expected one mail, saw two"/></testcase>
<testcase classname="a" name="broken"><error message="no server"/></testcase>
<testcase classname="a" name="left_out"><skipped message="no promtool"/></testcase></testsuite></testsuites>"""


def ctest(status, printed, failure=""):
    text = printed.replace("<", "&lt;")
    return f'<testsuite name="x"><testcase name="token_test" status="{status}">{failure}<system-out>{text}</system-out></testcase></testsuite>'


def cmocka(tests, failures, skipped=0):
    return f'<testsuite name="tests" time="0.000" tests="{tests}" failures="{failures}" errors="0" skipped="{skipped}" >'


CASES = {
    "pytest": ({"e2e.xml": PYTEST}, "1 passed, 2 failed, 1 skipped", 1),
    "all_green": ({"unit.xml": ctest("run", cmocka(7, 0)), "passed": "house\n"}, "8 passed, 0 failed", 0),
    "two_groups_in_a_program": ({"unit.xml": ctest("run", cmocka(7, 0) + cmocka(3, 0))}, "10 passed, 0 failed", 0),
    "a_program_that_prints_no_cases": ({"unit.xml": ctest("run", "fine")}, "1 passed, 0 failed", 0),
    "failed_cases": ({"unit.xml": ctest("fail", cmocka(7, 2), "<failure/>")}, "5 passed, 2 failed", 1),
    "a_crash_without_output": ({"unit.xml": ctest("fail", "", "<failure/>")}, "0 passed, 1 failed", 1),
    "a_step_that_could_not_run": ({"passed": "x\n", "broken": "kafka\tno jars\n"}, "1 passed, 1 failed", 1),
    "a_result_cut_short": ({"passed": "x\n", "e2e.xml": "<testsuites><tests"}, "1 passed, 1 failed", 1),
    "nothing_ran": ({}, "0 passed, 0 failed", 1),
}


@pytest.mark.parametrize("case", CASES)
def test_the_last_line_and_the_exit_code_say_the_same(tmp_path, case):
    files, last_line, code = CASES[case]
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run([sys.executable, SUMMARY, tmp_path], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == last_line
    assert done.returncode == code


def test_failures_and_skips_are_named_with_their_reason(tmp_path):
    (tmp_path / "e2e.xml").write_text(PYTEST)
    printed = subprocess.run([sys.executable, SUMMARY, tmp_path], capture_output=True, text=True).stdout
    assert "FAILED  a::bad: expected one mail, saw two" in printed
    assert "SKIPPED a::left_out: no promtool" in printed


def test_a_cause_that_many_share_is_told_once_with_the_end_of_its_log(tmp_path):
    log = "&#10;".join(f"line {number}" for number in range(100))
    cases = "".join(f'<testcase classname="a" name="t{number}"><error message="Kafka ended&#10;{log}"/></testcase>'
                    for number in range(60))
    (tmp_path / "e2e.xml").write_text(f"<testsuite>{cases}</testsuite>")
    printed = subprocess.run([sys.executable, SUMMARY, tmp_path], capture_output=True, text=True).stdout
    assert "FAILED  a::t0: Kafka ended\n" in printed
    assert "FAILED  ... and 50 more of the same cause\n" in printed
    assert printed.count("line 99\n") == 1 and "line 5\n" not in printed
    assert printed.splitlines()[-1] == "0 passed, 60 failed"
