"""JSON that parsers read differently is refused, on every way in, before it means anything.

What one parser takes and another refuses, or both take for different things, lets a service check one request and the
relay carry out another.  The answer is 400 and names the fault of the bytes, not a field, and never repeats the input.
"""
import json

import pytest

from support import events

CANARY = "canary-of-the-body"


def bodies():
    """A good body for each path that takes one, with a place for text: (path, body, headers)."""
    request = events.own_request(user=CANARY)
    change = events.password_change(CANARY, "ann@example.com")
    return [
        ("/v1/password-resets", request, {}),
        ("/v1/password-changes", change, {}),
        ("/v1/tokens/check", {"token": CANARY}, {}),
        ("/v1/tokens/redeem", {"token": CANARY, "email": "ann@example.com"}, {"Idempotency_Key": "form-1"}),
        ("/v1/tokens/revoke", {"tenant": "acme", "user_id": CANARY}, {}),
        ("/v1/temporary-passwords/verify", {"tenant": "acme", "user_id": "u", "password": CANARY}, {}),
    ]


def value(replacement):
    """The text becomes these bytes, quotes and all."""
    return lambda body: body.replace(f'"{CANARY}"'.encode(), replacement, 1)


def inside(addition):
    """The text has these bytes in its middle."""
    return lambda body: body.replace(CANARY.encode(), CANARY[:6].encode() + addition + CANARY[6:].encode(), 1)


def first_key(body):
    return body[2:body.index(b'"', 2)]


def member(text):
    return lambda body: body[:-1] + text + b"}"


