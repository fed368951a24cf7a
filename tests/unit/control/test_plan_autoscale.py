"""A pool follows its formula: at once, then in its turn, and never because the operator began anew."""

from __future__ import annotations

import pytest
from millpond.control.actions import CreateNode, KeepSamples, RemoveNode, WritePool
from millpond.control.outcomes import Missed, Refused
from millpond.control.sizing import target_of
from millpond.control.world import World
from millpond.scaling.autoscale import digest
from support.builders import EPOCH, a_host, a_job, a_pool, a_task
from support.formulas import PENDING, a_formula_pool, settings
from support.scene import Scene, of


def a_scene(formula: str = PENDING, hosts: int = 4, tasks: int = 0) -> Scene:
    scene = Scene()
    scene.add(*(a_host(f"host-{n}") for n in range(hosts)), a_formula_pool(formula), a_job())
    scene.add(*(a_task(f"t{n}", created=n) for n in range(tasks)))
    return scene


def runs(scene: Scene) -> list[float]:
    """When the formula was evaluated, as far as the Pool tells, in seconds from the beginning."""
    status = scene.pools["farm"].status
    told = ([status.auto_scale_run] if status.auto_scale_run else []) + [*status.auto_scale_history]
    return [run.time.timestamp() - EPOCH for run in reversed(told)]


def test_a_formula_is_evaluated_at_once_and_then_in_each_interval() -> None:
    scene = a_scene()
    scene.run(seconds=1000)
    assert runs(scene) == [0, 300, 600, 900]


def test_the_pool_is_resized_in_the_plan_that_evaluates() -> None:
    scene = a_scene()
    scene.run(seconds=290)
    scene.add(a_task("t1"), a_task("t2"))
    scene.run(seconds=9)
    assert of(CreateNode, scene.done) == []
    scene.now = EPOCH + 300
    actions = scene.step()
    assert len(of(CreateNode, actions)) == 2
    (written,) = of(WritePool, actions)
    assert (written.status.target_dedicated_nodes, written.status.allocation_state) == (2, "Resizing")
    assert [(e.reason, e.message) for e in written.events] == [
        ("ResizedByFormula", "The formula wants 2 dedicated nodes, 0 dedicated nodes before.")
    ]


SHRINKING = "$TargetDedicatedNodes = time().minute < 10 ? 2 : 0;"


def test_it_shrinks_too() -> None:
    scene = a_scene(SHRINKING)
    scene.run(seconds=500)
    assert len(scene.nodes) == 2
    scene.run(seconds=500)
    assert len(of(RemoveNode, scene.done)) == 2
    assert scene.nodes == {}


@pytest.mark.parametrize("word", ["requeue", "terminate", "taskcompletion"])
def test_nodes_leave_by_the_option_of_the_formula(word: str) -> None:
    scene = a_scene(f"{SHRINKING} $NodeDeallocationOption = {word}", tasks=2)
    scene.run(seconds=599)
    for pod in ("t0-1", "t1-1"):
        scene.starts(pod)
    scene.run(seconds=10)
    assert {node.status.draining.option.value.lower() for node in scene.nodes.values() if node.status.draining} == {
        word
    }
    status = scene.pools["farm"].status
    assert status.node_deallocation_option is not None
    assert status.node_deallocation_option.value.lower() == word


def test_a_failed_run_leaves_the_option_in_force() -> None:
    scene = a_scene("$TargetDedicatedNodes = 2; $NodeDeallocationOption = taskcompletion")
    scene.run(seconds=100)
    scene.add(scene.edit(scene.pools["farm"], auto_scale=settings("nonsense")))
    scene.run(seconds=100)
    assert scene.pools["farm"].status.node_deallocation_option == "TaskCompletion"


def test_without_a_formula_the_spec_s_option_is_in_force() -> None:
    scene = a_scene("$TargetDedicatedNodes = 1; $NodeDeallocationOption = taskcompletion")
    scene.run(seconds=100)
    scene.add(scene.edit(scene.pools["farm"], auto_scale=None, target_dedicated_nodes=0))
    scene.run(seconds=5)
    assert scene.pools["farm"].status.node_deallocation_option is None
    assert {n.status.draining.option for n in scene.nodes.values() if n.status.draining} <= {"Requeue"}


