"""What only a real Redis can show: many clients at once, expiry, a full memory, and what its users may not do."""
import collections

import pytest

from support import places
from support.redis_server import RedisServer
from walker import Walk

PROGRAM = 'protocol-walk'
HOUR = 3600 * 1000


def start(folder, *options):
    return RedisServer(folder / 'redis', '--appendfsync', 'no', *options).start()


@pytest.fixture
def redis(tmp_path):
    server = start(tmp_path)
    yield server
    server.stop()


def counted(lines):
    total = collections.Counter()
    for line in lines:
        words = line.split()
        total.update(dict(zip(words[::2], map(int, words[1::2]))))
    return +total


def race(walks, *words):
    """Each walk asks its share at once; the last word is each one's first owner or key."""
    for number, walk in enumerate(walks):
        walk.send(*words, 1 + 100 * number)
    return counted(walk.receive() for walk in walks)


@pytest.fixture
def walks(redis):
    walks = [Walk(places.program(PROGRAM), redis.url) for _ in range(4)]
    walks[0].ask('reset')
    yield walks
    for walk in walks:
        walk.close()


def test_of_a_hundred_redemptions_at_once_one_succeeds(walks):
    assert walks[0].verdict('begin 0 0 0 1 1 0 0 0 0') == 'lease'
    stored = walks[0].ask('stored 0 1')
    for walk in walks[1:]:
        assert walk.ask('link 0 1', stored) == stored
    assert race(walks, 'race_redeem 0 1 25') == {'ok': 1, 'none': 99}


def test_of_many_workers_that_begin_the_same_request_one_gets_the_lease(walks):
    answers = race(walks, 'race_begin 0 10')
    assert answers == {'lease': 1, 'busy': 39}


def test_redemptions_race_with_the_finish_of_the_mail_and_the_request_ends_once(walks):
    for _ in range(20):
        walks[0].ask('reset')
        walks[0].ask('begin 0 0 0 1 1 0 0 0 0')
        walks[1].ask('link 0 1', walks[0].ask('stored 0 1'))
        walks[0].send('finish 0 1 1 sent 0 0')
        walks[1].send('redeem 0 1 5')
        assert walks[0].receive().split('|')[0] == 'done'
        redeemed = walks[1].receive().split('|')
        assert redeemed[0] == 'ok' and redeemed[6].startswith('sent,')


def test_every_record_expires(redis, walks):
    client = redis.client()
    walks[0].ask('begin 0 0 0 1 1 0 0 0 0')
    walks[0].ask('begin 1 0 0 1 2 0 0 0 1')
    kinds = collections.Counter()
    for key in client.keys('pwreset:*'):
        kind, left = key.split(b':')[1].decode(), client.pttl(key)
        kinds[kind] += 1
        most = {'user': 72 * HOUR, 'request': 72 * HOUR, 'token': 24 * HOUR, 'recipient': HOUR, 'actor': HOUR}.get(kind)
        assert left == -1 if most is None else 0 < left <= most, (key, left)
    # the administrator's request killed the user's own link; a mailbox counts the two apart
    assert kinds == {'born': 1, 'user': 1, 'request': 2, 'token': 1, 'recipient': 2, 'actor': 1}
    assert walks[0].verdict('redeem 1 2 7') == 'ok'
    claimed = [key for key in client.keys('pwreset:token:*')]
    assert len(claimed) == 1 and 0 < client.pttl(claimed[0]) <= 5 * 60 * 1000


def test_every_record_of_a_temporary_password_expires(redis, walks):
    client = redis.client()
    walks[0].ask('stage 0 7')
    assert {key.split(b':')[1]: 0 < client.pttl(key) <= 24 * HOUR for key in client.keys('pwreset:staged:*')} == {b'staged': True}
    assert walks[0].verdict('begin 0 0 0 1 1 0 0 0 1 2 0') == 'lease'
    [password] = client.keys('pwreset:password:*')
    assert not client.keys('pwreset:staged:*') and 23 * HOUR < client.pttl(password) <= 24 * HOUR
    assert walks[0].verdict('try') == 'counts'
    [attempts] = client.keys('pwreset:attempts:*')
    assert 0 < client.pttl(attempts) <= HOUR
    assert walks[0].verdict('open 0 7') == 'ok'
    assert not client.keys('pwreset:attempts:*') and 0 < client.pttl(password) <= 15 * 60 * 1000
    assert walks[0].verdict('begin 1 0 0 2 2 0 0 0 0 4 1') == 'lease'      # the password was changed
    assert not client.keys('pwreset:password:*')


def test_of_many_tries_at_once_one_is_weighed(walks):
    walks[0].ask('stage 0 7')
    walks[0].ask('begin 0 0 0 1 1 0 0 0 1 2 0')
    for walk in walks:
        walk.send('try')
    assert sorted(walk.receive().split('|')[0] for walk in walks) == ['busy', 'busy', 'busy', 'counts']


def test_a_finished_request_costs_little_of_redis(redis, walks):
    client = redis.client()
    walks[0].ask('begin 0 0 0 1 1 0 0 0 0')
    walks[0].ask('finish 0 1 1 sent 0 0')
    keys = [key for key in client.keys('pwreset:*') if key != b'pwreset:born']
    size = sum(client.memory_usage(key) for key in keys)
    assert size <= 1500, {key: (client.memory_usage(key), client.get(key)) for key in keys}


def test_a_full_redis_refuses_begin_and_still_takes_finish_and_redeem(redis, walks):
    client = redis.client()
    assert walks[0].verdict('begin 0 0 0 1 1 0 0 0 0') == 'lease'
    client.set('ballast', b'x' * 3000000)
    client.config_set('maxmemory', 1000000)
    before = client.dbsize()
    assert walks[0].verdict('begin 1 0 0 2 2 0 0 0 1') == 'full'
    assert client.dbsize() == before
    assert walks[0].verdict('finish 0 1 1 renew 0 0') == 'ok'
    assert walks[0].verdict('finish 0 1 1 sent 0 0') == 'done'
    assert walks[0].verdict('redeem 0 1 5') == 'ok'


def test_the_producers_user_redeems_but_cannot_begin(tmp_path):
    rules = (places.ROOT / 'deploy' / 'redis.acl').read_text()
    rules = rules.replace('replace-this-worker-password', 'w').replace('replace-this-producer-password', 'p')
    acl = tmp_path / 'users.acl'
    acl.write_text('\n'.join(line for line in rules.splitlines() if line.startswith('user ')) + '\n')
    server = start(tmp_path, '--aclfile', acl)
    try:
        users = {name: server.url.replace('redis://', f'redis://{name}:{name[0]}@') for name in ('worker', 'producer')}
        with Walk(places.program(PROGRAM), users['worker']) as worker:
            worker.ask('reset')
            assert worker.verdict('begin 0 0 0 1 1 0 0 0 0') == 'lease'
            with Walk(places.program(PROGRAM), users['producer']) as producer:
                assert producer.verdict('begin 1 0 0 2 2 0 0 0 0') == 'denied'
                producer.ask('link 0 1', worker.ask('stored 0 1'))
                assert producer.verdict('redeem 0 1 5') == 'ok'
                assert producer.verdict('stage 2 7') == 'ok'
                assert worker.verdict('begin 2 0 0 2 2 0 0 0 1 2 0') == 'lease'
                assert worker.verdict('try') == 'denied'
                assert producer.verdict('try') == 'counts'
                assert producer.verdict('open 2 7') == 'ok'
                assert producer.verdict('revoke 3') == 'ok'
            assert worker.verdict('finish 0 1 1 sent 0 0') == 'done'
    finally:
        server.stop()
