"""The SMTP pool by itself: what smtp_send makes of a relay."""
import subprocess

from . import places


def send(url, addresses, **settings):
    """Runs smtp_send; {address: "kind stage reason code enhanced"} and what it said on stderr."""
    command = [places.program("smtp_send"), f"url={url}", *(f"{key}={value}" for key, value in settings.items())]
    done = subprocess.run(command, input="\n".join(addresses), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    lines = [line.split(" ", 1) for line in done.stdout.splitlines()]
    assert len(lines) == len(addresses), "every submission has exactly one end"
    return dict(lines), done.stderr
