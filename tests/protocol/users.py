"""What users, applications and administrators do in the world of the model, step by step."""
from promises import *  # noqa: F403


class Users(Promises):
    def next_ones(self, W):
        """Requests that may be asked now."""
        left = [rid for rid in range(self.nreq) if W[self.PUB][rid] == 0]
        return left[:1] if self.ordered else left

    def use(self, S, add):
        self.redemptions(S, add)
        if self.ordered:
            self.staging(S, add)
            self.revocations(S, add)
            self.verifications(S, add)

    def redemptions(self, S, add):
        log, slots, R, W = S
        rk = W[self.REASK]
        if rk is not None:
            ok, R2, W2 = self.redeem(R, W, *rk)
            W2 = rep(W2, self.REASK, None)
            over = rk[0] in W[self.REVD]
            add(('caller asks again: %s' % ok, (log, slots, R2, W2), 0, [] if ok or over else ['P5b: lost reply of redeem cannot be asked for again']))
        if not self.has(W, 'RD'):
            return
        for (rid, inc) in sorted(set(m for m in W[self.MAILS] if self.methods[m[0]] == 'l')):
            for key in (1, 2):
                ok, R2, W2 = self.redeem(R, W, rid, inc, key)
                if ok:
                    again = (rid, inc, key) in W[self.REDS]
                    errs = [] if W[self.LOSS] or again or rid not in W[self.REVD] and not rid < W[self.CHGD] else ['P4-fence: a revoked link is redeemed']
                    W2 = self.spend(W2, 'RD')
                    W2 = rep(W2, self.REDS, W2[self.REDS] | {(rid, inc, key)})
                    add(('redeem link r%d/%d (call %d): 200' % (rid, inc, key), (log, slots, R2, W2), 1, errs))
                    if self.has(W2, 'LR') and rk is None:
                        W3 = rep(self.spend(W2, 'LR'), self.REASK, (rid, inc, key))
                        add(('redeem link r%d/%d (call %d): 200, reply lost' % (rid, inc, key), (log, slots, R2, W3), 1, errs))
                if key == 1 and not any(x[0] == rid and x[1] == inc for x in W[self.REDS]):
                    break

    def staging(self, S, add):
        """The producer keeps a password, publishes its request, shows the password: in this order."""
        log, slots, R, W = S
        order = ('stage', 'publish') if self.F['stage_first'] else ('publish', 'stage')
        asked = W[self.ASKED]
        if asked is None:
            first = [rid for rid in self.next_ones(W) if self.methods[rid] == 'h']
            again = [rid for rid in range(self.nreq) if self.methods[rid] == 'h' and W[self.PUB][rid]] if self.has(W, 'ST') else []
            for rid in first + again:
                W2 = self.spend(W, 'ST') if rid in again else rep(W, self.PUB, rep(W[self.PUB], rid, 1))
                add(('r%d is asked for' % rid, (log, slots, R, rep(W2, self.ASKED, (rid, 0, 0))), 0, []))
            return
        rid, step, version = asked
        if step == 2:
            W2 = rep(rep(W, self.SHOWN, rep(W[self.SHOWN], rid, version)), self.ASKED, None)
            add(('password %d of r%d is shown' % (version, rid), (log, slots, R, W2), 0, []))
        elif order[step] == 'publish':
            add(('publish r%d' % rid, (tuple(sorted(log + ((rid, 0, 0),))), slots, R, rep(W, self.ASKED, (rid, step + 1, version))), 0, []))
        else:
            version, R2, W2 = self.stage(R, W, rid)
            if version:
                W2 = rep(rep(W2, self.SHOWN, rep(W2[self.SHOWN], rid, 0)), self.ASKED, (rid, step + 1, version))
            else:
                W2 = rep(W2, self.ASKED, None)
            refused = not version and self.bud0[BI['ST']] == 0 and not W[self.LOSS]
            add(('stage r%d: %s' % (rid, version or 'begun already'), (log, slots, R2, W2), 0,
                 ['P1-ask: the one who asks first is told that it was asked already'] if refused else []))

    def revocations(self, S, add):
        log, slots, R, W = S
        now = max(rid for rid in range(-1, self.nreq) if rid < 0 or W[self.PUB][rid])
        if self.has(W, 'RV') and now >= 0:
            R2, W2 = self.revoke(R, W, now)
            add(('revoke', (log, slots, R2, self.spend(W2, 'RV')), 1, []))
        if self.has(W, 'NB'):
            add(('token.not_before is now', (log, slots, R, rep(self.spend(W, 'NB'), self.NB, W[self.NINC])), 1, []))

    def verifications(self, S, add):
        log, slots, R, W = S
        if R[ATT]:
            add(('the delay after a try ends', (log, slots, rep(R, ATT, 0), rep(W, self.STARTED, 0)), 0, []))
        known = {(rid, shown) for rid, shown in enumerate(W[self.SHOWN]) if shown}
        known |= {mail for mail in W[self.MAILS] if self.methods[mail[0]] == 'm'}
        if self.has(W, 'VF') and len(W[self.TRIES]) < 2:
            for guess in sorted(known):
                current, R2 = self.attempt(R, W)
                if current is None:
                    break
                W2 = rep(self.spend(W, 'VF'), self.STARTED, W[self.STARTED] + 1)
                W2 = rep(W2, self.TRIES, tuple(sorted(W2[self.TRIES] + ((guess, bool(current and current[:2] == guess)),))))
                errs = ['P-try: two tries are weighed within one delay'] if W2[self.STARTED] > 1 else []
                add(('password %d of r%d is tried' % guess[::-1], (log, slots, R2, W2), 1, errs))
        for guess, right in sorted(set(W[self.TRIES])):
            k = W[self.TRIES].index((guess, right))
            W2 = rep(W, self.TRIES, W[self.TRIES][:k] + W[self.TRIES][k + 1:])
            errs = []
            if right:
                right, R2, W2 = self.open(R, W2, *guess)
            if right:
                if guess in W[self.KILL] and not W[self.LOSS]:
                    errs.append('P4-pw: a password that was superseded, revoked or dead is accepted')
                W2 = rep(rep(W2, self.REDS, W2[self.REDS] | {guess + (1,)}), self.STARTED, 0)
            else:
                R2 = rep(R, ATT, 1)
            add(('password %d of r%d: %s' % (guess[1], guess[0], '200' if right else '404'), (log, slots, R2, W2), 0, errs))
