#!/usr/bin/python3
"""How much of what Redis acknowledged is gone after a kill, after a power cut, after a fail-over, by setting.

  tests/faults/redis_durability.py [ROUNDS]        the table of docs/RELIABILITY.md, "What Redis keeps"

A power cut: redis-server runs with a shim that notes how long its append-only file was at each fdatasync(2) that
succeeded; it is killed, and the file is cut to that length, which is the least that a disk keeps.  A fail-over: the
replica hears of everything 200 ms late (a proxy), the primary is killed, the replica is promoted; with WAIT, a write
counts as acknowledged when WAIT 1 said 1.
"""
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import redis

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.fault_proxy import FaultProxy
from support.redis_server import RedisServer
from support.waiting import eventually

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
int fdatasync(int fd)
{
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    char link[64], path[512], text[600];
    struct stat before;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    int known = size > 0 && fstat(fd, &before) == 0;
    int result = next(fd);
    path[size > 0 ? size : 0] = '\0';
    if (result == 0 && known && strstr(path, ".aof")) {
        int note = open(getenv("SYNCED"), O_WRONLY | O_CREAT | O_APPEND, 0600);
        int length = snprintf(text, sizeof text, "%s %lld\n", path, (long long)before.st_size);
        if (note < 0 || write(note, text, (size_t)length) != length)
            abort();
        close(note);
    }
    return result;
}
"""
WRITERS, LAG_S = 4, 0.2


class ShimmedServer(RedisServer):
    """A Redis of which it is known what it has synced."""

    def start(self):
        shim = self.folder / "shim.so"
        if not shim.exists():
            (self.folder / "shim.c").write_text(SHIM)
            subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, self.folder / "shim.c", "-ldl"], check=True)
        wrapper = self.folder / "redis-server"
        wrapper.write_text(f"#!/bin/sh\nSYNCED={self.folder}/synced LD_PRELOAD={shim} exec {shutil.which('redis-server')} \"$@\"\n")
        wrapper.chmod(0o755)
        from support import places
        usual, places.tool = places.tool, lambda name: wrapper
        try:
            return super().start()
        finally:
            places.tool = usual

    def cut_power(self):
        self.kill()
        synced = dict(line.rsplit(" ", 1) for line in (self.folder / "synced").read_text().splitlines())
        for path in (self.folder / "appendonlydir").glob("*.incr.aof"):
            with open(path, "r+b") as file:
                file.truncate(int(synced.get(str(path), 0)))


def write_until(server, stop, acknowledged, wait):
    client, number = server.client(), 0
    name = threading.get_ident()
    try:
        while not stop.is_set():
            number += 1
            client.set(f"{name}:{number}", number)
            if not wait or client.wait(1, 2000) >= 1:
                acknowledged.append((time.monotonic(), f"{name}:{number}"))
    except redis.RedisError:
        pass


def run(server, after, wait=False):
    """What was acknowledged before `after` struck at a random moment, and when that was."""
    stop, acknowledged = threading.Event(), []
    threads = [threading.Thread(target=write_until, args=(server, stop, acknowledged, wait)) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(2.0, 4.0))
    struck = time.monotonic()
    after()
    stop.set()
    for thread in threads:
        thread.join()
    return acknowledged, struck


def answers(server):
    try:
        return server.client().ping()
    except redis.RedisError:  # it reads its file
        return False


def lost_of(acknowledged, struck, server):
    eventually("Redis to have read its file", lambda: answers(server))
    client = server.client()
    pipeline = client.pipeline(transaction=False)
    for _, key in acknowledged:
        pipeline.exists(key)
    there = pipeline.execute()
    lost = [at for (at, _), found in zip(acknowledged, there) if not found]
    return len(lost), max((struck - at for at in lost), default=0.0)


def struck_alone(folder, fsync, strike):
    server = ShimmedServer(folder, "--appendfsync", fsync)
    server.start()
    acknowledged, struck = run(server, getattr(server, strike))
    server.start()
    result = lost_of(acknowledged, struck, server)
    server.kill()
    return len(acknowledged), *result


def failed_over(folder, wait):
    primary = RedisServer(folder / "primary", "--repl-diskless-sync-delay", "0").start()
    proxy = FaultProxy(primary.port).start()
    replica = RedisServer(folder / "replica", "--replicaof", "127.0.0.1", str(proxy.port)).start()
    while primary.client().wait(1, 1000) < 1:
        pass
    proxy.delay(LAG_S)

    def strike():
        primary.kill()
        proxy.reset()
    acknowledged, struck = run(primary, strike, wait)
    replica.client().replicaof("NO", "ONE")
    result = lost_of(acknowledged, struck, replica)
    replica.kill()
    proxy.stop()
    return len(acknowledged), *result


CASES = {
    "kill -9, `appendfsync always`": lambda folder: struck_alone(folder, "always", "kill"),
    "kill -9, `appendfsync everysec`": lambda folder: struck_alone(folder, "everysec", "kill"),
    "power cut, `appendfsync always`": lambda folder: struck_alone(folder, "always", "cut_power"),
    "power cut, `appendfsync everysec`": lambda folder: struck_alone(folder, "everysec", "cut_power"),
    "fail-over to a replica 200 ms behind": lambda folder: failed_over(folder, False),
    "the same, acknowledged after WAIT 1": lambda folder: failed_over(folder, True),
}


def main(rounds):
    print("| what strikes | rounds | acknowledged | lost | the oldest of them |\n|---|---|---|---|---|")
    for name, case in CASES.items():
        total = lost = 0
        oldest = 0.0
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                acknowledged, gone, age = case(pathlib.Path(folder))
            total, lost, oldest = total + acknowledged, lost + gone, max(oldest, age)
        print(f"| {name} | {rounds} | {total} | {lost} | {f'{oldest:.2f} s' if lost else ''} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