FAULTS = {
    "one key twice": lambda body: b'{"' + first_key(body) + b'":"globex",' + body[1:],
    "one key twice, the same value": lambda body: body[:body.index(b",") + 1] + body[1:] if b"," in body else
        body[:-1] + b"," + body[1:],
    "one key twice, once escaped": lambda body: b'{"\\u%04x' % body[2] + first_key(body)[1:] + b'":"globex",' + body[1:],
    "one key twice, escaped in capitals": lambda body: body[:-1] + b',"\\u%04X' % body[2] + first_key(body)[1:] + b'":"x"}',
    "one key twice, further in": member(b',"x":{"a":1,"a":2}'),
    "one key twice, in a list": member(b',"x":[{"a":1,"\\u0061":2}]'),
    "an empty key twice": member(b',"":1,"":2'),
    "a key with U+0000": lambda body: b'{"' + first_key(body) + b'\\u0000":"globex",' + body[1:],
    "a value with U+0000": inside(b"\\u0000"),
    "a raw NUL in a value": inside(b"\0"),
    "a raw line feed in a value": inside(b"\n"),
    "a raw tab in a value": inside(b"\t"),
    "a raw control character in a value": inside(b"\x1f"),
    "a lone high surrogate": inside(b"\\ud800"),
    "a lone low surrogate": inside(b"\\udc00"),
    "surrogates the wrong way round": inside(b"\\udc00\\ud800"),
    "two high surrogates": inside(b"\\ud800\\ud800"),
    "a high surrogate and a letter": inside(b"\\ud800a"),
    "a high surrogate and an escaped letter": inside(b"\\ud83d\\u0041"),
    "a lone surrogate in a key": member(b',"\\ud800":1'),
    "a surrogate in UTF-8": inside(b"\xed\xa0\x80"),
    "a pair of surrogates in UTF-8": inside(b"\xed\xa0\xbd\xed\xb8\x80"),
    "an overlong slash": inside(b"\xc0\xaf"),
    "an overlong NUL": inside(b"\xc0\x80"),
    "an overlong three-byte letter": inside(b"\xe0\x81\x81"),
    "a character beyond Unicode": inside(b"\xf4\x90\x80\x80"),
    "a five-byte character": inside(b"\xf8\x88\x80\x80\x80"),
    "a character cut short": inside(b"\xe2\x82"),
    "a continuation alone": inside(b"\x80"),
    "Latin-1": inside(b"\xe4"),
    "0xFF": inside(b"\xff"),
    "a byte order mark": lambda body: b"\xef\xbb\xbf" + body,
    "a byte order mark behind a space": lambda body: b" \xef\xbb\xbf" + body,
    "UTF-16": lambda body: body.decode().encode("utf-16"),
    "UTF-16, big end first": lambda body: body.decode().encode("utf-16-be"),
    "UTF-32": lambda body: body.decode().encode("utf-32"),
    "UTF-7": lambda body: body.replace(b"{", b"+AHs-").replace(b'"', b"+ACI-"),
    "an escape of C": inside(b"\\x41"),
    "an escaped quote of C": inside(b"\\'"),
    "an escaped bell": inside(b"\\a"),
    "an escaped vertical tab": inside(b"\\v"),
    "an escaped zero": inside(b"\\0"),
    "an escape of three digits": inside(b"\\u12"),
    "an escape without digits": inside(b"\\u"),
    "an escape of JavaScript": inside(b"\\u{41}"),
    "an escape in capitals": inside(b"\\U00000041"),
    "an escaped line end": inside(b"\\\n"),
    "single quotes": lambda body: body.replace(b'"', b"'"),
    "keys without quotes": lambda body: b"{" + first_key(body) + body[3 + len(first_key(body)):],
    "a comma at the end": lambda body: body[:-1] + b",}",
    "two commas": lambda body: body[:-1] + b",,}",
    "a comma at the beginning": lambda body: b"{," + body[1:],
    "no colon": lambda body: body.replace(b":", b" ", 1),
    "two colons": lambda body: body.replace(b":", b"::", 1),
    "an equals sign": lambda body: body.replace(b":", b"=", 1),
    "a comment": lambda body: b"/* */" + body,
    "a comment inside": lambda body: b'{/* "a":1, */' + body[1:],
    "a comment to the line's end": lambda body: b"{// x\n" + body[1:],
    "a comment of a shell": lambda body: body + b"# x",
    "something behind it": lambda body: body + b"x",
    "another object behind it": lambda body: body + body,
    "a bracket behind it": lambda body: body + b"}",
    "NUL behind it": lambda body: body + b"\0",
    "NUL before it": lambda body: b"\0" + body,
    "a line of a JSON sequence": lambda body: b"\x1e" + body + b"\n",
    "a prefix against hijacking": lambda body: b")]}',\n" + body,
    "a no-break space": lambda body: body.replace(b"{", "{\u00a0".encode(), 1),
    "a form feed": lambda body: body.replace(b"{", b"{\x0c", 1),
    "a vertical tab": lambda body: body.replace(b"{", b"{\x0b", 1),
    "a line separator": lambda body: body.replace(b"{", "{\u2028".encode(), 1),
    "an ideographic space": lambda body: body.replace(b"{", "{\u3000".encode(), 1),
    "NaN": value(b"NaN"), "Infinity": value(b"Infinity"), "minus Infinity": value(b"-Infinity"),
    "undefined": value(b"undefined"), "None": value(b"None"), "True": value(b"True"), "NULL": value(b"NULL"),
    "a huge number": value(b"1e999"), "a number of 500 digits": value(b"9" * 500), "a hexadecimal number": value(b"0x1F"),
    "a number with a plus": value(b"+1"), "a number that begins with nought": value(b"01"), "an octal number": value(b"0o7"),
    "a number that begins with a point": value(b".5"), "a number that ends with a point": value(b"1."),
    "an exponent without digits": value(b"1e"), "a minus alone": value(b"-"), "minus nought one": value(b"-01"),
    "a number with an underscore": value(b"1_000"), "a long integer of JavaScript": value(b"1n"),
    "digits of another script": value("\u0661".encode()), "seventeen levels": member(b',"x":' + b"[" * 17 + b"]" * 17),
    "a thousand levels": member(b',"x":' + b'{"a":' * 1000 + b"1" + b"}" * 1000),
    "levels without an end": lambda body: b"[" * 60_000, "objects without an end": lambda body: b'{"a":' * 10_000,
    "a list around it": lambda body: b"[" + body + b"]", "it as text": lambda body: json.dumps(body.decode()).encode(),
    "a text alone": lambda body: b'"x"', "a number alone": lambda body: b"1", "null alone": lambda body: b"null",
    "nothing": lambda body: b"", "a space": lambda body: b" ", "cut short": lambda body: body[:-1],
    "cut inside a text": lambda body: body[:body.index(CANARY.encode()) + 3],
    "cut inside an escape": lambda body: body[:body.index(CANARY.encode())] + b"\\u00",
}



