"""What the README and deploy/example show works as written: the curl lines, and the emitters in Python and Java."""
import json
import os
import subprocess
import uuid

import pytest

from support import documents, events, places
from support.expectations import audits_are_valid, the_mail_to

EMITTERS = places.ROOT / "deploy" / "example" / "emit"
# Java runs a source file by itself where there is a JDK.
COMMANDS = {
    "python": lambda: ["/usr/bin/python3", EMITTERS / "python" / "emit.py"],
    "java": lambda: [places.tool("java"), "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", f"{places.KAFKA_LIBS}/*",
                     EMITTERS / "java" / "Emit.java"],
}


@pytest.fixture
def emit(relay):
    """emit(language, request, ...): runs one of the programs to its end as a service would."""
    client = relay.folder / "client.properties"
    client.write_text(f"bootstrap.servers = {relay.broker.address}\n")

    def run(language, request, publisher=None, secret=None):
        credentials = relay.folder / "portal.publisher"
        credentials.write_text(f"{publisher or relay.publisher} {secret or relay.publisher_secret}\n")
        return subprocess.run([*COMMANDS[language](), client, credentials, relay.requested],
                              input=json.dumps(request, ensure_ascii=False), capture_output=True, text=True,
                              encoding="utf-8", timeout=120)
    return run


@pytest.mark.parametrize("language", COMMANDS)
def test_an_event_of_the_example_program_becomes_one_mail(relay, smtp, emit, language):
    relay.worker()
    request = events.reset_request(name="Jürgen Groß 山田", locale="en-GB")
    done = emit(language, request)
    assert done.returncode == 0, done.stderr
    identifier = done.stdout.strip()
    assert str(uuid.UUID(identifier)) == identifier
    mail = the_mail_to(smtp, request["user"]["email"])
    assert "Jürgen Groß 山田" in mail.part("plain")
    sent = relay.outcome(identifier, "sent")
    assert sent["asserted_by"] == {"channel": "kafka", "publisher": relay.publisher}
    audits_are_valid(relay.audits(identifier))


@pytest.mark.parametrize("language", COMMANDS)
def test_the_example_program_takes_the_decoy_for_an_unknown_account(relay, smtp, emit, language):
    relay.worker()
    done = emit(language, events.decoy())
    assert done.returncode == 0, done.stderr
    relay.outcome(done.stdout.strip(), "suppressed", "unknown_user")
    assert not smtp.mails.all()


def test_the_example_programs_put_a_user_into_the_same_partition(relay, emit):
    request = events.own_request()
    for language in COMMANDS:
        done = emit(language, request)
        assert done.returncode == 0, done.stderr
    records = [record for record in relay.reader.complete() if record.topic == relay.requested]
    assert len(records) == len(COMMANDS)
    assert len({(record.partition, record.key) for record in records}) == 1
    assert records[0].key == f"{request['tenant']}/{request['user']['id']}".encode()


@pytest.mark.parametrize("language", COMMANDS)
def test_a_wrong_secret_in_the_example_program_ends_as_a_dead_letter(relay, smtp, emit, language):
    relay.worker()
    done = emit(language, events.reset_request(), secret="x" * 43)
    assert done.returncode == 0, done.stderr
    relay.wait_until_committed()
    assert [audit["data"]["reason"] for audit in relay.audits(outcome="dead")] == ["signature"]
    assert not smtp.mails.all()


def shell(relay, text, port=None, **variables):
    """Runs a block of the README in a folder that has relay.ini, with the programs on PATH."""
    environment = {**os.environ, "PATH": f"{places.BIN}:{os.environ['PATH']}", **variables}
    if port:
        environment["INTAKE"] = f"http://127.0.0.1:{port}"
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=relay.folder, env=environment,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_curl_lines_of_the_readme_bring_a_mail_and_redeem_its_link(relay, smtp):
    relay.write_config("relay")
    shell(relay, documents.example("keys"))
    assert (relay.folder / "portal.key").stat().st_mode & 0o077 == 0
    relay.worker()
    port = relay.producer().port
    ids = {json.loads(shell(relay, documents.example("curl"), port))["id"] for _ in range(2)}
    assert len(ids) == 1, "the Idempotency-Key makes both one request"
    identifier = ids.pop()
    mail = the_mail_to(smtp, "bob@acme.example")
    relay.outcome(identifier, "sent")
    answer = json.loads(shell(relay, documents.example("redeem"), port, token=mail.token,
                              email_on_file="bob@acme.example", form_id="form-1"))
    assert answer["request_id"] == identifier
    relay.outcome(identifier, "redeemed")
    told = json.loads(shell(relay, documents.example("change"), port, form_id="form-1", request_id=identifier))
    relay.outcome(identifier, "completed")
    relay.outcome(told["id"], "sent")
    assert {mail.has_link for mail in smtp.mails.to("bob@acme.example")} == {True, False}
    story = shell(relay, f"reset-producer --config relay.ini trail {identifier}").splitlines()
    assert [json.loads(line)["data"]["outcome"] for line in story] == ["sent", "redeemed", "completed", "sent"]


def test_the_line_of_the_readme_verifies_a_temporary_password(deploy):
    relay = deploy({"policy.temporary_password": "chosen"})
    producer, _ = relay.producer(), relay.worker()
    (relay.folder / "portal.key").write_text(relay.key)
    password = 'a "quiet" lamp \\ under the violín'
    body = events.password_request("chosen", password)
    identifier = producer.request(body)
    relay.outcome(identifier, "sent")
    answer = json.loads(shell(relay, documents.example("verify"), producer.port, user_id=body["user"]["id"],
                              password=password))
    assert answer["must_change"] is True and answer["request_id"] == identifier
