"""The release build's start, one mail and stop under valgrind: no read of what was never written, nothing lost.

AddressSanitizer sees what is out of bounds or freed, but not what was never written.
"""
from support import events, places
from support.expectations import the_mail_to

FAULT = 97
SLOW = 240  # valgrind takes twenty to fifty times as long, and everything is waited for


def wrap(command):
    return [places.tool("valgrind"), "--quiet", f"--error-exitcode={FAULT}", "--leak-check=full",
            "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite", "--track-fds=no", "--num-callers=25",
            *command]


def test_start_one_mail_and_stop_leave_no_fault_of_memory(release, relay, smtp):
    worker, producer = relay.worker(wait=False, wrap=wrap), relay.producer(wait=False, wrap=wrap)
    for process in (worker, producer):
        process.wait_ready(SLOW)
    request = events.reset_request()
    identifier = producer.request(request)
    the_mail_to(smtp, request["user"]["email"])
    relay.outcome(identifier, "sent", deadline=SLOW)
    for process in (worker, producer):
        assert process.stop(SLOW) == 0, process.tail(8000)
        assert "==" not in process.stderr(), process.tail(8000)
