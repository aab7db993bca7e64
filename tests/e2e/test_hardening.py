"""The systemd units are as strict as they can be, and the programs do all they do inside them.

The programs are the release build: what the sanitizers need is not what production needs.
"""
import os
import re
import signal
import subprocess

import pytest

from support import events, places, sandbox
from support.expectations import the_mail_to
from support.waiting import eventually

UNITS = sorted(sandbox.UNITS.glob("*.service"), key=lambda path: path.name)
EXPOSURE_MOST = 1.5
DROP_IN = sandbox.UNITS / "system-calls.conf"


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_exposes_little(unit):
    printed = subprocess.run([places.tool("systemd-analyze"), "security", "--offline=true", "--no-pager", unit],
                             capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", printed.stdout)
    assert found, printed
    assert float(found.group(1)) <= EXPOSURE_MOST, printed.stdout


def live(worker, producer, smtp, relay):
    """All that the programs do in a life: mail, redeem, stretch a password, read their files again, drain."""
    request = events.reset_request()
    identifier = producer.request(request)
    mail = the_mail_to(smtp, request["user"]["email"])
    relay.outcome(identifier, "sent")
    assert producer.redeem(mail.token, request["user"]["email"], "form-1").status == 200
    chosen = events.password_request("chosen", "lapwing-under-nine-hills")
    producer.request(chosen)
    producer.verified(chosen["user"]["id"], "lapwing-under-nine-hills")


@pytest.mark.parametrize("drop_in", [None, DROP_IN], ids=["unit", "system_calls"])
def test_the_programs_do_all_their_work_inside_their_units(release, deploy, smtp, tmp_path, drop_in):
    sandbox.require()
    relay = deploy({"policy.temporary_password": "mailed,handed,chosen", "policy.admin_roles": "admin"})
    running = {}
    for program, start in (("reset-worker", relay.worker), ("reset-producer", relay.producer)):
        folder = tmp_path / program
        folder.mkdir()
        settings = sandbox.unit(program, drop_in)
        running[program] = start(wrap=lambda command: sandbox.wrap(settings, folder, command))
        running[program].inner = sandbox.inner_pid(folder)
    worker, producer = running["reset-worker"], running["reset-producer"]
    live(worker, producer, smtp, relay)
    for process in (worker, producer):
        os.kill(process.inner, signal.SIGHUP)
        eventually("the files to be read again", lambda: "read again" in process.stderr())
    for process in (worker, producer):
        os.kill(process.inner, signal.SIGTERM)
        assert process.wait() == 0, process.tail()
        assert "not permitted" not in process.stderr(), process.tail()


def test_the_filter_is_in_force(release, relay, smtp, tmp_path):
    """Without one call that the worker needs, it does not start: so the calls above were really filtered."""
    sandbox.require()
    settings = sandbox.unit("reset-worker")
    settings["SystemCallFilter"].append("~epoll_ctl")
    worker = relay.worker(wait=False, wrap=lambda command: sandbox.wrap(settings, tmp_path, command))
    assert worker.wait() != 0

