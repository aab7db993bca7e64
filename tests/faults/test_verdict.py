"""The judge itself: a run without fault is not accused, and each broken promise is seen.  No server is needed."""
import pytest

import verdict
from evidence import Copy, End, Evidence, Fault, Mail, Position, Redemption, Sample, Token

STRUCK = 1000.0
RESETS = ("relay connections reset", STRUCK, STRUCK)


def a_good_run(requests=40):
    """Numbers 1 to N, each mailed once a tenth of a second after it was asked, by two workers, one connection each."""
    evidence = Evidence()
    for number in range(1, requests + 1):
        request, asked = f"request-{number}", STRUCK - 2 + number / 10
        evidence.asked[number] = asked
        evidence.users[number] = f"user-{number}"
        evidence.acknowledged[number] = request
        evidence.mails.append(a_mail(number, asked + 0.1))
        evidence.ends[request] = [an_end(f"audit-{number}", at=asked + 0.2)]
        evidence.positions.append(Position(request, 0, 0, f"requested[0]@{number}", asked + 0.3))
        evidence.tokens.append(Token(request, 80_000_000, False))
    evidence.connections = {0: "worker-a-1.test", 1: "worker-b-1.test"}
    evidence.samples["producer-a"] = [Sample(STRUCK + each, 20_000 + each % 7, 20, 6) for each in range(400)]
    evidence.redemptions.append(Redemption("request-3", 404, 200, 200, 404))
    return evidence


def a_mail(number, at, **changed):
    mail = Mail(f"request-{number}", f"user-{number}@canary.example", at, number % 2, f"token-{number}",
                f"inc-{number}")
    return mail._replace(**changed)


def an_end(audit, outcome="sent", at=STRUCK, **changed):
    return End(audit, outcome, changed.pop("reason", ""), 0, False, False, at)._replace(**changed)


def mailed_again(evidence, number=20, after=3.0, **changed):
    first = evidence.mails[number - 1]
    evidence.mails.append(first._replace(at=first.at + after, connection=7, **changed))
    return first


def found(evidence):
    return {(each.invariant, each.sentence) for each in verdict.judge(evidence)}


def test_a_run_in_which_all_was_well_breaks_nothing():
    assert not found(a_good_run())


def lose_an_outcome(evidence):
    del evidence.ends["request-5"]


def lose_a_mail(evidence):
    del evidence.mails[4]


def end_twice(evidence):
    evidence.ends["request-5"].append(an_end("audit-other", "dead", reason="attempts"))


def end_twice_alike(evidence):
    evidence.ends["request-5"].append(an_end("audit-other"))


def end_without_reason(evidence):
    evidence.ends["request-5"] = [an_end("audit-5", "expired", at=STRUCK)]
    del evidence.mails[4]


def end_dead_and_mailed(evidence):
    evidence.outcomes = ("sent", "dead")
    evidence.ends["request-5"] = [an_end("audit-5", "dead", reason="attempts")]


def call_it_rebuilt(evidence):
    evidence.ends["request-5"] = [an_end("audit-5", rebuilt=True)]


def never_acknowledge(evidence):
    evidence.asked[99] = STRUCK


def write_an_invalid_audit(evidence):
    evidence.invalid.append("'outcome' is a required property")


def mail_twice(evidence):
    mailed_again(evidence)


def mail_twice_after_a_kill_of_another_worker(evidence):
    evidence.faults.append(Fault("worker killed", STRUCK, STRUCK, "worker-b-1.test"))
    mailed_again(evidence)  # an even number: it was worker-a's


def mail_twice_long_before_the_kill(evidence):
    evidence.faults.append(Fault("worker killed", STRUCK + 30, STRUCK + 30, "worker-a-1.test"))
    mailed_again(evidence, after=40)


def mail_twice_on_a_connection_that_went_on(evidence):
    evidence.faults.append(Fault(*RESETS))
    mailed_again(evidence)  # 22 was mailed after it on the same connection: 20's answer had come


def mail_twice_with_another_link(evidence):
    evidence.faults.append(Fault("worker killed", STRUCK + 1, STRUCK + 1, "worker-a-1.test"))
    mailed_again(evidence, token="another")


def mail_twice_with_another_message_id(evidence):
    evidence.faults.append(Fault("worker killed", STRUCK + 1, STRUCK + 1, "worker-a-1.test"))
    mailed_again(evidence, message_id="another")


