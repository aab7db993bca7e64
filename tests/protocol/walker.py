"""Random walks: each step is taken by the model and by the production functions; verdicts and records must agree."""
import random
import subprocess

import model_users as model
from model_users import (ATT, CUR, CURP, FENCE, LIVE, MARK, NOB, OWN, PW, RC, REVOKED, RG, RI, RT, RU, ST, STG, WHY, WIN, WINP,
                         rep)

NAMES = {'P': 'pending', 'L': 'leased', 'S': 'sent', 'U': 'suppressed', 'E': 'expired', 'D': 'dead'}
RESULTS = ['sent', 'pending', 'dead', 'release', 'park', 'renew']
REQUESTS = 4
METHODS = 'lmh?c'                       # by their numbers
FAULTS = ['conflict', 'lost_before', 'lost_after', 'unavailable']


class Walk:
    """The program protocol-walk: a line in, a line out."""

    def __init__(self, program, *arguments):
        self.child = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, *words):
        self.child.stdin.write(' '.join(map(str, words)) + '\n')
        self.child.stdin.flush()

    def receive(self):
        line = self.child.stdout.readline()
        assert line, f'protocol-walk ended with {self.child.wait()}'
        return line.rstrip('\n')

    def ask(self, *words):
        self.send(*words)
        return self.receive()

    def verdict(self, *words):
        return self.ask(*words).split('|')[0]

    def close(self):
        self.child.stdin.close()
        assert self.child.wait(timeout=60) == 0
        self.child.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        if self.child.poll() is None and ignored[0]:
            self.child.kill()
        else:
            self.close()


def state_of(R):
    """The model's records as protocol-walk prints them."""
    parts = []
    for number, r in enumerate(R[2]):
        if r is None:
            parts.append('-')
            continue
        why = {'': 'refused' if r[ST] == 'D' else 'none', 'old': 'too_old', 'lapsed': 'password_lapsed'}.get(r[WHY], r[WHY])
        parts.append(','.join(map(str, (NAMES[r[ST]], r[RG], r[RC], r[OWN] if r[ST] == 'L' else 0, r[RU], r[RT], r[RI], why, int(number in R[MARK])))))
    tokens = sorted(','.join(map(str, token)) for token in R[3])
    password = ','.join(map(str, R[PW])) if R[PW] else '-'
    return [str(R[CUR]), str(R[CURP]), str(R[FENCE]), password, str(R[ATT]), *parts, [str(version) for version in R[STG]], tokens]


def state_in(line):
    """What protocol-walk printed: the verdict, the state, and for each request whether it keeps a seed."""
    verdict, newest, newest_password, fence, password, waits, *requests, staged, tokens = line.split('|')
    seeds = [request.rsplit(',', 1)[1] == '1' if request != '-' else False for request in requests]
    requests = [request.rsplit(',', 1)[0] if request != '-' else '-' for request in requests]
    head = [newest, newest_password, fence, password, waits]
    return verdict, [*head, *requests, staged.split(), sorted(tokens.split())], seeds


