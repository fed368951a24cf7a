"""Placement as a whole: slots, priorities, fairness, bounds, and what it costs."""

from __future__ import annotations

from collections import Counter

import pytest
from millpond.control.actions import CreateManager, StartAttempt
from millpond.control.outcomes import Refused
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


MANAGER = {"id": "m", "commandLine": "manage"}


def a_managed_scene(hosts: int = 1, slots: int = 4, **manager: object) -> Scene:
    """A job with a manager that is made and seen, and two tasks older than it."""
    scene = a_running_scene(hosts, slots)
    scene.add(a_job(jobManagerTask=MANAGER | manager), a_task("a"), a_task("b"))
    return scene


def test_a_manager_starts_before_older_tasks_and_they_after_it_is_seen() -> None:
    scene = a_managed_scene(runExclusive=False)
    placed = starts(scene)
    assert [a.task for a in placed] == ["film-m", "a", "b"]
    assert [a.manages for a in placed] == [True, False, False]
    assert not any(a.exclusive for a in placed)


def test_nothing_starts_while_the_manager_cannot_be_made() -> None:
    scene = a_managed_scene(runExclusive=False)
    scene.fail(CreateManager, Refused("Forbidden", "exceeded quota"))
    assert starts(scene) == []
    scene.run(seconds=29)
    assert not of(StartAttempt, scene.done)
    scene.run(seconds=5)
    assert len(of(StartAttempt, scene.done)) == 3


def test_an_exclusive_manager_has_its_node_alone() -> None:
    scene = a_managed_scene(hosts=2, slots=1)
    assert len({a.node for a in starts(scene)}) == 2
    scene = a_managed_scene(hosts=1, slots=4)
    assert [a.task for a in starts(scene)] == ["film-m"]
    node = next(iter(scene.nodes.values()))
    scene.run(seconds=60)
    assert scene.nodes[node.metadata.name].status.slots.used == 1, "a count of requiredSlots, not of the slots it bars"
    scene.ends("film-m-1", exited(0))
    scene.run()
    assert scene.jobs["film"].status.terminate_reason == "JMComplete"


def test_an_exclusive_manager_waits_for_an_empty_node_and_its_job_with_it() -> None:
    scene = a_running_scene(slots=4)
    scene.add(a_job("other"), a_task("busy", job="other"))
    scene.run()
    scene.add(a_job(jobManagerTask=MANAGER), a_task("a"))
    assert starts(scene) == []
    scene.ends("busy-1", exited(0))
    assert [a.task for a in starts(scene)] == ["film-m"]


def test_a_manager_that_is_tried_again_goes_before_other_jobs_of_its_priority() -> None:
    scene = a_running_scene(slots=1)
    scene.add(a_job(jobManagerTask=MANAGER | {"constraints": {"maxTaskRetryCount": 9}}))
    scene.add(a_job("other"), *(a_task(f"o{n}", job="other") for n in range(30)), a_job("high", priority=1))
    scene.run()
    while "film-m-1" not in scene.pods:
        scene.ends(of(StartAttempt, scene.done)[-1].pod, exited(0))
        scene.run()
    for attempt in range(1, 9):
        scene.ends(f"film-m-{attempt}", exited(1))
        assert [a.task for a in starts(scene)] == ["film-m"]
    scene.add(a_task("h", job="high"))
    scene.ends("film-m-9", exited(1))
    assert [a.task for a in starts(scene)] == ["h"]
