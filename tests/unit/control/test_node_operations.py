"""What users want of a node: told on its object first, done by its option, and over when it is wanted no more."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.computenode import ComputeNode
from millpond.api.computenode import DisableSchedulingOption as Disabling
from millpond.api.pool import NodeDeallocationOption as Option
from millpond.control.actions import StartAttempt, StopAttempt, WriteNode, WriteTask
from millpond.control.outcomes import Missed
from support.builders import a_job, a_task, exited, record
from support.scene import Scene, a_running_scene, kinds, of

STOPPED = {"terminated": {"exitCode": 143, "reason": "Error", "message": record("Terminated", 143)}}


def a_busy_scene() -> Scene:
    """One node with one task."""
    scene = a_running_scene()
    scene.add(a_job(), a_task("t"))
    scene.run(seconds=5)
    scene.starts("t-1")
    scene.run(seconds=5)
    return scene


def busy_node(scene: Scene) -> ComputeNode:
    (node,) = scene.nodes.values()
    return node


def want(scene: Scene, **spec: Any) -> None:
    """A user edits the spec of the node with the task."""
    scene.add(scene.edit(busy_node(scene), **spec))


def looks(node: ComputeNode) -> tuple[Any, ...]:
    return node.status.state, node.status.conditions[0].reason, node.status.conditions[0].status


def told(scene: Scene) -> tuple[Any, ...]:
    status = scene.tasks["t"].status
    return status.state, status.result, status.requeue_count, status.retry_count


DISABLING = [
    # option, is the task stopped, how it ends, what it says then
    (Option.REQUEUE, True, STOPPED, ("Active", None, 1, 0)),
    (Option.TERMINATE, True, STOPPED, ("Completed", "Failure", 0, 0)),
    (Option.TASK_COMPLETION, False, exited(0), ("Completed", "Success", 0, 0)),
]


@pytest.mark.parametrize(("option", "stopped", "end", "says"), DISABLING)
def test_a_disabled_node_is_offline_when_its_tasks_have_ended(
    option: Option, stopped: bool, end: Any, says: tuple[Any, ...]
) -> None:
    scene = a_busy_scene()
    want(scene, schedulable=False, disable_scheduling_option=Disabling(option.value))
    assert bool(of(StopAttempt, scene.run(seconds=60))) is stopped
    assert looks(busy_node(scene)) == ("Running", "SchedulingDisabled", "False")
    (node,) = scene.nodes
    scene.ends("t-1", end)
    scene.run(seconds=60)
    assert looks(scene.nodes[node]) == ("Offline", "SchedulingDisabled", "False")
    assert told(scene) == says
    scene.add(scene.edit(scene.nodes[node], schedulable=True), a_task("u"))
    assert len(of(StartAttempt, scene.run(seconds=60))) == 1
    assert scene.nodes[node].status.draining is None


def test_the_option_is_told_before_any_task_is_stopped() -> None:
    scene = a_busy_scene()
    want(scene, schedulable=False, disable_scheduling_option=Disabling.TERMINATE)
    scene.fail(WriteNode, Missed("no answer", again_in=5))
    assert of(StopAttempt, scene.run(seconds=4)) == []
    steps = [action for action in scene.run(seconds=10) if isinstance(action, WriteNode | StopAttempt)]
    assert kinds(steps) == ["WriteNode", "StopAttempt"]


def test_a_node_enabled_while_it_stops_a_task_takes_tasks_when_that_is_counted() -> None:
    scene = a_busy_scene()
    want(scene, schedulable=False, disable_scheduling_option=Disabling.TERMINATE)
    scene.run(seconds=5)
    want(scene, schedulable=True)
    scene.add(a_task("u"))
    assert of(StartAttempt, scene.run(seconds=60)) == []
    scene.ends("t-1", STOPPED)
    done = [action for action in scene.run(seconds=60) if isinstance(action, WriteTask | StartAttempt)]
    assert kinds(done)[:2] == ["WriteTask", "StartAttempt"]
    assert told(scene) == ("Completed", "Failure", 0, 0)


def test_a_node_enabled_while_its_tasks_run_to_their_ends_takes_tasks_at_once() -> None:
    scene = a_busy_scene()
    want(scene, schedulable=False, disable_scheduling_option=Disabling.TASK_COMPLETION)
    scene.run(seconds=5)
    want(scene, schedulable=True)
    scene.run(seconds=5)
    assert looks(busy_node(scene)) == ("Running", "Running", "True")
    assert busy_node(scene).status.draining is None


def test_a_changed_option_counts_the_next_time() -> None:
    scene = a_busy_scene()
    want(scene, schedulable=False, disable_scheduling_option=Disabling.TASK_COMPLETION)
    scene.run(seconds=5)
    want(scene, disable_scheduling_option=Disabling.TERMINATE)
    assert of(StopAttempt, scene.run(seconds=60)) == []


@pytest.mark.parametrize(
    ("disabled", "removed", "says"),
    [
        (Option.TASK_COMPLETION, Option.REQUEUE, ("Active", None, 1, 0)),
        (Option.TASK_COMPLETION, Option.TERMINATE, ("Completed", "Failure", 0, 0)),
        (Option.TERMINATE, Option.REQUEUE, ("Completed", "Failure", 0, 0)),
        (Option.REQUEUE, Option.TERMINATE, ("Active", None, 1, 0)),
    ],
)
def test_a_disabled_node_that_is_removed_books_what_it_stops_by_the_first_option_that_stops(
    disabled: Option, removed: Option, says: tuple[Any, ...]
) -> None:
    scene = a_busy_scene()
    want(scene, schedulable=False, disable_scheduling_option=Disabling(disabled.value))
    scene.run(seconds=5)
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=0, node_deallocation_option=removed))
    scene.run(seconds=5)
    assert busy_node(scene).status.state == "LeavingPool"
    scene.ends("t-1", STOPPED)
    scene.run(seconds=60)
    assert told(scene) == says
    assert scene.nodes == {}


def test_tasks_go_to_the_nodes_that_are_left() -> None:
    scene = a_running_scene(hosts=2)
    first, second = scene.nodes.values()
    scene.add(scene.edit(first, schedulable=False))
    scene.run(seconds=5)
    scene.add(a_job(), a_task("t"), a_task("u"))
    (start,) = of(StartAttempt, scene.run(seconds=60))
    assert start.node == second.metadata.name
