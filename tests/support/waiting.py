"""Waiting for a condition, never for a time.

A wait asks its probe again until it answers, and fails at its deadline with what it saw last, so that a red test
says what was there instead of what was expected.
"""
import time

DEADLINE = 60.0
PAUSE = 0.05


class NotYet(AssertionError):
    """Raised by a probe that wants to say what is missing."""


def eventually(expected, probe, deadline=DEADLINE, seen=None):
    """The first true answer of `probe`, for which a refused connection is just not yet.  `expected` completes
    "waited for ..."; `seen` describes a false answer, once and at the end: it may take long."""
    end = time.monotonic() + deadline
    while True:
        try:
            answer = probe()
            if answer:
                return answer
            last = answer
        except (NotYet, ConnectionError) as missing:
            last = missing
        if time.monotonic() > end:
            if seen and not isinstance(last, Exception):
                last = seen()
            raise AssertionError(f"waited {deadline:.0f} s for {expected}; last seen: {last!s:.4000}")
        time.sleep(PAUSE)


def stays(expected, probe, again):
    """`probe` is true now and after each of the conditions that `again` waits for, one after another."""
    assert probe(), f"{expected}: not even at first"
    for condition in again:
        condition()
        assert probe(), f"{expected}: no longer after {condition}"
