"""What a Pool tells of its formula."""

from __future__ import annotations

from millpond.api.conditions import ConditionStatus
from support.formulas import a_formula_pool, settings
from support.scene import Scene


def a_scene(formula: str) -> Scene:
    scene = Scene()
    scene.add(a_formula_pool(formula))
    return scene


def said(scene: Scene) -> tuple[ConditionStatus, str, str]:
    (found,) = [c for c in scene.pools["farm"].status.conditions if c.type == "AutoscaleSucceeded"]
    return found.status, found.reason, found.message


def test_before_the_first_run_nothing_is_told() -> None:
    scene = a_scene("x = 1")
    scene.step()
    assert "AutoscaleSucceeded" not in {c.type for c in scene.pools["farm"].status.conditions}


def test_what_a_run_said_stays_until_the_next_one() -> None:
    scene = a_scene("$TargetDedicatedNodes = 0; $TargetLowPriorityNodes = 2")
    scene.run(seconds=100)
    scene.add(scene.edit(scene.pools["farm"], display_name="other"))
    scene.run(seconds=100)
    status, reason, message = said(scene)
    assert (status, reason) == (ConditionStatus.TRUE, "Evaluated")
    assert message == "The formula wants 0 dedicated and 2 low-priority nodes."
    assert scene.pools["farm"].status.target_low_priority_nodes == 2


def test_the_place_of_a_fault_is_shown() -> None:
    scene = a_scene("$TargetDedicatedNodes = $PendingTask;")
    scene.run()
    status, reason, message = said(scene)
    assert (status, reason) == (ConditionStatus.FALSE, "AutoScalingFormulaEvaluationError")
    assert message.splitlines() == [
        "AutoScalingFormulaEvaluationError: Line 1, Col 25: The name $PendingTask has no value.",
        "    $TargetDedicatedNodes = $PendingTask;",
        "                            ^",
        "Did you mean $PendingTasks?",
        "The pool keeps its target of 0 dedicated nodes.",
    ]


def test_it_is_well_again_when_the_formula_is_mended() -> None:
    scene = a_scene("$TargetDedicatedNodes = (")
    scene.run(seconds=60)
    scene.add(scene.edit(scene.pools["farm"], auto_scale=settings("$TargetDedicatedNodes = 0")))
    scene.run(seconds=60)
    assert said(scene)[0] is ConditionStatus.TRUE
    (found,) = [c for c in scene.pools["farm"].status.conditions if c.type == "AutoscaleSucceeded"]
    assert found.observed_generation == scene.pools["farm"].metadata.generation
    assert [run.error is None for run in scene.pools["farm"].status.auto_scale_history] == [False]


def test_eleven_runs_are_told_in_all() -> None:
    scene = a_scene("$TargetDedicatedNodes = 0")
    scene.run(seconds=300 * 20)
    status = scene.pools["farm"].status
    times = [run.time for run in (status.auto_scale_run, *status.auto_scale_history) if run is not None]
    assert len(times) == 11
    assert times == sorted(times, reverse=True)
