"""The Job as users write it, and what it means where they write nothing."""

from typing import Any

import pytest
from millpond.api.crd.definition import definition
from millpond.api.job import DesiredState, Job, JobSpec, OnAllTasksComplete
from millpond.api.reasons import JobState
from pydantic import ValidationError


def test_reading() -> None:
    job = Job.model_validate(
        {
            "metadata": {"name": "frames"},
            "spec": {
                "poolName": "render",
                "constraints": {"maxWallClockSeconds": 86400},
                "onAllTasksComplete": "TerminateJob",
                "commonEnvironmentSettings": [{"name": "QUALITY", "value": "high"}],
            },
            "status": {"state": "Active", "taskCounts": {"active": 12, "completed": 84}},
        }
    )
    assert job.spec.constraints.max_wall_clock_seconds == 86400
    assert job.spec.on_all_tasks_complete is OnAllTasksComplete.TERMINATE_JOB
    assert job.spec.common_environment_settings[0].value == "high"
    assert job.status.state is JobState.ACTIVE
    assert job.status.task_counts.completed == 84


def test_defaults() -> None:
    spec = JobSpec(pool_name="render")
    assert (spec.priority, spec.max_parallel_tasks) == (0, -1)
    assert spec.constraints.max_task_retry_count == 0
    assert spec.constraints.max_wall_clock_seconds is None
    assert spec.desired_state is DesiredState.ACTIVE


@pytest.mark.parametrize(
    "fault", [{"priority": 1001}, {"maxParallelTasks": -2}, {"poolName": ""}, {"terminateReason": "x" * 1025}]
)
def test_faults(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JobSpec.model_validate({"poolName": "render"} | fault)


def test_every_field_of_the_spec_has_its_rule_for_jobs_that_ended() -> None:
    """Each is fixed for good, or refused once the job ends, or has a rule of its own."""
    rules = definition(Job)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    spec = rules["properties"]["spec"]
    fixed = {r["fieldPath"][1:] for r in spec["x-kubernetes-validations"] if "cannot be changed" in r["message"]}
    (ended,) = [r["rule"] for r in rules["x-kubernetes-validations"] if r["message"].startswith("JobCompleted")]
    free = {name for name in spec["properties"] if f"self.spec.{name} == " not in ended}
    assert free == fixed | {"poolName", "force"}
