"""The world around the rules: runs of two workers step by step, Kafka's log, the mailbox, and every fault in between.

succ() gives all that can happen next; check() and the errors that transitions report are the promises broken.
One user, messages (request, generation, copy), faults limited by a scenario's budgets.
"""
from users import *  # noqa: F403

OKR, X4, X5, CUTA, CUTR = 1, 2, 3, 4, 5
RESN = {1: "250", 2: "4xx", 3: "5xx", 4: "accepted, reply cut", 5: "not accepted, cut"}


class World(Users):
    def own(self, i, s):
        return i if self.F['own_run'] else s[W_]

    def renown(self, R, W, o):
        """A run ended: its owner never comes back."""
        return self.renown_(R, W, o) if self.F['own_run'] else (R, W)

    def forget(self, R, o):
        for i, r in enumerate(R[2]):
            if r is not None and (r[OWN] == o or r[FIN] == o):
                r = rep(r, OWN, DEADO) if r[OWN] == o else r
                r = rep(r, FIN, NOB) if r[FIN] == o else r
                R = self.setrec(R, i, r)
        return R

    def renown_(self, R, W, o):
        g = W[self.GHOST]
        if g is not None:
            W = rep(W, self.GHOST, g[:3] + (DEADO if g[3] == o else g[3], self.forget(g[4], o)))
        if W[self.SNAP] is not None:
            W = rep(W, self.SNAP, self.forget(W[self.SNAP], o))
        return self.forget(R, o), W

    def spend(self, W, b, n=1):
        i = BI[b]
        bud = W[self.BUD]
        return rep(W, self.BUD, rep(bud, i, bud[i] - n))

    def has(self, W, b):
        return W[self.BUD][BI[b]] > 0

    def allow(self, W, rid):
        a = W[self.ALLOW]
        return rep(W, self.ALLOW, rep(a, rid, min(a[rid] + 1, 4)))

    def idle(self, slots, i, R, W):
        R, W = self.renown(R, W, i)
        return rep(slots, i, (slots[i][W_], IDLE)), R, W

    def takeover(self, R, W, slots, rid, me, v, i):
        """promise 3 (reworded) allows one extra mail per lease taken over while its run is between the last check and finish"""
        r = R[2][rid]
        if v == 'LEASE' and r is not None and r[ST] == 'L' and not r[LIVE] and r[OWN] not in (me, DEADO) and self.F['wide']:
            for j, t in enumerate(slots):
                if j != i and t[PC] in (CHK, DOT, FSN, PK1, PK2) and t[RID] == rid and self.own(j, t) == r[OWN]:
                    if not self.F['renew'] and t[PC] == DOT:
                        continue
                    W = self.allow(W, rid)
        return W

    def uninc(self, slots, i, **f):
        s = list(slots[i])
        for k, v in f.items():
            s[{'pc': PC, 'inc': INC, 'tr': TRY, 'unc': UNC, 'res': RES, 'ok': OK, 'rev': REV, 'park': PARK, 'aud': AU, 'cp': CP}[k]] = v
        return slots[:i] + (tuple(s),) + slots[i + 1:]

    # ---- transitions: yields (label, state, fault?, errs)
    def succ(self, S):
        log, slots, R, W = S
        F = self.F
        out = []
        add = out.append
        n = len(slots)
        # environment
        self.use(S, add)
        for rid in self.next_ones(W):
            if self.methods[rid] != 'h':
                W2 = rep(W, self.PUB, rep(W[self.PUB], rid, 1))
                add(('publish r%d' % rid, (tuple(sorted(log + ((rid, 0, 0),))), slots, R, W2), 0, []))
        if R[WIN] or R[WINP]:
            add(('coalescing window ends', (log, slots, rep(rep(R, WIN, 0), WINP, 0), W), 0, []))
        if any(t[2] for t in R[3]) and W[self.REASK] is None:
            add(('5 min claim ends', (log, slots, rep(R, 3, tuple(t for t in R[3] if not t[2])), W), 0, []))
        if self.has(W, 'OLD'):
            for rid in range(self.nreq):
                if rid not in W[self.OLDS]:
                    W2 = self.spend(rep(W, self.OLDS, W[self.OLDS] | {rid}), 'OLD')
                    add(('r%d past its end' % rid, (log, slots, R, W2), 1, []))
        for rid, r in enumerate(R[2]):
            if r is not None and r[ST] == 'L' and r[LIVE]:
                o = r[OWN]
                R2 = self.setrec(R, rid, rep(r, LIVE, 0))
                if o == DEADO:
                    add(('lease of r%d ends (owner gone)' % rid, (log, slots, R2, W), 0, []))
                else:
                    hold = [i for i, s in enumerate(slots) if s[PC] != IDLE and s[RID] == rid and self.own(i, s) == o and s[PC] in (PRE, CHK, DOT, CPY, FPN, FSN, FDD, PK1, PK2, FRL)]
                    atdot = [i for i in hold if slots[i][PC] in (CHK, DOT, FSN, PK1, PK2)]
                    free = not F['renew'] and any(slots[i][PC] == DOT for i in hold)
                    if not hold and not F['own_run']:
                        add(('lease of r%d ends (no run)' % rid, (log, slots, R2, W), 0, []))
                    elif not hold:            # begin re-sent, not yet answered: same as a live owner
                        if self.has(W, 'EX'):
                            add(('lease of r%d ends' % rid, (log, slots, R2, self.spend(W, 'EX')), 1, []))
                    elif free or self.has(W, 'EX'):
                        W2 = W if free else self.spend(W, 'EX')
                        sl = slots
                        for i in hold:
                            sl = self.uninc(sl, i, ok=0)
                        add(('lease of r%d ends while %s is at %s' % (rid, 'AB'[slots[hold[0]][W_]] + str(hold[0]), PCN[slots[hold[0]][PC]]), (log, sl, R2, W2), 0 if free else 1, []))
        if self.has(W, 'LO') and any(r is not None for r in R[2]):
            W2 = self.spend(W, 'LO')
            W2 = rep(W2, self.LOSS, 1)
            W2 = rep(W2, self.PUB, tuple(2 if p else 0 for p in W2[self.PUB]))
            for rid in range(self.nreq):
                W2 = self.allow(W2, rid)
            add(('Redis loses everything', (log, slots, self.empty(), W2), 1, []))
        if self.has(W, 'SN'):
            if W[self.SNAP] is None:
                add(('Redis is on disk up to here', (log, slots, R, rep(W, self.SNAP, R)), 1, []))
            else:
                W2 = rep(self.spend(W, 'SN'), self.SNAP, None)
                W2 = rep(W2, self.LOSS, 1)
                for rid in range(self.nreq):
                    W2 = self.allow(W2, rid)
                add(('Redis falls back to its disk', (log, slots, W[self.SNAP], W2), 1, []))
        g = W[self.GHOST]
        if g is not None and R != g[4]:          # it compares what it read, and finds something else
            add(('delayed swap of begin r%d is refused' % g[0], (log, slots, R, rep(W, self.GHOST, None)), 0, []))
        elif g is not None:
            errs = []
            v, R2, W2 = self.begin(R, rep(W, self.GHOST, None), *g[:4], errs)
            W2 = self.takeover(R, W2, slots, g[0], g[3], v, None)
            add(('delayed swap of begin r%d: %s' % (g[0], v), (log, slots, R2, W2), 0, errs))
        if self.has(W, 'RP'):
            for (rid, gen) in W[self.DLQS]:
                W2 = self.spend(W, 'RP')
                W2 = rep(W2, self.REPL, W2[self.REPL] | {(rid, gen)})
                add(('replay r%d gen %d' % (rid, gen + 1), (tuple(sorted(log + ((rid, gen + 1, 0),))), slots, R, W2), 1, []))
        # delivery
        seen = set()
        for i, s in enumerate(slots):
            if s[PC] != IDLE or s[W_] in seen:
                continue
            seen.add(s[W_])
            for c in sorted(set(log)):
                have = log.count(c)
                holders = [j for j, t in enumerate(slots) if t[PC] != IDLE and (t[RID], t[GEN], t[CP]) == c and not t[REV] and not t[PARK]]
                new = (s[W_], GOT) + c + (0, 0, 0, 0, 1, 0, 0, None)
                if len(holders) < have:
                    add(('%s%d takes r%d.%d.%d' % ('AB'[s[W_]], i, *c), (log, rep(slots, i, new), R, W), 0, []))
                elif self.has(W, 'RB'):
                    for j in holders[:1]:
                        sl = self.uninc(rep(slots, i, new), j, rev=1)
                        add(('rebalance: %s%d takes r%d.%d.%d, %s%d goes on as before' % ('AB'[s[W_]], i, *c, 'AB'[slots[j][W_]], j),
                             (log, sl, R, self.spend(W, 'RB')), 1, []))
        # crash of a worker
        if self.has(W, 'CR'):
            for w in (0, 1):
                act = [i for i, s in enumerate(slots) if s[W_] == w and s[PC] != IDLE]
                if not act:
                    continue
                W2, R2, sl = self.spend(W, 'CR'), R, slots
                for i in act:
                    s = slots[i]
                    if s[PC] in (DOT, PK1, PK2) or (s[PC] == FSN and F['wide']):
                        W2 = self.allow(W2, s[RID])
                    sl = rep(sl, i, (w, IDLE))
                    R2, W2 = self.renown(R2, W2, i)
                if not F['own_run']:
                    R2, W2 = self.renown_(R2, W2, w)
                add(('kill -9 %s (%s)' % ('AB'[w], ', '.join('r%d at %s' % (slots[i][RID], PCN[slots[i][PC]]) for i in act)), (log, sl, R2, W2), 1, []))
        # runs
        for i, s in enumerate(slots):
            pc = s[PC]
            if pc == IDLE:
                continue
            rid, me = s[RID], self.own(i, s)
            nm = '%s%d r%d' % ('AB'[s[W_]], i, rid)
            if pc == GOT:
                if s[REV]:
                    sl, R2, W2 = self.idle(slots, i, R, W)
                    add((nm + ' revoked: stops', (log, sl, R2, W2), 0, []))
                errs = []
                v, R2, W2 = self.begin(R, W, rid, s[GEN], s[CP], me, errs)
                W2 = self.takeover(R, W2, slots, rid, me, v, i)
                if v == 'LEASE':
                    r = R2[2][rid]
                    sl = self.uninc(slots, i, pc=PRE, inc=r[RI], tr=r[RT], unc=0, ok=1, res=0)
                    add((nm + ' begin: LEASE', (log, sl, R2, W2), 0, errs))
                elif v == 'BUSY':
                    if not F['busy_wait']:
                        W3 = rep(W2, self.PROD, rep(W2[self.PROD], rid, W2[self.PROD][rid] + 1))
                        sl = self.uninc(slots, i, pc=CMT)
                        add((nm + ' begin: BUSY, writes a copy', (tuple(sorted(log + ((rid, s[GEN], s[CP]),))), sl, R2, W3), 0, errs))
                elif v == 'STALE':
                    sl = self.uninc(slots, i, pc=CMT)
                    add((nm + ' begin: STALE', (log, sl, R2, W2), 0, errs))
                elif v == 'DONE':
                    if F['reemit'] or R2[2][rid] != R[2][rid]:      # a verdict reached by this begin is always told
                        sl = self.told(slots, i, R2[2][rid], rid, W2[self.LOSS])
                    else:
                        sl = self.uninc(slots, i, pc=CMT)
                    add((nm + ' begin: DONE %s %s' % (R2[2][rid][ST], R2[2][rid][WHY]), (log, sl, R2, W2), 0, errs))
                if self.has(W, 'LR') and (R2 != R or W2 != W):
                    add((nm + ' begin (%s), reply lost' % v, (log, slots, R2, self.spend(W2, 'LR')), 1, errs))
                if self.has(W, 'GH') and W[self.GHOST] is None:
                    add((nm + ' swap of begin delayed in the network, asked again', (log, slots, R, rep(self.spend(W, 'GH'), self.GHOST, (rid, s[GEN], s[CP], me, R))), 1, []))
            elif pc == PRE:
                if s[REV]:
                    sl, R2, W2 = self.idle(slots, i, R, W)
                    add((nm + ' revoked: stops before the dot', (log, sl, R2, W2), 0, []))
                if s[OK] or not F['predot']:
                    add((nm + ' lease checked, about to write the dot', (log, self.uninc(slots, i, pc=CHK), R, W), 0, []))
                else:
                    R2, W2 = self.renown(R, W, i)
                    add((nm + ' lease gone: no dot', (log, self.uninc(slots, i, pc=GOT, inc=0, ok=1), R2, W2), 0, []))
                if self.has(W, 'INF'):
                    add((nm + ' SMTP unreachable', (log, self.uninc(slots, i, pc=FRL), R, self.spend(W, 'INF')), 1, []))
            elif pc == CHK:
                for res, b in ((OKR, None), (X4, 'S4'), (X5, 'S5'), (CUTA, 'CUT'), (CUTR, 'CUT')):
                    if b and not self.has(W, b):
                        continue
                    W2 = self.spend(W, b) if b else W
                    errs = []
                    if res in (OKR, CUTA):
                        W2, errs = self.mail(R, W2, rid, s[INC])
                    add((nm + ' dot -> ' + RESN[res], (log, self.uninc(slots, i, pc=DOT, res=res), R, W2), 1 if b else 0, errs))
            elif pc == DOT:
                res = s[RES]
                last = s[TRY] + 1 >= self.maxtry
                W2, unc = W, 0
                if res == OKR:
                    npc = FSN
                elif res == X5:
                    npc = FDD
                else:
                    npc = FDD if last else (CPY if not s[PARK] else FPN)
                    if not F['copy_first'] and npc == CPY:
                        npc = FPN
                    if res in (CUTA, CUTR):
                        unc = 1
                        W2 = self.allow(W, rid)
                if not F['fin_first'] and npc == FSN:
                    sl = self.uninc(slots, i, pc=AUD, aud=(rid, s[GEN], s[INC], 'S', '', 0, 0))
                    add((nm + ' 250', (log, sl, R, W2), 0, []))
                else:
                    add((nm + ' reads ' + RESN[res], (log, self.uninc(slots, i, pc=npc, unc=unc), R, W2), 0, []))
                if self.park and not s[PARK] and not s[REV]:
                    W3 = rep(W, self.PROD, rep(W[self.PROD], rid, W[self.PROD][rid] + 1))
                    add((nm + ' slow at the dot: successor copy acked', (tuple(sorted(log + ((rid, s[GEN], s[CP] + 1),))), self.uninc(slots, i, pc=PK1), R, W3), 0, []))
            elif pc == PK1:
                v, R2, W2 = self.finish(R, W, s, me, 'park', 0)
                if v == 'OK':
                    add((nm + ' park: OK', (log, self.uninc(slots, i, pc=PK2), R2, W2), 0, []))
                else:                                              # lost/gone/done: keep the original, go on waiting
                    add((nm + ' park: ' + v, (log, self.uninc(slots, i, pc=PK2, rev=s[REV]), R2, W2), 0, []))
            elif pc == PK2:
                l2 = log if s[REV] else self.commit(log, s)
                add((nm + ' offset stored, goes on waiting', (l2, self.uninc(slots, i, pc=DOT, park=1), R, W), 0, []))
            elif pc == CPY:
                W2 = rep(W, self.PROD, rep(W[self.PROD], rid, W[self.PROD][rid] + 1))
                sl = self.uninc(slots, i, pc=FPN if F['copy_first'] else CMT)
                add((nm + ' retry copy acked', (tuple(sorted(log + ((rid, s[GEN], s[CP] + 1),))), sl, R, W2), 0, []))
            elif pc in (FPN, FSN, FDD, FRL):
                what = {FPN: 'pending', FSN: 'sent', FDD: 'dead', FRL: 'release'}[pc]
                v, R2, W2 = self.finish(R, W, s, me, what, s[UNC])
                lab = nm + ' finish(%s): %s' % (what, v)
                errs = []
                if pc == FSN and s[OK] and v == 'DONE' and R2[2][rid][ST] != 'S' and not W[self.LOSS]:
                    errs.append('P2-owner: the mail of the rightful lease holder was accepted, the outcome is another')
                if pc == FSN:
                    W2 = rep(W2, self.SAID, W2[self.SAID] | {(rid, s[INC])})
                if v == 'FAKE':
                    if pc in (FSN, FDD):
                        sl = self.uninc(slots, i, pc=AUD, aud=(rid, s[GEN], s[INC], 'S' if pc == FSN else 'D', 'fake', 0, 0))
                    else:
                        sl = self.uninc(slots, i, pc=CMT)
                    add((lab, (log, sl, R2, W2), 0, []))
                elif v == 'DONE':
                    if not F['fin_first'] and pc == FSN:
                        sl = self.uninc(slots, i, pc=CMT)
                    else:
                        sl = self.told(slots, i, R2[2][rid], rid, W2[self.LOSS])
                    add((lab + ' ' + R2[2][rid][ST], (log, sl, R2, W2), 0, errs))
                elif v == 'OK' and pc == FPN:
                    if s[PARK]:
                        sl, R2, W2 = self.idle(slots, i, R2, W2)
                    else:
                        sl = self.uninc(slots, i, pc=CMT if F['copy_first'] else CPY)
                    add((lab, (log, sl, R2, W2), 0, []))
                else:                                              # released, LOST or GONE: a fresh owner token, begin again
                    if s[PARK]:
                        sl, R2, W2 = self.idle(slots, i, R2, W2)
                    else:
                        R2, W2 = self.renown(R2, W2, i)
                        sl = self.uninc(slots, i, pc=GOT, inc=0, tr=0, unc=0, res=0, ok=1)
                    add((lab, (log, sl, R2, W2), 0, []))
                if self.has(W, 'LR') and R2 != R:
                    vv, R3, W3 = self.finish(R, W, s, me, what, s[UNC])
                    add((lab + ', reply lost', (log, slots, R3, self.spend(W3, 'LR')), 1, []))
            elif pc == DLQ:
                a = s[AU]
                W2 = rep(W, self.DLQS, W[self.DLQS] | {(rid, a[1])})
                add((nm + ' dead letter acked', (log, self.uninc(slots, i, pc=AUD), R, W2), 0, []))
            elif pc == AUD:
                a = s[AU]
                errs = self.audit(W, a)
                W2 = rep(W, self.AUDS, W[self.AUDS] | {a})
                npc = CMT if F['fin_first'] or not (a[3] == 'S' and s[RES] == OKR and s[INC]) else FSN
                if npc == CMT and s[PARK]:
                    sl, R2, W2 = self.idle(slots, i, R, W2)
                else:
                    sl, R2 = self.uninc(slots, i, pc=npc, aud=None), R
                add((nm + ' audit %s%s' % (a[3], ' maybe-mailed' if a[5] else ''), (log, sl, R2, W2), 0, errs))
            elif pc == CMT:
                sl, R2, W2 = self.idle(slots, i, R, W)
                l2 = log if s[REV] else self.commit(log, s)
                add((nm + (' offset store refused' if s[REV] else ' offset stored'), (l2, sl, R2, W2), 0, []))
        return out
