#!/usr/bin/env python3
"""How many workers, partitions and connections, how much Redis and disk: docs/CAPACITY.md's formulas with your numbers.

    deploy/capacity.py --requests-per-day 10000000
    deploy/capacity.py --burst 1000000 --within 3600 --relay-limit 500
    deploy/capacity.py --bench build/bench/bench.json ...        what an event costs here, as tests/bench measured it
    deploy/capacity.py --check build/bench/bench.json            the model beside what was measured with 1 to 8 workers
    deploy/capacity.py --fill docs/CAPACITY.md                   its two examples, between the marks there

What an event costs is assumed where it is not given; the assumptions are the targets that the benchmark judges.
"""
import argparse
import json
import math
import pathlib
import statistics
import sys

# Name: (value, what it is).  Each is an option.
NUMBERS = {
    "requests_per_day": (0, "requests on an ordinary day"),
    "peak_share": (0.15, "part of the day's requests in its busiest hour"),
    "burst": (0, "requests at once, such as a forced reset of all users"),
    "within": (3600, "seconds in which the burst's mails are to be out"),
    "relay_limit": (0, "mails a second that the relay takes; 0: no limit"),
    "dot_ms": (100, "ms from a mail's last byte to the relay's answer, round trip included"),
    "connections": (50, "connections of one worker (smtp.connections)"),
    "relay_connections": (0, "connections that the relay allows in all; 0: no limit"),
    "headroom": (0.7, "part of what is possible that is planned with"),
    "spare": (1, "workers more than needed, so that one may fail"),
    "worker_us": (50, "µs of one processor that a worker takes for an event"),
    "redis_us": (40, "µs of one processor that Redis takes for an event"),
    "link_bytes": (1500, "bytes of Redis for a request, all its keys together"),
    "kept_hours": (72, "hours that Redis keeps them"),
    "event_bytes": (900, "bytes of an event on Kafka"),
    "audit_bytes": (900, "bytes of an audit record on Kafka"),
    "event_hours": (48, "retention of the requests' topics"),
    "audit_days": (400, "retention of the audit's topic"),
    "replication": (3, "copies of each record"),
}
EXAMPLES = (
    ("Ten million requests a day", {"requests_per_day": 10_000_000}),
    ("A forced reset of a million users within an hour, behind a relay that takes 500 mails a second",
     {"burst": 1_000_000, "relay_limit": 500, "dot_ms": 200}),
)
BEGIN, END = "<!-- capacity -->", "<!-- /capacity -->"
CLOSE = 0.10  # of what was measured


class Impossible(Exception):
    pass


def defaults(**given):
    return {name: value for name, (value, _) in NUMBERS.items()} | given


def worker_rate(n):
    """Mails a second of one worker: what its connections can carry, or what its processor can."""
    return min(n["connections"] * 1000 / n["dot_ms"], 1e6 / n["worker_us"])


