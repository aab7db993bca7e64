"""One received mail, and what a person reads in it: Python's `email` is the judge."""
import dataclasses
import email
import email.policy
import re
import threading
import time

LINK = re.compile(r"https?://\S+#([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])")
PASSWORD = re.compile(r"(?<![\w-])(?:[2-9a-hjkmnp-z]{4}-){5}[2-9a-hjkmnp-z]{4}(?![\w-])")


@dataclasses.dataclass
class Mail:
    sender: str
    recipients: list
    raw: bytes
    connection: int  # a number of the server's own, one for each connection
    tls: bool = False
    login: str = None
    at: float = dataclasses.field(default_factory=time.time)  # when it was there as a whole

    @property
    def message(self):
        return email.message_from_bytes(self.raw, policy=email.policy.SMTP)

    @property
    def message_id(self):
        return str(self.message["Message-ID"])

    def part(self, kind):
        """The decoded text of the part, e.g. part("plain")."""
        return self.message.get_body((kind,)).get_content()

    @property
    def link(self):
        """The link as a reader sees it, in the text part."""
        found = LINK.search(self.part("plain"))
        assert found, f"no link in the mail:\n{self.part('plain')}"
        return found.group()

    @property
    def token(self):
        return LINK.search(self.link).group(1)

    @property
    def has_link(self):
        return any(LINK.search(self.part(kind)) for kind in ("plain", "html"))

    @property
    def password(self):
        """The temporary password as a reader sees it, in the text part."""
        found = PASSWORD.search(self.part("plain"))
        assert found, f"no temporary password in the mail:\n{self.part('plain')}"
        return found.group()

    @property
    def has_password(self):
        return any(PASSWORD.search(self.part(kind)) for kind in ("plain", "html"))


class Store:
    """Mails as they come, from any thread."""

    def __init__(self):
        self._lock = threading.Lock()
        self._mails = []

    def add(self, mail):
        with self._lock:
            self._mails.append(mail)

    def all(self):
        with self._lock:
            return list(self._mails)

    def to(self, address):
        return [mail for mail in self.all() if address in mail.recipients]

    def __len__(self):
        with self._lock:
            return len(self._mails)
