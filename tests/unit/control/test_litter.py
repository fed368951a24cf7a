"""Whose directories are wanted: by uid, so that nothing of a namesake goes and nothing of the past stays."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.control.litter import is_litter
from millpond.control.world import World
from millpond.lifecycle.held import Held
from support.builders import EPOCH, JOB, SPACE, a_job, a_node, a_task, a_task_pod, at
from support.scene import KEY

WEEK = 604800
TASK = Held(JOB, "1", "frame-1", "uid-frame-1")
PREPARATION = Held(JOB, "jobpreparation", JOB, f"uid-{JOB}")
RELEASE = PREPARATION._replace(id="jobrelease")
TASKS: dict[str, Any] = {
    "jobPreparationTask": {"commandLine": "true", "constraints": {"retentionSeconds": 60}},
    "jobReleaseTask": {"commandLine": "true"},
}


def a_world(*, ended: float | None = None, tasks: tuple[str, ...] = ("frame-1",)) -> World:
    world = World()
    status = {"state": "Completed", "endTime": at(ended)} if ended is not None else {}
    world.observe_job(a_job(status=status, **TASKS))
    for name in tasks:
        world.observe_task(a_task(name, id="1"))
    return world


def litters(world: World, held: Held, now: float = 0.0, unreadable: frozenset[str] = frozenset()) -> bool:
    return is_litter(world.namespace(SPACE), held, unreadable, EPOCH + now)


@pytest.mark.parametrize("held", [TASK, PREPARATION, RELEASE])
def test_what_has_a_living_owner_stays(held: Held) -> None:
    assert not litters(a_world(), held)


@pytest.mark.parametrize("held", [TASK, PREPARATION, RELEASE])
def test_what_has_none_goes(held: Held) -> None:
    assert litters(World(), held)
    assert litters(a_world(), held._replace(uid="an-earlier-one"))


def test_with_the_task_alone_goes_its_directory_alone() -> None:
    world = a_world(tasks=())
    assert [litters(world, held) for held in (TASK, PREPARATION, RELEASE)] == [True, False, False]


def test_with_the_job_go_those_of_its_own_tasks() -> None:
    world = a_world()
    world.forget_job(SPACE, JOB)
    assert [litters(world, held) for held in (TASK, PREPARATION, RELEASE)] == [False, True, True]


@pytest.mark.parametrize(("after", "goes"), [(0, False), (59, False), (60, True)])
def test_a_preparation_s_goes_when_its_time_after_the_job_s_end_has_passed(after: float, goes: bool) -> None:
    world = a_world(ended=1000)
    assert litters(world, PREPARATION, now=1000 + after) is goes
    assert not litters(world, RELEASE, now=1000 + after)
    assert not litters(a_world(), PREPARATION, now=1e9)


def test_what_cannot_be_read_keeps_what_is_its_own() -> None:
    assert not litters(World(), TASK, unreadable=frozenset({"frame-1"}))
    assert litters(World(), TASK, unreadable=frozenset({"frame-2"}))


def test_nothing_is_remembered_of_a_job_that_only_a_directory_tells_of() -> None:
    world = World()
    assert litters(world, TASK)
    assert not world.namespace(SPACE).jobs


def test_a_deleted_task_has_its_nodes_asked() -> None:
    """The one where it ran last by its own word, and those of its Pods that are still there."""
    world = a_world(tasks=())
    for name in ("a", "b", "c"):
        world.observe_node(a_node(name))
    world.observe_task(a_task("frame-1", status={"state": "Completed", "result": "Success", "nodeName": "a"}))
    world.observe_pod(a_task_pod("frame-1", node="b"))
    nodes = world.pool(KEY).nodes
    assert [nodes[name].littered for name in ("a", "b", "c")] == [False, False, False]
    world.forget_task(SPACE, JOB, "frame-1", "uid-frame-1")
    assert [nodes[name].littered for name in ("a", "b", "c")] == [True, True, False]


def test_a_deleted_group_has_the_nodes_of_all_its_instances_asked() -> None:
    """Also long after its Pods are gone: then only the Task tells where they were."""
    world = a_world(tasks=())
    for name in ("a", "b", "c", "d"):
        world.observe_node(a_node(name))
    members = [{"id": one, "nodeName": node, "state": "Completed"} for one, node in ((1, "b"), (2, "c"), (3, "gone"))]
    status = {"state": "Completed", "result": "Success", "nodeName": "a", "subtasks": members}
    world.observe_task(a_task("frame-1", status=status))
    world.forget_task(SPACE, JOB, "frame-1", "uid-frame-1")
    nodes = world.pool(KEY).nodes
    assert [nodes[name].littered for name in ("a", "b", "c", "d")] == [True, True, True, False]


@pytest.mark.parametrize(("tasks", "asked"), [(TASKS, True), ({}, False)])
def test_a_deleted_job_has_its_pool_asked_where_it_prepared_nodes(tasks: dict[str, Any], asked: bool) -> None:
    world = World()
    world.observe_job(a_job(**tasks))
    world.observe_node(a_node("a"))
    world.forget_job(SPACE, JOB)
    assert world.pool(KEY).nodes["a"].littered is asked
