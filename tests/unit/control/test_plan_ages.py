"""Tasks that have lived out their time: ended where they run, never begun where they wait, and cheap to watch."""

from __future__ import annotations

from millpond.control.actions import ReleaseEvidence, StartAttempt, StopAttempt, WriteTask
from millpond.control.outcomes import Missed
from support.builders import EPOCH, a_job, a_task, exited
from support.scene import Scene, a_running_scene, of

LIFETIME = 1000.0


def a_scene(*created: float, slots: int = 1) -> Scene:
    """A pool of one node, and tasks created at these times, the first of which run."""
    scene = a_running_scene(1, slots, task_lifetime=LIFETIME)
    scene.add(a_job(), *(a_task(f"t{n}", created=when) for n, when in enumerate(created)))
    scene.run()
    return scene


def reason(scene: Scene, task: str) -> str | None:
    """The reason why it cannot run, as the object says."""
    conditions = scene.tasks[task].status.conditions
    return next((c.reason for c in conditions if c.type == "Scheduled" and c.status == "False"), None)


def until(scene: Scene, seconds: float) -> None:
    """Let time pass until so many seconds after the tests' epoch."""
    scene.run(seconds=EPOCH + seconds - scene.now)


def test_a_running_task_is_ended_and_left_in_its_state() -> None:
    scene = a_scene(0)
    scene.starts("t0-1")
    until(scene, LIFETIME - 1)
    assert (scene.tasks["t0"].status.state, reason(scene, "t0")) == ("Running", None)
    until(scene, LIFETIME + 1)
    assert of(StopAttempt, scene.done)
    scene.ends("t0-1", exited(143, "Terminated"), phase="Failed")
    done = scene.run(seconds=60)
    status = scene.tasks["t0"].status
    assert (status.state, status.attempt, status.result, reason(scene, "t0")) == ("Running", 1, None, "TaskExpired")
    assert of(ReleaseEvidence, done)
    assert not of(StartAttempt, done)
    assert (status.retry_count, status.requeue_count) == (0, 0)


def test_a_result_that_comes_too_late_is_refused_and_one_in_time_counts() -> None:
    scene = a_scene(0, 5, slots=2)
    scene.starts("t0-1")
    scene.starts("t1-1")
    until(scene, LIFETIME + 1)
    scene.ends("t0-1", exited(0))
    scene.ends("t1-1", exited(0))
    scene.run(seconds=60)
    assert [scene.tasks[name].status.result for name in ("t0", "t1")] == [None, "Success"]


def test_a_waiting_task_is_told_when_its_turn_comes() -> None:
    scene = a_scene(0, 0, 900)
    until(scene, 700)
    scene.now += LIFETIME
    scene.ends("t0-1", exited(0))
    scene.run()
    assert (scene.tasks["t1"].status.state, reason(scene, "t1")) == ("Active", "TaskExpired")
    assert [start.task for start in of(StartAttempt, scene.done)] == ["t0", "t2"]
    assert of(WriteTask, scene.run(seconds=100)) != []
    assert not [start for start in of(StartAttempt, scene.done) if start.task == "t1"]


def test_a_queue_costs_no_deadline_and_running_tasks_one() -> None:
    scene = a_scene(*range(20), slots=4)
    ages = [entry for entry in scene.pool_state().deadlines if entry[1] == "age"]
    assert len(ages) == 1


def test_an_operator_that_is_new_sees_the_same() -> None:
    scene = a_scene(0)
    scene.starts("t0-1")
    until(scene, LIFETIME + 1)
    again = Scene(task_lifetime=LIFETIME)
    again.now, again.version = scene.now, scene.version
    again.add(
        *scene.hosts.values(), *scene.pools.values(), *scene.nodes.values(), *scene.jobs.values(),
        *scene.tasks.values(), *scene.pods.values(),
    )  # fmt: skip
    again.ends("t0-1", exited(143, "Terminated"), phase="Failed")
    done = again.run(seconds=60)
    assert not of(StartAttempt, done)
    assert not of(WriteTask, done)
    assert [release.pod for release in of(ReleaseEvidence, done)] == ["t0-1"]
    assert again.tasks["t0"].status.state == "Running"


def test_a_word_that_is_not_written_is_said_again() -> None:
    scene = a_scene(0)
    scene.starts("t0-1")
    until(scene, LIFETIME - 1)
    scene.fail(WriteTask, Missed("conflict"))
    until(scene, LIFETIME + 20)
    assert reason(scene, "t0") == "TaskExpired"
    assert of(StopAttempt, scene.done)


def test_its_user_can_still_end_it() -> None:
    scene = a_scene(0)
    scene.starts("t0-1")
    until(scene, LIFETIME + 1)
    scene.ends("t0-1", exited(143, "Terminated"), phase="Failed")
    scene.run()
    scene.edit_task("t0", desiredState="Terminated")
    scene.run()
    assert (scene.tasks["t0"].status.state, scene.tasks["t0"].status.result) == ("Completed", "Failure")
