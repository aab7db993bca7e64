"""The documents say what the programs do: names, commands, options, lines of code, links and codes."""
import json
import pathlib
import re
import shutil
import subprocess

import pytest

from support import documents, places
from support.expectations import audits_are_valid

PROGRAMS = ("reset-producer", "reset-worker")
DOCUMENTS = sorted(path for pattern in ("*.md", "docs/*.md", "templates/*.md", "deploy/demo/*.md")
                   for path in places.ROOT.glob(pattern))
README = documents.README.read_text(encoding="utf-8")
EVERYWHERE = {"--config", "--set", "--print-config", "--version", "--help"}


def section(title):
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.S | re.M).group(1)


def table_rows(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()
            if line.startswith("|") and not line.startswith("|---")]


def audit_schema():
    return json.loads((places.SCHEMAS / "audit.schema.json").read_text())


def test_the_readme_explains_every_outcome_and_every_reason():
    schema = audit_schema()
    rows = {row[0].strip("`"): row[2] for row in table_rows(section("Follow one request")) if len(row) == 3}
    outcomes = set(schema["properties"]["data"]["properties"]["outcome"]["enum"])
    assert outcomes <= set(rows)
    told = {word for outcome in outcomes for word in re.findall(r"`([a-z_0-9]+)`", rows[outcome])}
    assert set(schema["$defs"]["reason"]["enum"]) - {"none"} == told - {"detail", "into"}


def test_the_readme_names_every_field_of_an_audit_record():
    fields = {name for name, kind in audit_schema()["properties"]["data"]["properties"].items() if kind is not False}
    assert not {field for field in fields - {"outcome", "reason"} if f"`{field}`" not in section("Follow one request")}


def test_the_record_shown_is_a_valid_audit_record():
    audits_are_valid([json.loads(documents.example("record"))])


def test_the_readme_has_every_exit_code():
    source = (places.ROOT / "common" / "io" / "process.h").read_text()
    codes = set(re.findall(r"PROCESS_EXIT_\w+ = (\d+)", source))
    assert codes and codes <= {row[0] for row in table_rows(section("Exit codes"))}


def test_metrics_named_in_documents_exist():
    table = (places.ROOT / "common" / "io" / "metrics_table.c").read_text()
    known = {f"reset_relay_{name}" for name in re.findall(r'OURS\("(\w+)"', table)}
    named = {name for path in DOCUMENTS for name in re.findall(r"reset_relay_\w+", path.read_text(encoding="utf-8"))}
    assert named and named <= known


def test_metrics_that_alerts_watch_exist():
    table = (places.ROOT / "common" / "io" / "metrics_table.c").read_text()
    known = {f"reset_relay_{name}" for name in re.findall(r'OURS\("(\w+)"', table)}
    rules = (places.ROOT / "deploy" / "prometheus" / "alerts.yml").read_text()
    watched = {re.sub(r"_bucket$", "", name) for expression in re.findall(r"expr: (.*)", rules)
               for name in re.findall(r"reset_relay_\w+", expression)}
    assert watched and watched <= known


@pytest.mark.parametrize("program", documents.blocks("lines of"))
def test_the_lines_shown_are_lines_of_the_program(program):
    lines = {line.strip() for line in (places.ROOT / program).read_text(encoding="utf-8").splitlines()}
    shown = [line.strip() for line in documents.blocks("lines of")[program].splitlines() if line.strip()]
    assert shown and not [line for line in shown if line not in lines]


def anchors_of(text):
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", text, re.M)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(places.ROOT)))
def test_links_of_documents_lead_somewhere(document):
    text = document.read_text(encoding="utf-8")
    anchors = anchors_of(text)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif "://" not in target:
            file, _, anchor = target.partition("#")
            assert (document.parent / file).exists(), target
            assert not anchor or anchor in anchors_of((document.parent / file).read_text(encoding="utf-8")), target


def test_files_named_in_the_architecture_exist():
    text = (places.ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:common|producer|worker|schemas|deploy|tests|templates|cmake|man)/[\w./-]+)`", text))
    assert named and not sorted(name for name in named if not (places.ROOT / name).exists())


def help_of(program, *command):
    done = subprocess.run([places.program(program), *command, "--help"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands_of(program):
    listed = help_of(program).partition("Commands:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  ([a-z]+(?: [a-z]+)?)(?: +[A-Z\[]|  )", listed, re.M)


def options_of(program, command):
    listed = help_of(program, *command.split()).partition("Options of the command:\n")[2].partition("\n\n")[0]
    return set(re.findall(r"^  (--[a-z-]+)", listed, re.M))


def manual(program):
    """{command: text} of its page, and "" for what stands under OPTIONS."""
    source = (places.ROOT / "man" / f"{program}.1").read_text(encoding="utf-8").replace("\\-", "-")
    source = re.sub(r"\\f[BIRP]", "", source)
    entries = dict(re.findall(r"^\.SS \"?([a-z ]+)\"?\n(.*?)(?=^\.S[SH] |\Z)", source, re.S | re.M))
    entries[""] = re.search(r"^\.SH OPTIONS\n(.*?)(?=^\.SH |\Z)", source, re.S | re.M).group(1)
    return entries


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_manual_page_has_the_commands_and_options_of_the_program(program):
    page = manual(program)
    commands = commands_of(program)
    assert commands
    assert set(page) - {""} == set(commands)
    assert set(re.findall(r"--[a-z-]+", page[""])) >= EVERYWHERE
    for command in commands:
        told = set(re.findall(r"(?<![\w-])--[a-z-]+", page[command])) - EVERYWHERE
        assert told == options_of(program, command), f"{program} {command}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_manual_page_is_formatted_without_warnings(program):
    page = places.ROOT / "man" / f"{program}.1"
    if shutil.which("mandoc"):
        done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True, timeout=30)
    else:
        done = subprocess.run([places.tool("groff"), "-man", "-ww", "-Kutf8", "-Tutf8", "-z", page],
                              capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_version_is_the_same_everywhere():
    version = re.search(r"project\(reset-relay VERSION (\S+)", (places.ROOT / "CMakeLists.txt").read_text()).group(1)
    assert f"[{version}]" in (places.ROOT / "CHANGELOG.md").read_text()
    for program in PROGRAMS:
        page = pathlib.Path(places.ROOT / "man" / f"{program}.1").read_text()
        assert f'"reset-relay {version}"' in page.splitlines()[0]
