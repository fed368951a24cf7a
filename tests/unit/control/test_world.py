"""Everything observed, folded: in any order, as often as it likes, with old news ignored."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from millpond.control.actions import ReleaseEvidence, StartAttempt, SweepPods
from millpond.control.limits import Limits
from millpond.control.plan import plan
from millpond.control.pool_state import PoolKey
from millpond.control.world import World
from millpond.scaling.measurement import Measurement
from support.builders import (
    CLAIM,
    POOL,
    SPACE,
    a_host,
    a_job,
    a_node,
    a_node_pod,
    a_pool,
    a_task,
    a_task_pod,
    exited,
    running,
)
from support.scene import KEY, NOWHERE, Scene, a_running_scene, of

ROOM = {"cpu": "8", "memory": "16Gi"}


def a_cast() -> list[Any]:
    """One of everything, in the middle of its life."""
    return [
        a_pool(slots=2),
        a_job(),
        a_host(claim=CLAIM),
        a_node("farm-aaaaa", hostName="host-1", resources=ROOM),
        a_node_pod("farm-aaaaa", agent=running()),
        a_task("runs", status={"state": "Running", "attempt": 2, "retryCount": 1}),
        a_task_pod("runs", running(), attempt=2, cpu="4000m", memory="8589934592"),
        a_task("ended"),
        a_task_pod("ended", exited(0), cpu="4000m", memory="8589934592"),
        a_task("waits", created=5),
    ]


def observe(world: World, one: Any) -> set[PoolKey]:
    doors = {
        "TaskView": world.observe_task,
        "PodView": world.observe_pod,
        "HostView": world.observe_host,
        "Pool": world.observe_pool,
        "Job": world.observe_job,
        "ComputeNode": world.observe_node,
    }
    return set(doors[type(one).__name__](one))


def judged(cast: list[Any]) -> list[str]:
    """What a fresh operator does that saw the cast in this order."""
    world, found = World(), []
    for one in cast:
        observe(world, one)
    for _ in range(4):
        for key in (KEY, NOWHERE):
            found += [repr(action) for action in plan(world.pool(key), 1767225700.0, Limits()).actions]
    return found


def test_the_order_of_observation_does_not_matter() -> None:
    expected = judged(a_cast())
    assert any("task='waits'" in action and action.startswith("StartAttempt") for action in expected)
    chance = random.Random(5)
    for _ in range(60):
        cast = a_cast()
        chance.shuffle(cast)
        assert judged(cast) == expected


def test_task_pod_and_job_in_every_order() -> None:
    rest = a_cast()[:1] + a_cast()[2:5]
    expected = None
    for three in itertools.permutations(
        [a_job(), a_task("ended"), a_task_pod("ended", exited(0), cpu="4", memory="8Gi")]
    ):
        found = judged([*three, *rest])
        expected = expected or found
        assert found == expected


def test_seeing_things_twice_changes_nothing() -> None:
    assert judged([*a_cast(), *a_cast()]) == judged(a_cast())


def test_old_news_is_ignored() -> None:
    new = a_task("t", version=9, status={"state": "Completed", "result": "Success", "attempt": 1})
    world = World()
    observe(world, new)
    assert observe(world, a_task("t", version=8)) == set()
    job = world.namespace(SPACE).job("film")
    assert job.counts["succeeded"] == 1
    pod = a_task_pod("p", exited(0), version=9)
    observe(world, pod)
    observe(world, a_task_pod("p", running(), version=8))
    assert not world.pool(KEY).attempts["p-1"].holds


def test_an_operator_that_starts_anew_plans_the_same() -> None:
    chance = random.Random(2)
    scene = a_running_scene(hosts=3, slots=2)
    scene.add(a_job("one", created=1), a_job("two", created=2, constraints={"maxTaskRetryCount": 2}))
    scene.add(*(a_task(f"t{n:02}", job=chance.choice(("one", "two")), created=n) for n in range(30)))
    for _ in range(60):
        bound = sorted(name for name, pod in scene.pods.items() if name.startswith("t") and not pod.terminal)
        scene.run(seconds=11)
        for name in bound:
            if name in scene.pods and chance.random() < 0.5:
                scene.ends(name, exited(chance.choice((0, 0, 1))))
        fresh = anew(scene)
        fresh.plan(NOWHERE)
        scratch = {repr(a) for a in fresh.plan().actions if isinstance(a, StartAttempt | ReleaseEvidence)}
        planned = scene.plan().actions
        assert {repr(a) for a in planned if isinstance(a, StartAttempt | ReleaseEvidence)} == scratch
        scene.perform(planned)
        if chance.random() < 0.3:
            scene = anew(scene)
    assert all(task.status.state == "Completed" for task in scene.tasks.values())


def anew(scene: Scene) -> Scene:
    """The same cluster, seen by an operator that has just started."""
    fresh = Scene()
    fresh.now, fresh.version = scene.now, scene.version
    for kept in (scene.hosts, scene.pools, scene.jobs, scene.nodes, scene.tasks, scene.pods):
        fresh.add(*kept.values())
    return fresh


def test_released_pods_are_swept_by_an_operator_that_starts_anew() -> None:
    scene = a_running_scene(sweep=2)
    scene.add(a_job(), a_task("t", status={"state": "Completed", "result": "Success", "attempt": 1}))
    scene.add(a_task_pod("t", exited(0), released=True))
    assert len(of(SweepPods, scene.run(seconds=60))) == 1
    assert of(SweepPods, scene.run(seconds=600)) == []


def test_keys_wake_the_cycles_that_are_concerned() -> None:
    world = World()
    other = PoolKey(SPACE, "other")
    assert observe(world, a_pool()) == {KEY}
    assert observe(world, a_task("t")) == {NOWHERE}
    assert observe(world, a_job()) == {NOWHERE, KEY}
    assert observe(world, a_task("u")) == {KEY}
    assert KEY in observe(world, a_task_pod("t", running()))
    assert observe(world, a_node()) == {KEY}
    assert observe(world, a_host(claim=CLAIM)) == {KEY}
    assert observe(world, a_host(claim=CLAIM, version=2)) == set()
    assert observe(world, a_host(ready="Unknown", claim=CLAIM, version=3)) == {KEY}
    assert set(world.forget_pod(SPACE, POOL, "t-1", "uid-t-1")) == {KEY}
    assert set(world.forget_job(SPACE, "film")) == {KEY, NOWHERE}
    assert set(world.forget_host("host-1")) == {KEY}
    assert other not in observe(world, a_pool(version=5))


def test_forgetting_needs_the_right_uid() -> None:
    world = World()
    for one in a_cast():
        observe(world, one)
    assert list(world.forget_task(SPACE, "film", "waits", "another")) == []
    assert list(world.forget_pod(SPACE, POOL, "runs-2", "another")) == []
    assert list(world.forget_pod(SPACE, POOL, "farm-aaaaa", "another")) == []
    assert "waits" in world.namespace(SPACE).job("film").tasks
    assert "runs-2" in world.pool(KEY).attempts


def test_a_pool_is_released_when_nothing_of_it_is_left() -> None:
    world = World()
    for one in a_cast():
        observe(world, one)
    assert not world.released(KEY)
    assert world.released(PoolKey(SPACE, "never"))


def test_a_change_of_priority_moves_waiting_tasks() -> None:
    scene = a_running_scene()
    scene.add(a_job("low", created=1), a_job("high", priority=5, created=2), a_task("first", job="high"))
    scene.run()
    scene.add(a_task("a", job="low"), a_task("b", job="high"))
    scene.add(scene.edit(scene.jobs["low"], priority=10))
    scene.ends("first-1", exited(0))
    assert [a.task for a in of(StartAttempt, scene.run())] == ["a"]


@pytest.mark.parametrize("first", ["pod", "task"])
def test_a_task_and_its_pod_meet_whoever_comes_first(first: str) -> None:
    world = World()
    pod, task = a_task_pod("t", running()), a_task("t")
    for one in (pod, task) if first == "pod" else (task, pod):
        observe(world, one)
    record = world.namespace(SPACE).job("film").tasks["t"]
    assert record.live is world.pool(KEY).attempts["t-1"]
    assert (record.attempt, record.queued) == (1, False)


def test_a_pool_is_vacant_when_no_job_waits_for_one_either() -> None:
    world = World()
    later, never = PoolKey(SPACE, "later"), PoolKey(SPACE, "never")
    world.observe_job(a_job("film", pool="later"))
    assert not world.vacant(later)
    assert world.vacant(never)
    world.observe_pool(a_pool("never"))
    assert not world.vacant(never)
    world.forget_pool(SPACE, "never")
    assert world.vacant(never)


def test_an_older_word_of_a_host_is_no_news() -> None:
    world = World()
    world.observe_pool(a_pool())
    world.observe_host(a_host("host-1", claim=CLAIM, version=5))
    world.observe_host(a_host("host-1", version=6))
    assert list(world.observe_host(a_host("host-1", claim=CLAIM, version=5))) == []
    assert world.pool(KEY).claimed == set()


def test_a_measurement_is_kept_of_the_pod_that_stands() -> None:
    scene = a_running_scene()
    (name,) = scene.nodes
    pool = scene.world.pool(KEY)
    uid = scene.pods[name].metadata.uid
    one, two = Measurement(1.0, cpu_fraction=0.5), Measurement(2.0)
    assert scene.world.observe_measurement(KEY, name, uid, one) == ()
    assert pool.nodes[name].measurement == one
    for stranger in ((KEY, name, "other"), (KEY, "absent", uid), (PoolKey("elsewhere", "p"), name, uid)):
        assert scene.world.observe_measurement(*stranger, two) == ()
    assert pool.nodes[name].measurement == one


def test_a_full_disk_is_known_again_from_the_node_s_own_words() -> None:
    full = {"code": "DiskFull", "message": ""}
    for named, known in (("farm-aaaaa", True), ("farm-aaaaa-1", False)):
        for order in itertools.permutations(
            (a_node("farm-aaaaa", podName=named, errors=[full]), a_node_pod("farm-aaaaa", agent=running()))
        ):
            world = World()
            for one in order:
                observe(world, one)
            assert world.pool(KEY).nodes["farm-aaaaa"].disk_full is known
