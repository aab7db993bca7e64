"""Where the person sits, as the relay wants to hear it: for its limits, its audit and the mail."""
from flask import request

LONGEST_AGENT = 512


def client():
    """Behind a proxy that you trust, let werkzeug's ProxyFix set remote_addr; never read X-Forwarded-For yourself."""
    found = {"ip": request.remote_addr or "127.0.0.1"}
    agent = "".join(letter for letter in request.headers.get("User-Agent", "") if " " <= letter <= "~")
    if agent:
        found["user_agent"] = agent[:LONGEST_AGENT]
    return found
