"""What must hold in every state and after every step; each broken promise has the number of its promise.

P1 … P8 are the promises of the design, I3 the invariant of one live link.
"""
from model_users import *  # noqa: F403

IDLE, GOT, PRE, CHK, DOT, CPY, FPN, FSN, FDD, DLQ, AUD, CMT, PK1, PK2, FRL, RCP = range(16)
PCN = ("idle begin mail predot-checked at-dot produce-copy finish(pending) finish(sent) finish(dead) dlq audit store park "
       "park-store finish(release) rcpt").split()


class Promises(Rules):
    def commit(self, log, s):
        c = (s[RID], s[GEN], s[CP])
        if c in log:
            k = log.index(c)
            return log[:k] + log[k + 1:]
        return log

    def told(self, slots, i, r, rid, post=0):
        a = (rid, r[RG], r[RI], r[ST], r[WHY], r[RU], post)
        return self.uninc(slots, i, pc=DLQ if r[ST] == 'D' else AUD, aud=a)

    def mail(self, R, W, rid, inc):
        errs = []
        mails = tuple(sorted(W[self.MAILS] + ((rid, inc),)))
        W = rep(W, self.MAILS, mails)
        k = mails.count((rid, inc))
        m = self.methods[rid]
        known = m in 'hc' or m == 'm' and R[PW] and R[PW][:2] == (rid, inc) or any(t[:2] == (rid, inc) for t in R[3])
        if not W[self.LOSS] and not known and (rid, inc) not in W[self.KILL]:
            errs.append('I-hash: a mail leaves whose link Redis does not know')
        if len({x[1] for x in mails if x[0] == rid}) > 1 + self.bud0[BI['NB']] + self.bud0[BI['LO']] + self.bud0[BI['SN']] + sum(1 for x in W[self.REPL] if x[0] == rid):
            errs.append('P3-loss: more than one new link per loss or replay')
        if k > 1 and k - 1 > W[self.ALLOW][rid]:
            errs.append('P3: an extra mail that no death between dot and reply explains')
        incs = {x[1] for x in mails if x[0] == rid}
        if len(incs) > 1 and not self.F['msgid_inc']:
            errs.append('P3-id: two mails with one Message-ID and different links')
        if len(incs) > 1 and not W[self.LOSS] and not W[self.NB] and not any(x[0] == rid for x in W[self.REPL]):
            errs.append('P3-link: second mail of one request carries another link')
        for a in W[self.AUDS]:
            if a[0] == rid and a[2] == inc and a[3] != 'S' and not a[5]:
                errs.append('P2-truth: mailed after the outcome %s without maybe-mailed' % a[3])
            if a[0] == rid and a[2] == inc and a[3] == 'S' and W[self.ALLOW][rid] < k - 1:
                errs.append('P3-audit: mailed again after the audit said sent')
        return W, errs

    def audit(self, W, a):
        errs = []
        rid, gen, inc, o, why, maybe, post = a
        for b in W[self.AUDS]:
            if b[0] == rid and b[1] == gen and b[3] != o and (b[2] == inc or not W[self.LOSS]):
                errs.append('P2: two different terminal outcomes of one request')
        mailed = (rid, inc) in W[self.MAILS]
        if o == 'S' and not mailed:
            errs.append('P2-truth: audit says sent, nothing was')
        if o != 'S' and mailed and not maybe:
            errs.append('P2-truth: audit says %s, a mail is out, and nothing says so' % o)
        if o != 'S' and post and not self.bud0[BI['SN']] and not maybe and any(m[0] == rid for m in W[self.MAILS]) and not any(x[0] == rid for x in W[self.REPL]) and why != 'recipient_limit':
            errs.append('P2-truth-loss: after the loss, outcome %s hides an earlier mail' % o)
        if why == 'revoked' and not W[self.LOSS] and rid not in W[self.REVD] and not rid < W[self.CHGD]:
            errs.append('P4-fence-late: a request made after the revocation is revoked')
        if self.methods[rid] == 'c' and o == 'U' and why != 'notice_limit':
            errs.append('P2-notice: the notice of a change is suppressed as %s' % why)
        return errs

    def check(self, S):
        log, slots, R, W = S
        errs = []
        live = [t for t in R[3] if not t[2]]
        if len(live) > 1:
            errs.append('P4/I3: two live links of one user')
        for t in live:
            if (t[0], t[1]) in W[self.KILL] and not W[self.LOSS]:
                errs.append('P4/P5-back: a killed or redeemed link is live again')
        ks = {}
        for (rid, inc, key) in W[self.REDS]:
            ks.setdefault((rid, inc), set()).add(key)
        if any(len(v) > 1 for v in ks.values()):
            errs.append('P5: one link redeemed twice')
        for rid in range(self.nreq):
            if W[self.PROD][rid] > self.copies:
                errs.append('P8-growth: copies in Kafka grow without a fault each')
        if not log and all(s[PC] == IDLE for s in slots) and W[self.REASK] is None and W[self.GHOST] is None and W[self.ASKED] is None:
            errs += self.quiet(S)
        return errs

    def quiet(self, S):
        log, slots, R, W = S
        errs = []
        best = {}
        for a in W[self.AUDS]:
            if a[0] not in best or (a[1], a[2]) > (best[a[0]][1], best[a[0]][2]):
                best[a[0]] = a
        for rid in range(self.nreq):
            if W[self.PUB][rid] and rid not in best:
                errs.append('P2/I1: request has no terminal outcome in the audit, offset is past it')
        if any(a[4] == 'fake' and a[3] == 'S' for a in W[self.AUDS]):
            errs.append('P4-dead: audit says sent after Redis was lost, its link does not work and nobody mails again')
        for (rid, gen) in W[self.REPL]:
            if rid in W[self.ADM] and not W[self.LOSS] and not any(a[0] == rid and a[1] > gen for a in W[self.AUDS]):
                errs.append('P2-replay: a replayed dead letter does nothing')
        return errs or self.works(R, W, best)

    def works(self, R, W, best):
        """What was promised of the newest request of each lane: its link or password works, unless it was used."""
        errs = []
        spent = W[self.REVD] | frozenset(range(W[self.CHGD])) | {x[0] for x in W[self.REDS]}
        links = [a for a in best.values() if a[3] != 'U' and self.methods[a[0]] == 'l']
        if links and not (W[self.LOSS] and self.bud0[BI['SN']]):
            rid = max(links)[0]
            r = R[2][rid]
            if max(links)[3] == 'S' and rid not in spent and r is not None and r[RI] >= W[self.NB]:
                newer = any(b[0] > rid and b[4] not in ('coalesced', 'superseded', 'recipient_limit') and self.methods[b[0]] == 'l'
                            for b in W[self.AUDS])
                if r[ST] == 'S' and (rid, r[RI], 0) not in R[3] and not newer:
                    errs.append('P4-dead: outcome sent, not superseded, not used, yet its link does not work')
        if W[self.LOSS]:
            return errs
        for rid in range(self.nreq):
            a, m = best.get(rid), self.methods[rid]
            if m not in 'mh' or a is None or rid in spent:
                continue
            if m == 'h' and a[4] == 'lapsed' and W[self.SHOWN][rid] and not W[self.NB]:
                errs.append('P1-shown: a password was shown, and its request lapsed')
            newest = rid == max(b[0] for b in best.values() if self.methods[b[0]] in 'mh' and b[3] != 'U' and b[4] not in ('lapsed', 'old'))\
                if a[3] != 'U' and a[4] not in ('lapsed', 'old') else False
            secret = W[self.SHOWN][rid] if m == 'h' else a[2] if a[3] == 'S' else 0
            if newest and secret >= max(1, W[self.NB]) and self.password(R, W) != (rid, secret, 0):
                errs.append('P4-pw: the newest temporary password, shown or sent and never used, does not work')
        return errs