def plan(n):
    """{what: number}, by the formulas of docs/CAPACITY.md in their order."""
    ordinary = n["requests_per_day"] * n["peak_share"] / 3600
    wanted = max(ordinary, n["burst"] / n["within"])
    if wanted == 0:
        raise Impossible("say how many: --requests-per-day, or --burst")
    if n["relay_limit"] and wanted > n["relay_limit"]:
        raise Impossible(f"{wanted:.0f} mails/s are wanted and the relay takes {n['relay_limit']}: "
                         f"the burst takes {n['burst'] / n['relay_limit'] / 60:.0f} min at least")
    rate = worker_rate(n) * n["headroom"]
    needed = math.ceil(wanted / rate)
    workers = needed + n["spare"]
    # By Little's law; a relay's limit bounds what all workers may have open, or they would go past it.
    busy = math.ceil(wanted * n["dot_ms"] / 1000)
    most = math.floor(n["relay_limit"] * n["dot_ms"] / 1000) if n["relay_limit"] else workers * n["connections"]
    most = min(most, n["relay_connections"] or most)
    if most < busy:
        raise Impossible(f"{busy} connections would be busy, and the relay allows {most}")
    redis_busy = wanted * n["redis_us"] / 1e6
    if redis_busy > n["headroom"]:
        raise Impossible(f"Redis would be busy {redis_busy:.0%} of the time, on its one processor")
    kept = n["requests_per_day"] * n["kept_hours"] / 24 + n["burst"]
    audit = n["requests_per_day"] * n["audit_days"] + n["burst"]
    events = n["requests_per_day"] * n["event_hours"] / 24 + n["burst"]
    return {
        "mails/s in the busiest time": wanted,
        "mails/s that one worker is planned with": rate,
        "workers, with the spare": workers,
        "partitions (three for each worker, in dozens)": math.ceil(workers * 3 / 12) * 12,
        "connections busy at the relay": busy,
        "smtp.connections of each worker": max(1, min(n["connections"], most // workers)),
        "processors busy in the workers, all together": wanted * n["worker_us"] / 1e6,
        "Redis's processor, busy share": redis_busy,
        "Redis's memory, GB": kept * n["link_bytes"] / 1e9,
        "Kafka's disk for events, GB, all copies": events * n["event_bytes"] * n["replication"] / 1e9,
        "Kafka's disk for the audit, GB, all copies": audit * n["audit_bytes"] * n["replication"] / 1e9,
    }


def show(number):
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.2g}"


def from_bench(path):
    """What an event costs, of a run that was no smoke."""
    run = json.loads(path.read_text())
    if run["smoke"]:
        raise Impossible(f"{path} is of a smoke run, whose figures mean nothing")
    drains = [drain["cpu_us_per_event"] for drain in run["rows"]["P3-P4-P8"]["runs"]["ours"]]
    worker, redis = (statistics.median(drain[who] for drain in drains) for who in ("workers", "redis"))
    links = run["rows"]["P10-P11"]["runs"]["whole"][0]["redis_bytes_per_link"]
    return {"worker_us": round(worker, 1), "redis_us": round(redis, 1), "link_bytes": round(links)}


def check(path):
    """P9: (workers, mails/s by the model, measured); what one worker costs is measured there, too."""
    row = json.loads(path.read_text())["rows"]["P9"]
    setup = row["runs"]
    for workers, runs in setup.items():
        measured = sorted(run["mails_per_s"] for run in runs)[len(runs) // 2]
        cost = runs[0]["cpu_us_per_event"]["workers"]
        n = defaults(dot_ms=runs[0]["delay_ms"], connections=runs[0]["connections_each"], worker_us=cost)
        yield int(workers), int(workers) * worker_rate(n), measured


def table(n):
    return ["| | |", "|---|---|", *(f"| {what} | {show(number)} |" for what, number in plan(n).items())]


def examples(costs):
    """The document's part: both examples with what they were worked out from."""
    lines = []
    for title, given in EXAMPLES:
        words = " ".join(f"--{name.replace('_', '-')} {number:g}" if isinstance(number, float) else
                         f"--{name.replace('_', '-')} {number}" for name, number in {**given, **costs}.items())
        lines += [f"**{title}** (`deploy/capacity.py {words}`)", "", *table(defaults(**costs, **given)), ""]
    return lines


def fill(path, costs):
    text = path.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Impossible(f"{path} has no lines {BEGIN} and {END}")
    path.write_text(f"{before}{BEGIN}\n" + "\n".join(examples(costs)) + f"{END}{after}")


def print_check(path):
    wrong = 0
    for workers, modelled, measured in check(path):
        off = measured / modelled - 1
        wrong += abs(off) > CLOSE
        print(f"{workers:>2} workers: {modelled:7.0f} mails/s by the model, {measured:7.0f} measured, {off:+.1%}")
    print(f"the model is {'wrong by more than' if wrong else 'right within'} {CLOSE:.0%}")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, (value, what) in NUMBERS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=float,
                            default=None, metavar="N", help=f"{what} ({value:g})")
    parser.add_argument("--bench", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--check", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--fill", type=pathlib.Path, metavar="FILE")
    options = vars(parser.parse_args())
    bench, checked, filled = (options.pop(name) for name in ("bench", "check", "fill"))
    try:
        if checked:
            return print_check(checked)
        costs = from_bench(bench) if bench else {}
        if filled:
            fill(filled, costs)
            return 0
        given = {name: int(value) if value == int(value) else value for name, value in options.items() if value is not None}
        for what, number in plan(defaults(**{**costs, **given})).items():
            print(f"{what:<48} {show(number):>12}")
    except Impossible as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
