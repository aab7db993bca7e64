#!/usr/bin/python3
"""Takes protections out, one at a time, and demands that the named test fails as expected.

  tests/protections/run.py [--jobs N] [--log FILE] [--trust] [NAME...]    all of them, or these
  tests/protections/run.py --table                                        the table of docs/RELIABILITY.md

First the tests must pass with nothing taken out; --trust leaves that to tests/run.sh.  Works on copies of the tree
below build/protections, one for each job, built incrementally; the tree itself is not touched.  Tests of one folder
share a Kafka.  --log adds a line for each: name, seconds, what came of it, and how the test failed.
"""
import argparse
import itertools
import os
import queue
import re
import signal
import sys
import threading
import time

import patches
import workshop
from matrix import ATTACKS, FAULTS

TOGETHER = 10  # protections that share servers: each deployment leaves its topics behind

AS_EXPECTED, PASSES, OTHERWISE = "failed as expected", "passed wrongly", "failed otherwise"


def tests_that_pass(shop, protections, servers):
    """Of these protections' tests, with nothing taken out; what failed in company is tried again alone."""
    shop.build_for(protections)
    names, unit = sorted({each.unit or each.test for each in protections}), protections[0].unit
    code, output = shop.test(names, unit, servers, workshop.TOGETHER_DEADLINE_S)
    if code == 0 and "skipped" not in output:
        return set(names), {}
    failed = [name for name in names
              if re.search(rf"^(FAILED|ERROR) {re.escape(name)}| - {re.escape(name)} \(", output, re.M)]
    again = failed or names
    passed, trouble = set(names) - set(again), {}
    for name in again:
        code, output = shop.test([name], unit, servers)
        if code == 0 and "skipped" not in output:
            passed.add(name)
        else:
            trouble[name] = output
    return passed, trouble


def show(shop, protection, servers):
    """What became of the test without it, as (one of the three, how)."""
    try:
        with shop.without(protection):
            shop.build_for([protection])
            code, output = shop.test([protection.unit or protection.test], protection.unit, servers)
    except workshop.Trouble as trouble:
        return OTHERWISE, str(trouble)
    if code == 0:
        return (OTHERWISE, "it was skipped") if "skipped" in output else (PASSES, "THE TEST PASSES WITHOUT IT")
    told = workshop.what_failed(output, protection.unit)
    if code is None:
        return OTHERWISE, f"it did not end within {workshop.TEST_DEADLINE_S} s:\n{output[-3000:]}"
    if "ERROR at setup" in output or not re.search(protection.expect, told):
        return OTHERWISE, f"not as expected:\n{told[-3000:] or output[-3000:]}"
    return AS_EXPECTED, in_short(told)


def in_short(told):
    """How a test failed, in a line or two."""
    found = re.findall(r"^E +.*|^ERROR: .*|\[  FAILED  \] (?!tests).*|\[  ERROR   \].*|^SUMMARY: .*|.*[Aa]ssertion .*|.*runtime error.*",
                       told, re.M)
    return " / ".join(dict.fromkeys(line.strip() for line in found))[:400]


def together(protections):
    """Groups of those whose tests share servers, those that take longest first."""
    def kind(each):
        return (workshop.CLUSTER, workshop.BROKER, "").index(workshop.servers_of(each)), bool(each.unit)

    for _, members in itertools.groupby(sorted(protections, key=lambda each: (kind(each), each.test)), key=kind):
        members = list(members)
        parts = -(-len(members) // TOGETHER)
        for part in range(parts):
            yield members[part * len(members) // parts:(part + 1) * len(members) // parts]


class Run:
    def __init__(self, protections, log, trust):
        self.groups = queue.Queue()
        for group in together(protections):
            self.groups.put(group)
        self.log = log
        self.trust = trust
        self.lock = threading.Lock()
        self.failed = 0

    def tell(self, protection, seconds, result, how):
        with self.lock:
            self.failed += result != AS_EXPECTED
            print(f"{'shown ' if result == AS_EXPECTED else 'FAILED'} {protection.name} ({seconds:.0f} s): {protection.removes}: "
                  f"{result}: {how}", flush=True)
            if self.log:
                print(protection.name, f"{seconds:.0f}", result, how.replace("\n", " ")[-600:], sep="\t", file=self.log,
                      flush=True)

    def work(self, shop):
        """In a thread of its own that lives until its servers have ended."""
        while True:
            try:
                group = self.groups.get_nowait()
            except queue.Empty:
                return
            open_ones = list(group)
            try:
                with workshop.servers(workshop.servers_of(group[0])) as servers:
                    self.work_on(shop, group, servers, open_ones)
            except Exception as trouble:  # of this group: the others are seen all the same
                for each in open_ones:
                    self.tell(each, 0, OTHERWISE, f"its servers or its build: {trouble!r}")

    def work_on(self, shop, group, servers, open_ones):
        passed, trouble = (set(), {}) if self.trust else tests_that_pass(shop, group, servers)
        for each in group:
            began = time.monotonic()
            if self.trust or (each.unit or each.test) in passed:
                result, how = show(shop, each, servers)
            else:
                result, how = OTHERWISE, f"with nothing taken out, too:\n{trouble[each.unit or each.test][-3000:]}"
            self.tell(each, time.monotonic() - began, result, how)
            open_ones.remove(each)


def rows(kind, titles, protections):
    for subject, title in titles.items():
        mine = [each for each in protections if each.kind == kind and each.subject == subject]
        tests = "<br>".join(sorted({f"`{each.test.split('/')[-1].split('::')[-1]}`" for each in mine}))
        removed = "<br>".join(sorted({each.removes for each in mine}))
        yield title, tests, removed


def print_table():
    protections = patches.all_protections()
    print("| # | what breaks | what must hold | shown by | which fails without |\n|---|---|---|---|---|")
    faults = {number: f"{number} | {what} | {then}" for number, (what, then) in FAULTS.items()}
    for title, tests, removed in rows("Row", faults, protections):
        print(f"| {title} | {tests} | {removed} |")
    print("\n| what attacks | what must be answered | shown by | which fails without |\n|---|---|---|---|")
    attacks = {what: f"{what} | {then}" for what, then in ATTACKS.items()}
    for title, tests, removed in rows("Attack", attacks, protections):
        print(f"| {title} | {tests} | {removed} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--log", type=argparse.FileType("a"))
    parser.add_argument("--trust", action="store_true")
    parser.add_argument("--table", action="store_true")
    chosen = parser.parse_args()
    if chosen.table:
        print_table()
        return 0
    protections = patches.all_protections()
    unknown = set(chosen.names) - {each.name for each in protections}
    if unknown:
        print(f"there is no {', '.join(sorted(unknown))}.patch in tests/protections", file=sys.stderr)
        return 64
    run = Run([each for each in protections if not chosen.names or each.name in chosen.names], chosen.log,
              chosen.trust)
    signal.signal(signal.SIGTERM, lambda *_: (workshop.end_children(), os._exit(143)))
    with workshop.workshops(chosen.jobs) as shops:
        threads = [threading.Thread(target=run.work, args=[shop]) for shop in shops]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
