"""docs/RUNBOOKS.md, done as it says, while requests come in."""
import datetime
import shutil

from support import events
from support.expectations import (audits_are_valid, dead_letter_of, each_link_redeems_once_and_only_with_its_address,
                                  in_parallel, the_mail_to, wait_for_mails, wait_for_outcomes)
from support.repeating import Repeating
from support.waiting import eventually

KEY_FILES = (("reset-worker", "token.master_keys_file"), ("reset-producer", "token.record_keys_file"))


class Asking(Repeating):
    """Requests for users of their own, until the context ends: {id: address} of the acknowledged."""

    def __init__(self, producers, threads=3):
        self.asked = {}
        self.refused = []
        self._producers = producers
        super().__init__(self._ask, threads)

    def _ask(self, thread):
        request = events.reset_request()
        answer = self._producers[thread % len(self._producers)].post("/v1/password-resets", request)
        if answer.status == 202:
            self.asked[answer.json()["id"]] = request["user"]["email"]
        else:
            self.refused.append(answer)
        return 0.005

    def more(self, count):
        goal = len(self.asked) + count
        eventually(f"{count} more requests", lambda: len(self.asked) >= goal, 120, seen=lambda: len(self.asked))


def kids(path):
    return [line.split()[0] for line in open(path) if line.strip() and not line.startswith("#")]


def all_went_well(relay, smtp, asking, producer):
    """Each request was acknowledged, mailed once, and its link works once; nothing was taken for forged."""
    assert not asking.refused, asking.refused[:3]
    sent = wait_for_outcomes(relay, len(asking.asked))
    assert set(sent) == set(asking.asked)
    relay.wait_until_committed()
    mails = wait_for_mails(smtp, len(asking.asked))
    assert sorted(mail.recipients[0] for mail in mails) == sorted(asking.asked.values())
    each_link_redeems_once_and_only_with_its_address(producer, mails)
    audits_are_valid(relay.audits())


def test_keys_rotate_under_load_and_no_link_breaks_and_no_mail_doubles(relay, smtp):
    workers, producers = [relay.worker(), relay.worker()], [relay.producer(), relay.producer()]
    with Asking(producers) as asking:
        for _ in range(2):
            asking.more(40)
            for program, key in KEY_FILES:
                relay.command(program, "keygen", "--add", relay.settings[key])
            in_parallel(lambda process: process.read_again(), workers + producers)
            asking.more(40)
            for program, key in KEY_FILES:
                path = relay.settings[key]
                relay.command(program, "keygen", "--promote", kids(path)[-1], path)
            # One process after another: for a while some use the new key and others the old one.
            for process in workers + producers:
                process.read_again()
                asking.more(10)
    all_went_well(relay, smtp, asking, producers[0])
    assert {len(kids(relay.settings[key])) for _, key in KEY_FILES} == {3}
    for process in workers + producers:
        assert process.metric("reset_relay_mac_failures_total") in (None, 0), process.name


def test_a_publishers_secret_is_renewed_under_load(relay, smtp):
    workers, producer = [relay.worker(), relay.worker()], relay.producer()
    with Asking([producer], threads=1) as asking:
        first = [relay.publish(events.reset_request()) for _ in range(20)]
        secret = relay.add_publisher("portal-2", ("request:admin",))
        for worker in workers:
            worker.read_again()
        second = [relay.publish(events.reset_request(), publisher="portal-2", secret=secret) for _ in range(20)]
        for identifier in first + second:  # the last event under the old name has ended
            relay.outcome(identifier, "sent")
        relay.command("reset-producer", "publishers", "revoke", relay.publisher)
        for worker in workers:
            worker.read_again()
        late = relay.publish(events.reset_request())
        dead_letter_of(relay, late)
        last = relay.publish(events.reset_request(), publisher="portal-2", secret=secret)
        relay.outcome(last, "sent")
    sent = wait_for_outcomes(relay, len(asking.asked) + 41)
    assert set(first + second + [last]) | set(asking.asked) == set(sent)


def test_a_redis_restored_from_a_backup_brings_no_used_link_back(relay, smtp, redis_server, tmp_path):
    worker, producer = relay.worker(), relay.producer()
    request = events.reset_request()
    producer.request(request)
    used = the_mail_to(smtp, request["user"]["email"])
    relay.wait_until_committed()
    redis_server.stop()
    shutil.copytree(redis_server.folder / "appendonlydir", tmp_path / "backup")
    redis_server.start()
    redeemed(producer, used)

    redis_server.stop()
    shutil.rmtree(redis_server.folder / "appendonlydir")
    shutil.copytree(tmp_path / "backup", redis_server.folder / "appendonlydir")
    redis_server.start()
    assert checked(producer, used) == 200, "the backup does bring it back: what the runbook is for"

    moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    for process in (worker, producer):
        process.set_not_before(moment)
    assert checked(producer, used) == 404
    assert producer.redeem(used.token, request["user"]["email"], "form-2").status == 404
    again = events.reset_request()
    relay.outcome(producer.request(again), "sent")
    assert producer.redeem(the_mail_to(smtp, again["user"]["email"]).token, again["user"]["email"], "form-3").status == 200


def redeemed(producer, mail):
    """The same form may be asked again while Redis comes back: it is one redemption."""
    return eventually("the link to redeem",
                      lambda: producer.redeem(mail.token, mail.recipients[0], "form-1").status == 200)


def checked(producer, mail):
    """200 or 404, once Redis is back."""
    return eventually("an answer about the link",
                      lambda: {200: 200, 404: 404}.get(producer.check(mail.token).status))
