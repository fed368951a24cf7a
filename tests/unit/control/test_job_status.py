"""What a job says of itself: conditions in each state, and which changes are worth an event."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from millpond.api.job import JobDisable, JobStatus
from millpond.api.reasons import JobState
from millpond.control.job_status import describe_job, events_of
from millpond.lifecycle.jobs import JobVerdict
from support.builders import a_job, a_task, exited
from support.scene import a_running_scene

TOLD: list[tuple[JobState, dict[str, str]]] = [
    (JobState.ACTIVE, {"Complete": "False Running", "Scheduled": "True PoolReady"}),
    (JobState.DISABLING, {"Complete": "False Disabling", "Disabled": "False Disabling", "Scheduled": "True PoolReady"}),
    (
        JobState.DISABLED,
        {"Complete": "False Disabled", "Disabled": "True DisabledByUser", "Scheduled": "True PoolReady"},
    ),
    (JobState.ENABLING, {"Complete": "False Enabled", "Scheduled": "True PoolReady"}),
    (JobState.TERMINATING, {"Complete": "False Terminating", "Scheduled": "True PoolReady"}),
    (JobState.COMPLETED, {"Complete": "True Completed", "Succeeded": "True AllTasksSucceeded"}),
]


@pytest.mark.parametrize(("state", "told"), TOLD, ids=[t[0] for t in TOLD])
def test_conditions_in_each_state(state: JobState, told: dict[str, str]) -> None:
    scene = a_running_scene()
    scene.add(a_job(desiredState="Disabled"))
    pool = scene.pool_state()
    job = pool.jobs["film"]
    assert job.model is not None
    status = describe_job(pool, job, job.model, JobVerdict(state, "enough"), scene.now)
    assert {c.type: f"{c.status.value} {c.reason}" for c in status.conditions} == told
    assert (status.terminate_time is not None) is (state in (JobState.TERMINATING, JobState.COMPLETED))


def test_events_tell_of_an_end_and_of_a_disable_that_nobody_asked_for() -> None:
    active, ended = JobStatus(state=JobState.ACTIVE), JobStatus(state=JobState.COMPLETED, terminate_reason="enough")
    assert [(e.reason, e.message) for e in events_of(active, ended)] == [
        ("JobCompleted", "The job is complete: enough.")
    ]
    by = JobDisable(reason="TaskFailed", message="Task a failed.", time=datetime(2026, 1, 1, tzinfo=UTC))
    disabled = JobStatus(state=JobState.DISABLING, disabled_by=by)
    assert [(e.reason, e.message, e.type) for e in events_of(active, disabled)] == [
        ("JobDisabled", "Task a failed.", "Warning")
    ]
    assert events_of(disabled, JobStatus(state=JobState.DISABLED, disabled_by=by)) == ()


def test_counts_in_the_words_of_the_reference() -> None:
    scene = a_running_scene(hosts=1, slots=4)
    scene.add(a_job(), a_task("prepares", slots=3), a_task("waits", slots=2, created=1), a_task("ends", created=2))
    scene.run(seconds=15)
    scene.ends("ends-1", exited(1))
    scene.run(seconds=15)
    status = scene.jobs["film"].status
    words = ("active", "running", "succeeded", "failed", "completed")
    assert [getattr(status.task_counts, word) for word in words] == [1, 1, 0, 1, 1]
    assert [getattr(status.task_slot_counts, word) for word in words] == [2, 3, 0, 1, 1]
