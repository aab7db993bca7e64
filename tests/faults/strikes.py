"""The faults of a long run.  Each is one function of the system that it strikes and of chance; it returns once what it
broke was let go again, and names what it strikes, so that two faults never break the same part at once."""
import signal

from support.smtp_server import CUT, STALL
from support.waiting import eventually

BRIEF = (0.2, 2.0)


def kill_worker(system, chance):
    _kill(system, "worker killed", chance.choice(system.mortal_workers))


def kill_producer(system, chance):
    _kill(system, "producer killed", chance.choice(system.mortal_producers))


def _kill(system, kind, slot):
    with system.fault(kind, slot.name):
        slot.kill()
    slot.start()


def terminate_worker(system, chance):
    """SIGTERM: within 30 s it has drained and ended by itself."""
    slot = chance.choice(system.mortal_workers)
    with system.fault("worker terminated", slot.name):
        try:
            code = slot.terminate(40)
        except AssertionError:
            code = "nothing within 40 s"
        before_it_began = code == -signal.SIGTERM and not slot.process.stderr()
        if code != 0 and not before_it_began:
            system.evidence.died.append(f"{slot.name} ended with {code} on SIGTERM")
    slot.start()


def stop_worker(system, chance):
    """A zombie: past its session, and sometimes past its leases."""
    slot = chance.choice(system.mortal_workers)
    with system.fault("worker stopped", slot.name):
        slot.process.signal(signal.SIGSTOP)
        try:
            system.wait(chance.choice((5, 8, 8, 12, 50)))
        finally:
            slot.process.signal(signal.SIGCONT)


def storm_of_members(system, chance):
    """Members that come and go."""
    with system.fault("members come and go"):
        for _ in range(3):
            guest = system.guest()
            system.wait(chance.uniform(0.3, 1.5))
            guest.terminate(40)


def kill_broker(system, chance):
    node = chance.choice(system.cluster.nodes)
    with system.fault("broker killed", f"broker-{node.number}"):
        system.cluster.kill_node(node)
        system.wait(chance.uniform(*BRIEF))
        system.cluster.start_node(node, wait=False)
        eventually("the broker to take part again", lambda: system.brokers() == len(system.cluster.nodes), 180)


def reset_kafka(system, chance):
    with system.fault("kafka connections reset"):
        chance.choice(system.cluster.nodes).proxy.reset()


def cut_kafka_replies(system, chance):
    """The event is in Kafka, and nobody is told."""
    with system.fault("kafka reply cut"):
        for node in system.cluster.nodes:
            node.proxy.cut_after_reply(system.relay.requested.encode())
        system.wait(1)
        for node in system.cluster.nodes:
            node.proxy.let_through()


def slow_kafka(system, chance):
    with system.fault("way to kafka slow"):
        node = chance.choice(system.cluster.nodes)
        node.proxy.delay(chance.uniform(0.1, 1.0))
        system.wait(chance.uniform(1, 5))
        node.proxy.let_through()


def kill_redis(system, chance):
    with system.fault("redis killed"):
        system.redis.kill()
        if chance.random() < 0.3:
            system.wait(chance.uniform(*BRIEF))
        system.redis.start()
        _loaded(system)


def _loaded(system):
    """Until then nothing can be stored, which the fault's length says."""
    eventually("Redis to have loaded its file", lambda: not system.redis.client().info("persistence")["loading"], 180)


def reset_redis(system, _chance):
    with system.fault("redis connections reset"):
        system.redis_proxy.reset()


def silence_redis(system, chance):
    with system.fault("redis silent"):
        system.redis_proxy.stall() if chance.random() < 0.5 else system.redis_proxy.blackhole()
        system.wait(chance.uniform(0.5, 8))
        system.redis_proxy.let_through()
        system.redis_proxy.reset()


def cut_redis_reply(system, chance):
    with system.fault("redis reply cut"):
        system.redis_proxy.cut_after_reply(chance.choice((b"EVALSHA", b"MGET")), chance.randrange(1, 4))
        system.wait(1)
        system.redis_proxy.let_through()


def empty_redis(system, _chance):
    """What it kept is gone, as after a failover to a replica that had nothing."""
    _loaded(system)
    with system.fault("redis emptied"):
        system.redis.client().flushall()


def kill_relay(system, chance):
    with system.fault("relay killed"):
        system.smtp.stop()
        system.wait(chance.uniform(0.05, 1.0))
        system.smtp.start()


def reset_relay(system, _chance):
    with system.fault("relay connections reset"):
        system.smtp_proxy.reset()


def slow_relay(system, chance):
    with system.fault("way to the relay slow"):
        system.smtp_proxy.drip(2000) if chance.random() < 0.5 else system.smtp_proxy.delay(0.5)
        system.wait(chance.uniform(1, 5))
        system.smtp_proxy.let_through()


def take_and_cut(system, chance):
    """Every so-manyth mail is taken, and its sender never hears of it."""
    counter, every = [0], chance.randrange(5, 20)

    def taken(_mail):
        counter[0] += 1
        return system.smtp.TAKE_AND_CUT if counter[0] % every == 0 else None
    _rule_for(system, "mail taken, connection cut", "dot", taken, chance.uniform(1, 4))


def refuse_for_now(system, chance):
    _rule_for(system, "relay says 4xx", chance.choice(("mail", "rcpt", "data", "dot")), "451 4.7.1 come back",
              chance.uniform(0.5, 2))


def say_421(system, chance):
    _rule_for(system, "relay says 421", chance.choice(("connect", "mail")), "421 4.3.2 closing",
              chance.uniform(0.5, 3))


def cut_before_the_dot(system, chance):
    _rule_for(system, "relay cuts before the dot", chance.choice(("mail", "data")), CUT, chance.uniform(0.5, 2))


def silent_at_the_dot(system, chance):
    """Some mails are never answered: parked after 30 s, given up after the dot's deadline."""
    counter = [0]

    def seen(_mail):
        counter[0] += 1
        return STALL if counter[0] <= 3 else None
    _rule_for(system, "relay silent at the dot", "dot", seen, chance.uniform(1, 3))


def _rule_for(system, kind, step, rule, seconds):
    """For so long the relay does so at this step."""
    with system.fault(kind):
        system.smtp.rule(step, rule)
        system.wait(seconds)
        system.smtp.rule(step, None)


# name of the part that is struck: at most one fault strikes a part at a time; and how often, one against another.
ALL = {
    kill_worker: ("worker", 10), terminate_worker: ("worker", 4), stop_worker: ("worker", 2),
    storm_of_members: ("guest", 1), kill_producer: ("producer", 5),
    kill_broker: ("kafka", 3), reset_kafka: ("kafka", 2), cut_kafka_replies: ("kafka", 2), slow_kafka: ("kafka", 2),
    kill_redis: ("redis", 4), reset_redis: ("redis", 3), silence_redis: ("redis", 2), cut_redis_reply: ("redis", 4),
    empty_redis: ("redis", 0.3),
    kill_relay: ("relay", 4), reset_relay: ("relay", 3), slow_relay: ("relay", 2), take_and_cut: ("relay", 3),
    refuse_for_now: ("relay", 3), say_421: ("relay", 3), cut_before_the_dot: ("relay", 3),
    silent_at_the_dot: ("relay", 1),
}
KILLS = {"worker": kill_worker, "redis": kill_redis, "broker": kill_broker, "relay": kill_relay,
         "producer": kill_producer}
PAUSES = {"worker": (0.2, 5.0), "redis": (0.2, 3.0), "broker": (0.5, 3.0), "relay": (0.2, 3.0), "producer": (0.2, 5.0)}
