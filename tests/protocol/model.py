"""The protocol's rules on paper: what begin, finish, redeem and revoke do to the records, without times and bytes.

The C decisions (common/core/protocol) are walked beside this by test_conformance.py, and explore.py searches all that two
workers, crashes, lost replies and losses of Redis can do with it.  When the protocol changes, change this first.

Every protective rule has a name and can be taken out: explore.py shows that each is needed.

State: R is what Redis has, W the world around it (mails, audits, budgets of faults …).  A request's number is its place in
time; its method is a letter: l link, m temporary password mailed, h handed (or chosen), c the password was changed.
R = (newest request, window open, records, tokens, class of the newest; the same three of the lane of passwords; fence,
password, staged passwords, whether a try has to wait, completed requests); tokens are (request, inc, claim), sorted; the
password is (request, inc, opened).
"""

# record fields
ST, RG, RC, RI, OWN, LIVE, RU, RT, WHY, FIN = range(10)
# fields of a run: worker, step, request, generation, copy …
W_, PC, RID, GEN, CP, INC, TRY, UNC, RES, OK, REV, PARK, AU = range(13)
NOB, DEADO, REVOKED = 9, 8, 7           # nobody; an owner that is gone; no request: all were revoked
CUR, WIN, RECS, TOKS, CLS, CURP, WINP, CLSP, FENCE, PW, STG, ATT, MARK = range(13)
LINK, PASSWORD = (CUR, WIN, CLS), (CURP, WINP, CLSP)
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
    'lanes':       "links and temporary passwords end each other",
    'fence':       "a revocation leaves alone what was not begun yet",
    'fence_time':  "a revocation ends also what is asked for later",
    'chg_fence':   "a change of the password leaves alone what was not begun yet",
    'chg_newer':   "a change ends also what was asked for after it",
    'chg_always':  "a change whose notice is suppressed ends nothing",
    'chg_claim':   "a change takes back the answer to a redemption under way",
    'chg_notice':  "the fence of a change stops its own notice",
    'pw_state':    "a mailed password outlives the outcome dead",
    'pw_notice':   "a handed password dies with its notice",
    'act_keep':    "a retry of a notice looks for the staged password again",
    'stage_absent':"a password is staged also after its request was begun",
    'stage_first': "the event is published before the password is staged",
    'open_cmp':    "open trusts what try_password has read",
    'charge_first':"a try is charged after it was weighed",
    'nb_mint':     "a retry keeps a link that token.not_before has killed",
    'nb_alive':    "coalesced into a request whose link token.not_before has killed",
}
FIXED = {rule: True for rule in RULES}

BUDGETS = ['CR', 'EX', 'LO', 'LR', 'RB', 'S4', 'S5', 'CUT', 'RD', 'RP', 'OLD', 'INF', 'GH', 'SN', 'RV', 'NB', 'ST', 'VF']
BI = {name: index for index, name in enumerate(BUDGETS)}


def rep(t, i, v):
    return t[:i] + (v,) + t[i + 1:]


