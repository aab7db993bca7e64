"""The machine's time zones as our code reads them, against Python's `zoneinfo`, which reads the same files."""
import datetime
import random
import subprocess
import zoneinfo

from support import places

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def offsets(questions):
    lines = "".join(f"{zone} {seconds}\n" for zone, seconds in questions)
    answer = subprocess.run([places.program("zone_offsets")], input=lines, capture_output=True, text=True, timeout=60,
                            check=True)
    return answer.stdout.split()


def expected(zone, seconds):
    moment = EPOCH + datetime.timedelta(seconds=seconds)
    return str(int(moment.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset().total_seconds()))


def test_every_zone_has_the_offset_that_python_finds():
    random.seed(20251122)
    zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone or zone.isalpha())
    zones = [zone for zone in zones if zone != "localtime"]
    assert len(zones) > 400
    questions = [(zone, random.randrange(-4 * 10**9, 8 * 10**9)) for zone in zones for _ in range(40)]
    questions += [(zone, 1763788200 + day * 86400) for zone in zones for day in range(0, 366, 7)]
    wrong = [(question, got) for question, got in zip(questions, offsets(questions)) if got != expected(*question)]
    assert not wrong, wrong[:10]


def test_changes_of_the_clock_are_met_to_the_second():
    zones = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Nuuk",
             "Europe/Dublin", "Asia/Gaza", "America/Santiago", "Pacific/Chatham", "Antarctica/Troll")
    questions = []
    for zone in zones:
        before = expected(zone, 1763788200)
        for hour in range(24 * 500):
            seconds = 1763786400 + hour * 1800
            now = expected(zone, seconds)
            if now != before:
                questions += [(zone, seconds + step) for step in (-1801, -1800, -1799, -1, 0, 1)]
            before = now
    assert len(questions) > 50
    wrong = [(question, got) for question, got in zip(questions, offsets(questions)) if got != expected(*question)]
    assert not wrong, wrong[:10]


def test_what_is_no_zone_is_none():
    assert offsets([(name, 0) for name in ("Europe/Nowhere", "../zoneinfo/UTC", "/etc/passwd", "tzdata.zi", "leapseconds",
                                           "posix/UTC", "right/UTC", "europe/berlin", "Europe")]) == ["none"] * 9
