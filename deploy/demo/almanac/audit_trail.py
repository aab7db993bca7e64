"""The auditor's story of one request, as `reset-producer trail ID` tells it from the audit topic.

The command reads Kafka, which the web application has no business with; it runs as a program of its own, with an id that
this application made sure is one of its own requests, and a deadline.
"""
import datetime
import json
import subprocess

DEADLINE = 20       # seconds
EARLIER = 3600      # seconds that another machine's clock may be behind ours
NO_RECORD_YET = 1   # the command's exit code


class Unreadable(Exception):
    pass


class AuditTrail:
    def __init__(self, command):
        self._command = command

    def of(self, request_id, asked_at):
        """The audit records since then, oldest first; raises Unreadable with a sentence for people."""
        if not self._command:
            raise Unreadable("This installation shows no audit trail.")
        try:
            since = datetime.datetime.fromtimestamp(asked_at - EARLIER, datetime.timezone.utc)
            done = subprocess.run([*self._command, "--since", f"{since:%Y-%m-%dT%H:%M:%SZ}", request_id],
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE, check=False)
        except (OSError, subprocess.TimeoutExpired):
            raise Unreadable("The audit trail could not be read. Try again in a minute.") from None
        if done.returncode not in (0, NO_RECORD_YET):
            raise Unreadable("The audit trail could not be read. Try again in a minute.")
        return sorted(_records(done.stdout), key=lambda record: record.get("time", ""))


def _records(output):
    """One a line."""
    found = [json.loads(line) for line in output.decode("utf-8", "replace").splitlines() if line.startswith("{")]
    return [record for record in found if isinstance(record.get("data"), dict)]
