"""Every mail that there is: the kinds, who can trigger each, the languages; and one of them as `render` writes it."""
import email
import email.policy
import functools
import subprocess

from support import places

TEMPLATES = places.ROOT / "templates"
LOCALES = sorted(path.stem for path in (TEMPLATES / "locales").glob("*.locale"))
ANYBODY = ("self", "administrator", "manager")
TRIGGERS = {"link": ANYBODY, "temporary_password_mailed": ("administrator",),
            "temporary_password_notice": ("administrator",), "password_changed": ANYBODY}
KINDS = tuple(TRIGGERS)
RIGHT_TO_LEFT = {"ar"}
STRICT = email.policy.SMTP.clone(raise_on_defect=True)

# What the example has; the secrets are visibly none.
LINK = "https://app.example.com/reset-password#this-is-an-example-and-no-token-of-anybody-"
PASSWORD = "thxs-psan-exam-pnpw-dn2t-rea3"
HOST = "app.example.com"
NAME = "Kim Example"
REQUEST = "01939d3c-7e6a-7cc0-9a3e-5c1b2f4d6e80"
EXPIRES, HAPPENED = ("23", "05:10"), ("22", "05:09")  # day and time, UTC


@functools.cache
def render(kind, locale, trigger="administrator", *options):
    done = subprocess.run([places.program("reset-worker"), "render", "--template", kind, "--locale", locale,
                           "--trigger", trigger, *options], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert not done.stderr, done.stderr.decode()
    return done.stdout


def message(raw):
    """As a parser of somebody else's reads it; it raises at the first defect."""
    return email.message_from_bytes(raw, policy=STRICT)


def part(raw, subtype):
    return message(raw).get_body((subtype,)).get_content()


def all_of_them():
    """(kind, locale, trigger) of each mail."""
    return [(kind, locale, trigger) for kind in KINDS for locale in LOCALES for trigger in TRIGGERS[kind]]
