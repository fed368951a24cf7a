"""Groups and other tasks in one pool: which group goes first, what is kept for it, and who starts meanwhile."""

from __future__ import annotations

import pytest
from millpond.control.actions import StartAttempt
from millpond.control.explanation import facts_of
from millpond.control.gathering import START_MARGIN
from millpond.control.limits import Limits
from millpond.scheduling.explain import explain
from support.builders import a_job, a_task, exited
from support.scene import Scene, a_running_scene, of


def a_scene(hosts: int = 3, **limits: float) -> Scene:
    scene = a_running_scene(hosts=hosts, **limits)
    scene.add(scene.edit(scene.pools["farm"], enable_inter_node_communication=True))
    scene.run()
    return scene


def a_group(name: str, instances: int = 3, **more: object):
    return a_task(name, multiInstanceSettings={"numberOfInstances": instances}, **more)


def begun(scene: Scene) -> list[str]:
    return [start.pod for start in of(StartAttempt, scene.run())]


def busy_scene(limit: int | None = None) -> Scene:
    """Three nodes, one of them busy with a task that has that limit."""
    scene = a_scene()
    constraints = {"constraints": {"maxWallClockSeconds": limit}} if limit else {}
    scene.add(a_job(), a_task("busy", **constraints))
    scene.run()
    scene.starts("busy-1")
    scene.run()
    return scene


def test_nodes_that_fall_free_are_kept_for_the_group() -> None:
    scene = busy_scene()
    scene.add(a_group("mpi", created=1), *(a_task(f"t{n}", created=2 + n) for n in range(5)))
    assert begun(scene) == []
    scene.ends("busy-1", exited(0))
    assert begun(scene) == ["mpi-1", "mpi-1-m1", "mpi-1-m2"]


def test_a_stream_of_other_tasks_does_not_starve_it() -> None:
    """Each node falls free at another time, and there is always somebody who would like it."""
    scene = a_scene()
    scene.add(a_job(), *(a_task(f"t{n:02}", created=n) for n in range(3)))
    scene.run()
    scene.add(a_group("mpi", created=3), *(a_task(f"t{n:02}", created=n) for n in range(4, 40)))
    for n in range(3):
        scene.ends(f"t{n:02}-1", exited(0))
        started = begun(scene)
        assert started == (["mpi-1", "mpi-1-m1", "mpi-1-m2"] if n == 2 else [])


def test_older_tasks_and_those_of_higher_priority_do_not_wait_for_it() -> None:
    scene = busy_scene()
    scene.add(a_job("high", priority=9), a_group("mpi", created=5))
    scene.add(a_task("older", created=4), a_task("younger", created=6), a_task("urgent", job="high", created=7))
    assert begun(scene) == ["urgent-1", "older-1"]


@pytest.mark.parametrize(("limit", "fills"), [(10, True), (90, True), (110, False), (None, False)])
def test_what_ends_in_time_fills_the_gap(limit: int | None, *, fills: bool) -> None:
    scene = busy_scene(limit=100)
    constraints = {"constraints": {"maxWallClockSeconds": limit}} if limit else {}
    scene.add(a_group("mpi", created=1), a_task("short", created=2, **constraints))
    assert begun(scene) == (["short-1"] if fills else [])


def test_nothing_fills_a_gap_whose_end_nobody_knows() -> None:
    scene = busy_scene()
    scene.add(a_group("mpi", created=1), a_task("short", created=2, constraints={"maxWallClockSeconds": 1}))
    scene.run(seconds=START_MARGIN)
    assert "short-1" not in scene.pods


def test_the_oldest_group_of_the_highest_priority_goes_first() -> None:
    scene = busy_scene()
    scene.add(a_job("high", priority=9))
    scene.add(a_group("old", created=1), a_group("young", created=2), a_group("urgent", job="high", created=3))
    order = []
    pods = ["busy-1"]
    for _ in range(3):
        for pod in pods:
            scene.ends(pod, exited(0))
        pods = begun(scene)
        order.append(pods[0])
    assert order == ["urgent-1", "old-1", "young-1"]


def test_a_group_that_the_pool_cannot_take_keeps_nothing() -> None:
    """One node is full for ever as far as anybody knows, and another is on its way out."""
    scene = busy_scene()
    scene.add(scene.deleted(scene.nodes[min(scene.nodes)]))
    scene.run()
    scene.add(a_group("mpi", created=1), a_task("single", created=2))
    assert begun(scene) == ["single-1"]


def test_two_groups_of_more_than_half_take_turns() -> None:
    scene = a_scene()
    scene.add(a_job(), a_group("a", 2), a_group("b", 2, created=1))
    assert begun(scene) == ["a-1", "a-1-m1"]
    for pod in ("a-1", "a-1-m1"):
        scene.ends(pod, exited(0))
    assert begun(scene) == ["b-1", "b-1-m1"]


def test_groups_that_fit_beside_each_other_run_beside_each_other() -> None:
    scene = a_scene(hosts=4)
    scene.add(a_job(), a_group("a", 2), a_group("b", 2, created=1), a_task("c", created=2))
    assert begun(scene) == ["a-1", "a-1-m1", "b-1", "b-1-m1"]


def test_a_group_at_its_jobs_bound_keeps_nothing() -> None:
    scene = busy_scene()
    scene.add(a_job("bound", maxParallelTasks=1), a_task("first", job="bound", created=1))
    scene.run()
    scene.add(a_group("mpi", 2, job="bound", created=2), a_task("single", created=3))
    assert begun(scene) == ["single-1"]


def test_the_node_of_its_affinity_has_the_primary() -> None:
    scene = a_scene()
    last = max(scene.nodes)
    scene.add(a_job(), a_group("mpi", 2, affinity={"nodeName": last}))
    starts = of(StartAttempt, scene.run())
    assert starts[0].node == last


def test_why_others_wait_is_told() -> None:
    scene = busy_scene()
    scene.add(a_group("mpi", created=1), a_task("single", created=2))
    scene.run()
    group, single = (explain(facts_of(scene.task(name), scene.tasks[name], scene.now)) for name in ("mpi", "single"))
    assert (group[0].reason, group[0].blocks) == ("WaitingForSlots", True)
    assert "It needs 3 nodes at once: 2 of the 3" in group[0].message
    assert (single[0].reason, single[0].blocks) == ("BehindMultiInstanceTask", True)
    assert "mpi" in single[0].message


def test_a_pool_without_groups_looks_at_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = a_scene()
    monkeypatch.setattr("millpond.control.placing.keep_nodes", lambda *_: pytest.fail("nodes are looked at"))
    scene.add(a_job(), a_task("single"))
    assert begun(scene) == ["single-1"]
    assert scene.limits == Limits()
