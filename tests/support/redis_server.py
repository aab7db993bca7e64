"""A real redis-server in a folder of its own, with an append-only file, so that a kill loses nothing."""
import redis

from . import places
from .processes import Process, free_port, wait_for_port


class RedisServer:
    def __init__(self, folder, *options):
        self.folder = folder
        self.options = options
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.process = None
        folder.mkdir(parents=True, exist_ok=True)

    def start(self):
        self.process = Process(f"redis-{self.port}", [
            places.tool("redis-server"), "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder,
            "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction",
            "--slowlog-log-slower-than", "0", "--slowlog-max-len", "20000", *self.options], self.folder)
        wait_for_port(self.process, self.port)
        return self

    def client(self):
        return redis.Redis(host="127.0.0.1", port=self.port)

    def kill(self):
        self.process.kill()

    def stop(self):
        self.process.stop()

    def dump(self):
        """Everything that it keeps: {key: bytes}, any type."""
        client = self.client()
        kept = {}
        for key in client.scan_iter(count=1000):
            kind = client.type(key)
            read = {b"string": client.get, b"hash": client.hgetall, b"set": client.smembers,
                    b"list": lambda name: client.lrange(name, 0, -1),
                    b"zset": lambda name: client.zrange(name, 0, -1, withscores=True)}.get(kind)
            value = read(key) if read else kind
            kept[key] = value if isinstance(value, bytes) else repr(value).encode()
        return kept
