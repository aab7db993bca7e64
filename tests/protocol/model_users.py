"""The rules of what users and applications do: redeem, change, revoke; stage, try and open a temporary password."""
from model import *  # noqa: F403
from model import Rules as Worker


class Rules(Worker):
    def redeem(self, R, W, rid, inc, key):
        F = self.F
        for i, t in enumerate(R[3]):
            if t[0] == rid and t[1] == inc:
                if t[2]:
                    return t[2] == key, R, W
                if inc < W[self.NB]:
                    return False, R, W
                R = rep(R, 3, tuple(sorted(R[3][:i] + R[3][i + 1:] + ((rid, inc, key),))))
                W = rep(W, self.KILL, W[self.KILL] | {(rid, inc)})
                r = R[2][rid]
                if F['redeem_ends'] and r is not None and r[RI] == inc and r[ST] in 'LP':
                    R, W = self.end(R, W, rid, 'S', 'redeemed')
                if not F['cur_sticky']:
                    R = rep(R, 0, NOB)
                return True, R, W
        return False, R, W

    def end_lane(self, R, W, lane, dropclaimed):
        """What the lane's newest request has is over."""
        cur = R[lane[0]]
        gone = [t for t in R[3] if t[0] == cur and (dropclaimed or not t[2])] if lane == LINK else []
        killed = {t[:2] for t in gone}
        if lane == PASSWORD and R[PW]:
            killed.add(R[PW][:2])
            R = rep(R, PW, None)
        R = rep(R, 3, tuple(t for t in R[3] if t not in gone))
        R = rep(rep(rep(R, lane[0], REVOKED), lane[1], 0), lane[2], 0)
        return R, rep(W, self.KILL, W[self.KILL] | killed)

    def revoke(self, R, W, now):
        """Both lanes end, and what was asked for until now, the place of the latest request."""
        for lane in (LINK, PASSWORD):
            R, W = self.end_lane(R, W, lane, True)
        if self.F['fence']:
            R = rep(R, FENCE, max(R[FENCE], now) if self.F['fence_time'] else 99)
        return R, rep(W, self.REVD, W[self.REVD] | frozenset(range(now + 1)))

    def change(self, R, W, rid):
        """What was asked for until the password was changed is over; the request that led to it is complete."""
        for lane in (LINK, PASSWORD):
            cur = R[lane[0]]
            if cur < self.nreq and (cur < rid or not self.F['chg_newer']):
                R, W = self.end_lane(R, W, lane, not self.F['chg_claim'])
        if self.F['chg_fence']:
            R = rep(R, FENCE, max(R[FENCE], rid))
        if self.names is not None and R[2][self.names] is not None:
            R = rep(R, MARK, R[MARK] | {self.names})
        return R, W

    def stage(self, R, W, rid):
        """A password that is shown waits for its request: the version, or none where that was begun."""
        if R[2][rid] is not None and self.F['stage_absent']:
            return 0, R, W
        version = W[self.NINC]
        return version, rep(R, STG, rep(R[STG], rid, version)), rep(W, self.NINC, version + 1)

    def password(self, R, W):
        """The temporary password that counts, or none."""
        p = R[PW]
        if p is None or R[CURP if self.F['lanes'] else CUR] != p[0] or R[2][p[0]] is None or p[1] < W[self.NB]:
            return None
        r, mailed = R[2][p[0]], self.methods[p[0]] == 'm'
        stands = r[ST] not in 'UED' and (r[RI] == p[1] or not mailed)
        if self.F['pw_state'] and mailed and not stands or not self.F['pw_notice'] and not mailed and not stands:
            return None
        return p

    def attempt(self, R, W):
        """None where it is too early for a try, else the password to compare with, or False."""
        if R[ATT]:
            return None, R
        return self.password(R, W) or False, rep(R, ATT, 1) if self.F['charge_first'] else R

    def open(self, R, W, rid, inc):
        """A password was found right: it counts as it does now."""
        p = self.password(R, W)
        if self.F['open_cmp'] and (not p or p[:2] != (rid, inc)):
            return False, R, W
        R = rep(rep(R, PW, (rid, inc, 1)), ATT, 0)
        r = R[2][rid]
        if self.methods[rid] == 'm' and r is not None and r[ST] in 'LP':
            R, W = self.end(R, W, rid, 'S', 'redeemed')
        return True, R, W