def mail_by_a_woken_zombie(evidence):
    first = mailed_again(evidence)
    evidence.connections[7] = "worker-z-1.test"  # it was stopped, another mailed, it was woken and mailed too
    evidence.faults.append(Fault("worker stopped", first.at - 40, first.at + 2, "worker-z-1.test"))


def mail_to_somebody_else(evidence):
    evidence.mails[4] = evidence.mails[4]._replace(address="user-6@canary.example")


def keep_two_tokens_of_a_request(evidence):
    evidence.tokens.append(Token("request-5", 1000, False))


def keep_two_tokens_of_a_user(evidence):
    evidence.users[6] = evidence.users[5]
    evidence.mails[5] = evidence.mails[5]._replace(address=evidence.mails[4].address)


def keep_a_token_for_ever(evidence):
    evidence.tokens[3] = Token("request-4", -1, False)


def keep_a_token_too_long(evidence):
    evidence.tokens[3] = Token("request-4", verdict.TTL_MOST_MS + 1, False)


def keep_a_used_token_too_long(evidence):
    evidence.tokens[3] = Token("request-4", verdict.CLAIM_MOST_MS + 1, True)


def find_a_secret(evidence):
    evidence.leaks.append("a token in worker-a.err")


def commit_past_a_request_without_end(evidence):
    evidence.positions.append(Position("request-unknown", 0, 0, "requested[1]@0", STRUCK))


def commit_before_the_end(evidence):
    evidence.positions[4] = evidence.positions[4]._replace(passed=evidence.ends["request-5"][0].at - 0.05)


def commit_past_a_copy_for_an_older_one(evidence):
    evidence.positions.append(Position("request-5", 0, 2, "retry[0]@0", STRUCK - 2))
    evidence.copies["request-5"] = [Copy(0, 1, STRUCK - 3), Copy(0, 2, STRUCK - 3)]


def commit_a_replay_for_its_first_end(evidence):
    evidence.positions.append(Position("request-5", 1, 0, "retry[0]@0", STRUCK + 50))


def redeem_twice(evidence):
    evidence.redemptions[0] = Redemption("request-3", 404, 200, 200, 200)


def redeem_for_a_stranger(evidence):
    evidence.redemptions[0] = Redemption("request-3", 200, 404, 404, 404)


def refuse_the_owner(evidence):
    evidence.redemptions[0] = Redemption("request-3", 404, 404, 404, 404)


def leak(field, by):
    def grow(evidence):
        evidence.samples["producer-a"] = [
            sample._replace(**{field: round(getattr(sample, field) * (1 + by * index / 400))})
            for index, sample in enumerate(evidence.samples["producer-a"])]
    grow.__name__ = f"leak_{field}"
    return grow


def leave_descriptors_open(evidence):
    evidence.at_rest["producer-a"] = (15, 24)


def end_by_itself(evidence):
    evidence.died.append("worker-a-1 ended by itself with 134")


BROKEN = [
    (lose_an_outcome, "I1", "request-5 (number 5) got a 202 and has no outcome"),
    (lose_a_mail, "I1", "the relay never had it"),
    (end_twice, "I1", "ended 2 times"),
    (end_twice_alike, "I1", "ended 2 times"),
    (end_without_reason, "I1", "no fault of this run explains"),
    (end_dead_and_mailed, "I1", "the relay has its mail"),
    (call_it_rebuilt, "I1", "Redis lost nothing"),
    (never_acknowledge, "I1", "was never acknowledged"),
    (write_an_invalid_audit, "I1", "breaks its schema"),
    (mail_twice, "I2", "nothing had died"),
    (mail_twice_after_a_kill_of_another_worker, "I2", "nothing had died"),
    (mail_twice_long_before_the_kill, "I2", "nothing had died"),
    (mail_twice_on_a_connection_that_went_on, "I2", "nothing had died"),
    (mail_twice_with_another_link, "I2", "different links"),
    (mail_twice_with_another_message_id, "I2", "different links"),
    (mail_by_a_woken_zombie, "I2", "nothing had died"),
    (mail_to_somebody_else, "I2", "another address"),
    (keep_two_tokens_of_a_request, "I3", "2 live tokens of request"),
    (keep_two_tokens_of_a_user, "I3", "2 live tokens of user"),
    (keep_a_token_for_ever, "I4", "lives -1 ms"),
    (keep_a_token_too_long, "I4", "lives 86400001 ms"),
    (keep_a_used_token_too_long, "I4", "lives 300001 ms"),
    (find_a_secret, "I5", "a token in worker-a.err"),
    (commit_past_a_request_without_end, "I6", "which has no end"),
    (commit_before_the_end, "I6", "before its end"),
    (commit_past_a_copy_for_an_older_one, "I6", "before its end"),
    (commit_a_replay_for_its_first_end, "I6", "which has no end"),
    (redeem_twice, "I3", "redeemed twice"),
    (redeem_for_a_stranger, "I3", "to another address"),
    (refuse_the_owner, "I3", "could not be redeemed"),
    (leak("memory", 0.15), "I7", "memory grew"),
    (leave_descriptors_open, "I7", "descriptors at rest grew from 15 to 24"),
    (leak("threads", 0.9), "I7", "threads grew"),
    (end_by_itself, "process", "ended by itself"),
]


