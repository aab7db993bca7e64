#!/usr/bin/python3
"""Almanac, the demonstration application: an example of a service that uses reset-relay.

It owns people and their passwords; everything about resets it asks of reset-producer over HTTP, with two API keys of
exactly the scopes that it needs.  `./deploy/quickstart.sh` starts it beside the pair; README.md here says what to look at.
"""
import argparse
import pathlib
import shlex
import sys

from werkzeug.serving import WSGIRequestHandler, make_server

from almanac.application import create_application
from almanac.audit_trail import AuditTrail
from almanac.relay import Relay


class QuietHandler(WSGIRequestHandler):
    """Says nothing of its version, and logs neither addresses nor queries."""
    server_version, sys_version = "almanac", ""

    def log_request(self, code="-", size="-"):
        self.log("info", "%s %s %s", self.command, self.path.partition("?")[0], getattr(code, "value", code))


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:8000", metavar="HOST:PORT", help="default %(default)s")
    parser.add_argument("--database", type=pathlib.Path, required=True, help="SQLite file; made when it is missing")
    parser.add_argument("--companies", type=pathlib.Path, help="companies and people to begin with, as companies.json")
    parser.add_argument("--intake", required=True, metavar="URL", help="reset-producer's http.listen")
    parser.add_argument("--sign-in-key", type=pathlib.Path, required=True, metavar="FILE",
                        help="API key with the scopes request:self, redeem and notify")
    parser.add_argument("--console-key", type=pathlib.Path, required=True, metavar="FILE",
                        help="API key with the scopes request:admin, request:temporary_password, revoke and status")
    parser.add_argument("--trail", metavar="COMMAND", help="prints the audit records of the request whose id follows, "
                        "e.g. 'reset-producer --config relay.ini trail'")
    parser.add_argument("--mailbox", type=pathlib.Path, metavar="MAILDIR",
                        help="shows what an SMTP sink put there, to everybody: for demonstrations only")
    return parser.parse_args(arguments)


def main(arguments=None):
    options = options_of(arguments)
    relay = Relay(options.intake, options.sign_in_key.read_text().strip(), options.console_key.read_text().strip())
    application = create_application(database=options.database, companies=options.companies, relay=relay,
                                     trail=AuditTrail(shlex.split(options.trail or "")), mailbox=options.mailbox)
    host, _, port = options.listen.rpartition(":")
    server = make_server(host, int(port), application, threaded=True, request_handler=QuietHandler)
    print(f"http://{host}:{server.port}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