class Rules:
    # fields of W
    (MAILS, AUDS, REDS, DLQS, KILL, ALLOW, BUD, NINC, ADM, REASK, LOSS, GHOST, REPL, PROD, PUB, OLDS, SNAP, SAID,
     NB, SHOWN, TRIES, STARTED, REVD, CHGD, ASKED) = range(25)

    def __init__(self, rules, slots='AB', nreq=2, maxtry=2, deny=(), park=False, budgets=None, copies=None, nowin=False,
                 methods='', names=None):
        self.F = rules
        self.methods = methods or 'l' * nreq
        self.ordered = bool(methods)              # published in the order of their numbers
        self.names = names                        # the request that a change completes
        nreq = len(self.methods)
        self.slots0 = tuple((0 if w == 'A' else 1, 0) for w in slots)
        self.nreq, self.maxtry, self.deny, self.park = nreq, maxtry, deny, park
        self.bud0 = tuple((budgets or {}).get(name, 0) for name in BUDGETS)
        self.copies = copies or (1 + maxtry + sum(self.bud0) + 2)
        self.nowin = nowin                        # the coalescing window is closed from the start

    def empty(self):
        return NOB, 0, (None,) * self.nreq, (), 0, NOB, 0, 0, -1, None, (0,) * self.nreq, 0, frozenset()

    def lane(self, rid):
        m = self.methods[rid]
        return None if m == 'c' else PASSWORD if m in 'mh' and self.F['lanes'] else LINK

    def init(self):
        first = 0 if self.methods[0] == 'h' else 1
        W = ((), frozenset(), frozenset(), frozenset(), frozenset(), (0,) * self.nreq, self.bud0, 1, (0, 0), None, 0, None,
             frozenset(), (0,) * self.nreq, (first,) + (0,) * (self.nreq - 1), frozenset(), None, frozenset(),
             0, (0,) * self.nreq, (), 0, frozenset(), -1, None)
        return ((0, 0, 0),) * first, self.slots0, self.empty(), W

    def kill(self, R, W, rid=None, inc=None, dropclaimed=False):
        """Deletes live tokens: all, or those of a request, or of one link; a mailed password counts no more."""
        keep, killed = [], []
        if rid is not None and self.methods[rid] == 'm' and R[RECS][rid][RI]:
            killed.append((rid, R[RECS][rid][RI]))
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

    def alive(self, R, W, lane=LINK):
        """Whether the newest request can still bring its link, or its mailed password."""
        cur = R[lane[0]]
        into = R[2][cur] if cur < self.nreq else None
        if into is None or into[ST] == 'P':
            return into is not None
        if into[ST] not in 'LS' or into[RI] < W[self.NB] and self.F['nb_alive']:
            return False
        return (cur, into[RI], 0) in R[3] or self.methods[cur] == 'm' and R[PW] == (cur, into[RI], 0)

    def begin(self, R, W, rid, gen, cp, own, errs, admin=0):
        F = self.F
        r = R[2][rid]
        if r is None:
            return self.admit(R, W, rid, gen, cp, own, errs, admin)
        m, lane = self.methods[rid], self.lane(rid)
        newest = not lane or R[lane[0]] == rid
        if F['copyno'] and (gen, cp) < (r[RG], r[RC]):
            return 'STALE', R, W
        if r[ST] in TERMINAL:
            if not (r[ST] == 'D' and gen > r[RG] and F['gen']):
                return 'DONE', R, W
            r = ('P', gen, cp, 0, NOB, 0, 0, 0, '', NOB)            # replayed: a new generation, a new link
            R = self.setrec(R, rid, r)
        elif r[ST] == 'L' and r[OWN] == own and F['try_owner']:
            if newest:                                               # the same question again
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
        if self.fenced(R, rid) or F['sup_check'] and not newest and R[lane[0]] == REVOKED:
            R, W = self.end(R, W, rid, 'U', 'revoked')
            return 'DONE', R, W
        if F['sup_check'] and not newest and not (R[lane[0]] == NOB and not F['cur_sticky']):
            R, W = self.end(R, W, rid, 'U', 'superseded')
            return 'DONE', R, W
        if rid in W[self.OLDS]:
            R, W = self.end(R, W, rid, 'E', 'old')
            return 'DONE', R, W
        if not F['sup_check'] and not newest:
            R, W = self.kill(R, W)
            R = rep(R, 0, rid)
        if m == 'h' and not F['act_keep'] and not R[STG][rid]:
            R, W = self.end(R, W, rid, 'E', 'lapsed')
            return 'DONE', R, W
        return self.lease(R, W, rid, gen, cp, own, errs)

    def fenced(self, R, rid):
        return rid <= R[FENCE] and not (self.methods[rid] == 'c' and self.F['chg_notice'])

    def admit(self, R, W, rid, gen, cp, own, errs, admin):
        F = self.F
        m, lane = self.methods[rid], self.lane(rid)
        lost = F['born'] and W[self.LOSS] and W[self.PUB][rid] == 2 or cp > 0
        R = self.setrec(R, rid, ('P', gen, cp, 0, NOB, 0, 1 if lost else 0, cp, '', NOB))
        staged, R = R[STG][rid], rep(R, STG, rep(R[STG], rid, 0))
        if m == 'c':
            W = rep(W, self.CHGD, max(W[self.CHGD], rid))
            if F['chg_always'] or rid not in self.deny:
                R, W = self.change(R, W, rid)
        if rid in W[self.OLDS]:
            R, W = self.end(R, W, rid, 'E', 'old')
            return 'DONE', R, W
        if m == 'c':
            if rid in self.deny:
                R, W = self.end(R, W, rid, 'U', 'notice_limit')
                return 'DONE', R, W
            return self.lease(R, W, rid, gen, cp, own, errs)
        cur, why = R[lane[0]], None
        if self.fenced(R, rid):
            why = 'revoked'
        elif cur < self.nreq and rid < cur:
            why = 'superseded'
        elif self.folds(R, W, rid, admin):
            return self.coalesce(R, W, rid, errs, self.folds(R, W, rid, admin))
        elif m == 'h' and staged < max(1, W[self.NB]):                  # none, or made before token.not_before
            R, W = self.end(R, W, rid, 'E', 'lapsed')
            return 'DONE', R, W
        elif rid in self.deny and F['rcpt_first']:
            why = 'recipient_limit'
        if why:
            R, W = self.end(R, W, rid, 'U', why)
            return 'DONE', R, W
        if lane == LINK:
            R, W = self.kill(R, W, dropclaimed=not F['keep_claim'])   # admitted: the older link dies at once
        if R[PW] and (lane == PASSWORD or not F['lanes']):
            W = rep(W, self.KILL, W[self.KILL] | {R[PW][:2]})
        W = rep(W, self.ADM, rep(W[self.ADM], int(m != 'l'), max(W[self.ADM][int(m != 'l')], rid)))
        for i, value in zip(lane, (rid, 0 if self.nowin else 1, admin)):
            R = rep(R, i, value)
        if m == 'h':                                                 # activated: from now on the password works
            R = rep(R, PW, (rid, staged, 0))
        if rid in self.deny and not F['rcpt_first']:
            R, W = self.end(R, W, rid, 'U', 'recipient_limit')
            return 'DONE', R, W
        return self.lease(R, W, rid, gen, cp, own, errs)

    def folds(self, R, W, rid, admin):
        """Why a new request does not go on beside the newest one of its lane, if so."""
        lane = self.lane(rid)
        cur = R[lane[0]]
        if cur >= self.nreq or not R[lane[1]] or not (self.alive(R, W, lane) or not self.F['coal_alive']):
            return None
        if R[lane[2]] == admin:
            return 'coalesced' if self.methods[rid] in 'lm' and self.methods[cur] == self.methods[rid] else None
        return 'admin_link' if R[lane[2]] and self.methods[rid] == 'l' else None

    def coalesce(self, R, W, rid, errs, why):
        lane = self.lane(rid)
        if R[lane[0]] == rid:
            errs.append('P2-self: request coalesced into itself, nothing mailed')
        elif not self.alive(R, W, lane) or R[2][R[lane[0]]][ST] != 'P' and R[2][R[lane[0]]][RI] < W[self.NB]:
            errs.append('P4-coal: coalesced into a request without a live link')
        R, W = self.end(R, W, rid, 'U', why)
        return 'DONE', R, W

    def lease(self, R, W, rid, gen, cp, own, errs):
        """No mail can be out (unc = 0): a fresh seed, link and expiry; else the stored ones."""
        F = self.F
        r = R[2][rid]
        m = self.methods[rid]
        killed = F['nb_mint'] and r[RI] < W[self.NB]
        if r[RI] == 0 or m in 'lm' and (r[RU] == 0 or killed or not F['keep_unc']):
            if r[RI]:
                R, W = self.kill(R, W, rid, r[RI])
            W = rep(W, self.NINC, W[self.NINC] + 1)
            r = rep(r, RI, W[self.NINC] - 1)
            R = self.setrec(R, rid, r)
            if m == 'm':
                R = rep(R, PW, (rid, r[RI], 0))
        if m in 'lm' and r[RI] < W[self.NB]:
            errs.append('P4-nb: goes on to mail a link that token.not_before has killed')
        if m != 'c' and not W[self.LOSS] and (rid in W[self.REVD] or rid < W[self.CHGD]):
            errs.append('P4-fence: goes on though it was revoked')
        if r[ST] == 'P' and r[RT] > 0 and (gen, cp) < (r[RG], r[RC]):
            errs.append('P6-tier: a redelivered original mails at once though its retry copy waits')
        if (rid, r[RI]) in W[self.SAID] and not W[self.LOSS]:
            errs.append('P3-avoid: goes on to mail although a worker has told Redis that this mail was accepted')
        if m != 'c' and rid < W[self.ADM][int(m != 'l')] and not W[self.LOSS]:
            errs.append('P4-old: older request goes on after a newer one was admitted')
        r = ('L', max(gen, r[RG]), cp if (gen, cp) > (r[RG], r[RC]) else r[RC], r[RI], own, 1, r[RU], r[RT], '', NOB)
        R = self.setrec(R, rid, r)
        if F['put_before'] and m == 'l' and not any(t[0] == rid and t[1] == r[RI] for t in R[3]):
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
            if not F['put_before'] and self.methods[rid] == 'l':
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

