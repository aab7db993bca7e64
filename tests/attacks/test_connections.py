"""Connections that cost us something and the attacker nothing: ten thousand that say nothing, and those that drip."""
import os
import resource
import select
import socket
import time

import pytest

from support import events, relay as deployment
from support.waiting import NotYet, eventually

PATH = "/v1/password-resets"
PER_ADDRESS = 256  # http.connections_per_address, as it is by default
DRIP_S = 0.05
CONNECTIONS = 10_000  # of a wave
WAVES = 3, 12  # at least, and at most until the allocator has found its form


@pytest.fixture
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard >= 12_000, f"ulimit -Hn is {hard}: too few for ten thousand connections"
    resource.setrlimit(resource.RLIMIT_NOFILE, (12_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def sparing(monkeypatch):
    """The sanitizer gives memory back at once instead of keeping it aside, so that what a program holds is seen."""
    options = deployment.SANITIZERS["ASAN_OPTIONS"]
    monkeypatch.setitem(deployment.SANITIZERS, "ASAN_OPTIONS", f"{options}:quarantine_size_mb=0:thread_local_quarantine_size_kb=0")


def memory_kib(process):
    with open(f"/proc/{process.pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def connect_from(address, port):
    """A connection under way from this address."""
    client = socket.socket()
    client.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: ports are per pair of addresses
    client.bind((address, 0))
    client.setblocking(False)
    try:
        client.connect(("127.0.0.1", port))
    except BlockingIOError:
        pass
    return client


def other_clients_are_served(producer):
    for _ in range(3):
        assert producer.request(events.reset_request())
    assert producer.check("A" * 43).status == 404


def grows(memory):
    """Something is kept of each connection of the last wave: half a KiB, no more than a pointer and a timer."""
    return memory[-1] - memory[-2] > CONNECTIONS * 0.5


def test_ten_thousand_idle_connections_from_thirty_addresses_hold_up_nobody(pair, many_descriptors, sparing):
    producer = pair.producer(**{"http.idle_timeout": "10m"})
    other_clients_are_served(producer)
    held_at_most, memory, files = 30 * PER_ADDRESS, [], []
    # How many are accepted at once is chance, and what an allocator took for the most of them it keeps; what is kept of
    # each connection makes every wave's figure higher.
    while len(memory) < WAVES[0] or grows(memory):
        assert len(memory) < WAVES[1], f"memory grows from wave to wave: {memory} KiB"
        idle = [connect_from(f"127.0.1.{number % 30 + 1}", producer.port) for number in range(CONNECTIONS)]
        other_clients_are_served(producer)

        def settled():
            held = producer.metric("reset_relay_http_connections")
            if held != held_at_most:
                raise NotYet(f"{held} connections")
            return True
        eventually(f"{held_at_most} connections to be held and the others refused", settled)
        other_clients_are_served(producer)
        memory.append(memory_kib(producer))
        files.append(descriptors(producer))
        for client in idle:
            client.close()
        eventually("no connection to be left", lambda: producer.metric("reset_relay_http_connections") == 0)
    refused = producer.metric("reset_relay_http_refused_total", reason="connections_per_address")
    assert refused >= len(memory) * 512
    assert memory[-1] <= held_at_most * 24, f"{memory[-1]} KiB for {held_at_most} connections"
    assert files[-1] <= files[0] + 8 and files[0] < held_at_most + 100, f"descriptors: {files}"


SLOW = {
    # what is dripped, byte by byte, and never ends
    "headers": lambda relay: (f"POST {PATH} HTTP/1.1\r\nHost: relay.example\r\n".encode(), b"X-A: b\r\n"),
    "one header": lambda relay: (f"POST {PATH} HTTP/1.1\r\nX-A: ".encode(), b"a"),
    "the request line": lambda relay: (b"GET /", b"a"),
    "content": lambda relay: (head(relay, "Content-Length: 60000\r\n"), b" "),
    "chunks": lambda relay: (head(relay, "Transfer-Encoding: chunked\r\n"), b"1\r\n \r\n"),
    "a chunk": lambda relay: (head(relay, "Transfer-Encoding: chunked\r\n") + b"ea60\r\n", b" "),
}


def head(relay, framing):
    return (f"POST {PATH} HTTP/1.1\r\nHost: relay.example\r\nAuthorization: Bearer {relay.key}\r\n"
            f"Content-Type: application/json\r\n{framing}\r\n").encode()


def test_whoever_drips_is_answered_408_at_the_deadline_though_never_silent(pair):
    """Slowloris, R.U.D.Y. and their like.  Each byte comes long before any time for silence is over."""
    producer = pair.producer(**{"http.total_timeout": "1s"})
    open_ones, heard, closed = {}, {}, set()
    for number in range(120):
        kind = list(SLOW)[number % len(SLOW)]
        begin, drop = SLOW[kind](pair)
        client = socket.create_connection(("127.0.0.1", producer.port), timeout=20, source_address=("127.0.2.1", 0))
        client.sendall(begin)
        open_ones[client] = (kind, drop)
        heard[client] = b""
    for step in range(400):  # twenty times the deadline
        for client in set(open_ones) - closed:
            try:
                drop = open_ones[client][1]
                client.send(drop[step % len(drop):step % len(drop) + 1])
            except OSError:
                pass  # refused and closed; what was said is read below
        readable = select.select(list(set(open_ones) - closed), [], [], 0)[0]
        for client in readable:
            try:
                piece = client.recv(65536)
            except ConnectionResetError:
                piece = b""
            heard[client] += piece
            if not piece:
                closed.add(client)
        if len(closed) == len(open_ones):
            break
        if step % 10 == 0:
            other_clients_are_served(producer)
        time.sleep(DRIP_S)  # the attacker's pace; nothing is awaited by it
    for client, (kind, _) in open_ones.items():
        client.close()
        assert heard[client].startswith(b"HTTP/1.1 408 "), f"{kind}: {heard[client][:200]!r}"
        assert client in closed, f"{kind}: the connection stays open after the answer"
    assert producer.metric("reset_relay_http_refused_total", reason="slow") == len(open_ones)


def test_large_contents_that_never_end_take_bounded_memory_and_no_place_from_small_requests(pair, many_descriptors):
    """84 MB from seven addresses, without any key: above 64 MiB in all, what is large is refused."""
    producer = pair.producer(**{"http.total_timeout": "10m"})
    part = (b"POST /v1/password-resets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 65000\r\n\r\n"
            + b"x" * 60_000)
    held = []
    for number in range(1400):
        client = socket.create_connection(("127.0.0.1", producer.port), timeout=30,
                                          source_address=(f"127.0.4.{1 + number // 200}", 0))
        client.sendall(part)
        held.append(client)
    refused = eventually("the last of them to be refused",
                         lambda: producer.metric("reset_relay_http_refused_total", reason="content"), 60)
    assert held[-1].recv(1000).startswith(b"HTTP/1.1 503 ")
    assert refused >= 1400 - (64 << 20) // 60_000 - 1, "no more is held than the bound allows"
    other_clients_are_served(producer)
    for client in held:
        client.close()
    eventually("room again", lambda: producer.metric("reset_relay_http_connections") == 0, 60)
    with socket.create_connection(("127.0.0.1", producer.port), timeout=20) as client:
        client.sendall(part + b"x" * 5000)
        assert client.recv(1000).startswith(b"HTTP/1.1 401 ")


def test_one_address_that_takes_all_its_places_leaves_the_others_theirs(pair):
    """From one address there is room again as soon as one of its connections is gone."""
    producer = pair.producer(**{"http.connections_per_address": "5"})
    greedy = [socket.create_connection(("127.0.0.1", producer.port), source_address=("127.0.3.1", 0)) for _ in range(5)]
    eventually("them to be counted", lambda: producer.metric("reset_relay_http_connections") >= 5)
    with socket.create_connection(("127.0.0.1", producer.port), timeout=20, source_address=("127.0.3.1", 0)) as late:
        assert late.recv(1000).startswith(b"HTTP/1.1 503 ")
    other_clients_are_served(producer)
    greedy.pop().close()

    def served_again():
        with socket.create_connection(("127.0.0.1", producer.port), timeout=20, source_address=("127.0.3.1", 0)) as client:
            client.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return client.recv(1000).startswith(b"HTTP/1.1 404 ")
    eventually("a place for the address", served_again)
    for client in greedy:
        client.close()
