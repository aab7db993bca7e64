"""The production decisions walk beside the model: over the store in memory with faults, and over a real Redis.

WALKS=N takes N walks in memory and N / 10 on Redis instead of the usual few.
"""
import os

import pytest

from support import places
from support.redis_server import RedisServer
from walker import Walk, Walker

WALKS = int(os.environ.get('WALKS', 800))

# what every long enough set of walks must have met, or it proves little
MET = {('begin', verdict) for verdict in ('lease', 'done', 'busy', 'stale', 'mismatch')} | \
      {('finish', verdict) for verdict in ('ok', 'done', 'lost', 'gone')} | \
      {('check', verdict) for verdict in ('ok', 'none', 'claimed')} | {('redeem', 'ok'), ('redeem', 'none'), ('revoke', 'ok'), ('stage', 'ok'),
       ('stage', 'done'), ('try', 'counts'), ('try', 'nothing'), ('try', 'busy'), ('open', 'ok'), ('open', 'none')}


@pytest.fixture
def redis(tmp_path):
    server = RedisServer(tmp_path / 'redis', '--appendfsync', 'no').start()
    yield server
    server.stop()


def walk_all(walk, seeds, faults):
    met = {}
    for seed in seeds:
        for key, count in Walker(walk, seed, faults).go().items():
            met[key] = met.get(key, 0) + count
    assert MET <= set(met), f'never met: {sorted(MET - set(met))}'


def test_in_memory_every_step_is_the_models():
    with Walk(places.program('protocol-walk')) as walk:
        walk_all(walk, range(WALKS), faults=False)


def test_a_question_without_an_answer_is_asked_again_and_finds_what_it_did():
    with Walk(places.program('protocol-walk')) as walk:
        walk_all(walk, range(10 ** 6, 10 ** 6 + WALKS), faults=True)


def test_on_redis_every_step_is_the_models(redis):
    with Walk(places.program('protocol-walk'), redis.url) as walk:
        walk_all(walk, range(2 * 10 ** 6, 2 * 10 ** 6 + max(100, WALKS // 10)), faults=False)
