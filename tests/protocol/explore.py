#!/usr/bin/python3
"""Searches every interleaving of the model, breadth first.

  explore.py fixed [NAME…]    the rules in every scenario (or those named): no promise is broken
  explore.py mutants [RULE…]  each rule taken out: a promise is broken, the shortest way is printed
  explore.py live             from every state a quiet one can be reached without further faults
  explore.py rollback         Redis falls back to an earlier state: which promises fall then
  --max N                     states of one run (default 3000000; the largest scenario has 8.4 million)
"""
import sys
import time
from collections import deque

from world import *  # noqa: F403


def explore(m, maxn, want=None, stopfirst=True, keepgraph=False, quiet=True):
    """BFS.  Interned components keep it exact (no hash compaction).  Returns (n states, {err: trace}, complete?, graph)"""
    tabs = [dict() for _ in range(3)]
    rev = [[] for _ in range(3)]

    def intern(k, x):
        t = tabs[k]
        i = t.get(x)
        if i is None:
            i = len(rev[k])
            t[x] = i
            rev[k].append(x)
        return i

    def enc(S):
        return (intern(0, (S[0], S[1])) << 64) | (intern(1, S[2]) << 32) | intern(2, S[3])

    def dec(e):
        a, b, c = rev[0][e >> 64], rev[1][(e >> 32) & 0xffffffff], rev[2][e & 0xffffffff]
        return (a[0], a[1], b, c)

    S0 = m.init()
    e0 = enc(S0)
    ids = {e0: 0}
    order = [e0]
    parent = [(-1, '')]
    found = {}
    edges = [] if keepgraph else None
    qi = 0
    complete = True

    def trace(i, extra=None):
        t = []
        while i > 0:
            p, lab = parent[i]
            t.append(lab)
            i = p
        t.reverse()
        if extra:
            t.append(extra)
        return t

    while qi < len(order):
        S = dec(order[qi])
        me = qi
        qi += 1
        for lab, S2, fault, errs in m.succ(S):
            for er in errs:
                if er not in found:
                    found[er] = trace(me, lab)
            if errs and stopfirst and any(want is None or er.startswith(want) for er in errs):
                return len(order), found, False, None
            e = enc(S2)
            j = ids.get(e)
            if j is None:
                j = len(order)
                ids[e] = j
                order.append(e)
                parent.append((me, lab))
                es = m.check(S2)
                for er in es:
                    if er not in found:
                        found[er] = trace(j)
                if es and stopfirst and any(want is None or er.startswith(want) for er in es):
                    return len(order), found, False, None
            if keepgraph and not fault:
                edges.append((me, j))
        if len(order) >= maxn:
            complete = False
            break
    g = None
    if keepgraph:
        g = (edges, order, dec, trace)
    return len(order), found, complete, g


