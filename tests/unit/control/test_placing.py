"""Placement as a whole: slots, priorities, fairness, bounds, and what it costs."""

from __future__ import annotations

from collections import Counter

import pytest
from millpond.control.actions import StartAttempt
from support.builders import a_job, a_task, exited
from support.scene import Scene, a_running_scene, of


def starts(scene: Scene) -> list[StartAttempt]:
    return of(StartAttempt, scene.run())


def test_slots_are_never_booked_twice() -> None:
    scene = a_running_scene(hosts=3, slots=2)
    scene.add(a_job(), *(a_task(f"t{n:02}", created=n) for n in range(20)))
    placed = starts(scene)
    assert len(placed) == 6
    assert set(Counter(a.node for a in placed).values()) == {2}
    assert [a.task for a in placed] == [f"t{n:02}" for n in range(6)]
    assert starts(scene) == []


@pytest.mark.parametrize(("fill", "nodes"), [("Spread", 2), ("Pack", 1)])
def test_the_fill_type_of_the_pool_is_obeyed(fill: str, nodes: int) -> None:
    scene = a_running_scene(hosts=2, slots=2)
    policy = scene.pools["farm"].spec.task_scheduling_policy
    changed = policy.model_validate({"nodeFillType": fill})
    scene.add(scene.edit(scene.pools["farm"], task_scheduling_policy=changed))
    scene.add(a_job(), a_task("a"), a_task("b"))
    assert len({a.node for a in starts(scene)}) == nodes


def test_the_share_per_slot_is_asked_for_in_whole_numbers() -> None:
    scene = a_running_scene(slots=3)
    scene.add(a_job(), a_task("one"), a_task("two", slots=2, created=1))
    assert [(a.slots, a.cpu_millis, a.memory_bytes) for a in starts(scene)] == [
        (1, 2666, 5726623061),
        (2, 5332, 11453246122),
    ]


def test_a_task_that_does_not_fit_now_lets_smaller_ones_pass() -> None:
    scene = a_running_scene(slots=2)
    scene.add(a_job(), a_task("first"), a_task("wide", slots=2, created=1), a_task("small", created=2))
    assert [a.task for a in starts(scene)] == ["first", "small"]


def test_higher_priority_takes_the_free_slot() -> None:
    scene = a_running_scene()
    scene.add(a_job("low"), a_job("high", priority=1), a_task("old", job="low"), a_task("new", job="high", created=9))
    assert [a.task for a in starts(scene)] == ["new"]


def test_jobs_of_one_priority_get_equal_chances_whatever_their_size() -> None:
    scene = a_running_scene(slots=4)
    scene.add(a_job("large"), a_job("small"))
    scene.add(*(a_task(f"l{n:03}", job="large", created=n) for n in range(300)))
    scene.add(*(a_task(f"s{n:03}", job="small", created=n) for n in range(100)))
    placed = starts(scene)
    while len(placed) < 100:
        for start in placed[-4:]:
            scene.ends(start.pod, exited(0))
        placed += starts(scene)
    count = Counter(a.job for a in placed)
    assert 30 <= count["small"] <= 70


def test_nothing_starts_in_a_pool_that_is_being_deleted() -> None:
    scene = a_running_scene()
    scene.add(scene.deleted(scene.pools["farm"]), a_job(), a_task("t"))
    assert starts(scene) == []


def test_a_closed_node_gets_nothing() -> None:
    scene = a_running_scene(hosts=2)
    gone = min(scene.nodes)
    scene.add(scene.deleted(scene.nodes[gone]), a_job(), a_task("a"), a_task("b", created=1))
    assert gone not in {a.node for a in starts(scene)}


def test_affinity_is_a_hint() -> None:
    scene = a_running_scene(hosts=2, slots=1)
    second = sorted(scene.nodes)[1]
    scene.add(
        a_job(), a_task("a", affinity={"nodeName": second}), a_task("b", created=1, affinity={"nodeName": second})
    )
    scene.add(a_task("c", created=2, affinity={"nodeName": "elsewhere"}))
    placed = starts(scene)
    assert [(a.task, a.node == second) for a in placed] == [("a", True), ("b", False)], "b waits for nothing"


@pytest.mark.parametrize("ended", [False, True])
def test_affinity_to_a_task_means_the_node_where_it_ran_last(*, ended: bool) -> None:
    scene = a_running_scene(hosts=2, slots=2)
    scene.add(a_job(), a_job("other"), a_task("first"))
    (first,) = starts(scene)
    if ended:
        scene.ends("first-1", exited(0))
        scene.run(seconds=1)
        scene.add(a_task("between", created=1))
        assert starts(scene)[0].node == first.node, "the node with the lowest name is the emptiest again"
    scene.add(a_task("near", created=2, affinity={"taskName": "first"}))
    scene.add(a_task("far", job="other", created=3, affinity={"taskName": "first"}))
    scene.add(a_task("lost", created=4, affinity={"taskName": "never"}))
    nodes = {a.task: a.node for a in starts(scene)}
    assert nodes["near"] == first.node
    assert nodes["far"] != first.node, "a task of another job is none of its job"
    assert "lost" in nodes
