"""What the mails are to somebody else's parser: Python's `email` and `html.parser` judge every language."""
import email
import email.header
import email.policy
import email.utils
import html.parser
import re
import subprocess

import pytest

from support import places

STRICT = email.policy.SMTP.clone(raise_on_defect=True)
LOCALES = sorted(path.stem for path in (places.ROOT / "templates" / "locales").glob("*.locale"))
TRIGGERS = ("self", "administrator", "manager")
LINK = "https://app.example.com/reset-password#this-is-an-example-and-no-token-of-anybody-"
ISOLATES = re.compile("[\u2066-\u2069]")
VOID = {"meta", "br", "hr", "img", "link", "input"}


def run(*arguments):
    return subprocess.run([places.program("reset-worker"), "render", *arguments], capture_output=True, timeout=60)


def render(*arguments):
    answer = run(*arguments)
    assert answer.returncode == 0, answer.stderr.decode()
    return answer.stdout


def message(*arguments):
    return email.message_from_bytes(render(*arguments), policy=STRICT)


class Page(html.parser.HTMLParser):
    """The text a reader sees, the links, the elements, and what is not closed."""

    def __init__(self, source):
        super().__init__()
        self.open, self.elements, self.text = [], [], ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("p", "h1", "h2", "td", "div"):
            self.text += "\n"

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if "style" not in self.open and "title" not in self.open:
            self.text += data


