"""What an attempt derives from what it holds."""

from __future__ import annotations

from support.builders import a_job, a_task, a_task_pod, running
from support.scene import Scene


def a_scene() -> Scene:
    scene = Scene()
    scene.add(a_job(), a_task("t", id="frame_7"))
    return scene


def test_an_attempt_is_settled_when_it_is_counted_or_overtaken() -> None:
    scene = a_scene()
    scene.add(a_task_pod("t", running()))
    task, attempt = scene.task("t"), scene.pool_state().attempts["t-1"]
    assert not attempt.settled
    task.settled = 1
    assert attempt.settled
    task.settled = 0
    scene.add(a_task_pod("t", running(), attempt=2))
    assert attempt.settled
    scene.remove_task("t")
    assert scene.pool_state().attempts["t-2"].settled


def test_a_deleted_job_starts_nothing_and_no_attempt_of_it_counts() -> None:
    scene = a_scene()
    scene.add(a_task_pod("t", running()))
    attempt = scene.pool_state().attempts["t-1"]
    assert not attempt.settled
    scene.add(scene.deleted(a_job()))
    assert attempt.job.deleting
    assert attempt.job.ending
    assert attempt.settled


def test_the_id_of_a_task_that_is_gone_is_told_by_the_pod() -> None:
    scene = a_scene()
    scene.add(
        a_task_pod("t", running()), a_task_pod("gone", running(), task_id="Frame_8"), a_task_pod("plain", running())
    )
    keys = {name: attempt.key for name, attempt in scene.pool_state().attempts.items()}
    assert keys == {"t-1": "frame_7", "gone-1": "frame_8", "plain-1": "plain"}
    assert scene.task("t").key == "frame_7"
