"""The JobSchedule as users write it: its template holds a whole job and its tasks."""

from datetime import UTC, datetime
from typing import Any

import pytest
from millpond.api.jobschedule import JobSchedule, Schedule
from millpond.api.task import TaskSpec, TaskTemplateSpec
from pydantic import ValidationError

_SCHEDULE: dict[str, Any] = {
    "metadata": {"name": "nightly"},
    "spec": {
        "schedule": {"doNotRunUntil": "2026-11-22T10:00:00Z", "recurrenceIntervalSeconds": 86400},
        "jobTemplate": {
            "metadata": {"labels": {"team": "render"}},
            "spec": {"poolName": "render", "priority": 5},
            "tasks": [{"metadata": {"name": "one"}, "spec": {"commandLine": "true"}}],
        },
    },
}


def test_reading() -> None:
    spec = JobSchedule.model_validate(_SCHEDULE).spec
    assert spec.schedule.do_not_run_until == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert spec.schedule.do_not_run_after is None
    assert spec.job_template.metadata.labels == {"team": "render"}
    assert spec.job_template.spec.priority == 5
    assert spec.job_template.tasks[0].metadata.name == "one"


def test_a_task_of_the_template_becomes_a_task_with_its_job() -> None:
    template = JobSchedule.model_validate(_SCHEDULE).spec.job_template.tasks[0].spec
    spec = TaskSpec.model_validate(template.as_document() | {"jobName": "nightly-1"})
    assert spec.job_name == "nightly-1"
    assert spec.command_line == template.command_line


def test_a_template_lacks_the_job_and_what_is_asked_of_a_task_that_was_made() -> None:
    assert set(TaskSpec.model_fields) - set(TaskTemplateSpec.model_fields) == {"job_name", "reactivated_at"}


@pytest.mark.parametrize(
    "fault",
    [{"startWindowSeconds": 59}, {"recurrenceIntervalSeconds": 59}, {"doNotRunUntil": "2026-11-22T10:00:00"}],
)
def test_faults(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Schedule.model_validate(fault)