@pytest.mark.parametrize("doctor, invariant, words", BROKEN, ids=[each[0].__name__ for each in BROKEN])
def test_what_breaks_a_promise_is_seen(doctor, invariant, words):
    evidence = a_good_run()
    doctor(evidence)
    assert any(name == invariant and words in sentence for name, sentence in found(evidence)), found(evidence)


def killed_between_dot_and_finish(evidence):
    first = mailed_again(evidence)
    evidence.faults.append(Fault("worker killed", first.at + 0.05, first.at + 0.05, "worker-a-1.test"))


def killed_before_the_relay_read_the_dot(evidence):
    first = mailed_again(evidence)
    evidence.faults.append(Fault("worker killed", first.at - 0.5, first.at - 0.5, "worker-a-1.test"))


def killed_while_redis_was_away(evidence):
    first = mailed_again(evidence, after=60)
    evidence.faults += [Fault("redis killed", first.at - 1, first.at + 25),
                        Fault("worker killed", first.at + 28, first.at + 28, "worker-a-1.test")]


def cut_after_the_last_dot_of_a_connection(evidence):
    first = mailed_again(evidence, number=40)
    evidence.faults.append(Fault("relay killed", first.at, first.at + 1))


def stopped_between_dot_and_finish(evidence):
    first = mailed_again(evidence, after=50)
    evidence.faults.append(Fault("worker stopped", first.at + 0.01, first.at + 49, "worker-a-1.test"))


def redis_lost_that_it_was_mailed(evidence):
    first = mailed_again(evidence, token="another", message_id="another")
    evidence.faults.append(Fault("redis emptied", first.at + 1, first.at + 1))
    evidence.ends["request-20"].append(an_end("audit-again", rebuilt=True, at=first.at + 4))
    evidence.tokens = []


@pytest.mark.parametrize("doctor", [killed_between_dot_and_finish, killed_before_the_relay_read_the_dot,
                                    killed_while_redis_was_away, cut_after_the_last_dot_of_a_connection,
                                    stopped_between_dot_and_finish, redis_lost_that_it_was_mailed])
def test_a_second_mail_that_a_fault_explains_is_counted_with_its_cause(doctor):
    evidence = a_good_run()
    doctor(evidence)
    assert not found(evidence)
    extras = list(verdict.extra_mails(evidence))
    assert len(extras) == 1 and extras[0].cause


def test_a_used_link_beside_the_users_newer_one_is_no_second_live_one():
    evidence = a_good_run()
    keep_two_tokens_of_a_user(evidence)
    evidence.tokens[4] = Token("request-5", verdict.CLAIM_MOST_MS, True)
    assert not found(evidence)


def test_an_outcome_written_again_with_its_id_and_a_dead_letter_replayed_are_no_second_end():
    evidence = a_good_run()
    evidence.outcomes = ("sent", "dead")
    evidence.ends["request-5"] = [an_end("audit-5", "dead", reason="attempts", at=STRUCK),
                                  an_end("audit-5-replayed", generation=1, at=STRUCK + 9)]
    evidence.positions[4] = evidence.positions[4]._replace(passed=STRUCK + 10)
    assert not found(evidence)


def test_recovery_is_told_from_what_was_asked_before_and_after_a_fault():
    evidence = a_good_run()
    evidence.faults.append(Fault("redis killed", STRUCK + 0.05, STRUCK + 1))
    evidence.ends["request-20"] = [an_end("audit-20", at=STRUCK + 7)]
    recovery = verdict.recoveries(evidence)["redis killed"][0]
    assert recovery.all_ended == pytest.approx(6.95) and recovery.goes_on == pytest.approx(0.25)
