"""The start task as users write it."""

import pytest
from millpond.api.starttask import StartTask
from pydantic import ValidationError


def test_nodes_wait_for_it_unless_told() -> None:
    task = StartTask(command_line="prepare.sh")
    assert task.wait_for_success
    assert task.max_task_retry_count == 0
    assert task.image is None


@pytest.mark.parametrize("count", [-2, 101])
def test_retries_are_bounded(count: int) -> None:
    with pytest.raises(ValidationError):
        StartTask(command_line="prepare.sh", max_task_retry_count=count)


def test_an_empty_command_is_none() -> None:
    with pytest.raises(ValidationError):
        StartTask(command_line="")