# ---------------------------------------------------------------- scenarios of the fixed spec
SCEN = {
 # name: arguments
 'crash2-4xx':      dict(budgets=dict(CR=2, S4=2)),
 'crash2-cut':      dict(budgets=dict(CR=2, CUT=1)),
 'crash-5xx-replay':dict(budgets=dict(CR=1, S5=2, RP=1, CUT=1)),
 'zombie':          dict(budgets=dict(EX=2, S4=1, CUT=1)),
 'zombie-crash':    dict(budgets=dict(EX=1, CR=1, S4=1, S5=1)),
 'rebalance':       dict(slots='AAB', budgets=dict(RB=2, S4=1)),
 'rebalance-crash': dict(slots='AAB', budgets=dict(RB=1, CR=1, S4=1)),
 'rebalance-cut':   dict(slots='AB', budgets=dict(RB=1, CR=1, CUT=1, EX=1)),
 'lostreply':       dict(budgets=dict(LR=2, CR=1, S4=1)),
 'lostreply-cut':   dict(budgets=dict(LR=1, EX=1, CUT=1)),
 'ghost':           dict(budgets=dict(GH=1, CR=1, S4=1, INF=1)),
 'release':         dict(budgets=dict(INF=2, EX=1, CR=1)),
 'loss':            dict(budgets=dict(LO=1, CR=1, S4=1)),
 'loss-zombie':     dict(budgets=dict(LO=1, EX=1, CUT=1)),
 'loss-replay':     dict(budgets=dict(LO=1, S5=1, RP=1, CR=1)),
 'redeem':          dict(budgets=dict(RD=2, CR=1, CUT=1)),
 'redeem-lost':     dict(budgets=dict(RD=2, LR=1, EX=1)),
 'redeem-zombie':   dict(budgets=dict(RD=2, EX=1, CUT=1, S5=1)),
 'redeem-loss':     dict(budgets=dict(RD=2, LO=1, CUT=1)),
 'expired':         dict(budgets=dict(OLD=1, CR=1, CUT=1, EX=1)),
 'rcpt':            dict(deny=(1,), budgets=dict(CR=1, S4=1, EX=1)),
 'park':            dict(park=True, budgets=dict(CR=1, S4=1, EX=1)),
 'park-cut':        dict(park=True, budgets=dict(CR=2, CUT=1)),
 'park-loss':       dict(park=True, budgets=dict(LO=1, CR=1)),
 'replay2':         dict(nreq=1, budgets=dict(S5=2, RP=2, CR=1, EX=1, S4=1)),
 'three-slots':     dict(slots='ABB', nreq=1, budgets=dict(RB=2, CR=1, EX=1, S4=1, CUT=1)),
 'three-tries':     dict(nreq=1, maxtry=3, budgets=dict(S4=2, CUT=1, CR=2, EX=1, LR=1)),
 'revoke':          dict(methods='ll', budgets=dict(RV=1, CR=1, CUT=1)),
 'revoke-redeem':   dict(methods='ll', budgets=dict(RV=1, RD=1, LR=1, EX=1)),
 'revoke-password': dict(methods='mh', budgets=dict(RV=1, VF=2, S4=1)),
 'change':          dict(methods='lc', budgets=dict(RD=1, LR=1, CUT=1, CR=1)),
 'change-after':    dict(methods='lcl', budgets=dict(S4=1, RD=1)),
 'change-denied':   dict(methods='lcl', deny=(1,), budgets=dict(RD=2)),
 'change-password': dict(methods='mc', names=0, budgets=dict(VF=2, S4=1, CR=1)),
 'mailed':          dict(methods='mm', budgets=dict(CUT=1, S5=1, VF=1)),
 'mailed-crash':    dict(methods='ml', budgets=dict(CR=1, CUT=1, VF=1)),
 'handed':          dict(methods='h', budgets=dict(ST=1, CR=1, S5=1, RP=1, VF=1)),
 'handed-twice':    dict(methods='hh', budgets=dict(VF=2, EX=1)),
 'handed-link':     dict(methods='hl', budgets=dict(VF=1, S4=1, RV=1)),
 'handed-zombie':   dict(methods='h', budgets=dict(EX=1, CUT=1, CR=1, LR=1, VF=1)),
 'handed-loss':     dict(methods='h', budgets=dict(LO=1, ST=1, CR=1, VF=1)),
 'not-before':      dict(methods='ll', budgets=dict(NB=1, CUT=1, RD=1)),
 'not-before-pw':   dict(methods='mh', budgets=dict(NB=1, CUT=1, VF=1)),
}
# rollback to an earlier disk state: some promises are expected to fall; listed separately
ROLL = {
 'rollback':        dict(nreq=2, budgets=dict(SN=1, CR=1)),
 'rollback-redeem': dict(nreq=1, budgets=dict(SN=1, RD=2)),
}

