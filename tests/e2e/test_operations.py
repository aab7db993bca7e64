"""What ops do: keys, topics, checks, wrong configuration, reloads, and what the machines tell about themselves."""
import json
import os
import signal
import stat
import subprocess

import pytest

from support import events, kafka_client, places, web
from support.expectations import the_mail_to
from support.fault_proxy import FaultProxy
from support.relay import Relay
from support.waiting import eventually


def secret_of(key):
    """rr_<id>_<secret>, whose alphabet has the underscore, too."""
    return key.split("_", 2)[2]


def test_a_key_added_or_revoked_counts_after_sighup(relay, smtp):
    producer = relay.producer()
    late = relay.add_key("late", ["request:admin"])
    assert producer.post("/v1/password-resets", events.reset_request(), key=late).status == 401
    producer.signal(signal.SIGHUP)
    eventually("the new key to be known",
               lambda: producer.post("/v1/password-resets", events.reset_request(), key=late).status == 202)
    listed = relay.command("reset-producer", "keys", "list").stdout
    assert "late" in listed and secret_of(late) not in listed
    relay.command("reset-producer", "keys", "revoke", late.split("_")[1])
    producer.signal(signal.SIGHUP)
    eventually("the old key to be refused",
               lambda: producer.post("/v1/password-resets", events.reset_request(), key=late).status == 401)


def test_a_broken_keys_file_at_sighup_keeps_the_old_keys(relay):
    producer = relay.producer()
    path = relay.settings["auth.keys_file"]
    good = open(path).read()
    with open(path, "w") as file:
        file.write("\0 nonsense")
    producer.signal(signal.SIGHUP)
    eventually("the fault to be logged", lambda: "keys" in producer.stderr().lower() and (
        '"error"' in producer.stderr() or '"warning"' in producer.stderr()), seen=producer.stderr)
    assert producer.post("/v1/password-resets", events.reset_request()).status == 202
    with open(path, "w") as file:
        file.write(good)


def test_tenants_mails_look_as_their_file_says_after_sighup_and_a_broken_one_changes_nothing(relay, smtp, tmp_path):
    tenants = tmp_path / "tenants.ini"
    tenants.write_text("[acme]\nname = ACME Widgets\nfrom_name = ACME Accounts\n")
    worker = relay.worker(**{"templates.tenants": str(tenants)})
    assert "tenants" in relay.command("reset-worker", "check", settings={"templates.tenants": str(tenants)}).stdout

    def sender():
        request = events.reset_request()
        relay.publish(request)
        return the_mail_to(smtp, request["user"]["email"]).message["From"].addresses[0].display_name
    assert sender() == "ACME Accounts"
    tenants.write_text("[acme]\nfrom_name = Somebody\ncolour = mauve\n")
    worker.signal(signal.SIGHUP)
    eventually("the fault to show", lambda: worker.metric("reset_relay_reload_failed", what="tenants") == 1)
    fault = next(line for line in worker.stderr().splitlines() if "tenants' mails look as before" in line)
    assert "tenants.ini:3" in fault, fault
    assert sender() == "ACME Accounts"
    assert relay.command("reset-worker", "check", settings={"templates.tenants": str(tenants)},
                         check=False).returncode == 78
    tenants.write_text("[acme]\nfrom_name = ACME Support\n")
    worker.signal(signal.SIGHUP)
    eventually("the fault to be gone", lambda: worker.metric("reset_relay_reload_failed", what="tenants") == 0)
    assert sender() == "ACME Support"


def test_secrets_are_written_for_their_owner_alone(relay):
    for key in ("token.master_keys_file", "token.record_keys_file", "auth.keys_file", "auth.publishers_file"):
        assert stat.S_IMODE(os.stat(relay.settings[key]).st_mode) == 0o600, key
    assert secret_of(relay.key) not in open(relay.settings["auth.keys_file"]).read()


def test_a_link_made_with_an_older_key_still_redeems_after_rotation(relay, smtp):
    worker, producer = relay.worker(), relay.producer()
    request = events.reset_request()
    producer.request(request)
    old = the_mail_to(smtp, request["user"]["email"])
    for program, key in (("reset-worker", "token.master_keys_file"), ("reset-producer", "token.record_keys_file")):
        path = relay.settings[key]
        first = next(line.split()[0] for line in open(path) if not line.startswith("#"))
        relay.command(program, "keygen", "--add", path)
        kids = [line.split()[0] for line in open(path) if line.strip() and not line.startswith("#")]
        assert kids[0] == first and len(kids) == 2
        relay.command(program, "keygen", "--promote", kids[1], path)
        assert next(line.split()[0] for line in open(path) if not line.startswith("#")) == kids[1]
    for process in (worker, producer):
        process.signal(signal.SIGHUP)
    newer = events.reset_request()
    producer.request(newer)
    fresh = the_mail_to(smtp, newer["user"]["email"])
    assert producer.redeem(old.token, request["user"]["email"], "form-1").status == 200
    assert producer.redeem(fresh.token, newer["user"]["email"], "form-2").status == 200


