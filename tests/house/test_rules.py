"""The patches that take the protocol's rules out still apply, and name scenarios that there are."""
import re
import subprocess
import sys

import pytest

from support import places

sys.path.insert(0, str(places.ROOT / "tests" / "protections"))
import patches  # noqa: E402

RULES = sorted((places.ROOT / "tests" / "protocol" / "rules").glob("*.patch"))
SCENARIOS = re.findall(r"^([\w-]+): ", (places.ROOT / "tests" / "protocol" / "explore" / "scenarios.txt").read_text(), re.M)
PROMISES = (places.ROOT / "tests" / "protocol" / "explore" / "promises.c").read_text()


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_a_rule_can_be_taken_out(path):
    rule = patches.read(path)
    assert rule.test.removeprefix("explore:").strip() in SCENARIOS
    promise = re.sub(r"\\(.)", r"\1", rule.expect)
    assert f'"{promise}"' in PROMISES
    tried = subprocess.run(["git", "apply", "--check", path], cwd=places.ROOT, capture_output=True, text=True)
    assert tried.returncode == 0, f"does not apply any more: {tried.stderr}"
