"""The invariants I1 to I7, judged over the evidence of a run.  Pure: evidence in, violations and explanations out.

A second mail is allowed only with a cause that the evidence names: the connection or the process that had just
mailed died before the answer could have been recorded, or its lease was taken over.  What has no cause is a
violation, however many faults there were.
"""
import bisect
import collections
import statistics
import typing

# A reply that came is recorded within this long, where Redis is there; a machine with other work is slow.
RECORDED_WITHIN_S = 10.0
# The relay stamps a mail when it reads it, which may be after its sender died.
READ_LATE_S = 5.0
FLAT = 1.05
LEFT_OPEN_AT_MOST = 8        # a connection to each broker, and its wake-up, is made when it is needed
FLAT_SLACK_MEMORY_KB = 1024
FEWEST_SAMPLES = 150         # five minutes: before that, memory still grows to what a run needs
TTL_MOST_MS = 86_400_000
CLAIM_MOST_MS = 300_000
CIRCUMSTANCES_AT_MOST = 12
CLOCK_STEP_S = 0.01          # two stamps of one machine, cut to milliseconds

# What ends the connections of every worker to the relay.
CONNECTION_FAULTS = ("relay killed", "relay connections reset", "mail taken, connection cut", "relay silent at the dot",
                     "way to the relay slow")
REDIS_FAULTS = ("redis killed", "redis connections reset", "redis silent", "redis reply cut", "redis emptied")


class Violation(typing.NamedTuple):
    invariant: str
    sentence: str


class Extra(typing.NamedTuple):
    """A second mail and what explains it; cause None: nothing does."""
    mails: tuple          # the earlier, the later
    cause: str
    gap: float            # seconds between the earlier mail and the fault


def judge(evidence):
    """All violations; none is what a run must have."""
    found = [*one_end(evidence), *mails(evidence), *live_tokens(evidence), *leaks(evidence), *commits(evidence),
             *flat(evidence)]
    found += [Violation("process", sentence) for sentence in evidence.died]
    return found


def _final(evidence):
    """{request: {generation: [End]}}"""
    by_generation = {}
    for request, ends in evidence.ends.items():
        if request is None:
            continue  # a record that is no event
        kinds = by_generation.setdefault(request, {})
        for end in ends:
            kinds.setdefault(end.generation, []).append(end)
    return by_generation


def one_end(evidence):
    """I1."""
    acknowledged = set(evidence.acknowledged.values())
    emptied = any(fault.kind == "redis emptied" for fault in evidence.faults)
    taken = {mail.request for mail in evidence.mails}
    final = _final(evidence)
    for number in evidence.asked.keys() - evidence.acknowledged.keys():
        yield Violation("I1", f"number {number} was never acknowledged, though it was asked again and again")
    for number, request in evidence.acknowledged.items():
        if request not in final:
            yield Violation("I1", f"{request} (number {number}) got a 202 and has no outcome: lost")
    for request, generations in final.items():
        for generation, ends in generations.items():
            names = [end.outcome for end in ends]
            own = [end for end in ends if not end.rebuilt]
            if len(own) > 1 or len(ends) > 1 and not emptied:
                yield Violation("I1", f"{request} ended {len(ends)} times: {names}")
            if len(own) < len(ends) and not emptied:
                yield Violation("I1", f"{request} is called rebuilt, and Redis lost nothing")
            if generation == 0 and request in acknowledged and not set(names) <= set(evidence.outcomes):
                yield Violation("I1", f"{request} ended {names} {[end.reason for end in ends]}, "
                                      f"which no fault of this run explains")
            if "sent" in names and request not in taken:
                yield Violation("I1", f"{request} is sent by the audit, and the relay never had it: lost")
    for request in taken & final.keys():
        ends = evidence.ends[request]
        if not any(end.outcome == "sent" or end.maybe_mailed for end in ends):
            yield Violation("I1", f"{request} ended {[end.outcome for end in ends]}, and the relay has its mail")
    for sentence in evidence.invalid:
        yield Violation("I1", f"an audit record breaks its schema: {sentence}")


def mails(evidence):
    """I2."""
    yield from other_mails(evidence)
    for extra in extra_mails(evidence):
        if extra.cause is None:
            yield Violation("I2", f"{extra.mails[0].request} was mailed again, and nothing had died; "
                                  f"{_circumstances(evidence, extra)}")