def test_topics_are_made_as_the_worker_wants_them(tmp_path, broker, redis_server, smtp):
    relay = Relay(tmp_path / "relay", broker, redis_server, smtp.url)
    missing = relay.command("reset-producer", "topics", check=False)
    assert missing.returncode != 0 and relay.requested in missing.stdout + missing.stderr
    relay.command("reset-producer", "topics", "--create")
    shown = relay.command("reset-producer", "topics")
    for topic in relay.topics:
        assert topic in shown.stdout
    reader = kafka_client.TopicReader(broker.address, relay.topics)
    assert len(reader.partitions) == 6 * len(relay.topics)
    reader.close()
    from confluent_kafka.admin import AdminClient, ConfigResource
    resources = [ConfigResource("topic", name) for name in relay.topics]
    hours = {relay.audit_topic: 400 * 24, relay.dead_letters: 7 * 24}
    admin = AdminClient({"bootstrap.servers": broker.address})
    for resource, future in admin.describe_configs(resources).items():
        config = {name: entry.value for name, entry in future.result().items()}
        assert config["message.timestamp.type"] == "LogAppendTime"
        assert config["cleanup.policy"] == "delete"
        assert (config["compression.type"] == "uncompressed") == (resource.name in (relay.requested, *relay.retries))
        assert int(config["retention.ms"]) == hours.get(resource.name, 48) * 3_600_000


def test_check_says_one_line_for_each_connection(relay, smtp):
    for program, names in (("reset-worker", ("kafka", "redis", "smtp")), ("reset-producer", ("kafka", "redis"))):
        printed = relay.command(program, "check").stdout.lower()
        for name in names:
            assert any(name in line for line in printed.splitlines()), printed
    smtp.stop()
    down = relay.command("reset-worker", "check", check=False)
    assert down.returncode == 69, down


def test_brokers_advertised_off_loopback_are_not_spoken_to_in_plaintext(relay, broker):
    """A relay that speaks plaintext was told of loopback alone; where the cluster is, the cluster says."""
    proxy = FaultProxy(int(broker.address.rpartition(":")[2])).start()
    proxy.rename(b"127.0.0.1", b"192.0.2.1")
    settings = {"kafka.bootstrap.servers": f"127.0.0.1:{proxy.port}"}
    try:
        pair = relay.producer(wait=False, **settings), relay.worker(wait=False, **settings)
        for process in pair:
            eventually(f"{process.name} to say where a broker is",
                       lambda: "is advertised at 192.0.2.1:" in str(process.readiness()), seen=process.readiness)
            assert process.readiness().status == 503
            eventually(f"{process.name} to log it", lambda: "is advertised at 192.0.2.1:" in process.stderr())
        for command in ("check",), ("topics",):
            done = relay.command("reset-producer", *command, check=False, settings=settings)
            assert done.returncode == 78 and "is advertised at 192.0.2.1:" in done.stdout + done.stderr, done
        proxy.let_through()
        for process in pair:
            eventually(f"{process.name} to see that it is on loopback now",
                       lambda: "is advertised at" not in str(process.readiness()), seen=process.readiness)
    finally:
        proxy.stop()


WRONG = {
    # setting, value, words that the message must have
    "unknown_key": ("smtp.conections", "5", ["smtp.conections", "smtp.connections"]),
    "unknown_section": ("smpt.url", "smtp://127.0.0.1", ["smpt"]),
    "not_a_duration": ("limits.coalesce", "soon", ["limits.coalesce"]),
    "out_of_range": ("smtp.connections", "0", ["smtp.connections"]),
    "not_a_choice": ("smtp.tls", "maybe", ["smtp.tls", "required"]),
    "link_without_token": ("link.url", "https://app.example.org/reset", ["link.url", "{token}"]),
    "link_in_plain": ("link.url", "http://app.example.org/#{token}", ["link.url", "https"]),
    "plaintext_off_loopback": ("smtp.url", "smtp://mail.example.org:25", ["plaintext"]),
    "no_key_file": ("token.master_keys_file", "nowhere/master.keys", ["nowhere/master.keys"]),
    "no_templates": ("templates.directory", "nowhere/templates", ["nowhere/templates"]),
    "publisher_of_no_file": ("auth.publisher", "nobody", ["nobody"]),
    "publisher_who_is_no_intake": ("auth.publisher", "portal", ["portal", "assert:key"]),
    "retries_shorter_than_the_dot": ("smtp.dot_timeout", "30m", ["dot_timeout"]),
}
OF_THE_PRODUCER = {"publisher_of_no_file", "publisher_who_is_no_intake"}