class Walker:
    def __init__(self, walk, seed, faults):
        self.walk, self.faults = walk, faults
        self.random = random.Random(seed)
        methods = 'l' * REQUESTS if self.random.random() < .3 else ''.join(self.random.choices('lmhc', [4, 4, 5, 3], k=REQUESTS))
        named = self.random.randrange(REQUESTS)
        self.model = model.Rules(methods, deny=(1,) if self.random.random() < .15 else (),
                                 names=named if methods[named] != 'c' and self.random.random() < .8 else None)
        self.passwords = []
        self.R, self.W = self.model.init()
        self.admins = [self.random.random() < .3 for _ in range(REQUESTS)]
        self.bodies = [0] * REQUESTS
        self.history = []
        self.counts = {}
        self.compare('', '', walk.ask('reset'))

    def compare(self, op, verdict, line):
        answered, state, seeds = state_in(line)
        self.history.append(f'{op} -> {answered}')
        expected = state_of(self.R)
        if (verdict and answered != verdict) or state != expected:
            raise AssertionError('model and program differ:\n' + '\n'.join(self.history) +
                                 f'\nmodel   {verdict} {expected}\nprogram {answered} {state}')
        for number, r in enumerate(self.R[2]):
            if r is not None and (r[ST] in model.TERMINAL or r[ST] == 'L' and number in (self.R[CUR], self.R[CURP])):
                seed = r[ST] == 'L' and self.model.methods[number] in 'lm'
                assert seeds[number] == seed, f'request {number}: wrong about its seed\n' + '\n'.join(self.history)
        key = (op.split(' ')[0], answered)
        self.counts[key] = self.counts.get(key, 0) + 1

    def put(self, verdict, R, W, *words):
        """Asks the program; a lost or refused answer is asked for again, as the worker does."""
        self.R, self.W = R, W
        if R[PW] and R[PW][:2] not in self.passwords:
            self.passwords.append(R[PW][:2])
        if self.faults and words[0] in ('begin', 'finish', 'redeem', 'revoke', 'stage', 'open') and self.random.random() < .25:
            self.walk.ask('fault', self.random.choice(FAULTS), self.random.randint(1, 2))
            self.history.append('(struck by a fault)')
        line = self.walk.ask(*words)
        if line.split('|')[0] in ('timeout', 'unavailable'):
            self.history.append('(asked again after %s)' % line.split('|')[0])
            line = self.walk.ask(*words)
        self.compare(' '.join(map(str, words)), verdict.lower(), line)

    def begin(self):
        M, R, W, pick = self.model, self.R, self.W, self.random
        rid, gen, copy, own = pick.randrange(REQUESTS), pick.choice([0, 0, 0, 1, 2]), pick.randrange(3), pick.randint(1, 4)
        body, ended = int(pick.random() < .05), int(rid in W[M.OLDS])
        words = ('begin', rid, gen, copy, own, W[M.NINC], ended, int(rid in M.deny), body, int(self.admins[rid]),
                 METHODS.index(M.methods[rid]), M.names + 1 if M.methods[rid] == 'c' and M.names is not None else 0)
        if R[2][rid] is not None and body != self.bodies[rid]:
            return self.put('MISMATCH', R, W, *words)
        if R[2][rid] is None:
            self.bodies[rid] = body
        lost = W[M.LOSS]
        # an ended request is one of long ago, so the store is younger than it
        W = rep(rep(W, M.PUB, (2 if lost or ended else 1,) * REQUESTS), M.LOSS, 1 if lost or ended else 0)
        verdict, R, W = M.begin(R, W, rid, gen, copy, own, int(self.admins[rid]))
        self.put(verdict, R, rep(W, M.LOSS, lost), *words)

    def finish(self):
        M, R, W, pick = self.model, self.R, self.W, self.random
        rid, result, uncertain, copy = pick.randrange(REQUESTS), pick.choice(RESULTS), pick.randrange(2), pick.randrange(3)
        r = R[2][rid]
        own = r[OWN] if r and r[ST] == 'L' and pick.random() < .6 else pick.randint(1, 4)
        inc = r[RI] if r and pick.random() < .7 else pick.randint(1, 5)
        verdict, R = M.finish(R, rid, own, inc or 99, result, copy + 1, uncertain)
        self.put(verdict, R, W, 'finish', rid, own, inc or 99, result, copy + 1, uncertain)

    def redeem(self):
        M, R, W, pick = self.model, self.R, self.W, self.random
        if R[3]:
            token, key = pick.choice(R[3]), pick.randint(1, 2)
            current = token[0] == R[0]
            self.put('NONE' if not current or not token[2] and token[1] < W[M.NB] else 'CLAIMED' if token[2] else 'OK', R, W, 'check', *token[:2])
            done, R = M.redeem(R, W, token[0], token[1], key)
            self.put('OK' if done else 'NONE', R, W, 'redeem', *token[:2], key)

    def revoke(self):
        R = self.model.revoke(self.R, self.random.randrange(REQUESTS))
        self.put('OK', R, self.W, 'revoke', R[FENCE])

    def stage(self):
        handed = [rid for rid in range(REQUESTS) if self.model.methods[rid] == 'h']
        if handed:
            # mostly where it can still count
            fresh = [rid for rid in handed if self.R[2][rid] is None]
            rid, version = self.random.choice(fresh or handed), self.W[self.model.NINC]
            staged, R, W = self.model.stage(self.R, self.W, rid)
            self.put('OK' if staged else 'DONE', R, W, 'stage', rid, version)

    def attempt(self):
        password, R = self.model.attempt(self.R, self.W)
        self.put('BUSY' if password is None else 'COUNTS' if password else 'NOTHING', R, self.W, 'try')

    def open(self):
        if self.passwords:
            current = self.R[PW] and self.random.random() < .7
            guess = self.R[PW][:2] if current else self.random.choice(self.passwords)
            opened, R = self.model.open(self.R, self.W, *guess)
            self.put('OK' if opened else 'NONE', R, self.W, 'open', *guess)

    def delay_ends(self):
        self.put('', rep(self.R, ATT, 0), self.W, 'delay_ends')

    def not_before(self):
        self.put('', self.R, rep(self.W, self.model.NB, self.W[self.model.NINC]), 'not_before')

    def lease_ends(self):
        leased = [rid for rid, r in enumerate(self.R[2]) if r and r[ST] == 'L']
        if leased:
            rid = self.random.choice(leased)
            self.put('', self.model.setrec(self.R, rid, rep(self.R[2][rid], LIVE, 0)), self.W, 'lease_ends', rid)

    def windows_end(self):
        self.put('', rep(rep(self.R, WIN, 0), WINP, 0), self.W, 'windows_end')

    def claims_end(self):
        self.put('', rep(self.R, 3, tuple(token for token in self.R[3] if not token[2])), self.W, 'claims_end')

    def request_ends(self):
        rid = self.random.randrange(REQUESTS)
        if self.model.methods[rid] != 'c':       # its place in time would be another
            self.W = rep(self.W, self.model.OLDS, self.W[self.model.OLDS] | {rid})

    def loss(self):
        self.put('', self.model.empty(), rep(self.W, self.model.LOSS, 1), 'loss')

    def go(self):
        steps = [(self.begin, 40), (self.finish, 40), (self.redeem, 12), (self.lease_ends, 12), (self.windows_end, 6),
                 (self.claims_end, 6), (self.request_ends, 1), (self.loss, 1), (self.revoke, 1), (self.not_before, 1)]
        if 'h' in self.model.methods or 'm' in self.model.methods:
            steps += [(self.stage, 12), (self.attempt, 6), (self.open, 8), (self.delay_ends, 4)]
        for step in self.random.choices([step for step, _ in steps], [weight for _, weight in steps],
                                        k=self.random.randint(5, 40)):
            step()
        return self.counts


assert NOB == 9 and REVOKED == 7        # as protocol-walk prints them
