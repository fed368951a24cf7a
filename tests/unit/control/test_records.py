"""What the records derive from what they hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from millpond.api.job import JobDisable, JobStatus
from millpond.api.reasons import JobState, TaskState
from millpond.control.records import Problem
from support.builders import a_job, a_task, a_task_pod, running
from support.scene import Scene


def a_scene() -> Scene:
    scene = Scene()
    scene.add(a_job(), a_task("t", id="frame_7"))
    return scene


def test_a_task_has_its_directory_by_its_id() -> None:
    assert a_scene().task("t").directory == "workitems/film/job-1/frame_7"


def test_a_task_waits_unless_something_is_up() -> None:
    task = a_scene().task("t")
    assert task.waits
    for field, value, back in (
        ("terminate", True, False),
        ("problem", Problem("JobNotFound", ""), None),
        ("not_before", 5.0, 0.0),
        ("state", TaskState.COMPLETED, TaskState.ACTIVE),
        ("state", TaskState.RUNNING, TaskState.ACTIVE),
        ("vanished", 1, 0),
    ):
        setattr(task, field, value)
        assert not task.waits
        setattr(task, field, back)
    assert task.waits


def test_a_lost_task_is_one_whose_attempt_has_no_pod() -> None:
    scene = a_scene()
    task = scene.task("t")
    assert not task.lost
    task.state = TaskState.PREPARING
    assert task.lost
    scene.add(a_task_pod("t", running()))
    assert not task.lost
    task.live, task.state, task.vanished = None, TaskState.COMPLETED, 4
    assert not task.lost


@pytest.mark.parametrize(
    ("wish", "asked", "written", "option"),
    [
        ("Active", False, False, "Terminate"),
        ("Active", True, False, "Requeue"),
        ("Active", False, True, "Requeue"),
        ("Disabled", True, True, "Terminate"),
    ],
    ids=["only to book what still stops", "asked by the service", "made by the service", "the user's own word"],
)
def test_what_a_disable_means_for_running_tasks(wish: str, asked: bool, written: bool, option: str) -> None:
    by = JobDisable(reason="TaskFailed", message="a failed", time=datetime(2026, 1, 1, tzinfo=UTC))
    scene = a_scene()
    model = a_job(desiredState=wish, disableTasks="Terminate")
    scene.add(model.model_copy(update={"status": JobStatus(disabled_by=by if written else None)}))
    job = scene.pool_state().jobs["film"]
    job.disable_asked = by if asked else None
    assert job.disable_option == option
    assert (job.service_disable is not None) == (wish == "Active" and (asked or written))


def test_force_counts_only_for_a_job_that_ends() -> None:
    scene = a_scene()
    scene.add(a_job(force=True))
    job = scene.pool_state().jobs["film"]
    assert not job.forced
    job.state = JobState.TERMINATING
    assert job.forced
