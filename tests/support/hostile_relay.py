"""A mail relay that is the attacker: it says the bytes of its script, whatever it hears, and keeps all it hears.

A script has for a step ("greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "dot", "rset", "quit") bytes,
an Endless, a Tls, a function to be called, or a list of these, one after another; what is not in it is answered as a
good relay would.
"""
import socket
import ssl
import threading

GOOD = {
    "greeting": b"220 relay.invalid ESMTP\r\n", "ehlo": b"250-relay.invalid\r\n250 8BITMIME\r\n",
    "starttls": b"220 2.0.0 go\r\n", "auth": b"235 2.7.0 ok\r\n", "mail": b"250 2.1.0 ok\r\n",
    "rcpt": b"250 2.1.5 ok\r\n", "data": b"354 go\r\n", "dot": b"250 2.0.0 queued\r\n", "rset": b"250 ok\r\n",
    "quit": b"221 bye\r\n",
}
CHUNK = 1 << 16


class Endless:
    """These bytes again and again, until the other side goes; `pause`: one time in so many seconds."""

    def __init__(self, piece, pause=0.0):
        self.piece = piece
        self.pause = pause


class Tls:
    """From here on the connection is TLS, with this pair of files."""

    def __init__(self, certificate):
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(*certificate)


class HostileRelay:
    def __init__(self, script=None):
        self.script = dict(script or {})
        self.heard = []        # one bytearray for each connection: what came in, decrypted
        self.mails = []        # contents that were brought to their dot
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.url = f"smtp://localhost:{self.port}"

    def start(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def stop(self):
        self._stopped.set()
        self._listener.close()

    def verbs(self):
        """Every first word of a command, upper case."""
        return {line.split()[0].upper().decode("ascii", "replace") for heard in self.heard
                for line in bytes(heard).split(b"\r\n") if line.split()}

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._session, args=(connection,), daemon=True).start()

    def _session(self, connection):
        heard = bytearray()
        self.heard.append(heard)
        try:
            self._converse(_Lines(connection, heard))
        except (OSError, EOFError):
            pass
        finally:
            connection.close()

    def _converse(self, lines):
        self._say(lines, "greeting")
        while True:
            words = lines.line().split()
            step = words[0].lower().decode("ascii", "replace") if words else ""
            step = {"helo": "ehlo"}.get(step, step)
            answer = self._say(lines, step)
            if step == "data" and isinstance(answer, bytes) and answer.startswith(b"354"):
                self.mails.append(lines.content())
                self._say(lines, "dot")
            if step == "quit":
                return

    def _say(self, lines, step):
        answer = self.script.get(step, GOOD.get(step, b"500 5.5.2 what?\r\n"))
        for part in answer if isinstance(answer, list) else [answer]:
            if isinstance(part, Tls):
                lines.connection = part.context.wrap_socket(lines.connection, server_side=True)
            elif isinstance(part, Endless):
                self._say_for_ever(lines.connection, part)
            elif callable(part):
                part()
            else:
                lines.connection.sendall(part)
        return answer

    def _say_for_ever(self, connection, endless):
        piece = endless.piece if endless.pause else endless.piece * (CHUNK // len(endless.piece) + 1)
        while not self._stopped.wait(endless.pause):
            connection.sendall(piece)
        raise EOFError


class _Lines:
    def __init__(self, connection, heard):
        self.connection = connection
        self._heard = heard
        self._rest = b""

    def _more(self):
        piece = self.connection.recv(CHUNK)
        if not piece:
            raise EOFError
        self._heard += piece
        self._rest += piece

    def _until(self, end):
        while end not in self._rest:
            self._more()
        taken, _, self._rest = self._rest.partition(end)
        return taken

    def line(self):
        return self._until(b"\r\n")

    def content(self):
        return self._until(b"\r\n.\r\n")
