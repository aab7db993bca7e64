"""docs/CAPACITY.md and deploy/capacity.py say the same, and the model is judged by what was measured."""
import json
import re
import shlex
import subprocess
import sys

import pytest

from support import places

SCRIPT = places.ROOT / "deploy" / "capacity.py"
DOCUMENT = (places.ROOT / "docs" / "CAPACITY.md").read_text()


def capacity(*words):
    return subprocess.run([sys.executable, SCRIPT, *map(str, words)], capture_output=True, text=True, timeout=60)


def printed(done):
    assert done.returncode == 0, done.stderr
    return [tuple(re.split(r"\s{2,}", line.strip())) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("title,command,rows", re.findall(
    r"^\*\*(.*?)\*\* \(`deploy/capacity.py (.*?)`\)\n\n\| \| \|\n\|---\|---\|\n((?:\|.*\n)+)", DOCUMENT, re.M),
    ids=lambda text: text[:20])
def test_an_example_of_the_document_is_what_its_command_prints(title, command, rows):
    table = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in rows.splitlines()]
    assert printed(capacity(*shlex.split(command))) == table


def test_the_document_has_both_examples():
    assert len(re.findall(r"`deploy/capacity.py --(?:requests|burst)", DOCUMENT)) == 2


@pytest.mark.parametrize("words,figure,value", [
    ("--requests-per-day 86400 --peak-share 0.0416667", "mails/s in the busiest time", "1"),
    ("--burst 3600 --dot-ms 1000 --connections 1 --headroom 1", "workers, with the spare", "2"),
    ("--burst 36000 --dot-ms 1000 --connections 5 --headroom 1 --spare 0", "workers, with the spare", "2"),
    ("--burst 36000 --dot-ms 1000 --connections 5 --headroom 1 --spare 0", "connections busy at the relay", "10"),
    ("--burst 3600000 --worker-us 1000 --dot-ms 1 --headroom 0.5 --spare 0", "workers, with the spare", "2"),
    ("--requests-per-day 1000000 --link-bytes 1000", "Redis's memory, GB", "3"),
])
def test_the_formulas_by_hand(words, figure, value):
    assert dict(printed(capacity(*words.split())))[figure] == value


@pytest.mark.parametrize("words,why", [
    ("", "say how many"),
    ("--burst 3600000 --relay-limit 500", "the burst takes 120 min"),
    ("--burst 360000 --relay-connections 5", "busy, and the relay allows 5"),
    ("--burst 100000000 --redis-us 40", "Redis would be busy"),
])
def test_what_cannot_be_is_said(words, why):
    done = capacity(*words.split())
    assert done.returncode == 1 and why in done.stderr


@pytest.mark.parametrize("measured,code", [((200, 399, 780), 0), ((200, 390, 600), 1)], ids=["fits", "does not fit"])
def test_the_model_is_judged_by_what_was_measured(tmp_path, measured, code):
    def runs(rate):
        return [{"mails_per_s": rate, "delay_ms": 100, "connections_each": 20, "cpu_us_per_event": {"workers": 60.0}}]
    run = tmp_path / "bench.json"
    run.write_text(json.dumps({"rows": {"P9": {"runs": {str(1 << place): runs(rate) for place, rate in enumerate(measured)}}}}))
    done = capacity("--check", run)
    assert done.returncode == code, done.stdout
    assert len(done.stdout.splitlines()) == 4
