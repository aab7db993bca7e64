"""Row 31 of the fault matrix: all of it, mixed.  Short here; run.sh makes it long."""
import verdict
from long_run import Run, arguments


def test_all_faults_mixed_break_no_promise(tmp_path, kafka, chance, how_many):
    options = arguments(["--minutes", "15", "--requests", str(how_many(1200, 20_000)), "--rate", "40",
                         "--seed", str(chance.randrange(2**32))])
    run = Run(options, tmp_path, kafka)
    try:
        run.strike()
        run.settle()
        run.look_around()
    finally:
        run.system.close()
    broken = verdict.judge(run.evidence)
    assert not broken, "\n".join(f"{each.invariant}: {each.sentence}" for each in broken[:10])
    assert len(run.evidence.faults) > 5, run.evidence.faults
