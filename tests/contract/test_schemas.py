"""The schemas say what the C code does: both judge every example alike, and blame the same field."""
import json
import os
import pathlib
import subprocess

import jsonschema
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas"
EXAMPLES = SCHEMAS / "examples"
TOOL = ROOT / os.environ.get("RESET_BUILD", "build/asan") / "bin" / "decode_examples"
KINDS = ("request", "event", "change", "completed", "audit")

DOCUMENTS = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.schema.json")}
STORE = {schema["$id"]: schema for schema in DOCUMENTS.values()}


def validator(kind):
    schema = DOCUMENTS[f"{kind}.schema.json"]
    return jsonschema.Draft202012Validator(
        schema, resolver=jsonschema.RefResolver(schema["$id"], schema, store=dict(STORE)),
        format_checker=jsonschema.FormatChecker())


def examples(folder, *kinds):
    paths = [path for path in sorted((EXAMPLES / folder).glob("*.json")) if path.name.split("-")[0] in kinds]
    assert paths, f"no examples in {folder}"
    return [pytest.param(path, id=f"{folder}/{path.stem}") for path in paths]


def kind_of(path):
    return path.name.split("-")[0]


def ask(mode, *paths):
    answer = subprocess.run([TOOL, mode, *paths], capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split("\n")[:-1]


def decoded(path):
    (line,) = ask(kind_of(path), path)
    verdict, reason, field, sentence = line.split("\t")
    return verdict, reason, field, sentence


def blamed(error):
    """The JSON Pointers that a schema's error blames: the place itself, or the field missing or too many there."""
    here = "".join(f"/{part}" for part in error.absolute_path)
    if error.validator == "required":
        yield from (f"{here}/{name}" for name in error.validator_value if name not in error.instance)
    elif error.validator == "unevaluatedProperties":
        yield from (f"{here}/{name}" for name in error.instance)
        yield here  # a name that is no plain word is not repeated
    else:
        yield here
    for inner in error.context:
        yield from blamed(inner)


def test_the_schemas_are_schemas():
    assert set(DOCUMENTS) == {f"{kind}.schema.json" for kind in KINDS}
    for schema in DOCUMENTS.values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", examples("valid", *KINDS))
def test_a_valid_example_is_accepted_by_both(path):
    errors = [error.message for error in validator(kind_of(path)).iter_errors(json.loads(path.read_text()))]
    assert errors == []
    if kind_of(path) != "audit":
        assert decoded(path)[0] == "accept", decoded(path)


@pytest.mark.parametrize("path", examples("invalid", *KINDS))
def test_an_invalid_example_is_refused_by_both_for_the_same_field(path):
    value = json.loads(path.read_text())
    errors = list(validator(kind_of(path)).iter_errors(value))
    assert errors, "the schema accepts it"
    if kind_of(path) == "audit":
        return
    verdict, reason, field, sentence = decoded(path)
    assert (verdict, reason) == ("refuse", "schema")
    assert sentence and "@" not in sentence.replace("an @", "")
    assert field in {pointer for error in errors for pointer in blamed(error)}


@pytest.mark.parametrize("path", examples("bytes", "request", "event"))
def test_a_fault_of_bytes_is_refused_by_the_decoder(path):
    verdict, reason, _, sentence = decoded(path)
    assert verdict == "refuse" and sentence
    fault = path.stem.split("-", 1)[1]
    says = {"empty": "empty", "list": "schema", "tenant-of-too-many-bytes": "schema",
            "february-29-in-2030": "schema", "local-part-of-too-many-bytes": "schema"}
    assert reason == says.get(fault, "not_json")


def test_an_unknown_field_is_named():
    assert decoded(EXAMPLES / "invalid/request-unknown-field.json")[2] == "/priority"
    assert decoded(EXAMPLES / "invalid/request-unknown-field-in-user.json")[2] == "/user/phone"


def test_there_are_enough_invalid_examples():
    assert len(examples("invalid", "request", "event")) >= 40


def test_the_thousand_requests_are_valid_and_of_different_users(tmp_path):
    lines = (ROOT / "tests/data/requests.jsonl").read_text(encoding="utf-8").splitlines()
    requests = [json.loads(line) for line in lines]
    assert len(requests) == 1000
    assert len({(request["tenant"], request["user"]["id"]) for request in requests}) == 1000
    judge, paths = validator("request"), []
    for number, line in enumerate(lines):
        judge.validate(requests[number])
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(line, encoding="utf-8")
    assert {line.split("\t")[0] for line in ask("request", *paths)} == {"accept"}


def test_every_request_becomes_an_event_that_its_schema_accepts():
    paths = [path.values[0] for path in examples("valid", "request")]
    events = [json.loads(line) for line in ask("encode", *paths)]
    assert len(events) == len(paths)
    for path, event in zip(paths, events):
        validator("event").validate(event)
        request = json.loads(path.read_text())
        data = event["data"]
        assert data["asserted_by"] == {"channel": "http", "key_id": "k3fz9q", "bulk": True}
        assert data["tenant"] == request["tenant"] and data["actor"] == request["actor"]
        assert data["user"] == (request["user"] and {k: v for k, v in request["user"].items() if v != ""})
        assert data.get("client", {}) == request.get("client", {})
        assert "password" not in data


def test_every_change_becomes_events_that_their_schema_accepts():
    for path in (path.values[0] for path in examples("valid", "change")):
        change = json.loads(path.read_text())
        events = [json.loads(line) for line in ask("announce", path)]
        other = change.get("previous_email") not in (None, change["user"]["email"])
        assert [event["data"]["address"] for event in events] == ["current", "previous"][:1 + other]
        for event in events:
            validator("completed").validate(event)
            data = event["data"]
            assert data["tenant"] == change["tenant"] and data["actor"] == change["actor"]
            assert data.get("request_id") == change.get("request_id", "").lower() or "request_id" not in change
            assert data.get("client", {}) == change.get("client", {})
            assert "previous_email" not in data and "method" not in data and "password" not in data
            assert data["user"] == change["user"] | ({"email": change["previous_email"]}
                                                     if data["address"] == "previous" else {})


def test_every_audit_record_is_valid_and_one_harmless_line():
    lines = ask("audits")
    assert len(lines) > 40
    for line in lines:
        record = json.loads(line)
        validator("audit").validate(record)
        assert all(character.isprintable() for character in line)
    assert {json.loads(line)["data"]["outcome"] for line in lines} == set(
        DOCUMENTS["audit.schema.json"]["properties"]["data"]["properties"]["outcome"]["enum"])


def test_the_schemas_know_exactly_the_words_of_the_code():
    words = {}
    for line in ask("words"):
        kind, word = line.split("\t")
        words.setdefault(kind, []).append(word)
    audit = DOCUMENTS["audit.schema.json"]
    assert audit["properties"]["data"]["properties"]["outcome"]["enum"] == words["outcome"]
    assert audit["$defs"]["reason"]["enum"] == words["reason"]
    assert DOCUMENTS["request.schema.json"]["$defs"]["method"]["enum"] + ["password_changed"] == words["method"]


def references(node, path="#"):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield path, node["$ref"]
        for key, value in node.items():
            yield from references(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from references(value, f"{path}/{index}")


def resolve(document, pointer):
    node = document
    for part in filter(None, pointer.split("/")):
        part = part.replace("~1", "/").replace("~0", "~")
        node = node[int(part)] if isinstance(node, list) else node[part]
    return node


def every_document():
    documents = {path.name: yaml.safe_load(path.read_text()) for path in SCHEMAS.glob("*.yaml")}
    return documents | DOCUMENTS


@pytest.mark.parametrize("name", ["openapi.yaml", "asyncapi.yaml", *sorted(f"{kind}.schema.json" for kind in KINDS)])
def test_every_reference_leads_somewhere(name):
    documents = every_document()
    found = 0
    for path, target in references(documents[name]):
        file, _, pointer = target.partition("#")
        assert (file or name) in documents, f"{name} {path}: {target}"
        resolve(documents[file or name], pointer)
        found += 1
    assert found > 0


def schemas_inside(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("schema", "payload", "headers") and isinstance(value, dict) and "$ref" not in value:
                if key != "headers" or value.get("type") == "object":
                    yield value
            yield from schemas_inside(value)
    elif isinstance(node, list):
        for value in node:
            yield from schemas_inside(value)


@pytest.mark.parametrize("name", ["openapi.yaml", "asyncapi.yaml"])
def test_the_schemas_inside_are_schemas(name):
    document = every_document()[name]
    inside = list(schemas_inside(document)) + list(document["components"].get("schemas", {}).values())
    assert inside
    for schema in inside:
        jsonschema.Draft202012Validator.check_schema(schema)


def test_openapi_names_the_calls_that_are_served():
    document = every_document()["openapi.yaml"]
    assert document["openapi"].startswith("3.1.")
    calls = {(method.upper(), path) for path, item in document["paths"].items() for method in item
             if method in ("get", "put", "post", "delete", "patch", "head")}
    assert calls == {("POST", "/v1/password-resets"), ("GET", "/v1/password-resets/{id}"),
                     ("HEAD", "/v1/password-resets/{id}"), ("POST", "/v1/password-changes"),
                     ("POST", "/v1/tokens/check"), ("POST", "/v1/tokens/redeem"), ("POST", "/v1/tokens/revoke"),
                     ("POST", "/v1/temporary-passwords/verify"),
                     ("GET", "/livez"), ("GET", "/readyz"), ("GET", "/metrics")}
    for path, item in document["paths"].items():
        for method, call in item.items():
            if method in ("get", "head", "post"):
                assert call["operationId"] and call["responses"], path
                for code, response in call["responses"].items():
                    if code[0] in "45" and path.startswith("/v1/"):
                        response = resolve(document, response["$ref"].partition("#")[2]) if "$ref" in response else response
                        assert list(response["content"]) == ["application/problem+json"], (path, code)


def test_openapi_examples_are_valid():
    document = every_document()["openapi.yaml"]
    for path, kind in (("/v1/password-resets", "request"), ("/v1/password-changes", "change")):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        assert body["examples"]
        for example in body["examples"].values():
            validator(kind).validate(example["value"])


def test_asyncapi_names_every_topic():
    document = every_document()["asyncapi.yaml"]
    assert document["asyncapi"] == "3.0.0"
    assert {channel["address"] for channel in document["channels"].values()} == {
        "password-reset.requested.v1", "password-reset.requested.v1.retry.{tier}", "password-reset.requested.v1.dlq",
        "password-reset.audit.v1"}
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert operation["channel"]["$ref"].startswith("#/channels/")
