"""Task Pods as attempts with their slots, node Pods as what a node stands on."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.control.actions import StartAttempt, WriteTask
from millpond.scheduling.demand import Demand
from support.builders import a_job, a_node_pod, a_task, a_task_pod, exited, running, waiting
from support.scene import Scene, a_running_scene, of


@pytest.mark.parametrize(
    ("state", "more", "holds"),
    [
        (None, {}, True),
        (waiting(), {}, True),
        (running(), {}, True),
        (exited(0), {"phase": "Running"}, True),
        (running(), {"deleted": True}, True),
        (exited(0), {}, False),
        (exited(1), {}, False),
        (None, {"phase": "Failed", "reason": "OutOfcpu"}, False),
    ],
)
def test_slots_are_free_on_a_terminal_phase_only(
    state: dict[str, Any] | None, more: dict[str, Any], holds: bool
) -> None:
    scene = Scene()
    scene.add(a_job(), a_task("t"), a_task_pod("t", state, slots=3, **more))
    pool = scene.pool_state()
    assert pool.attempts["t-1"].holds is holds
    assert (pool.slots_used, pool.nodes["farm-aaaaa"].holding) == ((3, 1) if holds else (0, 0))


def test_a_pod_tells_what_it_holds() -> None:
    scene = Scene()
    scene.add(a_task_pod("t", running(), slots=2, cpu="1500m", memory="64Mi", devices={"gpu": "1"}))
    assert scene.pool_state().attempts["t-1"].demand == Demand(2, 1500, 64 * 1024**2, (("gpu", 1),))


def test_a_pod_without_its_task_counts_for_nothing_and_holds_its_slots() -> None:
    scene = Scene()
    scene.add(a_job(), a_task("t", uid="second"), a_task_pod("t", running(), task_uid="first"))
    attempt = scene.pool_state().attempts["t-1"]
    assert (attempt.record, attempt.settled, attempt.holds) == (None, True, True)
    assert scene.task("t").live is None


def test_a_pod_made_again_under_its_name_replaces_the_old_one() -> None:
    scene = Scene()
    scene.add(a_job(), a_task("t"), a_task_pod("t", running(), uid="one", slots=2))
    scene.add(a_task_pod("t", running(), uid="two", slots=1, node="farm-bbbbb"))
    pool = scene.pool_state()
    assert pool.slots_used == 1
    assert (pool.nodes["farm-aaaaa"].holding, pool.nodes["farm-bbbbb"].holding) == (0, 1)
    assert scene.task("t").live is pool.attempts["t-1"]


def test_forgetting_a_pod_gives_all_back() -> None:
    scene = Scene()
    scene.add(a_job(), a_task("t"), a_task_pod("t", running()))
    scene.remove_pod("t-1")
    pool, task = scene.pool_state(), scene.task("t")
    assert (pool.slots_used, pool.attempts, task.job.attempts, task.job.live) == (0, {}, {}, {})
    assert (task.live, task.vanished, task.lost) == (None, 1, True)


def test_an_attempt_that_was_only_asked_for_never_was() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("t"))
    (start,) = of(StartAttempt, scene.plan().actions)
    scene.world.forget_pod("studio", "farm", start.pod, "any")
    assert (scene.task("t").vanished, scene.task("t").lost) == (0, False)
    assert of(WriteTask, scene.run()) == []


def test_node_pods_stand_for_their_node_the_newest_first() -> None:
    scene = Scene()
    scene.add(
        a_node_pod("n", name="n", host="host-1", created=1), a_node_pod("n", name="n-1", host="host-2", created=2)
    )
    node = scene.pool_state().nodes["n"]
    assert node.pod is not None
    assert node.pod.spec.node_name == "host-2"
    scene.remove_pod("n-1")
    assert node.pod.spec.node_name == "host-1"
    scene.add(a_node_pod("n", name="n", host="host-9", version=0, uid="uid-n"))
    assert node.pod.spec.node_name == "host-1"


def test_a_new_node_pod_is_shrunk_and_deleted_in_its_own_right() -> None:
    scene = Scene()
    scene.add(a_node_pod("n"))
    node = scene.pool_state().nodes["n"]
    node.shrinking = "uid-n"
    node.deleted_pods.add("n")
    scene.add(a_node_pod("n", uid="other"))
    assert (node.shrinking, node.deleted_pods) == ("", set())
