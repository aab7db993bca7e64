"""A canary is a secret that is hunted in every place and every spelling; where it is found, something leaks."""
import base64
import json
import pathlib
import socket
import threading
import urllib.parse

from . import web


def spellings(secret):
    """Raw, hex, base64 at each alignment, base32, percent-encoded, escaped for JSON, HTML and mail, UTF-16; all as bytes."""
    raw = secret.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), urllib.parse.quote(secret, safe="").encode(),
             raw.decode("latin-1").encode("utf-16-le"), secret.encode("utf-16-be"), raw[::-1], json.dumps(secret)[1:-1].encode()}
    for form in ("%{:02X}", "%{:02x}", "\\x{:02x}", "={:02X}", "&#{};", "&#x{:x};", "\\u{:04x}", "\\u{:04X}"):
        found.add("".join(form.format(byte) for byte in raw).encode())
        found.add("".join(chr(byte) if chr(byte).isalnum() else form.format(byte) for byte in raw).encode())
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            coded = encode(b"\0" * shift + raw)
            # The characters that depend on the neighbours are left out at both ends.
            found.add(coded[4 if shift else 0:len(coded) // 4 * 4 - 4])
    found.add(base64.b32encode(raw)[:len(raw) * 8 // 5 - 8])
    try:
        decoded = base64.urlsafe_b64decode(secret + "=")
        if len(decoded) == 32:  # a token is the spelling of these bytes
            found |= {decoded, decoded.hex().encode()}
    except ValueError:
        pass
    return {spelling for spelling in found if len(spelling) >= 8}


def assert_not_in(places, secrets, what):
    everything = b"\0\n".join(content for _, content in places)  # one search for each spelling: there are thousands of places
    for secret in secrets:
        for spelling in spellings(secret):
            if spelling in everything:
                where = [place for place, content in places if spelling in content]
                at = everything.index(spelling)
                raise AssertionError(f"{what} found in {where or 'several together'}: {everything[max(0, at - 60):at + 200]!r}")


def everywhere_but_values(relay, redis_server, processes):
    """(place, bytes) of all that is kept or said, without the values of the topics that carry requests."""
    places = []
    for record in relay.reader.complete():
        where = f"{record.topic}/{record.partition}@{record.offset}"
        places.append((f"key of {where}", record.key or b""))
        places += [(f"header {name} of {where}", value or b"") for name, value in record.headers.items()]
        if record.topic == relay.audit_topic:
            places.append((f"value of {where}", record.value))
    for key, value in redis_server.dump().items():
        places.append((f"Redis key {key}", key + b"\n" + value))
    for process in processes:
        places.append((f"stdout of {process.name}", process.out_path.read_bytes()))
        places.append((f"stderr of {process.name}", process.err_path.read_bytes()))
        places.append((f"metrics of {process.name}", web.call(process.admin_port, "GET", "/metrics").body))
        for file in ("cmdline", "environ"):
            places.append((f"{file} of {process.name}", pathlib.Path(f"/proc/{process.pid}/{file}").read_bytes()))
    return places


def kept_by(redis_server):
    """What Redis has on disk and tells of its past, as (place, bytes)."""
    client = redis_server.client()
    places = [(f"SLOWLOG {entry['id']}", entry["command"]) for entry in client.slowlog_get(20000)]
    for command in ("CLIENT LIST", "ACL LOG", "INFO all", "LATENCY LATEST", "MEMORY STATS", "CONFIG GET *", "SCRIPT HELP"):
        places.append((command, repr(client.execute_command(*command.split())).encode()))
    return places + [(f"Redis {path.name}", path.read_bytes()) for path in redis_server.folder.rglob("*") if path.is_file()]


def memory_of(process):
    """All that is writable in its address space, in pieces: what a core of it, or root's gcore, would have."""
    with open(f"/proc/{process.pid}/maps") as maps, open(f"/proc/{process.pid}/mem", "rb", 0) as memory:
        for line in maps:
            extent, rights, *rest = line.split()
            begin, end = (int(part, 16) for part in extent.split("-"))
            if not rights.startswith("rw") or end - begin > 1 << 30:
                continue  # the sanitizer's shadow
            try:
                memory.seek(begin)
                yield f"{rest[-1] if len(rest) > 3 else 'memory'} of {process.name}", memory.read(end - begin)
            except (OSError, ValueError):
                continue


class Monitor:
    """Every command that Redis is told, as MONITOR shows it."""

    def __init__(self, redis_server):
        self.said = bytearray()
        self._connection = socket.create_connection(("127.0.0.1", redis_server.port))
        self._connection.sendall(b"MONITOR\r\n")
        assert self._connection.recv(5) == b"+OK\r\n"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        try:
            while piece := self._connection.recv(1 << 20):
                self.said += piece
        except OSError:
            pass

    def close(self):
        self._connection.close()
