"""What the documents promise to be true as written: blocks of the README behind their marker comments."""
import re

from . import places

README = places.ROOT / "README.md"
MARKED = re.compile(r"<!-- (example|lines of): (\S+) -->\n+```\w*\n(.*?)```", re.S)


def blocks(kind):
    """{name: text} of the fenced blocks behind `<!-- KIND: name -->`."""
    return {name: text for found, name, text in MARKED.findall(README.read_text(encoding="utf-8")) if found == kind}


def example(name):
    """A block to be run as it stands."""
    return blocks("example")[name]
