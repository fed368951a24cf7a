"""The books of one pool: marks, deadlines, slots and queues that always add up."""

from __future__ import annotations

import random

from millpond.api.reasons import JobState, TaskState
from millpond.control.actions import StartAttempt
from millpond.control.plan_nodes import slots_of
from millpond.control.pool_state import tally_of
from millpond.scheduling.demand import Demand
from support.builders import a_job, a_pool, a_task
from support.scene import Scene, a_running_scene, of


def test_marks_are_taken_once_in_order() -> None:
    pool = Scene().pool_state()
    for name in ("b", "a", "b"):
        pool.mark("node", name)
    assert pool.restless
    assert (pool.taken("node"), pool.taken("node")) == (["a", "b"], [])
    assert not pool.restless


def test_deadlines_mark_when_they_are_due() -> None:
    pool = Scene().pool_state()
    pool.look_at(20, "job", "late")
    pool.look_at(10, "job", "early")
    pool.mark_due(9)
    assert pool.taken("job") == []
    pool.mark_due(10)
    assert (pool.taken("job"), len(pool.deadlines)) == (["early"], 1)


def test_a_summary_that_is_to_come_is_not_asked_for_again() -> None:
    scene = Scene()
    scene.add(a_job(), a_task("t"))
    pool, task, node = scene.pool_state(), scene.task("t"), scene.pool_state().node("n")
    for scheduled in (False, True):
        task.job.state = JobState.ACTIVE
        task.job.summary_scheduled = node.summary_scheduled = scheduled
        pool.count(task, TaskState.RUNNING, None)
        pool.tell_of(node)
        asked = [] if scheduled else [task.job.name], [] if scheduled else ["n"]
        assert (pool.taken("counted"), pool.taken("touched")) == asked


def test_tallies() -> None:
    assert [tally_of(state, None) for state in TaskState] == ["active", "preparing", "running", "failed"]
    assert tally_of(TaskState.COMPLETED, "Success") == "succeeded"


def test_a_misfit_depends_on_the_pool() -> None:
    scene = Scene()
    assert scene.pool_state().misfit(Demand(9)) is None
    scene.add(a_pool(slots=8))
    assert scene.pool_state().misfit(Demand(9)) is not None
    assert scene.pool_state().misfit(Demand(8)) is None


def test_holding_twice_and_freeing_twice_book_once() -> None:
    scene = a_running_scene(slots=4)
    scene.add(a_job(), a_task("t", slots=3))
    (start,) = of(StartAttempt, scene.run())
    pool = scene.pool_state()
    attempt = pool.attempts[start.pod]
    pool.hold(attempt)
    assert (pool.slots_used, attempt.job.slots_used, pool.index.free_slots, attempt.node.holding) == (3, 3, 1, 1)
    pool.free(attempt)
    pool.free(attempt)
    assert (pool.slots_used, attempt.job.slots_used, pool.index.free_slots, attempt.node.holding) == (0, 0, 4, 0)


def test_a_node_measured_anew_keeps_what_its_tasks_hold() -> None:
    scene = a_running_scene(slots=4)
    scene.add(a_job(), a_task("t", slots=3))
    (start,) = of(StartAttempt, scene.run())
    pool = scene.pool_state()
    node = pool.nodes[start.node]
    pool.size_node(node, slots_of(pool, node, 8000, 16 * 1024**3, {}))
    assert node.slots is not None
    assert (node.slots.free, node.slots.held) == (1, 1)
    pool.open_node(node, takes_tasks=True)
    pool.open_node(node, takes_tasks=True)
    assert pool.index.free_slots == 1


def test_a_job_is_drawn_exactly_while_it_may_start_a_task() -> None:
    chance = random.Random(1)
    scene = Scene()
    scene.add(a_pool(), a_job())
    job = scene.world.namespace("studio").job("film")
    for version in range(2, 200):
        name = f"t{chance.randrange(6)}"
        state = chance.choice(("Active", "Completed", "Running"))
        scene.add(a_task(name, version=version, status={"state": state, "attempt": 1}))
        waiting = [t for t in job.tasks.values() if t.queued]
        assert job.waiting == len(waiting)
        assert (job.filed is not None) == bool(waiting)