@pytest.fixture(scope="module")
def idle_relay(tmp_path_factory, broker):
    from support.redis_server import RedisServer
    redis = RedisServer(tmp_path_factory.mktemp("redis")).start()
    relay = Relay(tmp_path_factory.mktemp("idle") / "relay", broker, redis, "smtp://127.0.0.1:9").prepare()
    yield relay
    redis.kill()


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_setting_ends_with_78_and_is_named(idle_relay, fault):
    setting, value, words = WRONG[fault]
    program = ("reset-producer", "serve") if fault in OF_THE_PRODUCER else ("reset-worker", "run")
    done = idle_relay.command(*program, check=False, settings={setting: value}, timeout=60)
    assert done.returncode == 78, done
    for word in words:
        assert word in done.stderr, f"{word} is not named in: {done.stderr}"


def test_all_wrong_settings_are_named_at_once_with_file_and_line(idle_relay):
    done = idle_relay.command("reset-worker", "run", check=False,
                              settings={"smtp.tls": "maybe", "limits.coalesce": "soon", "smtp.conections": "1"})
    assert done.returncode == 78
    for word in ("smtp.tls", "limits.coalesce", "smtp.conections", ".ini:"):
        assert word in done.stderr, done.stderr


def test_a_key_file_that_others_can_read_is_refused(idle_relay):
    path = idle_relay.settings["token.master_keys_file"]
    os.chmod(path, 0o644)
    try:
        done = idle_relay.command("reset-worker", "run", check=False)
        assert done.returncode == 78 and "master.keys" in done.stderr
    finally:
        os.chmod(path, 0o600)


@pytest.mark.parametrize("content", ["k1 " + "ab" * 31 + "\n", "k1\n", "", "k1 " + "zz" * 32 + "\n"])
def test_a_key_of_the_wrong_length_is_refused(idle_relay, tmp_path, content):
    path = tmp_path / "short.keys"
    path.write_text(content)
    path.chmod(0o600)
    done = idle_relay.command("reset-worker", "run", check=False, settings={"token.master_keys_file": path})
    assert done.returncode == 78 and "short.keys" in done.stderr, done


def test_a_wrong_redis_password_is_named(idle_relay, tmp_path):
    from support.redis_server import RedisServer
    guarded = RedisServer(tmp_path / "guarded", "--requirepass", "right").start()
    done = idle_relay.command("reset-worker", "check", check=False, settings={
        "redis.url": guarded.url.replace("redis://", "redis://:wrong@")})
    assert done.returncode in (69, 78)
    assert "redis" in (done.stdout + done.stderr).lower()
    assert "wrong@" not in done.stdout + done.stderr
    guarded.kill()


def test_a_secret_in_the_environment_is_refused_and_in_a_file_taken(idle_relay, tmp_path):
    config = idle_relay.write_config("secret", **{"smtp.username": "ann"})
    command = [places.program("reset-worker"), "--config", config, "--print-config"]
    direct = subprocess.run(command, env={**os.environ, "RESET_RELAY_SMTP_PASSWORD": "sesame-9"}, capture_output=True, text=True)
    assert direct.returncode == 78 and "sesame-9" not in direct.stdout + direct.stderr
    secret = tmp_path / "password"
    secret.write_text("sesame-9\n")
    secret.chmod(0o600)
    by_file = subprocess.run(command, env={**os.environ, "RESET_RELAY_SMTP_PASSWORD_FILE": str(secret)},
                             capture_output=True, text=True)
    assert by_file.returncode == 0, by_file
    assert "sesame-9" not in by_file.stdout + by_file.stderr


def test_the_environment_overrides_the_file_and_set_overrides_both(idle_relay):
    config = idle_relay.write_config("override")
    command = [places.program("reset-worker"), "--config", config, "--print-config"]
    environment = {**os.environ, "RESET_RELAY_SMTP_CONNECTIONS": "7"}
    printed = subprocess.run(command, env=environment, capture_output=True, text=True).stdout
    assert any(line.split() == ["connections", "=", "7"] for line in printed.splitlines()), printed
    printed = subprocess.run([*command, "--set", "smtp.connections=8"], env=environment, capture_output=True, text=True).stdout
    assert any(line.split() == ["connections", "=", "8"] for line in printed.splitlines()), printed