# mutant -> scenario in which its absence must show
MUT = {
 'own_run':     dict(slots='AAB', nreq=1, budgets=dict(RB=1)),
 'adm_once':    dict(nreq=1, budgets=dict(CR=1)),
 'fact_sent':   dict(nreq=1, budgets=dict(EX=1, RB=1, CR=1)),
 'redeem_ends': dict(nreq=1, budgets=dict(CUT=1, RD=2)),
 'msgid_inc':   dict(nreq=1, budgets=dict(CUT=1, S5=1, RP=1)),
 'gen':         dict(nreq=1, budgets=dict(S5=1, RP=1)),
 'reemit':      dict(nreq=1, budgets=dict(CR=1)),
 'copyno':      dict(nreq=1, maxtry=3, budgets=dict(CR=1, S4=1)),
 'keep_claim':  dict(budgets=dict(RD=1, LR=1)),
 'cur_sticky':  dict(budgets=dict(S4=1, RD=1)),
 'predot':      dict(nreq=1, budgets=dict(EX=1, RB=1)),
 'gone':        dict(nreq=1, budgets=dict(LO=1, CR=0)),
 'busy_wait':   dict(nreq=1, copies=4, budgets=dict(CR=1)),
 'copy_first':  dict(nreq=1, budgets=dict(S4=1, CR=1)),
 'fin_first':   dict(nreq=1, budgets=dict(CR=1)),
 'rcpt_first':  dict(deny=(1,), budgets=dict()),
 'coal_alive':  dict(budgets=dict(S5=1)),
 'renew':       dict(nreq=1, budgets=dict(RB=1)),
 'put_before':  dict(nreq=1, budgets=dict()),
 'wide':        dict(nreq=1, budgets=dict(CR=1)),
 'inc':         dict(nreq=1, budgets=dict(LO=1, RB=1)),
 'owner_fin':   dict(nreq=1, budgets=dict(EX=1, S5=1, RB=1)),
 'sup_check':   dict(budgets=dict(S4=1)),
 'try_owner':   dict(nreq=1, budgets=dict(LR=1)),
 'keep_unc':    dict(nreq=1, budgets=dict(CUT=1)),
 'born':        dict(nreq=1, budgets=dict(LO=1, CR=1, S5=1)),
 'lanes':       dict(methods='hl', budgets=dict()),
 'fence':       dict(methods='l', budgets=dict(RV=1)),
 'fence_time':  dict(methods='ll', budgets=dict(RV=1)),
 'chg_fence':   dict(methods='lc', budgets=dict()),
 'chg_newer':   dict(methods='lcl', budgets=dict()),
 'chg_always':  dict(methods='lc', deny=(1,), budgets=dict(RD=1)),
 'chg_claim':   dict(methods='lc', budgets=dict(RD=1, LR=1)),
 'chg_notice':  dict(methods='lc', budgets=dict(S4=1)),
 'pw_state':    dict(methods='m', budgets=dict(CUT=1, S5=1, VF=1)),
 'pw_notice':   dict(methods='h', budgets=dict(S5=1)),
 'act_keep':    dict(methods='h', budgets=dict(S4=1)),
 'stage_absent':dict(methods='h', budgets=dict(ST=1)),
 'stage_first': dict(methods='h', budgets=dict()),
 'open_cmp':    dict(methods='hh', budgets=dict(VF=1)),
 'charge_first':dict(methods='h', budgets=dict(VF=2)),
 'nb_mint':     dict(methods='l', budgets=dict(NB=1, CUT=1)),
 'nb_alive':    dict(methods='ll', budgets=dict(NB=1)),
}


def show(err, tr, ind='      '):
    print('   ** %s   (%d steps)' % (err, len(tr)))
    for k, l in enumerate(tr):
        print('%s%2d %s' % (ind, k + 1, l))
    sys.stdout.flush()


def run_fixed(names, maxn):
    bad = 0
    for n in names or SCEN:
        t = time.time()
        m = World(FIXED, **SCEN[n])
        ns, found, comp, _ = explore(m, maxn, stopfirst=False)
        print('%-18s %9d states %s %6.1f s  %s' % (n, ns, 'complete' if comp else 'CUT OFF ', time.time() - t, 'holds' if not found else 'VIOLATED'))
        for e, tr in found.items():
            bad += 1
            show(e, tr)
        sys.stdout.flush()
    return bad


