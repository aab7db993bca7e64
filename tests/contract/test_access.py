"""SECURITY.md's table of who may reach what is what deploy/ grants."""
import re
import subprocess

from support import places

TOPICS = {"requested": "password-reset.requested.v1", "retry": "password-reset.requested.v1.retry.",
          "dead letters": "password-reset.requested.v1.dlq", "audit": "password-reset.audit.v1"}


def told():
    """{principal: {column: cell}} of the document."""
    text = (places.ROOT / "SECURITY.md").read_text(encoding="utf-8")
    table = re.search(r"<!-- access: begin -->\n(.*?)<!-- access: end -->", text, re.S).group(1)
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table.splitlines()
            if line.startswith("|") and not line.startswith("|---")]
    return {row[0]: dict(zip(rows[0], row)) for row in rows[1:]}


def granted_by_kafka():
    """{principal: {column: {"read", "write"}}} of the commands that acls.sh prints."""
    printed = subprocess.run([places.ROOT / "deploy" / "kafka" / "acls.sh"], check=True, capture_output=True, text=True,
                             env={"PATH": "/usr/bin:/bin", "PUBLISHERS": "publisher"}).stdout
    found = {}
    for line in printed.splitlines():
        principal = re.search(r"User:(\S+)", line).group(1)
        operations = {word.lower() for word in re.findall(r"--operation (\S+)", line)} & {"read", "write"}
        for topic in re.findall(r"--topic (\S+)", line):
            for column, name in TOPICS.items():
                if topic == name:
                    found.setdefault(principal, {}).setdefault(column, set()).update(operations)
    return found


def words(cell):
    return {word.strip() for word in cell.split(",") if word.strip()}


def test_the_table_says_what_kafkas_access_lists_grant():
    granted = granted_by_kafka()
    assert set(granted) == set(told())
    for principal, row in told().items():
        for column in TOPICS:
            assert words(row[column]) == granted[principal].get(column, set()), f"{principal}, {column}"


def test_the_table_says_which_keys_redis_users_have():
    rules = (places.ROOT / "deploy" / "redis.acl").read_text()
    for user in ("worker", "producer"):
        line = next(line for line in rules.splitlines() if line.startswith(f"user {user} "))
        keys = {key for key in re.findall(r"~pwreset:(\w+)", line)}
        assert words(told()[f"reset-{user}"]["Redis keys, pwreset:…"]) == keys, user
