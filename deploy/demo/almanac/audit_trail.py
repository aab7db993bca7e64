"""The auditor's story of one request, as `reset-producer trail ID` tells it from the audit topic.

The command reads Kafka, which the web application has no business with; it runs as a program of its own, with an id that
this application made sure is one of its own requests, and a deadline.
"""
import json
import subprocess

DEADLINE = 20


class Unreadable(Exception):
    pass


class AuditTrail:
    def __init__(self, command):
        self._command = command

    def of(self, request_id):
        """The audit records, oldest first; raises Unreadable with a sentence for people."""
        if not self._command:
            raise Unreadable("This installation shows no audit trail.")
        try:
            done = subprocess.run([*self._command, request_id], stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=DEADLINE, check=False)
        except (OSError, subprocess.TimeoutExpired):
            raise Unreadable("The audit trail could not be read. Try again in a minute.") from None
        records = _records(done.stdout)
        if done.returncode != 0 and not records:
            raise Unreadable("The audit trail could not be read. Try again in a minute.")
        return sorted(records, key=lambda record: record.get("time", ""))


def _records(output):
    """One JSON document, a list of them, or one a line."""
    text = output.decode("utf-8", "replace").strip()
    try:
        document = json.loads(text)
        found = document if isinstance(document, list) else document.get("records", [document])
    except ValueError:
        found = []
        for line in text.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
    return [record for record in found if isinstance(record, dict)]