@pytest.mark.parametrize("program", ["reset-producer", "reset-worker"])
def test_help_and_version_are_there_and_a_wrong_word_is_64(program):
    for option in ("--help", "--version"):
        done = subprocess.run([places.program(program), option], capture_output=True, text=True)
        assert done.returncode == 0 and done.stdout
    done = subprocess.run([places.program(program), "dance"], capture_output=True, text=True)
    assert done.returncode == 64 and done.stderr


def test_metrics_pass_promtool(relay, smtp):
    promtool = places.tool("promtool")
    worker, producer = relay.worker(), relay.producer()
    relay.outcome(producer.request(events.reset_request()), "sent")
    for process in (worker, producer):
        text = web.call(process.admin_port, "GET", "/metrics").body
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert web.call(process.admin_port, "GET", "/livez").status == 200
    assert worker.metric("reset_relay_outcomes_total", outcome="sent") == 1


UNCOMPLETED = """
rule_files: [{rules}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: reset_relay_redeemed_uncompleted_total{{instance="one"}}
        values: '0x30 {one}x60'
      - series: reset_relay_redeemed_uncompleted_total{{instance="two"}}
        values: '0x30 {two}x60'
    alert_rule_test:
      - alertname: ResetRelayUncompleted
        eval_time: 45m
        exp_alerts: []
"""


@pytest.mark.parametrize(("one", "two", "fires"), [(9, 0, True), (4, 4, True), (1, 1, False)])
def test_redemptions_that_no_change_follows_wake_somebody(tmp_path, one, two, fires):
    """What all producers counted together, as Prometheus itself judges the rules."""
    promtool, rules = places.tool("promtool"), places.ROOT / "deploy" / "prometheus" / "alerts.yml"
    done = subprocess.run([promtool, "check", "rules", rules], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    case = tmp_path / "case.yml"
    # promtool compares labels and texts exactly; here it is to be told apart only whether there is one.
    case.write_text(UNCOMPLETED.format(rules=rules, one=one, two=two))
    done = subprocess.run([promtool, "test", "rules", case], capture_output=True, text=True)
    assert (done.returncode != 0) == fires, done.stdout + done.stderr
    if fires:
        assert "ResetRelayUncompleted" in done.stdout + done.stderr and "severity" in done.stdout + done.stderr


def test_the_lag_falls_to_nothing_and_the_oldest_unfinished_with_it(relay, smtp):
    worker = relay.worker()
    for _ in range(20):
        relay.publish(events.reset_request())
    relay.wait_until_committed()
    eventually("a lag of nothing", lambda: worker.metric("reset_relay_consumer_lag") == 0 and
               worker.metric("reset_relay_oldest_unfinished_seconds") == 0 and
               worker.metric("reset_relay_events_in_flight") == 0)


def test_sent_lines_come_out_in_order_and_a_bad_line_fails_the_run_alone(relay):
    good = [events.reset_request() for _ in range(5)]
    lines = [json.dumps(request) for request in good]
    lines.insert(2, '{"tenant": 7}')
    done = relay.command("reset-producer", "send", text="\n".join(lines) + "\n", check=False)
    assert done.returncode != 0
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == 6
    assert [("id" in line and bool(line["id"])) for line in results] == [True, True, False, True, True, True]
    relay.reader.complete()
    assert len(relay.reader.of(relay.requested)) == 5


def test_sent_without_kafka_ends_with_an_error_and_says_why(idle_relay, tmp_path):
    done = idle_relay.command("reset-producer", "send", text=json.dumps(events.reset_request()) + "\n", check=False,
                              settings={"kafka.bootstrap.servers": "127.0.0.1:9", "http.kafka_deadline": "1s",
                                        "kafka.message.timeout.ms": "2000"})
    assert done.returncode not in (0, 99), done


def test_a_mail_can_be_looked_at_from_an_example(idle_relay):
    import email
    import email.policy
    done = idle_relay.command("reset-worker", "render", "--template", "link", "--locale", "ar")
    message = email.message_from_string(done.stdout, policy=email.policy.default)
    assert message.get_body(("plain",)) and message.get_body(("html",))
    assert 'dir="rtl"' in message.get_body(("html",)).get_content()
