"""Nodes that start anew: emptied, their Pod replaced on their host, once for each time that is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from millpond.api.computenode import ComputeNode, NodeServed
from millpond.api.pool import NodeDeallocationOption as Option
from millpond.control import actions as act
from millpond.control.actions import (
    CreateEraser,
    CreateNodePod,
    DeleteClaim,
    DeleteNodePod,
    StartAttempt,
    StopAttempt,
    SweepPods,
    WriteNode,
)
from millpond.control.outcomes import Missed, Refused
from support.builders import ON_CLAIMS, a_host, a_job, a_pool, a_task, exited, record
from support.scene import Scene, a_running_scene, kinds, of

ONE, TWO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
STOPPED = {"terminated": {"exitCode": 143, "reason": "Error", "message": record("Terminated", 143)}}
STEPS = (WriteNode, StopAttempt, DeleteNodePod, CreateEraser, DeleteClaim, CreateNodePod)
PREPARED: dict[str, Any] = {"jobPreparationTask": {"commandLine": "prepare"}}


def the_node(scene: Scene) -> ComputeNode:
    (node,) = scene.nodes.values()
    return node


def want(scene: Scene, **spec: Any) -> None:
    scene.add(scene.edit(the_node(scene), **spec))


def a_busy_scene(**job: Any) -> Scene:
    scene = a_running_scene()
    scene.add(a_job(**job), a_task("t"))
    scene.run(seconds=5)
    scene.starts("t-1")
    scene.run(seconds=5)
    return scene


def test_a_reboot_replaces_the_pod_on_its_host_and_is_told_before_the_new_one_is_made() -> None:
    scene = a_running_scene(hosts=2)
    first, second = sorted(scene.nodes)
    host = scene.nodes[second].status.host_name
    scene.add(scene.edit(scene.nodes[second], restarted_at=ONE))
    done = [a for a in scene.run(seconds=60) if isinstance(a, STEPS)]
    assert kinds(done) == ["WriteNode", "DeleteNodePod", "WriteNode", "CreateNodePod", *["WriteNode"] * 3]
    writes = of(WriteNode, done)
    assert [write.status.state for write in writes] == ["Rebooting", "Rebooting", "Starting", "Starting", "Idle"]
    assert [write.status.served for write in writes] == [None, *[NodeServed(restarted_at=ONE)] * 4]
    assert [create.host for create in of(CreateNodePod, done)] == [host]
    assert scene.nodes[second].status.host_name == host
    assert scene.nodes[first].status.served is None


def test_a_reimage_erases_the_files_between() -> None:
    scene = a_running_scene()
    want(scene, reimaged_at=ONE)
    done = [a for a in scene.run(seconds=60) if isinstance(a, STEPS)]
    told = [kind for kind in kinds(done) if kind != "WriteNode"]
    assert told == ["DeleteNodePod", "CreateEraser", "DeleteNodePod", "CreateNodePod"]
    assert the_node(scene).status.served == NodeServed(reimaged_at=ONE)
    assert scene.job_pods("eraser") == []


@pytest.mark.parametrize(
    ("option", "end", "says"),
    [
        (Option.REQUEUE, STOPPED, ("Active", None, 1, 0)),
        (Option.TERMINATE, STOPPED, ("Completed", "Failure", 0, 0)),
        (Option.TASK_COMPLETION, exited(0), ("Completed", "Success", 0, 0)),
    ],
)
@pytest.mark.parametrize("what", ["restarted_at", "reimaged_at"])
def test_its_tasks_end_first_by_the_option(what: str, option: Option, end: Any, says: tuple[Any, ...]) -> None:
    scene = a_busy_scene()
    want(scene, **{what: ONE}, reboot_option=option, reimage_option=option)
    stopped = of(StopAttempt, scene.run(seconds=60))
    assert bool(stopped) == (option is not Option.TASK_COMPLETION)
    assert the_node(scene).status.state == (
        "Running" if option is Option.TASK_COMPLETION else "Rebooting" if what == "restarted_at" else "Reimaging"
    )
    assert of(DeleteNodePod, scene.done) == []
    scene.ends("t-1", end)
    scene.step()
    status = scene.tasks["t"].status
    assert (status.state, status.result, status.requeue_count, status.retry_count) == says
    done = scene.run(seconds=60)
    assert len(of(CreateNodePod, done)) == 1
    assert len(of(StartAttempt, done)) == (option is Option.REQUEUE)


@pytest.mark.parametrize("kind", [DeleteNodePod, WriteNode, CreateNodePod, CreateEraser])
def test_what_fails_is_tried_again_and_nothing_is_done_twice(kind: type[act.Action]) -> None:
    scene = a_running_scene()
    want(scene, reimaged_at=ONE)
    scene.step()
    scene.fail(kind, Missed("no answer", again_in=5))
    done = scene.run(seconds=120)
    assert len(of(CreateNodePod, done)) == 1
    assert len(of(DeleteNodePod, done)) == 2
    assert the_node(scene).status.state == "Idle"


def test_a_reboot_is_not_begun_while_the_node_starts_and_says_so() -> None:
    scene = Scene()
    scene.add(a_pool(nodes=1))
    scene.run()
    want(scene, restarted_at=ONE)
    scene.run(seconds=60)
    assert of(DeleteNodePod, scene.done) == []
    assert "It is to be rebooted; that waits until it has started." in the_node(scene).status.conditions[0].message


def test_a_second_request_while_one_is_under_way_is_served_with_it() -> None:
    scene = a_busy_scene()
    want(scene, restarted_at=ONE)
    scene.run(seconds=5)
    want(scene, restarted_at=TWO)
    scene.ends("t-1", STOPPED)
    assert len(of(CreateNodePod, scene.run(seconds=60))) == 1
    assert the_node(scene).status.served == NodeServed(restarted_at=TWO)


def test_a_disabled_node_is_disabled_again_when_it_has_been_rebooted() -> None:
    scene = a_running_scene()
    want(scene, schedulable=False)
    scene.run(seconds=5)
    want(scene, restarted_at=ONE)
    scene.add(a_job(), a_task("t"))
    done = scene.run(seconds=60)
    assert of(StartAttempt, done) == []
    assert len(of(CreateNodePod, done)) == 1
    assert the_node(scene).status.state == "Offline"


def test_a_node_that_has_lost_its_host_starts_elsewhere() -> None:
    scene = a_running_scene()
    want(scene, reimaged_at=ONE)
    scene.step()
    scene.remove_host("host-1")
    for name in list(scene.pods):
        scene.remove_pod(name)  # as the garbage collection of Pods does when their host is gone
    scene.add(a_host("host-2"))
    done = scene.run(seconds=60)
    assert of(CreateEraser, done) == []
    assert the_node(scene).status.host_name == "host-2"
    assert the_node(scene).status.served == NodeServed(reimaged_at=ONE)


def test_a_host_that_turns_the_pod_away_is_left() -> None:
    scene = a_running_scene()
    (pod,) = scene.job_pods("node")
    scene.add(a_host("host-0"))
    scene.turns_away(pod)
    assert [create.host for create in of(CreateNodePod, scene.run(seconds=60))] == [None]
    assert the_node(scene).status.host_name == "host-0"


def test_files_that_are_not_erased_keep_the_node_down_until_they_are() -> None:
    scene = a_running_scene()
    scene.eraser_phase = "Failed"
    want(scene, reimaged_at=ONE)
    scene.run(seconds=60)
    node = the_node(scene)
    assert (node.status.state, node.status.served) == ("Reimaging", None)
    assert "could not be erased: the Pod that erases them failed" in node.status.conditions[0].message
    scene.eraser_phase = "Succeeded"
    scene.run(seconds=120)
    assert the_node(scene).status.state == "Idle"


def test_an_eraser_that_is_refused_is_asked_for_again() -> None:
    scene = a_running_scene()
    scene.fail(CreateEraser, Refused("PodRefused", "the quota is used up"))
    want(scene, reimaged_at=ONE)
    scene.run(seconds=20)
    assert "the quota is used up" in the_node(scene).status.conditions[0].message
    scene.run(seconds=60)
    assert the_node(scene).status.state == "Idle"


def a_prepared_scene(**job: Any) -> Scene:
    """A node with a task, after its job's preparation."""
    scene = a_running_scene()
    scene.add(a_job(**PREPARED | job), a_task("t"))
    scene.run(seconds=5)
    (preparation,) = scene.job_pods("prep")
    scene.starts(preparation)
    return scene


