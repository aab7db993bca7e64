"""The one command of the quickstart: it runs the main job and leaves nothing behind, also when it fails half way."""
import os
import pathlib
import re
import signal
import subprocess
import urllib.parse
import urllib.request

import pytest

from support import places
from support.waiting import eventually

SCRIPT = places.ROOT / "deploy" / "quickstart.sh"


@pytest.fixture
def run(tmp_path):
    """run(arguments, settings): the quickstart with a temporary folder and a build of its own; the Popen."""
    started = []

    def start(*arguments, **environment):
        (tmp_path / "tmp").mkdir(exist_ok=True)
        child = subprocess.Popen([SCRIPT, *arguments], stdin=subprocess.DEVNULL, stdout=open(tmp_path / "out", "w"),
                                 stderr=open(tmp_path / "err", "w"), start_new_session=True,
                                 env={**os.environ, "TMPDIR": str(tmp_path / "tmp"), "QUICKSTART_INSTALL": "no",
                                      **environment})
        child.folder = tmp_path / "tmp"
        child.said = lambda: (tmp_path / "out").read_text() + (tmp_path / "err").read_text()
        started.append(child)
        return child
    yield start
    for child in started:
        if child.poll() is None:
            child.kill()
            child.wait()


def processes_of(child):
    """Processes of the quickstart's session that still live."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == child.pid and fields[0] != "Z":
            found.append(path.parent.name)
    return found


def nothing_is_left(child):
    assert not list(child.folder.iterdir()), list(child.folder.iterdir())
    assert not processes_of(child)


def test_once_it_runs_the_main_job_and_ends_with_0(run):
    child = run("--once")
    assert child.wait(240) == 0, child.said()
    for words in ("202", "The mail arrived", "https://app.example.com/reset-password#", "redeemed: 200", "refused: 404",
                  "sent", "pwreset:"):
        assert words in child.said(), f"{words} is missing in:\n{child.said()}"
    nothing_is_left(child)


def test_it_stays_up_until_ctrl_c(run):
    child = run()
    eventually("the commands to try", lambda: "Running until Ctrl-C" in child.said(), 240, seen=child.said)
    assert child.poll() is None
    the_application_lets_in(child.said())
    child.send_signal(signal.SIGINT)
    assert child.wait(60) == 130
    nothing_is_left(child)


def the_application_lets_in(said):
    """The address, a login and the password that the quickstart printed open the application."""
    url = re.search(r"Click through it: (http://\S+/)", said).group(1)
    login = re.search(r"(\S+@\S+) +an administrator of ACME", said).group(1)
    password = re.search(r"the password of all of them: (.+)", said).group(1)
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = browser.open(url, timeout=10).read().decode()
    form_token = re.search(r'name="form_token" value="([^"]+)"', page).group(1)
    form = urllib.parse.urlencode({"form_token": form_token, "email": login, "password": password}).encode()
    assert "<h1>People of ACME</h1>" in browser.open(url + "sign-in", form, timeout=10).read().decode()


@pytest.mark.parametrize("broken", ["redis-server", "setpriv", "cmake"])
def test_it_says_what_failed_and_leaves_nothing(run, tmp_path, broken):
    """A program that it needs fails: the first is a server, the second every start, the third the build."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / broken).write_text(f"#!/bin/sh\necho {broken} is out of order >&2\nexit 42\n")
    (tmp_path / "bin" / broken).chmod(0o755)
    child = run("--once", PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert child.wait(240) == 42, child.said()
    assert f"{broken} is out of order" in child.said()
    nothing_is_left(child)


def test_ended_in_the_middle_it_leaves_nothing(run):
    child = run("--once")
    eventually("the servers to start", lambda: len(processes_of(child)) > 2, 240, seen=child.said)
    child.terminate()
    assert child.wait(60) == 143
    nothing_is_left(child)


def test_an_unknown_option_is_64(run):
    assert run("--twice").wait(20) == 64