def _circumstances(evidence, extra):
    """Where to look for what happened: who mailed, when, and what struck from shortly before until then."""
    earlier, later = extra.mails
    who = [evidence.connections.get(mail.connection, "nobody knows who") for mail in extra.mails]
    near = [f"{fault.kind} {fault.target}".strip() + f" at {fault.at - earlier.at:+.1f} until {fault.until - earlier.at:+.1f} s"
            for fault in evidence.faults
            if fault.until >= earlier.at - RECORDED_WITHIN_S and fault.at <= later.at]
    return (f"first at {earlier.at:.1f} by {who[0]}, then {later.at - earlier.at:.1f} s later by {who[1]}; "
            f"meanwhile {', '.join(near[:CIRCUMSTANCES_AT_MOST]) or 'no fault'}")


def other_mails(evidence):
    """I2's second half: what goes out again goes to the same address, and is the same mail but after a Redis loss."""
    addresses = {}
    for number, request in evidence.acknowledged.items():
        addresses[request] = f"{evidence.users[number]}@"
    for mail in evidence.mails:
        if not mail.address.startswith(addresses.get(mail.request, "")):
            yield Violation("I2", f"{mail.request} was mailed to another address")
    for earlier, later in second_mails(evidence.mails):
        same = (earlier.token, earlier.message_id) == (later.token, later.message_id)
        if not same and not any(end.rebuilt for end in evidence.ends.get(earlier.request, ())):
            yield Violation("I2", f"{earlier.request} was mailed twice, with different links or Message-IDs")


def second_mails(taken):
    """(mail, the next one of the same request) for each mail beyond a request's first."""
    latest, pairs = {}, []
    for mail in taken:
        if mail.request in latest:
            pairs.append((latest[mail.request], mail))
        latest[mail.request] = mail
    return pairs


def extra_mails(evidence):
    """Every mail beyond a request's first, with its cause."""
    explain = _Explain(evidence)
    for earlier, later in second_mails(evidence.mails):
        yield Extra((earlier, later), *explain.cause(earlier, later))


class _Explain:
    def __init__(self, evidence):
        self.evidence = evidence
        self.last_on = {mail.connection: mail for mail in evidence.mails}
        self.kills = collections.defaultdict(list)
        self.stops = collections.defaultdict(list)
        for fault in evidence.faults:
            if fault.kind == "worker killed":
                self.kills[fault.target].append(fault)
            elif fault.kind == "worker stopped":
                self.stops[fault.target].append(fault)
        self.cuts = [fault for fault in evidence.faults if fault.kind in CONNECTION_FAULTS]
        self.redis = [fault for fault in evidence.faults if fault.kind in REDIS_FAULTS]
        self.emptied = [fault for fault in evidence.faults if fault.kind == "redis emptied"]

    def cause(self, earlier, later):
        worker = self.evidence.connections.get(earlier.connection, "")
        for kill in self.kills[worker]:
            gap = kill.at - earlier.at
            if -READ_LATE_S <= gap <= RECORDED_WITHIN_S + self._redis_away(earlier.at, kill.at):
                return "its worker was killed between the dot and the stored finish", gap
        if self.last_on[earlier.connection] is earlier:
            for cut in self.cuts:
                if cut.at - READ_LATE_S <= earlier.at <= cut.until + RECORDED_WITHIN_S:
                    return f"its connection died at the dot ({cut.kind})", max(0.0, cut.at - earlier.at)
        for stop in self.stops[worker]:
            if stop.at - RECORDED_WITHIN_S <= earlier.at <= stop.at + READ_LATE_S:
                return "its worker was stopped between the dot and the stored finish: its lease was taken over", \
                    stop.at - earlier.at
        for lost in self.emptied:
            if earlier.at <= lost.until + RECORDED_WITHIN_S and lost.at <= later.at and \
                    any(end.rebuilt for end in self.evidence.ends.get(earlier.request, ())):
                return "Redis had lost that it was mailed (rebuilt)", lost.at - earlier.at
        return None, 0.0

    def _redis_away(self, start, end):
        """For how long Redis was disturbed in a span: so much later a finish may have been stored."""
        return sum(max(0.0, min(end, fault.until + 5) - max(start, fault.at)) for fault in self.redis)


