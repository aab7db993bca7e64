"""Each row of the benchmark once, with a few mails: it still works, it counts, and it refuses where something was lost.

No figure is judged here.  A peer that cannot be installed fails its row.
"""
import json
import math

import pytest

import bench
import rows
from measure import chart, clients, report
from measure.noise import Noise
from measure.place import Place
from measure.result import Figure, Result
from measure.sink import Sink, is_chosen
from measure.spread import NoFigure, Spread, interleaved, ratio
from measure.stage import Stage

TABLE = rows.table()
MODULES = list(dict.fromkeys(TABLE.values()))


@pytest.fixture(scope="session")
def place():
    place = Place(smoke=True, runs=1)
    yield place
    place.close()


@pytest.fixture
def row(place, request):
    place.begin(request.node.name.partition("[")[0] + str(abs(hash(request.node.name))))
    yield place
    place.end()


@pytest.mark.parametrize("module", MODULES, ids=["-".join(module.ROWS) for module in MODULES])
def test_a_row_has_its_figures_and_its_charts(row, module, tmp_path):
    with Noise() as noise:
        result = module.measure(row)
    assert {figure.row for figure in result.figures} == set(module.ROWS)
    for figure in result.figures:
        assert all(math.isfinite(value) for value in figure.spread.values), figure
    json.dumps(report.document_of(result, noise))
    for name, drawing in result.charts.items():
        assert all(path.stat().st_size > 1000 for path in chart.draw(drawing, tmp_path, name))


def test_every_row_of_the_plan_is_there():
    assert {name for name in TABLE if name.startswith("P")} == {f"P{number}" for number in range(1, 14)}


def test_a_mail_that_is_refused_unexpectedly_is_no_figure(row):
    stage = Stage(row, "refused").preload(40)
    with pytest.raises(NoFigure, match="40 events"):
        stage.drain("--refuse", 5000)


def test_a_client_whose_mails_do_not_all_arrive_is_no_figure(row):
    message = clients.message_file(row)
    with pytest.raises(NoFigure):
        clients.run(row.folder, lambda sink: clients.engine(sink, 40, 5, message), 40, "--refuse", 5000)


def test_a_row_without_a_figure_says_why_and_the_others_go_on(place, tmp_path, capsys):
    class Lost:
        ROWS = ("lost",)

        @staticmethod
        def measure(_place):
            raise NoFigure("39 mails for 40 events")
    assert bench.measure(Lost, place, tmp_path, True) is None
    assert "no figure: 39 mails for 40 events" in capsys.readouterr().out


def test_the_sink_refuses_whom_the_bench_expects(row):
    """One session, each recipient its own mail: the answers are those of is_chosen, and the counts say so."""
    import smtplib
    sink = Sink(row.folder, "--refuse", 3000, log=True)
    addresses = [f"User{number}@Example.com" for number in range(60)]
    refused = []
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        for address in addresses:
            try:
                client.sendmail("a@example.com", [address], b"Subject: x\r\n\r\n.dot\r\n")
            except smtplib.SMTPRecipientsRefused:
                refused.append(address)
    assert refused == [address for address in addresses if is_chosen(address, 3000)] != []
    counted = sink.counted()
    assert (counted.mails, counted.refused, counted.connections) == (60 - len(refused), len(refused), 1)
    assert set(sink.arrivals()) == set(addresses) - set(refused)


def test_a_sink_that_waits_at_the_dot_answers_each_connection_in_its_turn(row):
    message = row.folder / "message"
    message.write_bytes(b"Subject: x\r\n\r\nhello\r\n")
    run = clients.run(row.folder, lambda sink: clients.engine(sink, 20, 2, message), 20, "--delay", 50)
    # Ten mails for each connection, nine waits between the first answer and the last.
    assert run["seconds"] >= 9 * 0.05 and run["connections"] == 2


def test_what_is_compared_takes_turns():
    order = []
    runs = interleaved(3, a=lambda: order.append("a") or 1, b=lambda: order.append("b") or 2)
    assert order == ["a", "b"] * 3 and runs == {"a": [1, 1, 1], "b": [2, 2, 2]}
    assert ratio(Spread((1, 4, 9)), Spread((1, 2, 3))).values == (1, 2, 3)


@pytest.mark.parametrize("target,value,met", [("≥ 0.9", 0.9, True), ("≥ 0.9", 0.89, False), ("≤ 25", 25.1, False), ("", 1, None)])
def test_a_target_is_met_or_missed(target, value, met):
    assert Figure("P1", "x", Spread((value,)), target).met is met


def a_run(**changes):
    with Noise() as noise:
        result = Result([Figure("P1", "engine ÷ smtp-source", Spread((1.9, 2.0, 2.1)), "≥ 1.8"), Figure("P1", "mails/s", Spread((1,)))])
    return {"machine": report.machine(), "smoke": False, "without_figure": [], "runs": 3,
            "rows": {"P1": json.loads(json.dumps(report.document_of(result, noise)))}, **changes}


@pytest.fixture
def readme(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "P3.svg").write_text("<svg/>")
    path = tmp_path / "README.md"
    path.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    return path


def test_the_readme_gets_the_table_and_the_chart_between_its_marks(readme):
    run = a_run()
    report.fill(readme, run, readme.parent / "P3.svg")
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "| P1 | engine ÷ smtp-source | 2.00 (1.90–2.10) | ≥ 1.8 | met |" in text and "mails/s" not in text
    assert (readme.parent / "docs" / "bench.svg").read_text() == "<svg/>"
    report.fill(readme, run, readme.parent / "P3.svg")
    assert readme.read_text() == text


@pytest.mark.parametrize("changes", [{"smoke": True}, {"without_figure": ["P7"]}], ids=["a smoke", "a row without a figure"])
def test_no_document_gets_figures_of(readme, changes):
    before = readme.read_text()
    with pytest.raises(SystemExit):
        report.fill(readme, a_run(**changes), readme.parent / "P3.svg")
    assert readme.read_text() == before
