"""The protection patches: each takes one protection out of the code, and names the test that must then fail.

NAME.patch is a header, a blank line and a diff:

    Row: 15                            one of FAULTS (or Attack: one of ATTACKS; Promise:, Rule: in free words)
    Removes: what is taken out, in words
    Test: tests/faults/test_redis.py::test_name          or   unit: protocol_begin_test
    Expect: a regular expression that stands in the failing test's output

A header goes on in lines that begin with a space.
"""
import dataclasses
import pathlib
import re
import subprocess

from matrix import ATTACKS, FAULTS

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = pathlib.Path(__file__).resolve().parent
SUBJECTS = ("Row", "Attack", "Promise", "Rule")


class PatchError(Exception):
    """A patch that says something which is not so."""


@dataclasses.dataclass(frozen=True)
class Protection:
    name: str
    kind: str      # one of SUBJECTS
    subject: str   # a key of FAULTS, a member of ATTACKS, or words
    removes: str
    test: str
    expect: str
    path: pathlib.Path

    @property
    def unit(self):
        """The unit test's name, where it is one."""
        return self.test.removeprefix("unit:").strip() if self.test.startswith("unit:") else None


def read(path):
    head, blank, _ = path.read_text().partition("\n\n")
    fields = {}
    for line in re.sub(r"\n[ \t]+", " ", head).splitlines():
        key, colon, value = line.partition(":")
        if not colon or key in fields:
            raise PatchError(f"{path.name}: not a header: {line!r}")
        fields[key] = value.strip()
    kinds = [kind for kind in SUBJECTS if kind in fields]
    if len(kinds) != 1 or set(fields) != {kinds[0], "Removes", "Test", "Expect"} or not all(fields.values()):
        raise PatchError(f"{path.name}: needs one of {SUBJECTS}, and Removes, Test, Expect; has {sorted(fields)}")
    subject = fields[kinds[0]]
    if kinds[0] == "Row":
        subject = subject.split()[0]
    return Protection(path.stem, kinds[0], subject, fields["Removes"], fields["Test"], fields["Expect"], path)


def all_protections():
    return [read(path) for path in sorted(FOLDER.glob("*.patch"))]


def test_exists(protection):
    if protection.unit:
        return any((ROOT / "tests" / "unit").rglob(f"{protection.unit}.c"))
    file, _, function = protection.test.partition("::")
    path = ROOT / file
    return path.is_file() and bool(function) and f"def {function.split('[')[0]}(" in path.read_text()


def judge(protection):
    """Raises PatchError where the patch names what is not there, or does not apply to the tree as it is."""
    if protection.kind == "Row" and protection.subject not in FAULTS:
        raise PatchError(f"{protection.name}: there is no row {protection.subject!r} in matrix.py")
    if protection.kind == "Attack" and protection.subject not in ATTACKS:
        raise PatchError(f"{protection.name}: there is no attack {protection.subject!r} in matrix.py")
    if not test_exists(protection):
        raise PatchError(f"{protection.name}: there is no test {protection.test}")
    re.compile(protection.expect)
    tried = subprocess.run(["git", "apply", "--check", protection.path], cwd=ROOT, capture_output=True, text=True)
    if tried.returncode:
        raise PatchError(f"{protection.name}: does not apply any more: {tried.stderr.strip()}")
