"""Brokers that go away, and ways to them that break.  Rows 6, 7 and 10 of the fault matrix."""
import pytest

from load import Load
from support import events
from support.kafka_broker import KafkaBroker
from support.relay import Relay
from support.waiting import eventually


def test_a_broker_killed_and_back_under_load_loses_nothing(relay, load, kafka, chance, how_many):
    """Row 7: one of three, again and again; two in-sync replicas go on."""
    producer = relay.producer()
    relay.worker()
    with load.background(producer) as stream:
        for _ in range(how_many(2, 10)):
            node = chance.choice(kafka.nodes)
            kafka.kill_node(node)
            stream.more(60)
            kafka.start_node(node)
            stream.more(30)
    load.judge()


def test_without_two_replicas_nothing_is_acknowledged_and_all_goes_on_after(relay, load, kafka):
    """Row 7: below min.insync.replicas a 202 would be a promise that one disk keeps."""
    producer = relay.producer(**{"http.kafka_deadline": "1s"})
    relay.worker()
    load.ask_many(producer, 20)
    load.wait_until_done()
    for node in kafka.nodes[:2]:
        kafka.kill_node(node)
    assert not any(load.ask(producer) for _ in range(5))
    for node in kafka.nodes[:2]:
        kafka.start_node(node, wait=False)
    kafka.wait_for(3)
    producer.wait_ready(120)
    load.ask_many(producer, 20)
    load.judge()


def test_connections_to_kafka_reset_under_load_lose_nothing(relay, load, kafka, chance):
    producer = relay.producer()
    relay.worker()
    with load.background(producer) as stream:
        for _ in range(10):
            chance.choice(kafka.nodes).proxy.reset()
            stream.more(20)
    load.judge()


def test_acknowledgements_that_never_arrive_double_nothing(relay, load, kafka):
    """The broker has the event, the producer does not know: it sends again, and it is one event (idempotence)."""
    producer = relay.producer()
    relay.worker()
    with load.background(producer) as stream:
        stream.more(20)
        for node in kafka.nodes:
            node.proxy.cut_after_reply(relay.requested.encode(), times=5)
        stream.more(150)
    assert sum(node.proxy.cuts for node in kafka.nodes) > 0, "no reply was cut"
    load.judge()


def test_a_slow_way_to_kafka_is_waited_for_or_answered_503(relay, load, kafka):
    """Row 10."""
    producer = relay.producer(**{"http.kafka_deadline": "1s"})
    relay.worker()
    load.ask_many(producer, 10)
    for node in kafka.nodes:
        node.proxy.delay(1.2)
    assert not load.ask(producer)
    kafka.let_through()
    producer.wait_ready(120)
    load.ask_many(producer, 30)
    load.judge()


@pytest.fixture
def one_broker(tmp_path):
    broker = KafkaBroker(tmp_path / "kafka", heap="256m").start()
    yield broker
    broker.remove()


def test_a_full_disk_at_the_broker_is_503_and_nothing_acknowledged_is_lost(tmp_path, one_broker, redis_server, smtp):
    """Row 7: a broker that cannot write ends; what it could not write was never acknowledged."""
    relay = Relay(tmp_path / "relay", one_broker, redis_server, smtp.url).prepare()
    load = Load(relay, smtp, redis_server)
    producer = relay.producer(**{"http.kafka_deadline": "1s"})
    relay.worker()
    load.ask_many(producer, 20)
    load.wait_until_done()
    one_broker.fill_disk()
    assert not any(load.ask(producer) for _ in range(3))
    one_broker.process.wait()  # its only log is out of order
    one_broker.start()
    producer.wait_ready(120)
    load.ask_many(producer, 20)
    load.judge()
    relay.close()


def test_an_event_that_the_wire_changed_is_fetched_again(relay, load, kafka, smtp):
    """A bit turns on the way from the broker: its checksum tells, nothing becomes of it, and it is read once more."""
    producer = relay.producer(**{"http.kafka_deadline": "30s"})  # a young cluster may take its time
    address = "needle@example.com"
    first = producer.request(events.reset_request(user="same", email=address, tenant="acme"))
    second = producer.request(events.reset_request(user="same", email="other@example.com", tenant="acme",
                                                   actor_id="another"))
    for node in kafka.nodes:
        node.proxy.flip_a_bit(address.encode())
    worker = relay.worker()
    eventually("both mails", lambda: len(smtp.mails) == 2)
    assert "_BAD_MSG" in worker.stderr(), "the worker never saw the changed event"
    kafka.let_through()
    assert {relay.outcome(each, "sent")["outcome"] for each in (first, second)} == {"sent"}
    relay.wait_until_committed()
    assert not relay.audits(outcome="dead")
    load.judge()