def test_an_evaluation_between_two_samples_sees_what_has_just_changed() -> None:
    scene = a_scene()
    scene.run(seconds=100)
    scene.add(a_task("t1"), scene.edit(scene.pools["farm"], auto_scale=settings(f"{PENDING} x = 1")))
    scene.run()
    assert target_of(scene.pool_state()) == 1
    record = scene.pool_state().samples
    assert record is not None
    assert [time - int(EPOCH) for time in record.rows.times] == [0, 30, 60, 90, 100]
    scene.run(seconds=60)
    assert [time - int(EPOCH) for time in record.rows.times][5:] == [130, 160]


def test_an_event_tells_of_another_target_and_nothing_of_the_same() -> None:
    scene = a_scene("$TargetDedicatedNodes = 1")
    scene.run(seconds=2000)
    assert len([event for a in of(WritePool, scene.done) for event in a.events]) == 1


def test_other_settings_are_evaluated_at_once_but_not_within_30_s() -> None:
    scene = a_scene("$TargetDedicatedNodes = 1")
    scene.run(seconds=100)
    scene.add(scene.edit(scene.pools["farm"], auto_scale=settings("$TargetDedicatedNodes = 2")))
    scene.run()
    assert (runs(scene), target_of(scene.pool_state())) == ([0, 100], 2)
    scene.run(seconds=10)
    scene.add(scene.edit(scene.pools["farm"], auto_scale=settings("$TargetDedicatedNodes = 3")))
    scene.run(seconds=19)
    assert target_of(scene.pool_state()) == 2
    scene.run(seconds=1)
    assert (runs(scene), target_of(scene.pool_state())) == ([0, 100, 130], 3)


def test_another_interval_begins_when_it_is_asked_for() -> None:
    scene = a_scene("$TargetDedicatedNodes = 1")
    scene.run(seconds=100)
    scene.add(scene.edit(scene.pools["farm"], auto_scale=settings("$TargetDedicatedNodes = 1", 500)))
    scene.run(seconds=1100)
    assert runs(scene) == [0, 100, 600, 1100]


def test_other_edits_are_no_reason_to_evaluate() -> None:
    scene = a_scene()
    scene.run(seconds=100)
    scene.add(scene.edit(scene.pools["farm"], display_name="other"))
    scene.run(seconds=100)
    assert runs(scene) == [0]


def test_an_operator_that_begins_anew_keeps_the_turn() -> None:
    scene = a_scene()
    scene.run(seconds=100)
    scene.world = World()
    scene.add(*scene.hosts.values(), scene.pools["farm"], *scene.jobs.values())
    scene.run(seconds=150)
    assert runs(scene) == [0]
    scene.run(seconds=60)
    assert runs(scene) == [0, 300]


def test_one_that_was_away_for_long_evaluates_once() -> None:
    scene = a_scene()
    scene.run(seconds=100)
    scene.world = World()
    scene.now += 5000
    scene.add(*scene.hosts.values(), scene.pools["farm"], *scene.jobs.values())
    scene.run(seconds=200)
    assert runs(scene) == [0, 5100]


BROKEN = ["$TargetDedicatedNodes = (", "$TargetDedicatedNodes = 9; nonsense", "$TargetDedicatedNodes = avg(vec())"]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_formula_that_fails_leaves_targets_and_nodes(broken: str) -> None:
    scene = a_scene("$TargetDedicatedNodes = 2")
    scene.run(seconds=100)
    before = set(scene.nodes)
    scene.add(scene.edit(scene.pools["farm"], auto_scale=settings(broken)))
    scene.run(seconds=1000)
    status = scene.pools["farm"].status
    assert set(scene.nodes) == before
    assert len(before) == status.target_dedicated_nodes == 2
    assert status.auto_scale_run is not None
    assert status.auto_scale_run.error is not None
    assert runs(scene)[:2] == [0, 100]
    (said,) = [c for c in status.conditions if c.type == "AutoscaleSucceeded"]
    assert (said.status, said.reason) == ("False", status.auto_scale_run.error.code)
    assert "^" in said.message


def test_while_it_fails_nodes_that_are_lost_are_made_up_for() -> None:
    scene = a_scene("$TargetDedicatedNodes = 2")
    scene.run(seconds=100)
    scene.add(scene.edit(scene.pools["farm"], auto_scale=settings(BROKEN[0])))
    scene.run(seconds=50)
    scene.add(scene.deleted(scene.nodes[min(scene.nodes)]))
    scene.run(seconds=50)
    assert len(scene.nodes) == 2


