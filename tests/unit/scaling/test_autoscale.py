"""When a formula is evaluated, and what a run says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from millpond.api.autoscale import MAX_RESULTS, AutoScaleRun
from millpond.api.pool import NodeDeallocationOption
from millpond.formula import DeallocationOption, Inputs
from millpond.scaling.autoscale import chance, digest, due_at, history, run
from millpond.scaling.samples import Histories
from support.builders import EPOCH
from support.formulas import settings, some_rows

FIVE_MINUTES = settings("x = 1", 300)


def a_run(at: float, of: str = digest(FIVE_MINUTES)) -> AutoScaleRun:
    return AutoScaleRun(time=datetime.fromtimestamp(EPOCH + at, UTC), settings=of)


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (None, 1000),
        (a_run(900), 1200),
        (a_run(0), 300),
        (a_run(900, "another"), 930),
        (a_run(1000, "another"), 1030),
        (a_run(1020), 1320),
        (a_run(5000), 1000),
    ],
    ids=["never", "in its turn", "overdue", "changed", "changed again", "clocks differ", "a wrong clock"],
)
def test_when_it_is_due(last: AutoScaleRun | None, due: float) -> None:
    assert due_at(FIVE_MINUTES, last, EPOCH + 1000) == EPOCH + due


def test_formula_and_interval_tell_settings_apart() -> None:
    assert digest(settings("x = 1", 300)) == digest(FIVE_MINUTES)
    assert len({digest(settings(f, i)) for f in ("x = 1", "x = 2") for i in (300, 301)}) == 4


def inputs(current: int = 2) -> Inputs:
    samples = Histories(some_rows(int(EPOCH) - 300, 10, PendingTasks=7.5))
    return Inputs(EPOCH + 0.5, current, 0, 4, samples, chance("seed"))


def test_a_run_that_succeeds() -> None:
    made = run(
        settings("$TargetDedicatedNodes = $PendingTasks; $NodeDeallocationOption = taskcompletion; n = 3"), inputs()
    )
    assert made.told.time == datetime.fromtimestamp(EPOCH, UTC)
    assert made.told.results == (
        "$TargetDedicatedNodes=7;$TargetLowPriorityNodes=0;$NodeDeallocationOption=taskcompletion;n=3"
    )
    assert made.told.error is None
    assert (made.target_dedicated, made.option) == (7, NodeDeallocationOption.TASK_COMPLETION)
    assert (made.reason, made.message) == ("Evaluated", "The formula wants 7 dedicated nodes.")


@pytest.mark.parametrize(
    ("formula", "code", "place", "caret"),
    [
        ("a = 1;\nb = (", "AutoScalingFormulaSyntaxError", ("2", "6"), "    b = (\n         ^"),
        ("a = nonsense", "AutoScalingFormulaEvaluationError", ("1", "5"), "    a = nonsense\n        ^"),
        ("a = $CPUPercent.GetSample(60 * TimeInterval_Second)", "InsufficientSampleData", ("1", "17"), " ^"),
        ("a;" * 101, "AutoScalingFormulaTooLong", ("1", "201"), "^"),
    ],
)
def test_a_run_that_fails_keeps_the_targets(formula: str, code: str, place: tuple[str, str], caret: str) -> None:
    made = run(settings(formula), inputs())
    assert made.told.error is not None
    assert (made.told.error.code, made.reason) == (code, code)
    assert tuple(value.value for value in made.told.error.values) == place
    assert made.told.error.message.startswith(f"Line {place[0]}, Col {place[1]}: ")
    assert caret in made.message
    assert made.message.endswith("The pool keeps its target of 2 dedicated nodes.")
    assert (made.target_dedicated, made.option) == (2, None)


def test_a_failed_evaluation_tells_the_current_targets() -> None:
    results = run(settings("$TargetDedicatedNodes = 5; nonsense"), inputs(current=3)).told.results
    assert results == "$TargetDedicatedNodes=3;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"


def test_low_priority_nodes_are_wanted_beside_dedicated_ones() -> None:
    made = run(settings("$TargetDedicatedNodes = 1; $TargetLowPriorityNodes = 5"), inputs())
    assert made.told.error is None
    assert (made.target_dedicated, made.target_low_priority) == (1, 5)
    assert made.message == "The formula wants 1 dedicated and 5 low-priority nodes."


@pytest.mark.parametrize("word", [*DeallocationOption])
def test_the_deallocation_option_of_the_formula_is_the_pool_s(word: str) -> None:
    made = run(settings(f"$NodeDeallocationOption = {word}"), inputs())
    assert made.option is not None
    assert made.option.value.lower() == word


def test_a_pool_has_no_more_nodes_than_a_pool_may_have() -> None:
    made = run(settings("$TargetDedicatedNodes = 1e9"), inputs())
    assert made.target_dedicated == 10_000
    assert made.message == "The formula wants 1000000000 dedicated nodes. A pool has 10000 of each class at most."


def test_long_results_are_cut() -> None:
    long = "v = vec(" + ",".join(["123456"] * 100) + ");" + "".join(f"v{n} = v;" for n in range(90))
    assert len(run(settings(long), inputs()).told.results) == MAX_RESULTS


def test_ten_earlier_runs_are_kept_newest_first() -> None:
    kept = history(None, ())
    for number in range(15):
        kept = history(a_run(number), kept)
    assert [entry.time.timestamp() - EPOCH for entry in kept] == list(range(14, 4, -1))


def test_chance_is_the_same_for_the_same_seed_and_lies_below_one() -> None:
    one, same, other = chance("a", 1), chance("a", 1), chance("a", 2)
    drawn = [one() for _ in range(100)]
    assert drawn == [same() for _ in range(100)] != [other() for _ in range(100)]
    assert all(0 <= number < 1 for number in drawn)
    assert len(set(drawn)) == 100
