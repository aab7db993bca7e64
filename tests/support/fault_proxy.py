"""A TCP proxy on loopback that does to a connection what networks do: delay, stall, drip, swallow, reset.

One mode holds for all connections, from the next byte on; what a mode kept back goes through when the next one lets
it.  `cut_after_reply` is the fault that no server can be made to show by itself: the server has done what it was
asked, and its reply never arrives.
"""
import asyncio
import socket
import struct
import threading

from .processes import free_port

PIECE = 64 * 1024


class _Connection:
    def __init__(self, client, server):
        self.client = client
        self.server = server
        self.asked = False  # something that `cut_after_reply` waits for went to the server

    def reset(self):
        """RST instead of FIN: what a firewall's time-out or a killed host looks like."""
        for writer in (self.client, self.server):
            connection = writer.get_extra_info("socket")
            if connection is not None and connection.fileno() >= 0:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class FaultProxy:
    """Between clients of `port` and a server on `target`, both on loopback."""

    def __init__(self, target, port=None):
        self.target = target
        self.port = port or free_port()
        self.connections = 0      # accepted so far
        self.cuts = 0             # replies swallowed by cut_after_reply
        self.flips = 0            # bits turned by flip_a_bit
        self._open = set()
        self._delay = 0.0
        self._drip = 0            # bytes at a time; 0: as they come
        self._swallow = False     # read on, pass nothing on
        self._wanted = b""        # what the next request to be cut has in it
        self._cuts_left = 0
        self._marked = b""        # what has one of its bits turned
        self._flips_left = 0
        self._renamed = None      # (what the server says, what clients hear instead), of one length
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._server = None
        self._thread = None

    # Modes, from any thread.

    def let_through(self):
        def change():
            self._delay, self._drip, self._swallow, self._cuts_left, self._flips_left = 0.0, 0, False, 0, 0
            self._renamed = None
            self._flowing.set()
        self._do(change)

    def delay(self, seconds):
        """Each piece is that late, in both directions."""
        self._do(lambda: setattr(self, "_delay", seconds))

    def drip(self, size):
        """That many bytes at a time, a hundred times a second."""
        self._do(lambda: setattr(self, "_drip", size))

    def stall(self):
        """Nothing moves, and the windows fill; connections stay, new ones are accepted."""
        self._do(self._flowing.clear)

    def blackhole(self):
        """What is sent is gone: as if a cable were pulled behind the peer's kernel."""
        self._do(lambda: setattr(self, "_swallow", True))

    def reset(self):
        """Every connection of now ends with RST."""
        def change():
            for connection in list(self._open):
                connection.reset()
        self._do(change)

    def cut_after_reply(self, wanted, times=1):
        """The next so many replies to requests with `wanted` in them are swallowed, and their connections reset."""
        def change():
            self._wanted, self._cuts_left = wanted, times
        self._do(change)

    def flip_a_bit(self, marked, times=1):
        """Where `marked` passes, in either direction, one of its bits is another: what a checksum is for."""
        def change():
            self._marked, self._flips_left = marked, times
        self._do(change)

    def rename(self, said, heard):
        """Clients hear `heard` wherever the server says `said`; both have one length."""
        assert len(said) == len(heard)
        self._do(lambda: setattr(self, "_renamed", (said, heard)))

    # The thread and its loop.

    def start(self):
        async def serve():
            self._flowing.set()
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=512)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(serve(), self._loop).result(10)
        return self

    def stop(self):
        async def close():
            self._server.close()
            for connection in list(self._open):
                connection.reset()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0)
        asyncio.run_coroutine_threadsafe(close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _do(self, change):
        async def changed():
            change()
        asyncio.run_coroutine_threadsafe(changed(), self._loop).result(10)

    # One connection.

    async def _accept(self, client_reader, client):
        self.connections += 1
        try:
            server_reader, server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            client.transport.abort()
            return
        connection = _Connection(client, server)
        self._open.add(connection)
        try:
            await asyncio.gather(self._pump(connection, client_reader, server, True),
                                 self._pump(connection, server_reader, client, False))
        except (ConnectionError, OSError):
            pass
        finally:
            self._open.discard(connection)
            client.transport.abort()
            server.transport.abort()

    async def _pump(self, connection, reader, writer, to_server):
        while piece := await reader.read(PIECE):
            await self._flowing.wait()
            if self._delay:
                await asyncio.sleep(self._delay)
            if self._cut(connection, piece, to_server):
                return
            if self._renamed and not to_server:
                piece = piece.replace(*self._renamed)
            if not self._swallow:
                await self._write(writer, self._flip(piece))
        if writer.can_write_eof():
            writer.write_eof()

    def _cut(self, connection, piece, to_server):
        if self._cuts_left == 0:
            return False
        if to_server:
            connection.asked = connection.asked or self._wanted in piece
            return False
        if not connection.asked:
            return False
        self._cuts_left -= 1
        self.cuts += 1
        connection.reset()
        return True

    def _flip(self, piece):
        place = piece.find(self._marked) if self._flips_left else -1
        if place < 0:
            return piece
        self._flips_left -= 1
        self.flips += 1
        return piece[:place] + bytes([piece[place] ^ 1]) + piece[place + 1:]

    async def _write(self, writer, piece):
        step = self._drip or len(piece)
        for start in range(0, len(piece), step):
            writer.write(piece[start:start + step])
            await writer.drain()
            if self._drip:
                await asyncio.sleep(0.01)