def live_tokens(evidence):
    """I3, I4's times, and that a link is redeemed once."""
    users = {request: evidence.users[number] for number, request in evidence.acknowledged.items()}
    for name, key in (("request", lambda token: token.request),
                      ("user", lambda token: users.get(token.request, token.request))):
        counted = collections.Counter(key(token) for token in evidence.tokens if not token.claimed)
        for owner, count in counted.items():
            if count > 1:
                yield Violation("I3", f"{count} live tokens of {name} {owner}")
    for token in evidence.tokens:
        if not 0 < token.ttl_ms <= (CLAIM_MOST_MS if token.claimed else TTL_MOST_MS):
            yield Violation("I4", f"the token of {token.request} lives {token.ttl_ms} ms")
    for each in evidence.redemptions:
        if each.stranger != 404:
            yield Violation("I3", f"{each.request} was answered {each.stranger} to another address")
        if each.own == 200 and each.repeated not in (200, 404):
            yield Violation("I3", f"{each.request}: the same question again was answered {each.repeated}")
        if each.second != 404:
            yield Violation("I3", f"{each.request} was redeemed twice: {each.own}, then {each.second}")
        if each.own != 200 and not any(fault.kind == "redis emptied" for fault in evidence.faults):
            yield Violation("I3", f"{each.request} could not be redeemed: {each.own}")


def leaks(evidence):
    """I4 and I5: the words come from whoever looked."""
    for sentence in evidence.leaks:
        yield Violation("I5", sentence)


def commits(evidence):
    """I6: strictly by the broker's time, since an outcome is acknowledged before its offset is stored."""
    for position in evidence.positions:
        if not position.passed:
            continue
        ends = [end.at for end in evidence.ends.get(position.request, ()) if end.generation >= position.generation]
        copies = [copy.at for copy in evidence.copies.get(position.request, ())
                  if (copy.generation, copy.copy) > (position.generation, position.copy)]
        known = min(ends + copies, default=None)
        if known is None:
            yield Violation("I6", f"the group passed {position.where} of {position.request}, which has no end")
        elif known > position.passed + CLOCK_STEP_S:
            yield Violation("I6", f"the group passed {position.where} of {position.request} "
                                  f"{known - position.passed:.3f} s before its end or newer copy was acknowledged")


def _around(samples, where, field):
    """Over a tenth of the samples: of memory the median, of descriptors and threads the fewest, since connections
    in use come and go, and what leaks stays."""
    size = max(len(samples) // 10, 3)
    start = min(int(len(samples) * where), len(samples) - size)
    values = [getattr(sample, field) for sample in samples[start:start + size]]
    return statistics.median(values) if field == "memory" else min(values)


def three_moments(samples):
    """{what: (start, middle, end)}, each over a tenth of the run; the start is after the warm-up."""
    return {field: tuple(_around(samples, where, field) for where in (0.1, 0.5, 0.9))
            for field in ("memory", "descriptors", "threads")}


def left_open(evidence):
    """I7's descriptors: at work there are as many as there is to do, so that they are compared at rest."""
    for process, (before, after) in evidence.at_rest.items():
        if after > before + LEFT_OPEN_AT_MOST:
            yield Violation("I7", f"{process}: descriptors at rest grew from {before} to {after}")


def flat(evidence):
    """I7: of what lived throughout, the end is within 5 % of the middle."""
    yield from left_open(evidence)
    slack = {"memory": FLAT_SLACK_MEMORY_KB, "threads": 1}
    for process, samples in evidence.samples.items():
        if len(samples) < FEWEST_SAMPLES:
            continue
        for what, (_start, middle, end) in three_moments(samples).items():
            if what in slack and end > max(middle * FLAT, middle + slack[what]):
                yield Violation("I7", f"{process}: {what} grew from {middle:.0f} to {end:.0f}")


class Recovery(typing.NamedTuple):
    goes_on: float        # from the fault until a request that was asked after it had ended
    all_ended: float      # until every request that was asked before it had ended


def recoveries(evidence):
    """{kind of fault: [Recovery]}."""
    spans = []
    for number, request in evidence.acknowledged.items():
        ends = evidence.ends.get(request)
        if ends:
            spans.append((evidence.asked[number], min(end.at for end in ends)))
    spans.sort()
    asked = [start for start, _end in spans]
    latest, earliest = [], [float("inf")] * (len(spans) + 1)
    for _start, end in spans:
        latest.append(max(end, latest[-1] if latest else 0.0))
    for index in range(len(spans) - 1, -1, -1):
        earliest[index] = min(spans[index][1], earliest[index + 1])
    found = collections.defaultdict(list)
    for fault in evidence.faults:
        index = bisect.bisect_right(asked, fault.at)
        if 0 < index < len(spans):
            found[fault.kind].append(Recovery(max(0.0, earliest[index] - fault.at),
                                              max(0.0, latest[index - 1] - fault.at)))
    return found
