"""`reset-worker render`: every kind, a tenant's branding, the reader's time zone, and the gallery of all."""
import email
import email.policy
import html.parser
import re
import subprocess

import pytest

from support import places

KINDS = ("link", "temporary_password_mailed", "temporary_password_notice", "password_changed")
LOCALES = sorted(path.stem for path in (places.ROOT / "templates" / "locales").glob("*.locale"))
TENANTS = """\
# How the mails of each tenant look.
[acme]
name = ACME, Inc. <script>
from_name = ACME Accounts
support = help@acme.example
footer = ACME GmbH, Berlin
logo = https://cdn.acme.example/logo.png
colour = #ffd700
link = https://acme.example.com/new#{token}

[globex]
name = Globex
"""


def run(*arguments):
    return subprocess.run([places.program("reset-worker"), *arguments], capture_output=True, timeout=60)


def render(*arguments):
    answer = run(*arguments)
    assert answer.returncode == 0, answer.stderr.decode()
    return answer.stdout.decode()


def with_tenants(tmp_path, content=TENANTS, allowed="acme.example.com"):
    (tmp_path / "tenants.ini").write_text(content)
    return ["--set", f"templates.tenants={tmp_path / 'tenants.ini'}", "--set", f"link.allowed={allowed}", "render"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_shown_as_text_as_html_and_as_a_message(kind):
    text, page = render("render", "--template", kind, "--text"), render("render", "--template", kind, "--html")
    raw = render("render", "--template", kind, "--eml")
    mail = email.message_from_string(raw.replace("\r\n", "\n"), policy=email.policy.SMTP.clone(raise_on_defect=True))
    assert page.startswith("<!DOCTYPE html>")
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n").strip() == text.replace("\r\n", "\n").strip()
    assert mail.get_body(("html",)).get_content().replace("\r\n", "\n").strip() == page.replace("\r\n", "\n").strip()
    assert ("#this-is-an-example" in text) == (kind == "link")
    assert ("\r\nthxs-psan-exam-pnpw-dn2t-rea3\r\n" in text) == (kind == "temporary_password_mailed")
    assert ("24 hours" in text) == (kind != "password_changed")


@pytest.mark.parametrize(("zone", "time"), [("Europe/Berlin", "06:10 (UTC+1)"), ("Asia/Kathmandu", "10:55 (UTC+5:45)"),
                                            ("America/New_York", "00:10 (UTC-5)"), ("", "05:10 (UTC)"),
                                            ("Europe/Nowhere", "05:10 (UTC)"), ("../../../etc/passwd", "05:10 (UTC)"),
                                            ("x" * 100000, "05:10 (UTC)")], ids=lambda value: value[:20])
def test_times_are_told_in_the_readers_zone_or_in_utc(zone, time):
    assert f"23 November 2025, {time}" in render("render", "--text", "--timezone", zone)


def test_a_tenants_mails_carry_its_branding_and_others_the_relays_own(tmp_path):
    call = with_tenants(tmp_path)
    raw = render(*call, "--tenant", "acme")
    mail = email.message_from_string(raw.replace("\r\n", "\n"), policy=email.policy.SMTP.clone(raise_on_defect=True))
    assert mail["From"] == "ACME Accounts <no-reply@example.com>"
    text, page = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    assert "https://acme.example.com/new#this-is-an-example" in text
    assert "administrator of ACME, Inc. <script> has" in text and "ACME, Inc. &lt;script&gt; has" in page
    assert "help@acme.example" in text and "ACME GmbH, Berlin" in text and "<script" not in page
    assert "#ffd700" in page and "color:#000000" in page and 'src="https://cdn.acme.example/logo.png"' in page
    assert render(*call, "--tenant", "globex", "--text") == render(
        "render", "--tenant", "Globex", "--text")
    assert render(*call, "--tenant", "other") == render("render", "--tenant", "other")


@pytest.mark.parametrize(("content", "allowed", "fault"), [
    (TENANTS, "globex.example", r"tenants\.ini:9: link leads to a host that is neither"),
    ("[acme]\ncolour = red\n", "", r"tenants\.ini:2: colour is no colour"),
    ("[acme]\nsign-in = x\n", "", r"tenants\.ini:2: an unknown key"),
    ("name = x\n", "", r"tenants\.ini:1: name stands before"),
])
def test_a_mistake_in_the_tenants_file_is_named_with_file_and_line(tmp_path, content, allowed, fault):
    answer = run(*with_tenants(tmp_path, content, allowed))
    assert answer.returncode == 78 and not answer.stdout
    assert re.search(fault, answer.stderr.decode()), answer.stderr.decode()


def test_the_example_of_a_tenants_file_is_a_good_one():
    text = render("--set", f"templates.tenants={places.ROOT / 'deploy' / 'example' / 'tenants.ini'}", "render",
                  "--tenant", "acme", "--text")
    assert "ACME Robotics" in text and "help@acme.example" in text


def test_a_tenants_file_that_is_not_there_is_an_error(tmp_path):
    answer = run("--set", f"templates.tenants={tmp_path / 'nowhere.ini'}", "render")
    assert answer.returncode == 78 and b"nowhere.ini:1: templates.tenants cannot be read" in answer.stderr


@pytest.mark.parametrize("name", ["{{link}}", "\u202eEMCA", "=?utf-8?q?evil?=", "😀" * 65, "a\x00b", "<b>"],
                         ids=lambda name: ascii(name)[:20])
def test_a_tenants_name_is_shown_as_it_stands_or_refused(tmp_path, name):
    answer = run(*with_tenants(tmp_path, f"[acme]\nname = {name}\n"), "--html")
    if answer.returncode == 78:
        assert b"tenants.ini:2: name" in answer.stderr
    else:
        shown = answer.stdout.decode()
        assert name.replace("<", "&lt;").replace(">", "&gt;") in shown
        assert shown.count("#this-is-an-example") == 3


class Index(html.parser.HTMLParser):
    def __init__(self, source):
        super().__init__()
        self.links, self.frames = [], []
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.links.append(dict(attributes)["href"])
        if tag == "iframe":
            self.frames.append(dict(attributes)["src"])


def test_the_gallery_has_every_kind_in_every_language_and_an_index(tmp_path):
    folder = tmp_path / "gallery"
    for _ in range(2):  # a second one replaces the first
        assert render("render", "--all", str(folder), "--timezone", "Europe/Berlin") == ""
    wanted = {f"{kind}.{locale}.{ending}" for kind in KINDS for locale in LOCALES for ending in ("html", "txt", "eml")}
    assert {path.name for path in folder.iterdir()} == wanted | {"index.html"}
    index = Index((folder / "index.html").read_text())
    assert {link for link in index.links if not link.startswith("#")} == wanted
    assert set(index.frames) == {name for name in wanted if name.endswith(".html")}
    assert (folder / "link.ar.html").read_bytes().decode() == render("render", "--locale", "ar", "--html", "--timezone",
                                                                     "Europe/Berlin")
    assert b"06:10 (UTC+1)" in (folder / "link.en.txt").read_bytes()


def test_a_gallery_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    answer = run("render", "--all", str(tmp_path / "file"))
    assert answer.returncode == 74 and b"cannot be written" in answer.stderr
    answer = run("render", "--all", str(tmp_path / "no" / "such"))
    assert answer.returncode == 74 and b"cannot be made" in answer.stderr


@pytest.mark.parametrize("arguments", [["--all", "x", "--html"], ["--template", "lnik"], ["--trigger", "nobody"],
                                       ["--text", "--html"]])
def test_a_wrong_command_line_is_told(arguments):
    answer = run("render", *arguments)
    assert answer.returncode == 64 and answer.stderr and not answer.stdout


def test_the_default_language_is_the_configurations():
    assert "Content-Language: de\r\n" in render("--set", "templates.default_locale=de", "render", "--locale", "xx")
    assert "Content-Language: fr\r\n" in render("--set", "templates.default_locale=de", "render", "--locale", "fr-CA")
    answer = run("--set", "templates.default_locale=tlh", "render")
    assert answer.returncode == 78 and b"locales/tlh.locale:1: the file of the default locale is missing" in answer.stderr


def test_a_folder_with_a_language_that_lacks_a_kind_is_an_error(tmp_path):
    (tmp_path / "locales").mkdir()
    (tmp_path / "link").mkdir()
    (tmp_path / "locales" / "sv.locale").write_text((places.ROOT / "templates" / "locales" / "en.locale").read_text())
    (tmp_path / "link" / "sv.mail").write_text((places.ROOT / "templates" / "link" / "en.mail").read_text())
    answer = run("render", "--directory", str(tmp_path))
    assert answer.returncode == 78
    assert b"temporary_password_mailed/sv.mail:1: the file is missing" in answer.stderr
