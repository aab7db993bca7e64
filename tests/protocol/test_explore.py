"""Every interleaving over the production decisions keeps every promise; without any of the rules, one is broken.

EXPLORE=all explores all scenarios, which takes minutes.
"""
import os
import subprocess

import pytest

import explore
import rules
from support import places

# what the short scenarios must have met, or they prove little
MET = {"redeemed", "unknown_user", "superseded", "coalesced", "admin_link", "user_limit", "recipient_limit", "actor_limit",
       "bulk_limit", "revoked", "notice_limit", "not_after", "too_old", "password_lapsed", "refused"}


@pytest.fixture(scope="session")
def explorer():
    trouble = explore.build()
    assert not trouble, trouble
    return explore.PROGRAM


def run(program, *arguments):
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_short_scenarios_keep_every_promise():
    """With sanitizers."""
    told = run(places.program("protocol-explore"))
    print(told)
    assert not MET - set(told.rsplit("outcomes met:", 1)[1].split()), told


@pytest.mark.skipif(os.environ.get("EXPLORE") != "all", reason="takes minutes: EXPLORE=all, or tests/protocol/explore.py --all")
def test_all_scenarios_keep_every_promise(explorer):
    print(run(explorer, "--all"))


@pytest.mark.parametrize("rule", rules.all_rules(), ids=lambda rule: rule.name)
def test_without_a_rule_a_promise_is_broken(explorer, rule):
    rules.show(rule)
