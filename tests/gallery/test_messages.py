"""Every kind of mail in every language, judged by parsers that are not ours: Python's `email`, libxml2."""
import html.parser
import re
import subprocess

import pytest

from support import places

import mails

ISOLATES = re.compile("[\u2066-\u2069]")
LANGUAGES = {"ar": "Arabic", "de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian",
             "ja": "Japanese", "nl": "Dutch", "pl": "Polish", "pt-BR": "Brazilian Portuguese", "tr": "Turkish",
             "zh-Hans": "Chinese"}
each = pytest.mark.parametrize(("kind", "locale", "trigger"), mails.all_of_them())


class Words(html.parser.HTMLParser):
    """The text that a reader sees."""

    def __init__(self, source):
        super().__init__()
        self.hidden, self.text = 0, ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag in ("style", "title"):
            self.hidden += 1

    def handle_endtag(self, tag):
        if tag in ("style", "title"):
            self.hidden -= 1

    def handle_data(self, data):
        if not self.hidden:
            self.text += data


def spoken(text):
    """Without marks of direction and with plain spaces."""
    return re.sub(r"\s+", " ", ISOLATES.sub("", text))


def test_all_kinds_are_there_in_all_languages():
    assert set(mails.LOCALES) == set(LANGUAGES)
    for kind in mails.KINDS:
        assert {path.stem for path in (mails.TEMPLATES / kind).glob("*.mail")} == set(LANGUAGES)
    folders = {path.name for path in mails.TEMPLATES.iterdir() if path.is_dir()}
    assert folders == {"locales", *mails.KINDS}


@each
def test_a_strict_parser_finds_no_defect(kind, locale, trigger):
    mail = mails.message(mails.render(kind, locale, trigger))
    assert mail.get_content_type() == "multipart/alternative"
    parts = list(mail.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    for thing in (mail, *parts):
        assert not thing.defects
    for part in parts:
        assert part.get_content_charset() == "utf-8" and part.get_content().strip()
    assert not [header for header in mail.values() if header.defects]
    assert mail["Content-Language"] == locale
    assert mail["Subject"] and mail["Subject"] in part_title(mails.part(mails.render(kind, locale, trigger), "html"))


def part_title(source):
    return re.search("<title>(.*?)</title>", source, re.DOTALL).group(1)


@each
def test_lines_end_with_crlf_and_are_short(kind, locale, trigger):
    raw = mails.render(kind, locale, trigger)
    assert raw.isascii() and raw.endswith(b"\r\n")
    assert b"\r" not in raw.replace(b"\r\n", b"") and b"\n" not in raw.replace(b"\r\n", b"")
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    # RFC 5322, 2.1.1, would rather have 78; a Message-ID cannot be folded.
    assert not [line for line in lines if len(line) > 78 and not line.startswith(b"Message-ID:")]


@each
def test_libxml2_reads_the_html_without_a_complaint(kind, locale, trigger):
    source = mails.part(mails.render(kind, locale, trigger), "html")
    judged = subprocess.run([places.tool("xmllint"), "--html", "--noout", "--nonet", "-"], input=source.encode(),
                            capture_output=True, timeout=30)
    assert (judged.returncode, judged.stderr.decode()) == (0, "")


@each
def test_the_text_says_what_the_html_says(kind, locale, trigger):
    raw = mails.render(kind, locale, trigger)
    text, source = mails.part(raw, "plain"), mails.part(raw, "html")
    seen, read = spoken(Words(source).text), spoken(text)
    # "Open this address", where HTML has its button, is the one sentence that HTML lacks.
    lacking = [line for line in text.splitlines() if line.strip(" -") and spoken(line) not in seen]
    assert len(lacking) == (1 if kind == "link" else 0), lacking
    for fact in (mails.NAME, mails.HOST, mails.REQUEST, "acme"):
        assert fact in seen and fact in read
    day, time = mails.HAPPENED if kind == "password_changed" else mails.EXPIRES
    hour, minute = time.split(":")
    moment = re.compile(rf"\b{day}\b.*{hour}\W+(h\W+)?{minute}.*UTC" if locale not in ("ja", "zh-Hans")
                        else rf"11月{day}日.*{time}.*UTC")
    assert moment.search(seen) and moment.search(read)
    assert "2025" in seen and "2025" in read
    lifetime = re.compile(r"(?<![\d:])24(?![\d:])")
    if kind != "password_changed":
        assert lifetime.search(seen) and lifetime.search(read)


@each
def test_a_secret_is_only_in_the_mail_that_brings_it(kind, locale, trigger):
    raw = mails.render(kind, locale, trigger)
    text, source = mails.part(raw, "plain"), mails.part(raw, "html")
    assert text.splitlines().count(mails.LINK) == (kind == "link")
    assert text.splitlines().count(mails.PASSWORD) == (kind == "temporary_password_mailed")
    assert (mails.LINK in source) == (kind == "link")
    assert (mails.PASSWORD in Words(source).text) == (kind == "temporary_password_mailed")
    if kind != "link":
        assert "http" not in text and not re.search(r"<a\b|href|http", source)
    headers = raw.split(b"\r\n\r\n")[0].decode()
    assert "this-is-an-example" not in headers and mails.PASSWORD not in headers


@pytest.mark.parametrize("name", ["Kim Example", ""])
@pytest.mark.parametrize("locale", mails.LOCALES)
@pytest.mark.parametrize("kind", mails.KINDS)
def test_no_sentence_has_a_hole_or_a_placeholder_left(kind, locale, name):
    raw = mails.render(kind, locale, "administrator", "--name", name)
    for words in (mails.part(raw, "plain"), Words(mails.part(raw, "html")).text):
        assert "{{" not in words and "}}" not in words
        assert not re.search(r"[(（] ?[)）]| [,.;:!?]|,,|\.\.", ISOLATES.sub("", words))


@pytest.mark.parametrize("locale", sorted(set(mails.LOCALES) - {"en"}))
@pytest.mark.parametrize("kind", mails.KINDS)
def test_nothing_is_left_in_english(kind, locale):
    """A sentence that equals the English one was forgotten; each file has the same sentences."""
    def entries(tag):
        lines = (mails.TEMPLATES / kind / f"{tag}.mail").read_text().splitlines()
        return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))
    english, here = entries("en"), entries(locale)
    assert here.keys() == english.keys()
    assert not [key for key in english if here[key] == english[key]]
    placeholders = re.compile(r"\{\{\w+\}\}")
    differing = [key for key in english if set(placeholders.findall(here[key])) != set(placeholders.findall(english[key]))]
    assert not differing
