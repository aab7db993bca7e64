"""Speaks HTTP to the demonstration without a browser: sends what no page would, and saves what is not the matter."""
import http.cookies
import re
import urllib.error
import urllib.parse
import urllib.request


class Visitor:
    """Speaks HTTP without a browser: sends what no page would."""

    def __init__(self, url):
        self.url, self.cookies, self.form_token = url, {}, ""

    def get(self, path):
        return self._send(path, None)

    def post(self, path, **form):
        return self._send(path, urllib.parse.urlencode({"form_token": self.form_token, "form_id": "one", **form}).encode())

    def _send(self, path, body):
        request = urllib.request.Request(self.url + path, body, {"Cookie": "; ".join(
            f"{name}={value}" for name, value in self.cookies.items())})
        opener = urllib.request.build_opener(NoRedirect)
        try:
            answer = opener.open(request, timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        for line in answer.headers.get_all("Set-Cookie") or []:
            self.cookies.update({name: morsel.value for name, morsel in http.cookies.SimpleCookie(line).items()})
        answer.text = answer.read().decode()
        found = re.search(r'name="form_token" value="([^"]+)"', answer.text)
        self.form_token = found.group(1) if found else self.form_token
        return answer

    def sign_in(self, who, password=None):
        self.get("/sign-in")
        answer = self.post("/sign-in", email=who.email, password=password or who.password)
        assert answer.status == 303, answer.text
        self.get("/account")
        return self


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None
