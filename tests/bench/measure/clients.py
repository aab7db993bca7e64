"""Whoever sends the same mail many times: Postfix's smtp-source, and the worker's own engine without the worker."""
import pathlib
import subprocess

from support import places

from .sink import Sink
from .spread import demand
from .usage import Stopwatch


def smtp_source(sink, mails, connections, size):
    """-d keeps the connections."""
    return [places.tool("smtp-source"), "-s", connections, "-d", "-m", mails, "-l", size, "-f", "a@example.com", "-t",
            "b@example.com", f"127.0.0.1:{sink.port}"]


def engine(sink, mails, connections, message):
    return [places.program("bench_engine"), sink.port, mails, connections, message]


def run(folder, command_of, mails, *sink_options, clients=1):
    """`clients` processes at once, each sending `mails`: what the sink counted, its busy share, their CPU for a mail."""
    sink = Sink(folder, *sink_options)
    started = [subprocess.Popen([str(word) for word in command_of(sink)], stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True) for _ in range(clients)]
    for client in started:
        _, trouble = client.communicate(timeout=600)
        demand(client.returncode == 0, f"{pathlib.Path(client.args[0]).name} ended with {client.returncode}: {trouble[-300:]}")
    counted, used = sink.counted(), Stopwatch.total(sink)
    sink.stop()
    demand(counted.mails == mails * clients, f"{counted.mails} mails of {mails * clients}")
    return {"mails_per_s": counted.rate, "seconds": counted.seconds, "connections": counted.connections,
            "sink_busy": used / counted.seconds, "sink_us_per_mail": used * 1e6 / counted.mails}


def message_file(place):
    """One mail as the worker makes it, with CRLF, as a file."""
    settings = {"link.url": "https://app.example.org/reset#{token}", "smtp.from": "Example <no-reply@example.org>"}
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    rendered = subprocess.run([places.program("reset-worker"), *words, "render"], check=True, capture_output=True).stdout
    path = place.folder / "message.eml"
    path.write_bytes(rendered.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    return path