@pytest.mark.parametrize("fault", FAULTS)
def test_json_with_two_meanings_is_400_on_every_path(pair, fault):
    for path, body, headers in bodies():
        broken = FAULTS[fault](events.encode(body))
        answer = pair.intake.post(path, broken, **headers)
        assert answer.status == 400, f"{path}: {answer}"
        problem = answer.problem
        assert problem["detail"] and "field" not in problem, f"{path}: not the bytes are found at fault: {problem}"
        assert CANARY not in answer.body.decode(), "the input is repeated"


CONFUSED = {
    # what stands where text should
    "null": None, "a number": 1, "a flag": True, "a list": [CANARY], "an object": {"$ne": None}, "an empty list": [],
    "an object with the text": {CANARY: CANARY},
}


@pytest.mark.parametrize("what", CONFUSED)
def test_text_is_text_on_every_path(pair, what):
    for path, body, headers in bodies():
        broken = events.encode(body).replace(f'"{CANARY}"'.encode(), events.encode(CONFUSED[what]), 1)
        answer = pair.intake.post(path, broken, **headers)
        assert answer.status == 400 and answer.problem["field"], f"{path}: {answer}"
        assert CANARY not in answer.body.decode(), "the input is repeated"


MEMBERS = ["Tenant", "TENANT", "tenant ", " tenant", "t\u00e9nant", "__proto__", "constructor", "toString", "$where", "", "x" * 5000,
           "tenant\u200b", "\u202etenant", "\uff54enant", "<b>", "a/b", "a~1b", "\r\nX-A: b", "role", "token2"]


@pytest.mark.parametrize("key", MEMBERS, ids=lambda key: repr(key)[:30])
def test_a_member_that_is_not_of_the_contract_is_refused(pair, key):
    for path, body, headers in bodies():
        for document in ({**body, key: "globex"}, {key: "globex", **body}):
            answer = pair.intake.post(path, document, **headers)
            assert answer.status == 400 and answer.problem, f"{path}: {answer}"
            assert "globex" not in answer.body.decode() and "\n" not in answer.headers.get("x-a", "")


SAME = {
    "spaces": lambda body: b" \t\r\n" + body.replace(b":", b" :\t").replace(b",", b"\r\n, ") + b"\n",
    "escaped letters": lambda body: body.replace(b'"tenant"', b'"\\u0074en\\u0061nt"'),
    "an escaped slash": lambda body: body.replace(b"acme", b"\\u0061cme"),
    "members in another order": lambda body: json.dumps(dict(reversed(json.loads(body).items()))).encode(),
}


@pytest.mark.parametrize("way", SAME)
def test_json_with_one_meaning_is_taken_however_it_is_written(pair, way):
    body = events.encode(events.own_request())
    assert pair.intake.post("/v1/password-resets", SAME[way](body)).status == 202


KINDS = {
    "text/plain": 415, "application/x-www-form-urlencoded": 415, "multipart/form-data; boundary=x": 415, "": 415,
    "application/xml": 415, "application/jsonp": 415, "application/json-seq": 415, "text/json": 415,
    "application/json;charset=utf-8": 202, "Application/JSON": 202, "application/json ; x=y": 202,
}


@pytest.mark.parametrize("kind", KINDS)
def test_only_json_is_read_as_json(pair, kind):
    """What a page of another origin can send without asking first is never taken for a request."""
    answer = pair.intake.post("/v1/password-resets", events.own_request(), Content_Type=kind)
    assert answer.status == KINDS[kind], answer


def test_content_that_says_it_is_packed_is_not_read_as_if_it_were_not(pair):
    """Somebody in between who unpacks it would see another request than we do."""
    for coding in ("gzip", "deflate", "br", "zstd", "x"):
        answer = pair.intake.post("/v1/password-resets", events.own_request(), Content_Encoding=coding)
        assert answer.status == 415 and answer.problem, answer
    assert pair.intake.post("/v1/password-resets", events.own_request(), Content_Encoding="identity").status == 202
