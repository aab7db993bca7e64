"""Real Redis Sentinels over a primary and its replicas."""
import redis

from . import places
from .processes import Process, free_port, wait_for_port
from .waiting import eventually


def role(server):
    """What a server says it is; nothing while it is changed, which breaks its connections."""
    try:
        return server.client().info("replication")["role"]
    except redis.ConnectionError:
        return None


class Sentinels:
    name = "main"

    def __init__(self, folder, primary, quorum, count):
        self.folder = folder
        self.primary = primary
        self.quorum = quorum
        self.ports = [free_port() for _ in range(count)]
        self.addresses = [f"127.0.0.1:{port}" for port in self.ports]
        self.processes = []
        folder.mkdir(parents=True, exist_ok=True)

    def start(self):
        for port in self.ports:
            path = self.folder / f"{port}.conf"
            path.write_text(f"port {port}\nbind 127.0.0.1\ndir {self.folder}\n"
                            f"sentinel monitor {self.name} 127.0.0.1 {self.primary.port} {self.quorum}\n"
                            f"sentinel down-after-milliseconds {self.name} 2000\n"
                            f"sentinel failover-timeout {self.name} 20000\n")
            process = Process(f"sentinel-{port}", [places.tool("redis-server"), path, "--sentinel"], self.folder)
            self.processes.append(process)
            wait_for_port(process, port)
        eventually("the Sentinels to know each other and the replica", self._know_all)
        return self

    def _know_all(self):
        states = [self.client(port).sentinel_master(self.name) for port in self.ports]
        return all(int(state["num-other-sentinels"]) == len(self.ports) - 1 and int(state["num-slaves"]) >= 1
                   for state in states)

    def client(self, port=None):
        return redis.Redis(port=port or self.ports[0], decode_responses=True)

    def fail_over(self):
        """Asks for one, though nothing is wrong."""
        eventually("a Sentinel to begin a fail-over", self._ask_fail_over)

    def _ask_fail_over(self):
        try:
            return self.client().execute_command("SENTINEL FAILOVER", self.name)
        except redis.ResponseError:
            return False

    def wait_for(self, server):
        """Until every Sentinel names `server`, and it is a primary."""
        def named():
            places_named = {self.client(port).sentinel_get_master_addr_by_name(self.name) for port in self.ports}
            return places_named == {("127.0.0.1", server.port)} and \
                role(server) == "master"
        eventually(f"a fail-over to port {server.port}", named, 90)

    def stop(self):
        for process in self.processes:
            process.kill()