def run_mut(names, maxn, full):
    missing = 0
    for n in names or MUT:
        t = time.time()
        R = dict(FIXED)
        R[n] = False
        m = World(R, **MUT[n])
        ns, found, comp, _ = explore(m, maxn, stopfirst=True)
        print('-- without %-12s i.e. %s   [%d states, %.1f s]' % (n, RULES[n], ns, time.time() - t))
        if not found:
            missing += 1
            print('   !! no violation found (%s)' % ('complete' if comp else 'cut off'))
        for e, tr in found.items():
            show(e, tr)
        # the same scenario with the rule in: must hold
        m = World(FIXED, **MUT[n])
        ns, f2, comp, _ = explore(m, maxn, stopfirst=True)
        print('   with the rule: %s (%d states%s)' % ('holds' if not f2 else 'VIOLATED ' + str(list(f2)), ns, '' if comp else ', cut off'))
        sys.stdout.flush()
    return missing



def run_live(maxn):
    """AG EF quiescent by fault-free moves"""
    for n, kw in [('MUTANT try_owner', dict(off='try_owner', nreq=1, budgets=dict(LR=1))),
                  ('crash-4xx', dict(budgets=dict(CR=1, S4=1))), ('zombie', dict(budgets=dict(EX=1, CUT=1))), ('rebal', dict(budgets=dict(RB=1, S4=1))),
                  ('loss', dict(budgets=dict(LO=1, CR=1))), ('lostreply', dict(budgets=dict(LR=1, S4=1, CR=1))), ('replay', dict(nreq=1, budgets=dict(S5=1, RP=2, CR=1))),
                  ('ghost', dict(nreq=1, budgets=dict(GH=1, INF=1, CR=1, S4=1))), ('park', dict(park=True, nreq=1, budgets=dict(CR=1, S4=1, EX=1)))]:
        R = dict(FIXED)
        if kw.get('off'):
            R[kw['off']] = False
        m = World(R, **kw)
        ns, found, comp, g = explore(m, maxn, stopfirst=False, keepgraph=True)
        edges, order, dec, trace = g
        back = [[] for _ in range(ns)]
        for a, b in edges:
            back[b].append(a)
        good = bytearray(ns)
        q = deque()
        for i, e in enumerate(order):
            S = dec(e)
            if not S[0] and all(s[PC] == IDLE for s in S[1]):
                good[i] = 1
                q.append(i)
        while q:
            i = q.popleft()
            for a in back[i]:
                if not good[a]:
                    good[a] = 1
                    q.append(a)
        badi = [i for i in range(ns) if not good[i]]
        print('live %-12s %8d states %s: %s' % (n, ns, 'complete' if comp else 'cut off', 'every state can come to rest' if not badi else '%d STUCK' % len(badi)))
        if badi and comp:
            show('stuck', trace(badi[0]))
        sys.stdout.flush()


def main():
    av = sys.argv[1:]
    maxn = 3000000
    if '--max' in av:
        k = av.index('--max')
        maxn = int(av[k + 1])
        del av[k:k + 2]
    full = '--trace' in av
    av = [a for a in av if a != '--trace']
    cmd = av[0] if av else 'all'
    if cmd in ('all', 'fixed'):
        run_fixed(av[1:], maxn)
    if cmd in ('all', 'mutants'):
        run_mut(av[1:], maxn, full)
    if cmd in ('all', 'live'):
        run_live(maxn)
    if cmd in ('all', 'rollback'):
        for n, kw in ROLL.items():
            m = World(FIXED, **kw)
            ns, found, comp, _ = explore(m, maxn, stopfirst=False)
            print('== %s: %d states%s' % (n, ns, '' if comp else ' (cut off)'))
            for e, tr in found.items():
                show(e, tr)


if __name__ == '__main__':
    main()
