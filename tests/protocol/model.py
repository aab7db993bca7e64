"""The protocol's rules on paper: what begin, finish, redeem and revoke do to the records, without times and bytes.

The C decisions (common/core/protocol) are walked beside this by test_conformance.py, and explore.py searches all that two
workers, crashes, lost replies and losses of Redis can do with it.  When the protocol changes, change this first.

Every protective rule has a name and can be taken out: explore.py shows that each is needed.

State: R is what Redis has, W the world around it (mails, audits, budgets of faults …).
R = (newest request, window open, records, tokens, class of the newest); tokens are (request, inc, claim), sorted.
"""

# record fields
ST, RG, RC, RI, OWN, LIVE, RU, RT, WHY, FIN = range(10)
# fields of a run: worker, step, request, generation, copy …
W_, PC, RID, GEN, CP, INC, TRY, UNC, RES, OK, REV, PARK, AU = range(13)
NOB, DEADO, REVOKED = 9, 8, 7           # nobody; an owner that is gone; no request: all were revoked
TERMINAL = 'SUED'                       # sent, suppressed, expired, dead; P pending, L leased

RULES = {  # rule -> what happens without it
    'own_run':     "the owner is the worker, not the run",
    'adm_once':    "limits and coalescing are asked at every begin",
    'fact_sent':   "finish(sent) is refused when the lease was lost",
    'redeem_ends': "redeem does not touch the request; begin puts the token again",
    'msgid_inc':   "the Message-ID comes from the request id alone",
    'gen':         "what is terminal is skipped, also a replayed dead letter",
    'reemit':      "what is terminal is skipped without its audit record",
    'copyno':      "no copy number: a redelivered original goes on beside its retry copy",
    'keep_claim':  "begin drops the older token also when it is claimed",
    'cur_sticky':  "the newest request is forgotten with its redemption or death",
    'predot':      "no lease check right before the dot",
    'gone':        "finish on an empty Redis is taken as done",
    'busy_wait':   "busy writes another retry copy",
    'copy_first':  "finish(pending) comes before the retry copy",
    'fin_first':   "the audit record comes before finish(sent)",
    'rcpt_first':  "the limit per recipient is asked after begin",
    'coal_alive':  "coalesced into a request that is dead, expired or redeemed",
    'renew':       "the lease is shorter than the wait at the dot and not renewed",
    'put_before':  "the token is stored at finish(sent), not before the dot",
    'wide':        "the promise of few duplicates counts deaths between dot and reply only",
    'inc':         "finish(sent) is not tied to the link that it mailed",
    'owner_fin':   "finish(pending, dead) is accepted from a run that lost the lease",
    'sup_check':   "superseded is asked only for new records",
    'try_owner':   "a begin asked again takes the lease anew",
    'keep_unc':    "each attempt mints a new link, also when a mail may be out",
    'born':        "state rebuilt after a loss of Redis is not flagged",
}
FIXED = {rule: True for rule in RULES}

BUDGETS = ['CR', 'EX', 'LO', 'LR', 'RB', 'S4', 'S5', 'CUT', 'RD', 'RP', 'OLD', 'INF', 'GH', 'SN']
BI = {name: index for index, name in enumerate(BUDGETS)}


def rep(t, i, v):
    return t[:i] + (v,) + t[i + 1:]


