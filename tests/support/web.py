"""HTTP as the services speak it: one answer, its headers and its JSON; and raw bytes for what no client sends."""
import dataclasses
import http.client
import json
import socket


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def problem(self):
        """The problem+json of RFC 9457, or the test fails."""
        assert self.headers.get("content-type", "").startswith("application/problem+json"), self
        document = self.json()
        assert document["status"] == self.status, document
        return document


def call(port, method, path, body=None, headers=None, timeout=30):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()},
                      response.read())
    finally:
        connection.close()


def raw(port, data, timeout=20):
    """Sends bytes as they are; the Answer, and whether the server closed the connection after it."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it answered and closed before it had read everything
        response = http.client.HTTPResponse(connection)
        response.begin()
        answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()},
                        response.read())
        try:
            closed = connection.recv(1) == b""
        except (ConnectionResetError, TimeoutError):
            closed = True
        return answer, closed


def metrics(port):
    """{name: [(labels, value)]} from /metrics."""
    answer = call(port, "GET", "/metrics")
    assert answer.status == 200, answer
    found = {}
    for line in answer.body.decode().splitlines():
        if line and not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            name, _, labels = series.partition("{")
            pairs = dict(pair.split("=", 1) for pair in labels.rstrip("}").split(",") if "=" in pair)
            found.setdefault(name, []).append(({key: text.strip('"') for key, text in pairs.items()}, float(value)))
    return found


def metric(port, name, **labels):
    """The sum over the series that have these labels; 0 where there is none."""
    return sum(value for series, value in metrics(port).get(name, [])
               if all(series.get(key) == text for key, text in labels.items()))


class Client:
    """A socket that reads one answer after another."""

    def __init__(self, producer):
        self.socket = socket.create_connection(("127.0.0.1", producer.port), timeout=30)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def answer(self):
        status = int(self.file.readline().split()[1])
        headers = {}
        while (line := self.file.readline().strip()):
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return Answer(status, headers, self.file.read(int(headers.get("content-length", 0))))

    def closed(self):
        """Whether the server closes, in order and without a reset."""
        return self.file.read(1) == b""
