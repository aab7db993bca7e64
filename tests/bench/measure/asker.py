"""One kept connection to the intake that times each answer, and what is the same in all of them."""
import re
import socket
import time

REQUEST_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Asker:
    def __init__(self, port, key, path):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = (f"POST {path} HTTP/1.1\r\nHost: relay.example\r\nAuthorization: Bearer {key}\r\n"
                     "Content-Type: application/json\r\n").encode()

    def ask(self, body, idempotency_key=None, delay=0.0):
        """(seconds, head, body) of the answer.  `delay` passes inside the measured time: for a control."""
        extra = f"Idempotency-Key: {idempotency_key}\r\n".encode() if idempotency_key else b""
        data = b"".join((self.head, extra, b"Content-Length: %d\r\n\r\n" % len(body), body))
        begun = time.perf_counter()
        while time.perf_counter() - begun < delay:
            pass
        self.connection.sendall(data)
        answer = self.connection.recv(65536)
        while not _is_whole(answer):
            more = self.connection.recv(65536)
            assert more, "the producer closed the connection: no figure"
            answer += more
        seconds = time.perf_counter() - begun
        head, _, body = answer.partition(b"\r\n\r\n")
        return seconds, head, body

    def close(self):
        self.connection.close()


def _is_whole(answer):
    head, found, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return bool(found) and length and len(body) >= int(length[1])


def form(head, body):
    """What must be alike in all answers: all but the time of day and the request's id."""
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"date:")]
    return b"\r\n".join(lines), REQUEST_ID.sub(b"<id>", body)


def quantile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
