"""The plan as a whole: at rest when nothing changed, the same for the same state, and awake when it is not done."""

from __future__ import annotations

from millpond.api.job import DesiredState
from millpond.control.actions import CloseNetwork
from millpond.control.plan_network import CHECKED_EACH
from support.builders import a_host, a_job, a_pool, a_task, exited
from support.scene import KEY, NOWHERE, Scene, a_running_scene, kinds, of


def a_busy_scene() -> Scene:
    scene = a_running_scene(hosts=2, slots=2)
    scene.add(a_job("one"), a_job("two", priority=3), *(a_task(f"t{n}", job="one") for n in range(6)))
    scene.add(a_task("orphan", job="none"), a_task("wide", job="two", slots=9))
    return scene


def test_a_performed_plan_leaves_nothing_to_do() -> None:
    scene = a_busy_scene()
    scene.run(seconds=60)
    for _ in range(3):
        for key in (KEY, NOWHERE):
            found = scene.plan(key)
            assert found.actions == []
            assert found.wake_at is None or found.wake_at > scene.now


def test_the_same_state_and_time_give_the_same_plan() -> None:
    def story() -> list[str]:
        scene = a_busy_scene()
        actions = scene.run(seconds=10)
        for name in sorted(p for p in scene.pods if p.startswith("t")):
            scene.ends(name, exited(0))
        return [repr(action) for action in actions + scene.run(seconds=10)]

    assert story() == story()


def test_what_a_later_step_marks_for_an_earlier_one_wakes_the_plan_at_once() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("t"))
    scene.run(seconds=10)
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.TERMINATED))
    first = scene.plan()
    assert "StopAttempt" in kinds(first.actions) or first.wake_at == scene.now


def test_it_says_when_time_alone_will_change_something() -> None:
    scene = a_running_scene()
    scene.add(a_job(constraints={"maxWallClockSeconds": 600}))
    scene.run(seconds=30)
    wake_at = scene.plan().wake_at
    assert wake_at is not None
    assert wake_at <= 1767225600 + 600


def test_an_empty_world_sleeps() -> None:
    scene = Scene()
    found = scene.plan()
    assert (found.actions, found.wake_at) == ([], None)


def test_idle_pools_cost_no_writes_but_for_their_network_policy() -> None:
    scene = Scene()
    scene.add(a_host(), a_pool())
    scene.run(seconds=60)
    done = scene.run(seconds=24 * 3600)
    assert len(of(CloseNetwork, done)) == len(done) == 24 * 3600 / CHECKED_EACH
