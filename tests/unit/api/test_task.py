"""A task's id, and what its model refuses by itself."""

from typing import Any

import pytest
from millpond.api.kind import ObjectMeta
from millpond.api.task import Task, TaskSpec
from pydantic import ValidationError


@pytest.mark.parametrize(("spec_id", "task_id"), [("42", "42"), (None, "frame-042")])
def test_the_id_is_the_name_unless_given(spec_id: str | None, task_id: str) -> None:
    task = Task(
        metadata=ObjectMeta(name="frame-042"), spec=TaskSpec(job_name="frames", command_line="true", id=spec_id)
    )
    assert task.id == task_id


@pytest.mark.parametrize(
    "fault",
    [
        {"jobName": "Frames"},
        {"id": "a.b"},
        {"id": "x" * 65},
        {"requiredSlots": 0},
        {"constraints": {"maxTaskRetryCount": -2}},
        {"environmentSettings": [{"name": "1A"}]},
        {"resources": {"limits": {"memory": "4GiB"}}},
        {"desiredState": "Disabled"},
    ],
)
def test_faults_are_found_without_a_server(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TaskSpec.model_validate({"jobName": "frames", "commandLine": "true"} | fault)