def test_every_language_is_there():
    assert set(LOCALES) == {"ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt-BR", "tr", "zh-Hans"}


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_strict_parser_finds_text_first_then_html_and_no_defect(locale, trigger):
    mail = message("--locale", locale, "--trigger", trigger)
    assert not mail.defects
    assert mail.get_content_type() == "multipart/alternative"
    parts = list(mail.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    for part in parts:
        assert part.get_content_charset() == "utf-8"
        assert not part.defects and part.get_content()
    assert not any(header.defects for header in mail.values())
    assert sorted(mail.keys()) == ["Auto-Submitted", "Content-Language", "Content-Type", "Date", "From", "MIME-Version",
                                   "Message-ID", "Subject", "To"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == locale
    assert mail["Date"].datetime.isoformat() == "2025-11-22T05:10:00+00:00"
    assert re.fullmatch(r"<[0-9a-f-]{36}\.[0-9a-f]{16}@[a-z.]+>", mail["Message-ID"])
    assert [address.addr_spec for address in mail["To"].addresses] == ["kim@example.com"]
    assert [address.display_name for address in mail["To"].addresses] == ["Kim Example"]


@pytest.mark.parametrize("locale", LOCALES)
def test_lines_end_with_crlf_and_are_short(locale):
    raw = render("--locale", locale)
    assert raw.endswith(b"\r\n")
    assert b"\r" not in raw.replace(b"\r\n", b"") and b"\n" not in raw.replace(b"\r\n", b"")
    assert raw.isascii()
    long = [line for line in raw.split(b"\r\n") if len(line) > 76 and not line.startswith(b"Message-ID:")]
    assert not long
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("locale", LOCALES)
def test_text_and_html_say_the_same_and_lead_to_the_same_link(locale, trigger):
    mail = message("--locale", locale, "--trigger", trigger)
    text = mail.get_body(("plain",)).get_content()
    page = Page(mail.get_body(("html",)).get_content())
    assert text.splitlines().count(LINK) == 1
    assert {attributes["href"] for tag, attributes in page.elements if tag == "a"} == {LINK}
    assert LINK in page.text
    seen = ISOLATES.sub("", page.text)
    missing = [line for line in ISOLATES.sub("", text).splitlines() if line.strip(" -") and line not in seen]
    assert len(missing) == 1, missing  # "open this address", where HTML has its button
    assert "app.example.com" in seen and "2025" in seen and "UTC" in seen and "acme" in seen


@pytest.mark.parametrize("locale", LOCALES)
def test_the_page_names_its_language_and_direction_and_fetches_nothing(locale):
    source = message("--locale", locale).get_body(("html",)).get_content()
    page = Page(source)
    assert not page.open
    root = dict(page.elements)["html"]
    assert root == {"lang": locale, "dir": "rtl" if locale == "ar" else "ltr"}
    assert not {tag for tag, _ in page.elements} & {"img", "link", "script", "iframe", "form", "input", "object", "svg"}
    assert "url(" not in source and "@import" not in source
    assert source.count("https://") == source.count(LINK)


@pytest.mark.parametrize("part", ["--text", "--html"])
@pytest.mark.parametrize("locale", LOCALES)
def test_a_part_alone_is_what_the_message_carries(locale, part):
    alone = render("--locale", locale, part).decode()
    carried = message("--locale", locale).get_body(("plain" if part == "--text" else "html",)).get_content()
    assert alone.replace("\r\n", "\n") == carried.replace("\r\n", "\n")


def luminance(colour):
    channels = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_colour_of_text_stands_out_from_what_is_behind_it():
    """WCAG 2.2, 1.4.3: 4.5 to 1; light from the inline styles, dark from the style sheet."""
    source = render("--html").decode().replace("\r\n", "\n")
    behind, colours = [], []

    class Colours(html.parser.HTMLParser):
        def handle_starttag(self, tag, attributes):
            style = dict(attributes).get("style", "")
            own = re.search(r"(?<![-\w])background:(#\w{6})", style)
            text = re.search(r"(?<![-\w])color:(#\w{6})", style)
            if tag not in VOID:
                behind.append(own.group(1) if own else behind[-1] if behind else "#ffffff")
            if text and "display:none" not in style:
                colours.append((text.group(1), behind[-1]))

        def handle_endtag(self, tag):
            behind.pop()

    Colours().feed(source)
    dark = source[source.index("prefers-color-scheme: dark"):source.index("</style>")]
    rules = dict(re.findall(r"^(.+?) \{ (.+?) \}$", dark, re.MULTILINE))

    def of(selector, name):
        found = [re.search(rf"(?<![-\w]){name}: (#\w{{6}})", rule) for key, rule in rules.items()
                 if selector in key.split(", ")]
        return next(match.group(1) for match in found if match)

    colours += [(of(".card", "color"), of(".card", "background")), (of(".card p", "color"), of(".card", "background")),
                (of(".card .address", "color"), of(".card", "background")),
                (of(".address a", "color"), of(".card", "background")), (of(".footer", "color"), of("body", "background"))]
    assert len(colours) > 8
    assert not [pair for pair in colours if contrast(*pair) < 4.5]


def display_name(raw):
    """By the older of Python's parsers: the newer (3.11) puts a space between two encoded words of a phrase, where RFC
    2047, section 6.2, has none."""
    phrase, address = email.utils.parseaddr(email.message_from_bytes(raw)["To"])
    assert address == "kim@example.com"
    return str(email.header.make_header(email.header.decode_header(phrase)))


@pytest.mark.parametrize("name", ["O'Brien, John", 'Kim "K" Lee', "山田 太郎", "محمد علي", "Zoë (work)", "😀" * 64, "{{link}}",
                                  "J.R.R. Tolkien", "a & b", "a = b=3D", "x" * 64, "é=" * 32], ids=lambda name: ascii(name)[:30])
@pytest.mark.parametrize("locale", LOCALES)
def test_a_name_arrives_as_it_is(locale, name):
    mail = message("--locale", locale, "--name", name)
    assert not mail["To"].defects
    assert display_name(render("--locale", locale, "--name", name)) == name
    assert name in ISOLATES.sub("", mail.get_body(("plain",)).get_content())
    assert name in Page(mail.get_body(("html",)).get_content()).text
    assert len(mail.get_body(("plain",)).get_content().split(LINK)) == 2


@pytest.mark.parametrize("name", ["Hacked? evil.example", "😀" * 1000, "\u202emiK", "Kim\r\nBcc: eve@evil.example",
                                  "<script>evil()</script>", "=?utf-8?q?evil?=", "http://evil", "eve@evil", "   "], ids=lambda name: ascii(name)[:30])
@pytest.mark.parametrize("locale", LOCALES)
def test_a_name_that_could_mislead_is_left_out(locale, name):
    mail = message("--locale", locale, "--name", name)
    without = message("--locale", locale, "--name", "")
    assert mail["To"] == "kim@example.com"
    assert mail.as_bytes() == without.as_bytes()


@pytest.mark.parametrize("address", ["kim@example.com\r\nBcc: eve@evil.example", "<kim@example.com>", "a@b.example,c@d.example",
                                     "kim", "kim@", ""])
def test_what_is_not_one_address_is_refused(address):
    answer = run("--to", address)
    assert answer.returncode == 64
    assert not answer.stdout and b"evil" not in answer.stderr


def test_an_address_that_wants_quotes_has_them():
    raw = render("--to", "kim.@docomo.example", "--name", "")
    assert b'\r\nTo: "kim."@docomo.example\r\n' in raw
    assert email.message_from_bytes(raw, policy=STRICT)["To"].addresses[0].username == "kim."


@pytest.mark.parametrize(("wanted", "served"), [("en-GB", "en"), ("AR-eg", "ar"), ("ja_JP", "ja"), ("zh-TW", "en"),
                                                ("zh", "zh-Hans"), ("zh-CN", "zh-Hans"), ("zh-Hans-SG", "zh-Hans"),
                                                ("pt", "pt-BR"), ("pt-PT", "pt-BR"), ("de-CH-1996", "de"),
                                                ("es-419", "es"), ("", "en"), ("nonsense", "en")])
def test_a_language_falls_back_to_the_nearest(wanted, served):
    assert message("--locale", wanted)["Content-Language"] == served


def swedish(folder):
    """A new language is its words, and the sentences of every kind of mail."""
    templates = places.ROOT / "templates"
    (folder / "locales").mkdir()
    (folder / "locales" / "sv.locale").write_text((templates / "locales" / "en.locale").read_text())
    for english in templates.glob("*/en.mail"):
        sentences = re.sub("(?m)^subject: .*", "subject: Välj ett lösenord för dig", english.read_text())
        (folder / english.parent.name).mkdir()
        (folder / english.parent.name / "sv.mail").write_text(sentences)


def test_a_directory_brings_a_language_of_its_own(tmp_path):
    swedish(tmp_path)
    mail = message("--directory", str(tmp_path), "--locale", "sv-FI")
    assert mail["Subject"] == "Välj ett lösenord för dig"
    assert mail["Content-Language"] == "sv"
    assert message("--directory", str(tmp_path), "--locale", "ja")["Content-Language"] == "ja"


@pytest.mark.parametrize(("file", "content", "fault"), [
    ("link/en.mail", "subject: x\nbuton: y\n", r"/link/en\.mail"),
    ("page.txt", "one\n{{nmae}}\n{{link}}\n", r"/page\.txt:2: unknown placeholder `nmae`"),
    ("page.txt", "no link\n", r"/page\.txt:2: the text has no \{\{link\}\}"),
    ("page.html", "<style>{{name}}</style>\n", r"/page\.html:1: no value is safe"),
    ("locales/en.locale", "direction: ltr\nmonths: a|b\n", r"/locales/en\.locale:2: `months` wants 12"),
    ("locales/sv.locale", None, r"/locales/sv\.locale:1: cannot be read"),
    ("link/sv.mail", "subject: x\n", r"/link/sv\.mail:1: there is no such kind"),
])
def test_a_mistake_is_named_with_file_and_line(tmp_path, file, content, fault):
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    if content is None:
        path.mkdir()
    else:
        path.write_text(content)
    answer = run("--directory", str(tmp_path))
    assert answer.returncode == 78
    assert not answer.stdout
    assert re.search(re.escape(str(tmp_path)) + fault, answer.stderr.decode()), answer.stderr.decode()


def test_a_directory_that_is_not_there_is_an_error(tmp_path):
    answer = run("--directory", str(tmp_path / "nowhere"))
    assert answer.returncode == 78 and b"nowhere" in answer.stderr
