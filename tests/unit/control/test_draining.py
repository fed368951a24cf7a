"""Nodes that are emptied: the option is written first and in force then, whoever lives on, and counted once."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.computenode import Draining
from millpond.api.pool import NodeDeallocationOption as Option
from millpond.control.actions import RemoveNode, StopAttempt, WriteNode, WriteTask
from millpond.control.draining import fate_on
from millpond.control.node_record import NodeRecord
from millpond.control.outcomes import Missed
from millpond.lifecycle.draining import Fate
from support.builders import a_job, a_task, exited, record, waiting
from support.scene import Scene, a_running_scene, kinds, of

STOPPED = {"terminated": {"exitCode": 143, "reason": "Error", "message": record("Terminated", 143)}}
STEPS = (WriteNode, StopAttempt, WriteTask, RemoveNode)


def a_busy_scene(option: Option, **limits: float) -> Scene:
    """One node with one task, whose pool has just been told to shrink to none."""
    scene = a_running_scene(**limits)
    scene.add(a_job(), a_task("t"))
    scene.run(seconds=5)
    scene.starts("t-1")
    scene.run(seconds=5)
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=0, node_deallocation_option=option))
    return scene


def draining(scene: Scene) -> Draining | None:
    (node,) = scene.nodes.values()
    return node.status.draining


def told(scene: Scene) -> tuple[Any, ...]:
    status = scene.tasks["t"].status
    return status.state, status.result, status.requeue_count, status.retry_count


def stop_of(scene: Scene) -> None:
    """The kubelet has stopped the task as asked."""
    scene.ends("t-1", STOPPED)


@pytest.mark.parametrize("option", [Option.REQUEUE, Option.TERMINATE])
def test_the_option_is_written_before_any_task_is_stopped(option: Option) -> None:
    scene = a_busy_scene(option)
    scene.fail(WriteNode, Missed("no answer", again_in=5))
    assert of(StopAttempt, scene.run(seconds=4)) == []
    actions = [action for action in scene.run(seconds=10) if isinstance(action, STEPS)]
    assert kinds(actions) == ["WriteNode", "StopAttempt"]
    chosen = draining(scene)
    assert chosen is not None
    assert (chosen.operation, chosen.option) == ("Remove", option)


ENDS = [
    # option, how the attempt ended, what the task says then
    (Option.REQUEUE, STOPPED, ("Active", None, 1, 0)),
    (Option.REQUEUE, exited(0), ("Completed", "Success", 0, 0)),
    (Option.TERMINATE, STOPPED, ("Completed", "Failure", 0, 0)),
    (Option.TERMINATE, exited(0), ("Completed", "Success", 0, 0)),
    (Option.TASK_COMPLETION, exited(0), ("Completed", "Success", 0, 0)),
    (Option.TASK_COMPLETION, exited(1), ("Completed", "Failure", 0, 0)),
]


@pytest.mark.parametrize(("option", "end", "says"), ENDS)
def test_a_task_ends_as_the_option_says_and_then_the_node_goes(option: Option, end: Any, says: tuple[Any, ...]) -> None:
    scene = a_busy_scene(option)
    stopped = of(StopAttempt, scene.run(seconds=60))
    assert bool(stopped) == (option is not Option.TASK_COMPLETION)
    assert of(RemoveNode, scene.done) == []
    scene.ends("t-1", end)
    actions = [action for action in scene.run(seconds=30) if isinstance(action, WriteTask | RemoveNode)]
    assert kinds(actions) == ["WriteTask", "RemoveNode"]
    assert told(scene) == says
    assert scene.nodes == {}


def test_a_node_goes_only_when_what_ran_on_it_is_written() -> None:
    scene = a_busy_scene(Option.TERMINATE)
    scene.run(seconds=5)
    stop_of(scene)
    scene.fail(WriteTask, Missed("no answer", again_in=5))
    assert of(RemoveNode, scene.run(seconds=4)) == []
    assert len(of(RemoveNode, scene.run(seconds=30))) == 1
    assert told(scene) == ("Completed", "Failure", 0, 0)


def test_a_node_keeps_the_option_it_was_chosen_with() -> None:
    scene = a_busy_scene(Option.TASK_COMPLETION)
    scene.run(seconds=5)
    scene.add(scene.edit(scene.pools["farm"], node_deallocation_option=Option.TERMINATE))
    assert of(StopAttempt, scene.run(seconds=60)) == []
    chosen = draining(scene)
    assert chosen is not None
    assert chosen.option is Option.TASK_COMPLETION


def test_a_node_that_waits_for_its_tasks_takes_no_more() -> None:
    scene = a_busy_scene(Option.TASK_COMPLETION)
    scene.run(seconds=5)
    scene.add(a_task("u"), scene.edit(scene.pools["farm"], target_dedicated_nodes=1))
    scene.run(seconds=60)
    assert scene.task("u").live is None
    assert len(scene.nodes) == 2


@pytest.mark.parametrize("what", ["pool", "node"])
def test_who_deletes_the_pool_or_the_node_does_not_wait(what: str) -> None:
    scene = a_busy_scene(Option.TASK_COMPLETION)
    scene.run(seconds=5)
    (node,) = scene.nodes.values()
    scene.add(scene.deleted(scene.pools["farm"]) if what == "pool" else scene.deleted(node))
    assert len(of(StopAttempt, scene.run(seconds=5))) == 1
    stop_of(scene)
    scene.run(seconds=5)
    assert told(scene) == ("Active", None, 1, 0)


def test_a_pool_that_goes_requeues_whatever_its_option_is() -> None:
    scene = a_busy_scene(Option.TERMINATE)
    scene.add(scene.deleted(scene.pools["farm"]))
    scene.run(seconds=5)
    stop_of(scene)
    scene.run(seconds=5)
    assert told(scene) == ("Active", None, 1, 0)


def test_a_preparation_on_a_node_that_waits_goes_on() -> None:
    scene = a_running_scene()
    scene.add(a_job(jobPreparationTask={"commandLine": "prepare"}), a_task("t"))
    scene.run(seconds=5)
    (preparation,) = scene.job_pods("prep")
    scene.add(
        scene.edit(scene.pools["farm"], target_dedicated_nodes=0, node_deallocation_option=Option.TASK_COMPLETION)
    )
    assert of(StopAttempt, scene.run(seconds=30)) == []
    assert preparation in scene.pods


def test_a_preparation_that_cannot_start_is_not_waited_for() -> None:
    """Its Pod is still there: it tells the job that it has failed on this node."""
    scene = a_running_scene()
    scene.add(a_job(jobPreparationTask={"commandLine": "prepare"}), a_task("t"))
    scene.run(seconds=5)
    (preparation,) = scene.job_pods("prep")
    scene.add(
        scene.edit(scene.pools["farm"], target_dedicated_nodes=0, node_deallocation_option=Option.TASK_COMPLETION)
    )
    scene.pod(preparation, waiting("ErrImagePull", "not found"))
    assert of(RemoveNode, scene.run(seconds=100)) == []
    scene.run(seconds=100)
    scene.pod("t-1", phase="Failed")
    assert len(of(RemoveNode, scene.run(seconds=5))) == 1
    assert preparation in [stop.pod for stop in of(StopAttempt, scene.done)]


def test_a_node_without_an_object_gives_its_tasks_back() -> None:
    scene = Scene()
    node = NodeRecord("n")
    assert fate_on(scene.pool_state(), node) is Fate.REQUEUED
    node.creating = True
    assert fate_on(scene.pool_state(), node) is Fate.STAYS