class Rules:
    # fields of W
    (MAILS, AUDS, REDS, DLQS, KILL, ALLOW, BUD, NINC, ADM, REASK, LOSS, GHOST, REPL, PROD, PUB, OLDS, SNAP, SAID) = range(18)

    def __init__(self, rules, slots='AB', nreq=2, maxtry=2, deny=(), park=False, budgets=None, copies=None, nowin=False):
        self.F = rules
        self.slots0 = tuple((0 if w == 'A' else 1, 0) for w in slots)
        self.nreq, self.maxtry, self.deny, self.park = nreq, maxtry, deny, park
        self.bud0 = tuple((budgets or {}).get(name, 0) for name in BUDGETS)
        self.copies = copies or (1 + maxtry + sum(self.bud0) + 2)
        self.nowin = nowin                        # the coalescing window is closed from the start

    def empty(self):
        return NOB, 0, (None,) * self.nreq, (), 0

    def init(self):
        W = ((), frozenset(), frozenset(), frozenset(), frozenset(), (0,) * self.nreq, self.bud0, 1, 0, None, 0, None,
             frozenset(), (0,) * self.nreq, (1,) + (0,) * (self.nreq - 1), frozenset(), None, frozenset())
        return ((0, 0, 0),), self.slots0, self.empty(), W

    def kill(self, R, W, rid=None, inc=None, dropclaimed=False):
        """Deletes live tokens: all, or those of a request, or of one link."""
        keep, killed = [], []
        for t in R[3]:
            hit = (rid is None or t[0] == rid) and (inc is None or t[1] == inc)
            if hit and t[2] == 0:
                killed.append((t[0], t[1]))
            elif not (hit and dropclaimed):
                keep.append(t)
        if killed or len(keep) != len(R[3]):
            R = rep(R, 3, tuple(keep))
            if killed:
                W = rep(W, self.KILL, W[self.KILL] | frozenset(killed))
        return R, W

    def setrec(self, R, rid, r):
        return rep(R, 2, rep(R[2], rid, r))

    def end(self, R, W, rid, st, why, tries=0):
        r = R[2][rid]
        r = (st, r[RG], r[RC], r[RI], NOB, 0, r[RU], r[RT] + tries, why, r[OWN])
        R = self.setrec(R, rid, r)
        if st != 'S':
            R, W = self.kill(R, W, rid)
            if not self.F['cur_sticky'] and R[0] == rid:
                R = rep(R, 0, NOB)
        return R, W

    def alive(self, R):
        """Whether the newest request can still bring its link."""
        into = R[2][R[0]] if R[0] < self.nreq else None
        return into is not None and (into[ST] == 'P' or into[ST] in 'LS' and (R[0], into[RI], 0) in R[3])

    def begin(self, R, W, rid, gen, cp, own, errs, admin=0):
        F = self.F
        r = R[2][rid]
        if r is None:
            return self.admit(R, W, rid, gen, cp, own, errs, admin)
        if F['copyno'] and (gen, cp) < (r[RG], r[RC]):
            return 'STALE', R, W
        if r[ST] in TERMINAL:
            if not (r[ST] == 'D' and gen > r[RG] and F['gen']):
                return 'DONE', R, W
            r = ('P', gen, cp, 0, NOB, 0, 0, 0, '', NOB)            # replayed: a new generation, a new link
            R = self.setrec(R, rid, r)
        elif r[ST] == 'L' and r[OWN] == own and F['try_owner']:
            if R[0] == rid:                                          # the same question again
                return 'LEASE', self.setrec(R, rid, rep(r, LIVE, 1)), W
        elif r[ST] == 'L' and r[LIVE]:
            return 'BUSY', R, W
        elif r[ST] == 'L':                                           # nobody knows how far the last owner went
            r = rep(r, RU, 1)
            R = self.setrec(R, rid, r)
        if (gen, cp) > (r[RG], r[RC]):                               # this copy is durable: older ones are stale from here on
            r = r[:RG] + (gen, cp) + r[RI:]
            R = self.setrec(R, rid, r)
        if not F['adm_once'] and R[1] and R[0] != NOB:
            return self.coalesce(R, W, rid, errs, 'coalesced')
        if F['sup_check'] and R[0] != rid and not (R[0] == NOB and not F['cur_sticky']):
            R, W = self.end(R, W, rid, 'U', 'revoked' if R[0] == REVOKED else 'superseded')
            return 'DONE', R, W
        if rid in W[self.OLDS]:
            R, W = self.end(R, W, rid, 'E', 'old')
            return 'DONE', R, W
        if not F['sup_check'] and R[0] != rid:
            R, W = self.kill(R, W)
            R = rep(R, 0, rid)
        return self.lease(R, W, rid, gen, cp, own, errs)

    def admit(self, R, W, rid, gen, cp, own, errs, admin):
        F = self.F
        cur, win = R[:2]
        lost = F['born'] and W[self.LOSS] and W[self.PUB][rid] == 2 or cp > 0
        R = self.setrec(R, rid, ('P', gen, cp, 0, NOB, 0, 1 if lost else 0, cp, '', NOB))
        why = None
        if rid in W[self.OLDS]:
            R, W = self.end(R, W, rid, 'E', 'old')
            return 'DONE', R, W
        if cur == REVOKED:
            why = 'revoked'
        elif cur != NOB and rid < cur:
            why = 'superseded'
        elif rid in self.deny and F['rcpt_first'] and not self.folds(R, admin):
            why = 'recipient_limit'
        if why:
            R, W = self.end(R, W, rid, 'U', why)
            return 'DONE', R, W
        if self.folds(R, admin):
            return self.coalesce(R, W, rid, errs, self.folds(R, admin))
        R, W = self.kill(R, W, dropclaimed=not F['keep_claim'])       # admitted: the older link dies at once
        W = rep(W, self.ADM, max(W[self.ADM], rid))
        R = (rid, 0 if self.nowin else 1, R[2], R[3], admin)
        if rid in self.deny and not F['rcpt_first']:
            R, W = self.end(R, W, rid, 'U', 'recipient_limit')
            return 'DONE', R, W
        return self.lease(R, W, rid, gen, cp, own, errs)

    def folds(self, R, admin):
        """Why a new request does not go on beside the newest one, if so."""
        if R[0] >= self.nreq or not R[1] or not (self.alive(R) or not self.F['coal_alive']):
            return None
        if R[4] == admin:
            return 'coalesced'
        return 'admin_link' if R[4] else None

    def coalesce(self, R, W, rid, errs, why):
        if R[0] == rid:
            errs.append('P2-self: request coalesced into itself, nothing mailed')
        elif not self.alive(R):
            errs.append('P4-coal: coalesced into a request without a live link')
        R, W = self.end(R, W, rid, 'U', why)
        return 'DONE', R, W

    def lease(self, R, W, rid, gen, cp, own, errs):
        """No mail can be out (unc = 0): a fresh seed, link and expiry; else the stored ones."""
        F = self.F
        r = R[2][rid]
        if r[RU] == 0 or r[RI] == 0 or not F['keep_unc']:
            if r[RI]:
                R, W = self.kill(R, W, rid, r[RI])
            W = rep(W, self.NINC, W[self.NINC] + 1)
            r = rep(r, RI, W[self.NINC] - 1)
            R = self.setrec(R, rid, r)
        if r[ST] == 'P' and r[RT] > 0 and (gen, cp) < (r[RG], r[RC]):
            errs.append('P6-tier: a redelivered original mails at once though its retry copy waits')
        if (rid, r[RI]) in W[self.SAID] and not W[self.LOSS]:
            errs.append('P3-avoid: goes on to mail although a worker has told Redis that this mail was accepted')
        if rid < W[self.ADM] and not W[self.LOSS]:
            errs.append('P4-old: older request goes on after a newer one was admitted')
        r = ('L', max(gen, r[RG]), cp if (gen, cp) > (r[RG], r[RC]) else r[RC], r[RI], own, 1, r[RU], r[RT], '', NOB)
        R = self.setrec(R, rid, r)
        if F['put_before'] and not any(t[0] == rid and t[1] == r[RI] for t in R[3]):
            R = rep(R, 3, tuple(sorted(R[3] + ((rid, r[RI], 0),))))
        return 'LEASE', R, W

    def finish(self, R, W, s, own, what, unc):
        """what: sent pending dead release park renew"""
        F = self.F
        rid = s[RID]
        r = R[2][rid]
        if r is None:
            return ('GONE' if F['gone'] else 'FAKE'), R, W
        if r[ST] in TERMINAL:
            return 'DONE', R, W
        if F['inc'] and r[RI] != s[INC]:
            return 'LOST', R, W
        if what == 'sent' and (F['fact_sent'] or r[OWN] == own):
            R, W = self.end(R, W, rid, 'S', '', 1)
            if not F['put_before']:
                R = rep(R, 3, tuple(sorted(R[3] + ((rid, r[RI], 0),))))
            return 'DONE', R, W
        if r[FIN] == own and r[ST] == 'P':
            return 'OK', R, W
        if r[OWN] != own and F['owner_fin'] or what == 'sent':
            return 'LOST', R, W
        if what == 'renew':
            return 'OK', self.setrec(R, rid, rep(r, LIVE, 1)), W
        if what == 'park':
            return 'OK', self.setrec(R, rid, rep(r, RC, max(r[RC], s[CP] + 1))), W
        r = rep(r, RU, r[RU] | unc)
        R = self.setrec(R, rid, r)
        if what == 'dead':
            R, W = self.end(R, W, rid, 'D', '', 1)
            return 'DONE', R, W
        counted = what == 'pending'
        copy = max(r[RC], s[CP] + 1) if counted and not s[PARK] else r[RC]
        r = ('P', r[RG], copy, r[RI], NOB, 0, r[RU], r[RT] + counted, '', own)
        if not r[RU]:
            R, W = self.kill(R, W, rid)
        return 'OK', self.setrec(R, rid, r), W

    def redeem(self, R, W, rid, inc, key):
        F = self.F
        for i, t in enumerate(R[3]):
            if t[0] == rid and t[1] == inc:
                if t[2]:
                    return t[2] == key, R, W
                R = rep(R, 3, tuple(sorted(R[3][:i] + R[3][i + 1:] + ((rid, inc, key),))))
                W = rep(W, self.KILL, W[self.KILL] | {(rid, inc)})
                r = R[2][rid]
                if F['redeem_ends'] and r is not None and r[RI] == inc and r[ST] in 'LP':
                    R, W = self.end(R, W, rid, 'S', 'redeemed')
                if not F['cur_sticky']:
                    R = rep(R, 0, NOB)
                return True, R, W
        return False, R, W

    def revoke(self, R, W):
        """What was asked for before is revoked, and the newest request's link dies, claimed or not."""
        cur = R[0]
        keep = tuple(t for t in R[3] if t[0] != cur)
        W = rep(W, self.KILL, W[self.KILL] | frozenset(t[:2] for t in R[3] if t[0] == cur))
        return (REVOKED, 0, R[2], keep, 0), W
