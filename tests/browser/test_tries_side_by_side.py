"""The demonstration's sign-in page, tried by many at once; in this process, without browser and relay."""
import concurrent.futures
import json
import re
import sys
import threading

import pytest

from support import places
from support.demo import companies_of

AT_ONCE = 24


class NoTemporaryPasswords:
    def verify_temporary_password(self, _tenant, _user_id, _password):
        return type("Answer", (), {"status": 404, "body": {}})


@pytest.fixture
def almanac(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(places.ROOT / "deploy" / "demo"), *sys.path])
    from almanac import sessions
    from almanac.application import create_application
    monkeypatch.setattr(sessions, "now", lambda: 1_900_000_000)
    companies, document = companies_of(1)
    path = tmp_path / "companies.json"
    path.write_text(json.dumps(document), "utf-8")
    application = create_application(tmp_path / "almanac.db", path, NoTemporaryPasswords(), None)
    return application, companies[0].user.email, sessions.FREE_TRIES


def test_of_wrong_tries_side_by_side_no_more_are_weighed_than_one_after_the_other(almanac):
    application, email, free = almanac
    together = threading.Barrier(AT_ONCE)

    def one(number):
        visitor = application.test_client()
        token = re.search(r'name="form_token" value="([^"]+)"', visitor.get("/sign-in").text).group(1)
        together.wait()
        return visitor.post("/sign-in", data={"form_token": token, "form_id": str(number), "email": email,
                                              "password": f"a wrong password {number}"}).status_code
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(one, range(AT_ONCE)))
    assert set(answers) <= {422, 429}
    assert answers.count(422) == free + 1, answers
