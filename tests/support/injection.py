"""Text that would forge a line of a log, drive a terminal or turn the direction of writing; and whether it did."""
import json
import unicodedata

MARK = "FORGED"
LINE = json.dumps({"time": "2026-01-01T00:00:00.000Z", "level": "error", "program": "reset-worker", "message": MARK})
PAYLOADS = {
    "a line feed and a line": f"a\n{LINE}\n", "a carriage return": f"a\r{MARK}", "both": f"a\r\n{LINE}", "NUL": f"a\0{MARK}",
    "an escape sequence": f"\x1b[2J\x1b[1;31m{MARK}", "a title of the terminal": f"\x1b]0;{MARK}\x07", "backspaces": f"abc\b\b\b{MARK}",
    "DEL": f"\x7f{MARK}", "the C1 form of an escape sequence": f"\u009b2J{MARK}", "a C1 operating system command": f"\u009d0;{MARK}\u009c",
    "next line": f"a\u0085{MARK}", "a line separator": f"a\u2028{LINE}", "a paragraph separator": f"a\u2029{MARK}",
    "a right-to-left override": f"a\u202e{MARK}", "an embedding": f"\u202b{MARK}", "an isolate": f"\u2067{MARK}\u2066",
    "a right-to-left mark": f"\u200f{MARK}", "an Arabic letter mark": f"\u061c{MARK}", "a byte order mark": f"\ufeff{MARK}",
}
DIRECTION = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def hidden_in(text, but="\n"):
    """The characters that no output for people or machines may have as they are."""
    return {f"U+{ord(each):04X}" for each in set(text) - set(but)
            if each in DIRECTION or unicodedata.category(each) in ("Cc", "Zl", "Zp", "Cs")}


def assert_clean(name, output, is_json=True):
    """Bytes that a program wrote: UTF-8, nothing hidden, and each line one that the program meant."""
    text = output.decode("utf-8")
    assert not hidden_in(text), f"{name} has {hidden_in(text)}"
    for line in text.splitlines():
        if is_json:
            document = json.loads(line)
            assert isinstance(document, dict) and MARK not in str(document.get("message")), f"{name} has a forged line: {line}"
        else:
            assert not line.startswith(("{", MARK)), f"{name} has a forged line: {line}"
