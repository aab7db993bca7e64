"""An SMTP server with PIPELINING whose every answer a test can choose.

The answer to a step is a reply line, or a word: CUT closes the connection without a reply, STALL never answers, or
a list of fragments that are written one by one.  A step's rule is called with what the step is about and may
return None for the ordinary answer.  It is fast enough for thousands of mails and keeps all of them.
"""
import asyncio
import threading
import time

from .mail import Mail, Store
from .processes import free_port

CUT = "cut the connection"
STALL = "never answer"
HOLD = "answer when the test says release(): held_answer at the dot, 354 to DATA"


class Closed(Exception):
    pass


class SmtpServer:
    """rules: on_connect(number), on_helo(name), on_mail(sender), on_rcpt(recipient), on_data(recipients),
    on_dot(mail).  A mail refused or cut at the dot is kept in `refused`, not in `mails`; a cut after taking the
    mail is on_dot answering TAKE_AND_CUT."""

    TAKE_AND_CUT = "take the mail, then cut the connection"

    def __init__(self, pipelining=True, port=None):
        self.port = port or free_port()
        self.url = f"smtp://127.0.0.1:{self.port}"
        self.pipelining = pipelining
        self.mails = Store()
        self.refused = Store()
        self.rules = {}
        self.connections = 0
        self.commands = []
        self._loop = None
        self._thread = None
        self._server = None
        self._writers = set()
        self._released = None
        self.held = Store()
        self.held_answer = "250 2.0.0 queued at last"

    def rule(self, step, answer):
        """`answer`: a function of the step's subject, or a reply for all; None takes the rule away."""
        self.rules[step] = answer if callable(answer) or answer is None else lambda _subject: answer

    # The thread and its loop.

    def start(self):
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()

        async def serve():
            self._released = asyncio.Event()
            self._server = await asyncio.start_server(self._session, "127.0.0.1", self.port, backlog=256,
                                                      limit=4 << 20)
            ready.set()

        def run():
            asyncio.set_event_loop(self._loop)
            self._loop.create_task(serve())
            self._loop.run_forever()
        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        assert ready.wait(10), "the SMTP server did not start"
        return self

    def stop(self):
        """Stops listening and cuts every connection; start() brings it back on the same port."""
        if not self._thread:
            return

        async def close():
            self._server.close()
            await self._server.wait_closed()
            for writer in list(self._writers):
                writer.transport.abort()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0)
        asyncio.run_coroutine_threadsafe(close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._thread = None

    def release(self):
        """Answers what is held at the dot, and whatever comes to it later."""
        self._loop.call_soon_threadsafe(self._released.set)

    # One connection.

    async def _session(self, reader, writer):
        self.connections += 1
        number = self.connections
        self._writers.add(writer)
        try:
            await self._converse(reader, writer, number)
        except (Closed, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort() if not writer.is_closing() else None

    def _answer_of(self, step, subject, ordinary):
        rule = self.rules.get(step)
        answer = rule(subject) if rule else None
        return ordinary if answer is None else answer

    async def _reply(self, writer, answer):
        if answer == CUT:
            writer.transport.abort()
            raise Closed
        if answer == STALL:
            await asyncio.Event().wait()
        for fragment in answer if isinstance(answer, list) else [answer + "\r\n"]:
            writer.write(fragment.encode())
            await writer.drain()
            if isinstance(answer, list):
                await asyncio.sleep(0.01)
        if isinstance(answer, str) and answer.startswith("421"):
            writer.close()
            raise Closed

    async def _converse(self, reader, writer, number):
        await self._reply(writer, self._answer_of("connect", number, "220 test.invalid ESMTP"))
        sender, recipients = None, []
        while True:
            line = await reader.readline()
            if not line:
                return
            command = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
            self.commands.append((number, command))
            verb = command.upper()
            if verb.startswith(("EHLO", "HELO")):
                extra = "250-PIPELINING\r\n" if self.pipelining else ""
                ordinary = f"250-test.invalid\r\n{extra}250-8BITMIME\r\n250 SIZE 1000000"
                await self._reply(writer, self._answer_of("helo", command[5:], ordinary))
            elif verb.startswith("MAIL FROM:"):
                answer = self._answer_of("mail", _address(command), "250 2.1.0 Ok")
                if answer.startswith("2"):
                    sender, recipients = _address(command), []
                await self._reply(writer, answer)
            elif verb.startswith("RCPT TO:"):
                answer = "503 5.5.1 no sender" if sender is None else \
                    self._answer_of("rcpt", _address(command), "250 2.1.5 Ok")
                if answer[0] == "2":
                    recipients.append(_address(command))
                await self._reply(writer, answer)
            elif verb == "DATA":
                answer = self._answer_of("data", recipients, "354 go on") if recipients else "554 5.5.1 no recipients"
                if answer == HOLD:
                    self.held.add(Mail(sender, recipients, b"", number))
                    await self._released.wait()
                    answer = "354 go on"
                await self._reply(writer, answer)
                if answer.startswith("354"):
                    await self._take(reader, writer, Mail(sender, recipients, b"", number))
                    sender, recipients = None, []
            elif verb == "RSET":
                sender, recipients = None, []
                await self._reply(writer, "250 2.0.0 Ok")
            elif verb == "QUIT":
                await self._reply(writer, "221 2.0.0 Bye")
                return
            else:
                await self._reply(writer, "250 2.0.0 Ok" if verb == "NOOP" else "502 5.5.2 unknown")

    async def _take(self, reader, writer, mail):
        body = await reader.readuntil(b"\r\n.\r\n")
        mail.at = time.time()
        mail.raw = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in body[:-5].split(b"\r\n"))
        mail.raw += b"\r\n"
        answer = self._answer_of("dot", mail, "250 2.0.0 queued")
        if answer == HOLD:
            self.held.add(mail)
            await self._released.wait()
            answer = self.held_answer
        taken = answer == self.TAKE_AND_CUT or isinstance(answer, list) or answer.startswith("2")
        (self.mails if taken else self.refused).add(mail)
        await self._reply(writer, CUT if answer == self.TAKE_AND_CUT else answer)


def _address(command):
    return command[command.index("<") + 1:command.index(">")]
