"""The rules of what users and applications do: redeem, change, revoke; stage, try and open a temporary password."""
from model import *  # noqa: F403
from model import Rules as Worker


class Rules(Worker):
    def redeem(self, R, W, rid, inc, key):
        for t in R[TOKS]:
            if t[:2] != (rid, inc):
                continue
            if t[2]:
                return t[2] == key, R
            if inc < W[self.NB]:
                return False, R
            R = rep(R, TOKS, tuple(sorted(set(R[TOKS]) - {t} | {(rid, inc, key)})))
            r = R[RECS][rid]
            return True, self.end(R, rid, 'S', 'redeemed') if r is not None and r[RI] == inc and r[ST] in 'LP' else R
        return False, R

    def end_lane(self, R, lane, dropclaimed):
        """What the lane's newest request has is over."""
        cur = R[lane[0]]
        if lane == PASSWORD:
            R = rep(R, PW, None)
        else:
            R = rep(R, TOKS, tuple(t for t in R[TOKS] if t[0] != cur or t[2] and not dropclaimed))
        return rep(rep(rep(R, lane[0], REVOKED), lane[1], 0), lane[2], 0)

    def revoke(self, R, now):
        """Both lanes end, and what was asked for until now, the place of the latest request."""
        for lane in (LINK, PASSWORD):
            R = self.end_lane(R, lane, True)
        return rep(R, FENCE, max(R[FENCE], now))

    def change(self, R, rid):
        """What was asked for until the password was changed is over; the request that led to it is complete."""
        for lane in (LINK, PASSWORD):
            cur = R[lane[0]]
            if cur < self.nreq and cur < rid:
                R = self.end_lane(R, lane, False)
        R = rep(R, FENCE, max(R[FENCE], rid))
        if self.names is not None and R[RECS][self.names] is not None:
            R = rep(R, MARK, R[MARK] | {self.names})
        return R

    def stage(self, R, W, rid):
        """A password that is shown waits for its request: the version, or none where that was begun."""
        if R[RECS][rid] is not None:
            return 0, R, W
        version = W[self.NINC]
        return version, rep(R, STG, rep(R[STG], rid, version)), rep(W, self.NINC, version + 1)

    def password(self, R, W):
        """The temporary password that counts, or none."""
        p = R[PW]
        if p is None or R[CURP] != p[0] or R[RECS][p[0]] is None or p[1] < W[self.NB]:
            return None
        r, mailed = R[RECS][p[0]], self.methods[p[0]] == 'm'
        return p if not mailed or r[ST] not in 'UED' and r[RI] == p[1] else None

    def attempt(self, R, W):
        """None where it is too early for a try, else the password to compare with, or False."""
        if R[ATT]:
            return None, R
        return self.password(R, W) or False, rep(R, ATT, 1)

    def open(self, R, W, rid, inc):
        """A password was found right: it counts as it does now."""
        p = self.password(R, W)
        if not p or p[:2] != (rid, inc):
            return False, R
        R = rep(rep(R, PW, (rid, inc, 1)), ATT, 0)
        r = R[RECS][rid]
        return True, self.end(R, rid, 'S', 'redeemed') if self.methods[rid] == 'm' and r[ST] in 'LP' else R
