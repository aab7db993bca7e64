"""The protocol's rules on paper: what each question does to the records, without times and bytes.

Written beside the C decisions (common/core/protocol), not from them: test_conformance.py walks both, step by step, over
the store in memory and over a real Redis.  tests/protocol/explore searches the C decisions alone.  When the protocol
changes, change this first.

A request's number is its place in time; its method is a letter: l link, m temporary password mailed, h handed (or chosen),
c the password was changed.
R, what Redis has = (newest request, window open, records, tokens, class of the newest; the same three of the lane of
passwords; fence, password, staged passwords, whether a try has to wait, completed requests); tokens are (request, inc,
claim), sorted; the password is (request, inc, opened).  W, what the world knows: see Rules.
"""

# record fields
ST, RG, RC, RI, OWN, LIVE, RU, RT, WHY, FIN = range(10)
NOB, REVOKED = 9, 7                     # nobody; no request: all were revoked
CUR, WIN, RECS, TOKS, CLS, CURP, WINP, CLSP, FENCE, PW, STG, ATT, MARK = range(13)
LINK, PASSWORD = (CUR, WIN, CLS), (CURP, WINP, CLSP)
TERMINAL = 'SUED'                       # sent, suppressed, expired, dead; P pending, L leased


def rep(t, i, v):
    return t[:i] + (v,) + t[i + 1:]


