"""The producer's HTTP interface, as this application needs it (schemas/openapi.yaml is the contract).

Two keys, so that a fault in the public pages is worth less: the sign-in pages can only ask for the user's own link,
redeem and announce; the console, behind a session, can ask for others, set temporary passwords, revoke and read states.
Nothing here logs a body: they have tokens and passwords.
"""
import dataclasses
import json
import urllib.error
import urllib.parse
import urllib.request

DEADLINE = 12      # seconds; the producer answers 503 after 5
LARGEST = 1 << 20  # bytes of an answer


class Away(Exception):
    """The relay did not answer, or asked to come back later: nothing is known, ask again with the same form."""


@dataclasses.dataclass
class Answer:
    status: int
    body: dict
    retry_after: int = 0


class Relay:
    def __init__(self, intake, sign_in_key, console_key):
        self._intake = intake.rstrip("/")
        self._sign_in, self._console = sign_in_key, console_key
        # Straight to the intake: no proxy of the environment sees a token, and a redirect is an error.
        self._opener = urllib.request.OpenerDirector()
        for handler in (urllib.request.HTTPHandler, urllib.request.HTTPSHandler, urllib.request.HTTPErrorProcessor,
                        urllib.request.HTTPDefaultErrorHandler):
            self._opener.add_handler(handler())

    # The sign-in pages.

    def ask_for_own_link(self, tenant, user, client, idempotency_key):
        """`user` None: nobody has that account; the same call, the same answer."""
        actor = {"role": "self", "id": user["id"] if user else "unknown", "tenant": tenant}
        return self._post(self._sign_in, "/v1/password-resets", idempotency_key,
                          {"tenant": tenant, "user": user, "actor": actor, "method": "link", "client": client})

    def check(self, token):
        return self._post(self._sign_in, "/v1/tokens/check", None, {"token": token})

    def redeem(self, token, email_on_file, idempotency_key):
        return self._post(self._sign_in, "/v1/tokens/redeem", idempotency_key,
                          {"token": token, "email": email_on_file})

    def verify_temporary_password(self, tenant, user_id, password):
        return self._post(self._sign_in, "/v1/temporary-passwords/verify", None,
                          {"tenant": tenant, "user_id": user_id, "password": password})

    def announce_change(self, change, idempotency_key):
        return self._post(self._sign_in, "/v1/password-changes", idempotency_key, change)

    # The console.

    def ask(self, tenant, user, actor, method, client, idempotency_key, password=None):
        body = {"tenant": tenant, "user": user, "actor": actor, "method": method, "client": client}
        if password is not None:
            body["password"] = password
        return self._post(self._console, "/v1/password-resets", idempotency_key, body)

    def revoke(self, tenant, user_id):
        return self._post(self._console, "/v1/tokens/revoke", None, {"tenant": tenant, "user_id": user_id})

    def state(self, request_id):
        return self._call(self._console, "GET", f"/v1/password-resets/{urllib.parse.quote(request_id, safe='')}")

    def _post(self, key, path, idempotency_key, body):
        return self._call(key, "POST", path, body, idempotency_key)

    def _call(self, key, method, path, body=None, idempotency_key=None):
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        request = urllib.request.Request(self._intake + path, None if body is None else json.dumps(body).encode(),
                                         headers, method=method)
        try:
            with self._opener.open(request, timeout=DEADLINE) as response:
                return Answer(response.status, _document(response))
        except urllib.error.HTTPError as error:
            if error.code >= 500:
                raise Away(f"{method} {path}: {error.code}") from None
            wait = error.headers.get("Retry-After", "")
            return Answer(error.code, _document(error), int(wait) if wait.isdigit() else 0)
        except (OSError, ValueError) as error:
            raise Away(f"{method} {path}: {type(error).__name__}") from None


def _document(response):
    text = response.read(LARGEST)
    document = json.loads(text) if text else {}
    return document if isinstance(document, dict) else {}
