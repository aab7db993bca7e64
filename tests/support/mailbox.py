"""A mailbox behind aiosmtpd: somebody else's SMTP server, with STARTTLS and AUTH where a test wants them."""
import ssl
import subprocess

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from .mail import Mail, Store
from .processes import free_port


class Mailbox:
    """`certificate`: a pair of paths makes STARTTLS required; `login`: (name, password) makes AUTH required."""

    def __init__(self, certificate=None, login=None):
        self.mails = Store()
        self.port = free_port()
        self.url = f"smtp://localhost:{self.port}"
        options = {}
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*certificate)
            options |= {"tls_context": context, "require_starttls": True}
        if login:
            def authenticate(_server, _session, _envelope, _mechanism, data):
                right = isinstance(data, LoginPassword) and \
                    (data.login.decode(), data.password.decode()) == login
                return AuthResult(success=right, handled=False, auth_data=data.login.decode() if right else None)
            options |= {"authenticator": authenticate, "auth_required": True,
                        "auth_require_tls": bool(certificate)}
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, server_hostname="localhost",
                                     **options)

    async def handle_DATA(self, _server, session, envelope):
        self.mails.add(Mail(envelope.mail_from, list(envelope.rcpt_tos), envelope.content, id(session),
                            session.ssl is not None, session.auth_data))
        return "250 2.0.0 kept"

    def start(self):
        self.controller.start()
        return self

    def stop(self):
        self.controller.stop()


def make_certificate(folder, name="localhost"):
    """A self-signed certificate for loopback: (certificate, key)."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key