class Rules:
    # fields of W: the next link's number; whether Redis was lost, and which requests were asked for before that; those
    # past their end; the first link that token.not_before leaves valid
    NINC, LOSS, PUB, OLDS, NB = range(5)

    def __init__(self, methods, deny=(), names=None):
        self.methods, self.deny = methods, deny
        self.names = names                        # the request that a change completes
        self.nreq = len(methods)

    def empty(self):
        return NOB, 0, (None,) * self.nreq, (), 0, NOB, 0, 0, -1, None, (0,) * self.nreq, 0, frozenset()

    def init(self):
        return self.empty(), (1, 0, (0,) * self.nreq, frozenset(), 0)

    def lane(self, rid):
        m = self.methods[rid]
        return None if m == 'c' else PASSWORD if m in 'mh' else LINK

    def kill(self, R, rid=None, inc=None):
        """Deletes unclaimed tokens: all, or those of a request, or of one link."""
        return rep(R, TOKS, tuple(t for t in R[TOKS] if t[2] or (rid is not None and t[0] != rid) or (inc is not None and t[1] != inc)))

    def setrec(self, R, rid, r):
        return rep(R, RECS, rep(R[RECS], rid, r))

    def end(self, R, rid, st, why, tries=0):
        r = R[RECS][rid]
        R = self.setrec(R, rid, (st, r[RG], r[RC], r[RI], NOB, 0, r[RU], r[RT] + tries, why, r[OWN]))
        return R if st == 'S' else self.kill(R, rid)

    def alive(self, R, W, lane=LINK):
        """Whether the newest request can still bring its link, or its mailed password."""
        cur = R[lane[0]]
        into = R[RECS][cur] if cur < self.nreq else None
        if into is None or into[ST] == 'P':
            return into is not None
        if into[ST] not in 'LS' or into[RI] < W[self.NB]:
            return False
        return (cur, into[RI], 0) in R[TOKS] or self.methods[cur] == 'm' and R[PW] == (cur, into[RI], 0)

    def fenced(self, R, rid):
        return rid <= R[FENCE] and self.methods[rid] != 'c'

    def begin(self, R, W, rid, gen, cp, own, admin=0):
        r = R[RECS][rid]
        if r is None:
            return self.admit(R, W, rid, gen, cp, own, admin)
        lane = self.lane(rid)
        newest = not lane or R[lane[0]] == rid
        if (gen, cp) < (r[RG], r[RC]):
            return 'STALE', R, W
        if r[ST] in TERMINAL:
            if not (r[ST] == 'D' and gen > r[RG]):
                return 'DONE', R, W
            r = ('P', gen, cp, 0, NOB, 0, 0, 0, '', NOB)            # replayed: a new generation, a new link
            R = self.setrec(R, rid, r)
        elif r[ST] == 'L' and r[OWN] == own:
            if newest:                                               # the same question again
                return 'LEASE', self.setrec(R, rid, rep(r, LIVE, 1)), W
        elif r[ST] == 'L' and r[LIVE]:
            return 'BUSY', R, W
        elif r[ST] == 'L':                                           # nobody knows how far the last owner went
            r = rep(r, RU, 1)
        if (gen, cp) > (r[RG], r[RC]):                               # this copy is durable: older ones are stale from here on
            r = r[:RG] + (gen, cp) + r[RI:]
        R = self.setrec(R, rid, r)
        if self.fenced(R, rid) or not newest and R[lane[0]] == REVOKED:
            return 'DONE', self.end(R, rid, 'U', 'revoked'), W
        if not newest:
            return 'DONE', self.end(R, rid, 'U', 'superseded'), W
        if rid in W[self.OLDS]:
            return 'DONE', self.end(R, rid, 'E', 'old'), W
        return self.lease(R, W, rid, gen, cp, own)

    def admit(self, R, W, rid, gen, cp, own, admin):
        m, lane = self.methods[rid], self.lane(rid)
        lost = W[self.LOSS] and W[self.PUB][rid] == 2 or cp > 0
        R = self.setrec(R, rid, ('P', gen, cp, 0, NOB, 0, 1 if lost else 0, cp, '', NOB))
        staged, R = R[STG][rid], rep(R, STG, rep(R[STG], rid, 0))
        if m == 'c':
            R = self.change(R, rid)
        if rid in W[self.OLDS]:
            return 'DONE', self.end(R, rid, 'E', 'old'), W
        if m == 'c':
            if rid in self.deny:
                return 'DONE', self.end(R, rid, 'U', 'notice_limit'), W
            return self.lease(R, W, rid, gen, cp, own)
        cur, folded = R[lane[0]], self.folds(R, W, rid, admin)
        if self.fenced(R, rid):
            return 'DONE', self.end(R, rid, 'U', 'revoked'), W
        if cur < self.nreq and rid < cur:
            return 'DONE', self.end(R, rid, 'U', 'superseded'), W
        if folded:
            return 'DONE', self.end(R, rid, 'U', folded), W
        if m == 'h' and staged < max(1, W[self.NB]):                  # none, or made before token.not_before
            return 'DONE', self.end(R, rid, 'E', 'lapsed'), W
        if rid in self.deny:
            return 'DONE', self.end(R, rid, 'U', 'recipient_limit'), W
        if lane == LINK:
            R = self.kill(R)                                         # admitted: the older link dies at once
        for i, value in zip(lane, (rid, 1, admin)):
            R = rep(R, i, value)
        if m == 'h':                                                 # activated: from now on the password works
            R = rep(R, PW, (rid, staged, 0))
        return self.lease(R, W, rid, gen, cp, own)

    def folds(self, R, W, rid, admin):
        """Why a new request does not go on beside the newest one of its lane, if so."""
        lane = self.lane(rid)
        cur = R[lane[0]]
        if cur >= self.nreq or not R[lane[1]] or not self.alive(R, W, lane):
            return None
        if R[lane[2]] == admin:
            return 'coalesced' if self.methods[rid] in 'lm' and self.methods[cur] == self.methods[rid] else None
        return 'admin_link' if R[lane[2]] and self.methods[rid] == 'l' else None

    def lease(self, R, W, rid, gen, cp, own):
        """No mail can be out (unc = 0): a fresh seed, link and expiry; else the stored ones."""
        r, m = R[RECS][rid], self.methods[rid]
        if r[RI] == 0 or m in 'lm' and (r[RU] == 0 or r[RI] < W[self.NB]):
            if r[RI]:
                R = self.kill(R, rid, r[RI])
            r = rep(r, RI, W[self.NINC])
            W = rep(W, self.NINC, W[self.NINC] + 1)
            if m == 'm':
                R = rep(R, PW, (rid, r[RI], 0))
        newer = (gen, cp) > (r[RG], r[RC])
        R = self.setrec(R, rid, ('L', max(gen, r[RG]), cp if newer else r[RC], r[RI], own, 1, r[RU], r[RT], '', NOB))
        if m == 'l' and not any(t[0] == rid and t[1] == r[RI] for t in R[TOKS]):
            R = rep(R, TOKS, tuple(sorted(R[TOKS] + ((rid, r[RI], 0),))))
        return 'LEASE', R, W

    def finish(self, R, rid, own, inc, what, copy, unc):
        """what: sent pending dead release park renew; `copy` is the number of the one that follows."""
        r = R[RECS][rid]
        if r is None:
            return 'GONE', R
        if r[ST] in TERMINAL:
            return 'DONE', R
        if r[RI] != inc:
            return 'LOST', R
        if what == 'sent':
            return 'DONE', self.end(R, rid, 'S', '', 1)
        if r[FIN] == own and r[ST] == 'P':
            return 'OK', R
        if r[OWN] != own:
            return 'LOST', R
        if what == 'renew':
            return 'OK', self.setrec(R, rid, rep(r, LIVE, 1))
        if what == 'park':
            return 'OK', self.setrec(R, rid, rep(r, RC, max(r[RC], copy)))
        r = rep(r, RU, r[RU] | unc)
        R = self.setrec(R, rid, r)
        if what == 'dead':
            return 'DONE', self.end(R, rid, 'D', '', 1)
        counted = what == 'pending'
        R = self.setrec(R, rid, ('P', r[RG], max(r[RC], copy) if counted else r[RC], r[RI], NOB, 0, r[RU], r[RT] + counted, '', own))
        return 'OK', R if r[RU] else self.kill(R, rid)
