"""The figures of a long run: for people, as JSON, and as the tables of docs/RELIABILITY.md.

    tests/faults/figures.py FILE.json...        the tables of these runs
"""
import collections
import json
import os
import pathlib
import statistics
import sys

import verdict


def _spread(values):
    ordered = sorted(values)
    return {"median": round(statistics.median(ordered), 2), "p99": round(ordered[int(len(ordered) * 0.99)], 2),
            "max": round(ordered[-1], 2)} if ordered else {}


def report(evidence, violations, options, began, ended):
    extras = verdict.extra_mails(evidence)
    causes, gaps = collections.Counter(), collections.defaultdict(list)
    for extra in extras:
        causes[extra.cause or "none: a violation"] += 1
        gaps[extra.cause].append(extra.gap)
    outcomes = collections.Counter(f"{end.outcome}{f' ({end.reason})' if end.reason else ''}"
                                   for ends in evidence.ends.values() for end in ends)
    latencies = [min(end.at for end in evidence.ends[request]) - evidence.asked[number]
                 for number, request in evidence.acknowledged.items() if request in evidence.ends]
    lost = sum(request not in evidence.ends for request in evidence.acknowledged.values())
    return {
        "run": {"kills": options.kills, "of": options.of if options.kills else "mixed", "seed": options.seed,
                "brokers": options.brokers, "workers": options.workers,
                "producers": options.producers,
                "seconds": round(ended - began), "processors": os.cpu_count(), "load": os.getloadavg()[2]},
        "requests": {"asked": len(evidence.asked), "acknowledged": len(evidence.acknowledged), "lost": lost,
                     "answers": {str(status): count for status, count in evidence.answers.items()},
                     "outcomes": dict(outcomes), "seconds until ended": _spread(latencies),
                     "mails": len(evidence.mails), "deferred": sum(evidence.deferred.values()),
                     "redemptions": len(evidence.redemptions)},
        "extra mails": {cause: {"count": count, "longest gap in s": round(max(gaps.get(cause, [0])), 2)}
                        for cause, count in causes.items()},
        "faults": {kind: {"count": len([fault for fault in evidence.faults if fault.kind == kind]),
                          "goes on after s": _spread([each.goes_on for each in found
                                                      if each.goes_on != float("inf")]),
                          "all before it ended after s": _spread([each.all_ended for each in found])}
                   for kind, found in sorted(verdict.recoveries(evidence).items())},
        "processes": {name: verdict.three_moments(samples) for name, samples in evidence.samples.items()
                      if len(samples) >= verdict.FEWEST_SAMPLES},
        "trouble": evidence.trouble,
        "violations": [f"{each.invariant}: {each.sentence}" for each in violations[:50]],
        "violations in all": len(violations),
        "violations by kind": dict(collections.Counter(each.invariant for each in violations)),
    }


def show(report):
    run, requests = report["run"], report["requests"]
    print(f"\n{run['of']}: {run['seconds']} s, seed {run['seed']}, {run['workers']} workers, "
          f"{run['producers']} producers")
    print(f"  requests      {requests['acknowledged']} acknowledged of {requests['asked']} asked; "
          f"lost {requests['lost']}")
    print(f"  answers       {requests['answers']}")
    print(f"  outcomes      {requests['outcomes']}; {requests['deferred']} deferrals; "
          f"{requests['redemptions']} redeemed")
    print(f"  until ended   {requests['seconds until ended']} s")
    print(f"  mails         {requests['mails']}, of them extra:")
    for cause, found in report["extra mails"].items():
        print(f"    {found['count']:6}  {cause} (longest gap {found['longest gap in s']} s)")
    print(f"  {'fault':32} {'times':>6}   goes on after: median, max s    all before it ended: median, max s")
    for kind, found in report["faults"].items():
        on, ended = found["goes on after s"], found["all before it ended after s"]
        print(f"  {kind:32} {found['count']:6}   {on.get('median', '-'):>15} {on.get('max', '-'):>8} "
              f"{ended.get('median', '-'):>22} {ended.get('max', '-'):>8}")
    for name, moments in report["processes"].items():
        print(f"  {name:14}" + "; ".join(f"{what} {start:.0f}, {middle:.0f}, {end:.0f}"
                                         for what, (start, middle, end) in moments.items()))
    for sentence in report["trouble"]:
        print(f"  a fault did not strike as meant: {sentence}")
    print(f"  violations    {report['violations in all']} {report['violations by kind'] or ''}")
    for sentence in report["violations"]:
        print(f"    {sentence}")


def write(report, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")


def _of_run(report):
    run = report["run"]
    struck = sum(found["count"] for found in report["faults"].values())
    return "all faults, mixed" if run["of"] == "mixed" else f"{struck} × kill -9 of {run['of']}"


def tables(reports):
    """Markdown."""
    print("| run | minutes | brokers, workers, producers | requests acknowledged | lost | mails | extra, each explained | "
          "violations |\n|---|---|---|---|---|---|---|---|")
    for report in reports:
        run, requests = report["run"], report["requests"]
        extra = sum(found["count"] for found in report["extra mails"].values())
        print(f"| {_of_run(report)} | {run['seconds'] / 60:.0f} | {run['brokers']}, {run['workers']}, {run['producers']} | "
              f"{requests['acknowledged']} | {requests['lost']} | {requests['mails']} | {extra} | "
              f"{report['violations in all']} |")
    print("\n| run | why a second mail went out | how many | longest from the dot to the fault |\n|---|---|---|---|")
    for report in reports:
        for cause, found in report["extra mails"].items():
            print(f"| {_of_run(report)} | {cause} | {found['count']} | {found['longest gap in s']} s |")
    print("\n| run | fault | times | a request asked after it has ended: median, worst | "
          "all asked before it have ended: median, worst |\n|---|---|---|---|---|")
    for report in reports:
        for kind, found in report["faults"].items():
            on, ended = (found[which] for which in ("goes on after s", "all before it ended after s"))
            print(f"| {_of_run(report)} | {kind} | {found['count']} | {on.get('median', '–')} s, {on.get('max', '–')} s | "
                  f"{ended.get('median', '–')} s, {ended.get('max', '–')} s |")
    print("\n| run | process | resident, MiB: start, middle, end | descriptors | threads |\n|---|---|---|---|---|")
    for report in reports:
        for name, moments in report["processes"].items():
            memory = ", ".join(f"{each / 1024:.1f}" for each in moments["memory"])
            rest = (", ".join(f"{each:.0f}" for each in moments[what]) for what in ("descriptors", "threads"))
            print(f"| {_of_run(report)} | {name} | {memory} | {' | '.join(rest)} |")


if __name__ == "__main__":
    tables([json.loads(pathlib.Path(name).read_text()) for name in sys.argv[1:]])
