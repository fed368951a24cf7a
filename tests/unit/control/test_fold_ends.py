"""Every end that a Task tells of is counted on its node, once, in whatever order and however often it is told."""

from __future__ import annotations

import pytest
from millpond.control.actions import WriteNode, WriteTask
from millpond.control.fold_ends import complete_tally
from millpond.control.outcomes import Missed, Outcome, Refused
from millpond.control.world import World
from support.builders import POOL, SPACE, a_job, a_node, a_task, exited
from support.scene import KEY, Scene, a_running_scene, of


def an_ended_scene(outcome: Outcome | None = None) -> Scene:
    """Task t has just ended, and the first write of that came to `outcome`."""
    scene = a_running_scene()
    scene.add(a_job(), a_task("t"))
    scene.run(seconds=30)
    if outcome is not None:
        scene.fail(WriteTask, outcome)
    scene.ends("t-1", exited(0))
    scene.run(seconds=60)
    return scene


def totals(scene: Scene) -> tuple[int, int, int]:
    (node,) = scene.nodes.values()
    told = node.status.totals
    return told.tasks_run, told.tasks_succeeded, len(node.status.recent_tasks)


def test_an_end_has_a_number_that_its_task_tells() -> None:
    scene = an_ended_scene()
    (node,) = scene.nodes.values()
    told = scene.task("t")
    assert (told.node_name, told.node_end, node.status.totals.counted_through) == (node.metadata.name, 1, 1)


@pytest.mark.parametrize("outcome", [Missed("conflict"), Missed("no answer", again_in=5), Refused("Forbidden", "no")])
def test_a_write_that_fails_counts_once_when_it_is_made_again(outcome: Outcome) -> None:
    assert totals(an_ended_scene(outcome)) == (1, 1, 1)


def test_a_task_that_goes_before_its_end_is_written_holds_nothing_up() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("gone"), a_task("t", created=1))
    scene.run(seconds=30)
    scene.fail(WriteTask, Missed("no answer", again_in=5))
    scene.ends("gone-1", exited(0))
    scene.step()
    scene.remove_task("gone")
    scene.run(seconds=30)
    scene.ends("t-1", exited(0))
    scene.run(seconds=60)
    assert totals(scene) == (1, 1, 1)


@pytest.mark.parametrize("node_first", [True, False])
def test_who_comes_after_finds_what_the_nodes_do_not_tell_of(node_first: bool) -> None:
    node = a_node("farm-aaaaa", state="Idle", totals={"tasksRun": 4, "tasksSucceeded": 4, "countedThrough": 4})
    ends = [("old", 4, "Success"), ("good", 5, "Success"), ("bad", 7, "Failure")]
    tasks = [
        a_task(name, status={"state": "Completed", "result": result, "nodeName": "farm-aaaaa", "nodeEnd": number})
        for name, number, result in ends
    ]
    elsewhere = a_task("x", status={"state": "Completed", "result": "Success", "nodeName": "farm-bbbbb", "nodeEnd": 9})
    again = a_task("y", status={"state": "Active", "nodeName": "farm-aaaaa", "nodeEnd": 8})
    world = World()
    if node_first:
        world.observe_node(node)
    for task in (*tasks, elsewhere, again):
        world.observe_task(task)
    world.observe_node(node)
    world.observe_job(a_job())
    pool = world.pool(KEY)
    record = pool.nodes["farm-aaaaa"]
    complete_tally(pool, record)
    record.tally.settle()
    assert (record.tally.run, record.tally.succeeded, record.tally.through) == (6, 5, 7)


def test_a_job_that_has_changed_its_pool_counts_where_its_task_ended() -> None:
    scene = a_running_scene()
    job = a_job()
    scene.add(job, a_task("t"))
    scene.run(seconds=30)
    scene.add(scene.edit(job, pool_name="other"))
    scene.ends("t-1", exited(0))
    scene.run(seconds=60)
    assert totals(scene) == (1, 1, 1)


def test_a_summary_waits_a_moment_for_what_has_just_ended() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("t"))
    scene.run(seconds=30)
    scene.ends("t-1", exited(0))
    writes = of(WriteNode, scene.run(seconds=5))
    assert [write.status.totals.tasks_run for write in writes] == [1]


def an_ended_group(code: int = 0) -> Scene:
    """A group of three has ended on three nodes: the members well, the primary with that code."""
    scene = a_running_scene(hosts=3)
    scene.add(scene.edit(scene.pools["farm"], enable_inter_node_communication=True))
    scene.run()
    scene.add(a_job(), a_task("mpi", multiInstanceSettings={"numberOfInstances": 3}))
    scene.run()
    for pod in ("mpi-1", "mpi-1-m1", "mpi-1-m2"):
        scene.starts(pod)
    scene.run(seconds=2)
    scene.ends("mpi-1", exited(code))
    for member in ("mpi-1-m1", "mpi-1-m2"):
        scene.ends(member, exited(0))
    scene.run(seconds=60)
    return scene


@pytest.mark.parametrize("code", [0, 3])
def test_each_node_of_a_group_counts_its_instance(code: int) -> None:
    scene = an_ended_group(code)
    told = {}
    for node in scene.nodes.values():
        (recent,) = node.status.recent_tasks
        told[recent.subtask_id] = (node.status.totals.tasks_run, node.status.totals.tasks_succeeded)
    assert told == {None: (1, int(code == 0)), 1: (1, 1), 2: (1, 1)}


def test_who_comes_after_finds_the_ends_of_a_groups_members() -> None:
    scene = an_ended_group()
    (member,) = [name for name, node in scene.nodes.items() if node.status.recent_tasks[0].subtask_id == 2]
    world = World()
    world.observe_job(a_job())
    world.observe_node(a_node(member, state="Idle"))
    for task in scene.tasks.values():
        world.observe_task(task)
    record = world.pool(KEY).nodes[member]
    complete_tally(world.pool(KEY), record)
    record.tally.settle()
    assert [(one.task, one.subtask) for one in record.tally.recent] == [("mpi", 2)]


@pytest.mark.parametrize("node_first", [False, True])
@pytest.mark.parametrize("restarted", [False, True])
def test_what_ended_on_a_former_node_of_the_name_is_not_counted_again(restarted: bool, node_first: bool) -> None:
    scene = an_ended_scene()
    (former,) = scene.nodes.values()
    world = World() if restarted else scene.world
    if restarted:
        if node_first:
            world.observe_node(a_node(former.metadata.name, version=9998))
        world.observe_job(a_job())
        world.observe_task(scene.tasks["t"])
    else:
        world.forget_node(SPACE, POOL, former.metadata.name)
    world.observe_node(a_node(former.metadata.name, version=9999))
    record = world.pool(KEY).nodes[former.metadata.name]
    complete_tally(world.pool(KEY), record)
    record.tally.settle()
    assert (record.tally.run, record.tally.begin()) == (0, 2)
