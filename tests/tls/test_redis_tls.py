"""rediss://: verified TLS, or nothing.  Needs a hiredis with TLS (see hiredis.sh); without one each test says so."""
import subprocess

import pytest

from conftest import UNIT, Authority
from support import events
from support.expectations import the_mail_to

LOCAL = "DNS:localhost,IP:127.0.0.1"


def redis_line(relay, **settings):
    """What `check` says of Redis."""
    done = relay.command("reset-producer", "check", check=False, settings=settings)
    return next(line.split(maxsplit=1)[1] for line in done.stdout.splitlines() if line.startswith("redis "))


def rediss(port, host="localhost", **settings):
    return {"redis.url": f"rediss://{host}:{port}", **{f"redis.{name}": str(value) for name, value in settings.items()}}


@pytest.mark.parametrize("name", UNIT)
def test_what_holds_of_the_client_holds_with_this_hiredis(with_tls, name):
    done = subprocess.run([with_tls / name], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_a_request_goes_its_way_over_tls(programs, deploy, smtp, tls_redis, authority):
    server = tls_redis(authority.certificate("server", LOCAL))
    relay = deploy(rediss(server.tls_port, ca_file=authority.path))
    producer = relay.producer()
    relay.worker()
    request = events.reset_request()
    producer.request(request)
    mail = the_mail_to(smtp, request["user"]["email"])
    assert producer.redeem(mail.token, request["user"]["email"], "form").status == 200
    assert server.client().keys("pwreset:request:*")


def test_only_the_host_s_own_certificate_of_a_trusted_authority_is_believed(programs, relay, tls_redis, authority, tmp_path):
    other = Authority(tmp_path, "other")
    good = tls_redis(authority.certificate("good", LOCAL)).tls_port
    named = tls_redis(authority.certificate("named", "DNS:localhost")).tls_port
    foreign = tls_redis(authority.certificate("foreign", "DNS:redis.example.com")).tls_port
    expired = tls_redis(authority.certificate("expired", LOCAL, days=-1)).tls_port
    plain = tls_redis(authority.certificate("beside", LOCAL)).port
    said = {
        "good": redis_line(relay, **rediss(good, ca_file=authority.path)),
        "by address": redis_line(relay, **rediss(good, host="127.0.0.1", ca_file=authority.path)),
        "by an address that is not in it": redis_line(relay, **rediss(named, host="127.0.0.1", ca_file=authority.path)),
        "another host's": redis_line(relay, **rediss(foreign, ca_file=authority.path)),
        "another authority": redis_line(relay, **rediss(good, ca_file=other.path)),
        "the system's authorities": redis_line(relay, **rediss(good)),
        "expired": redis_line(relay, **rediss(expired, ca_file=authority.path)),
        "no TLS there": redis_line(relay, **rediss(plain, ca_file=authority.path)),
    }
    believed = {what for what, line in said.items() if line.startswith("ok")}
    assert believed == {"good", "by address"}, said


def test_a_redis_that_wants_a_certificate_of_ours_gets_it(programs, relay, tls_redis, authority):
    server = tls_redis(authority.certificate("strict", LOCAL), clients="yes")
    certificate, key = authority.certificate("client", "DNS:client")
    assert not redis_line(relay, **rediss(server.tls_port, ca_file=authority.path)).startswith("ok")
    assert redis_line(relay, **rediss(server.tls_port, ca_file=authority.path, certificate_file=certificate,
                                      key_file=key)).startswith("ok")
    key.chmod(0o644)
    line = redis_line(relay, **rediss(server.tls_port, ca_file=authority.path, certificate_file=certificate,
                                      key_file=key))
    assert "chmod" in line, line


def test_a_file_that_is_no_certificate_ends_with_78(programs, relay, tls_redis, authority, tmp_path):
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing")
    done = relay.command("reset-producer", "check", check=False, settings=rediss(1, ca_file=nothing))
    assert done.returncode == 78 and "redis.ca_file" in done.stdout + done.stderr


def test_a_build_without_tls_refuses_it_and_falls_back_to_nothing(relay, redis_server):
    """The usual build of this machine, where its hiredis has no TLS."""
    settings = {"redis.url": redis_server.url.replace("redis://", "rediss://")}
    done = relay.command("reset-producer", "check", check=False, settings=settings)
    if "this build does not have" not in done.stdout + done.stderr:
        pytest.skip("this build has TLS")
    assert done.returncode == 78
    for program, verb in (("reset-producer", "serve"), ("reset-worker", "run")):
        done = relay.command(program, verb, check=False, settings=settings)
        assert done.returncode == 78 and "rediss://" in done.stderr and "1.1" in done.stderr, done
    assert not redis_server.client().keys("*")