@pytest.mark.parametrize(
    ("what", "reruns", "again"),
    [("restarted_at", True, True), ("restarted_at", False, False), ("reimaged_at", False, True)],
)
def test_a_preparation_runs_again_by_its_flag_and_after_each_reimage(what: str, reruns: bool, again: bool) -> None:
    task = PREPARED["jobPreparationTask"] | {"rerunOnNodeRebootAfterSuccess": reruns}
    scene = a_prepared_scene(jobPreparationTask=task)
    scene.ends(scene.job_pods("prep")[0], exited(0))
    scene.starts("t-1")
    scene.run(seconds=5)
    want(scene, **{what: ONE})
    scene.run(seconds=5)
    scene.ends("t-1", STOPPED)
    done = scene.run(seconds=60)
    assert len(of(StartAttempt, done)) == 1
    assert len(of(act.StartJobTask, done)) == again


def test_a_failed_preparation_bars_the_node_until_it_is_reimaged() -> None:
    scene = a_prepared_scene()
    scene.ends(scene.job_pods("prep")[0], exited(1))
    scene.run(seconds=60)
    scene.remove_pod("t-1")
    scene.run(seconds=60)
    for what, placed in (("restarted_at", 0), ("reimaged_at", 1)):
        want(scene, **{what: ONE})
        assert len(of(StartAttempt, scene.run(seconds=60))) == placed, what
        assert bool(the_node(scene).status.jobs) is not placed


