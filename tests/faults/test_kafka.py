"""Brokers that go away, and ways to them that break.  Rows 7 and 10 to 12 of the fault matrix."""


def test_a_broker_killed_and_back_under_load_loses_nothing(relay, load, kafka, chance):
    """Row 7: one of three, again and again; two in-sync replicas go on."""
    producer = relay.producer()
    relay.worker()
    with load.background(producer) as stream:
        for _ in range(3):
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