def test_a_target_that_was_not_written_is_written_later_and_in_force_meanwhile() -> None:
    scene = a_scene(tasks=2)
    scene.run(seconds=299)
    scene.add(scene.edit(scene.pools["farm"], auto_scale=settings("$TargetDedicatedNodes = 3")))
    scene.fail(WritePool, Missed("no answer", again_in=20))
    scene.step()
    assert (runs(scene), len(scene.nodes)) == ([0], 3)
    scene.run(seconds=30)
    assert (runs(scene), scene.pools["farm"].status.target_dedicated_nodes) == ([0, 299], 3)


@pytest.mark.parametrize("outcome", [Missed("conflict"), Missed("no answer", again_in=3), Refused("Invalid", "no")])
def test_so_it_is_when_the_pool_is_edited_in_between(outcome: Missed | Refused) -> None:
    scene = a_scene("$TargetDedicatedNodes = 2")
    scene.run(seconds=299)
    scene.now = EPOCH + 300
    made = scene.plan().actions
    scene.fail(WritePool, outcome)
    scene.add(scene.edit(scene.pools["farm"], display_name="other"))
    scene.perform(made)
    scene.run(seconds=60)
    assert runs(scene) == [0, 300]


def test_a_formula_that_is_taken_away_leaves_the_target_it_set() -> None:
    scene = a_scene("$TargetDedicatedNodes = 2")
    scene.run(seconds=100)
    scene.add(scene.edit(scene.pools["farm"], auto_scale=None))
    scene.run(seconds=1000)
    status = scene.pools["farm"].status
    assert (status.target_dedicated_nodes, len(scene.nodes)) == (2, 2)
    assert (status.auto_scale_run, status.auto_scale_history) == (None, ())
    assert [c.type for c in status.conditions] == ["Ready", "Resizing"]
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=1))
    scene.run(seconds=60)
    assert len(scene.nodes) == 1


def test_one_that_is_given_again_is_evaluated_at_once() -> None:
    scene = a_scene("$TargetDedicatedNodes = 2")
    scene.run(seconds=100)
    formula = scene.pools["farm"].spec.auto_scale
    scene.add(scene.edit(scene.pools["farm"], auto_scale=None))
    scene.run(seconds=10)
    scene.add(scene.edit(scene.pools["farm"], auto_scale=formula))
    scene.run()
    assert runs(scene) == [110]


def test_a_pool_that_had_a_target_starts_from_it() -> None:
    scene = Scene()
    scene.add(a_host("host-1"), a_pool(nodes=1))
    scene.run(seconds=100)
    formula = settings("$TargetDedicatedNodes = $TargetDedicatedNodes + 1")
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=None, auto_scale=formula))
    scene.run()
    assert target_of(scene.pool_state()) == 2


def test_a_pool_of_neither_has_no_nodes_and_one_that_lost_its_target_keeps_its_nodes() -> None:
    scene = Scene()
    scene.add(a_host("host-1"), a_pool(nodes=None))
    scene.run(seconds=100)
    assert scene.nodes == {}
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=1))
    scene.run(seconds=100)
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=None))
    scene.run(seconds=100)
    assert len(scene.nodes) == 1


def test_a_pool_that_waits_for_hosts_by_its_formula_has_no_resize_timeout() -> None:
    scene = a_scene("$TargetDedicatedNodes = 2", hosts=1)
    scene.run(seconds=2000)
    status = scene.pools["farm"].status
    assert (status.resize_errors, status.allocation_state) == ((), "Resizing")


def test_chance_is_the_same_for_the_same_pool_and_moment() -> None:
    def story() -> list[str]:
        scene = a_scene("$TargetDedicatedNodes = rand() * 4")
        return [repr(a) for a in scene.run(seconds=3000)]

    assert story() == story()


def test_the_run_tells_what_it_evaluated() -> None:
    scene = a_scene()
    scene.run()
    run = scene.pools["farm"].status.auto_scale_run
    assert run is not None
    assert run.settings == digest(settings())


def test_at_rest_it_only_samples() -> None:
    scene = a_scene("$TargetDedicatedNodes = 1")
    scene.run(seconds=301)
    assert {type(a) for a in scene.run(seconds=298)} == {KeepSamples}