def test_a_preparation_that_runs_is_stopped_and_runs_again_when_the_node_is_back() -> None:
    scene = a_prepared_scene()
    (before,) = scene.job_pods("prep")
    want(scene, restarted_at=ONE)
    scene.run(seconds=5)
    assert {stop.pod for stop in of(StopAttempt, scene.done)} == {"t-1", before}
    assert of(DeleteNodePod, scene.done) == []
    scene.ends("t-1", STOPPED)
    scene.ends(before, STOPPED, reason="Terminated")
    scene.remove_pod(before)
    scene.run(seconds=60)
    (after,) = scene.job_pods("prep")
    assert after != before


def test_with_task_completion_a_preparation_runs_to_its_end() -> None:
    scene = a_prepared_scene()
    (preparation,) = scene.job_pods("prep")
    want(scene, reimaged_at=ONE, reimage_option=Option.TASK_COMPLETION)
    scene.run(seconds=60)
    assert of(StopAttempt, scene.done) == []
    scene.ends(preparation, exited(0))
    scene.starts("t-1")
    scene.run(seconds=5)
    scene.ends("t-1", exited(0))
    scene.run(seconds=60)
    assert the_node(scene).status.served == NodeServed(reimaged_at=ONE)
    assert the_node(scene).status.state == "Idle"


@pytest.mark.parametrize(("what", "option"), [("restarted_at", "reboot_option"), ("reimaged_at", "reimage_option")])
def test_with_task_completion_a_lost_preparation_is_run_again(what: str, option: str) -> None:
    scene = a_prepared_scene()
    (lost,) = scene.job_pods("prep")
    want(scene, **{what: ONE, option: Option.TASK_COMPLETION})
    scene.run(seconds=5)
    scene.remove_pod(lost)
    scene.run(seconds=60)
    (again,) = scene.job_pods("prep")
    scene.ends(again, exited(0))
    scene.ends("t-1", exited(0))
    scene.run(seconds=60)
    assert of(StopAttempt, scene.done) == []
    assert scene.tasks["t"].status.result == "Success"
    assert the_node(scene).status.served is not None


def test_a_pod_that_is_deleted_by_hand_comes_back_to_its_host() -> None:
    scene = a_running_scene(hosts=2)
    pod = scene.job_pods("node")[1]
    host = scene.pods[pod].spec.node_name
    scene.remove_pod(pod)
    assert [create.host for create in of(CreateNodePod, scene.run(seconds=60))] == [host]
    assert of(act.ReleaseHost, scene.done) == []


def test_an_eraser_of_the_past_goes_before_the_next_erasure() -> None:
    scene = a_running_scene()
    want(scene, reimaged_at=ONE)
    scene.fail(DeleteNodePod, Missed("no answer", again_in=5))
    for time in (ONE, TWO):
        want(scene, reimaged_at=time)
        scene.run(seconds=120)
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=0))
    scene.run(seconds=60)
    assert len(of(CreateEraser, scene.done)) == 3
    assert scene.nodes == {}


def test_a_reimage_deletes_the_claim_between_and_a_reboot_keeps_it() -> None:
    scene = a_running_scene(template=ON_CLAIMS)
    want(scene, reimaged_at=ONE)
    done = [a for a in scene.run(seconds=60) if isinstance(a, STEPS)]
    told = [kind for kind in kinds(done) if kind != "WriteNode"]
    assert told == ["DeleteNodePod", "DeleteClaim", "CreateNodePod"]
    (claim,) = of(DeleteClaim, done)
    assert (claim.node, [create.host for create in of(CreateNodePod, done)]) == (
        the_node(scene).metadata.name,
        ["host-1"],
    )
    assert the_node(scene).status.served == NodeServed(reimaged_at=ONE)
    want(scene, restarted_at=TWO)
    done = scene.run(seconds=60)
    assert (of(DeleteClaim, done), len(of(CreateNodePod, done))) == ([], 1)


def test_ended_pods_which_keep_the_claim_are_swept_at_once() -> None:
    scene = a_running_scene(template=ON_CLAIMS)
    scene.add(a_job(), a_task("t"))
    scene.run()
    scene.ends("t-1", exited(0))
    scene.run(seconds=5)
    assert of(SweepPods, scene.done) == []
    want(scene, reimaged_at=ONE)
    assert of(SweepPods, scene.run(seconds=5)) != []


def test_a_claim_that_is_still_going_is_asked_for_again_before_the_next_pod() -> None:
    scene = a_running_scene(template=ON_CLAIMS)
    want(scene, reimaged_at=ONE)
    scene.fail(DeleteClaim, Missed("a Pod mounts it", again_in=5))
    scene.fail(DeleteClaim, Refused("Forbidden", "no right to delete claims"))
    done = scene.run(seconds=20)
    assert of(CreateNodePod, done) == []
    ready = the_node(scene).status.conditions[0]
    assert "could not be erased: no right to delete claims" in ready.message
    assert kinds([a for a in scene.run(seconds=60) if isinstance(a, STEPS) and not isinstance(a, WriteNode)]) == [
        "DeleteClaim",
        "CreateNodePod",
    ]
