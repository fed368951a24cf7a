"""How a group ended, out of the ends of its instances; and what its Task tells of them."""

from __future__ import annotations

import pytest
from millpond.api.reasons import FailureCode, TaskState
from millpond.lifecycle.exits import Ending, Exit
from millpond.lifecycle.failure import user_error
from millpond.lifecycle.groups import describe, whole_exit
from millpond.lifecycle.kubelet import DELETED

SUCCESS = Exit(Ending.SUCCESS, 0)
FAILED = Exit(Ending.NONZERO, 3, user_error(FailureCode.FAILURE_EXIT_CODE, "It failed."))
UNSTARTED = Exit(Ending.PREPROCESSING, None, user_error(FailureCode.CONTAINER_INVALID_IMAGE, "No image."))
LATE = Exit(Ending.WALL_CLOCK, 143, user_error(FailureCode.TASK_ENDED, "Too long."))
REFUSED = Exit(Ending.REFUSED, message="OutOfcpu.")
STOPPED = Exit(Ending.INTERRUPTED, 143, message=DELETED)
EVICTED = Exit(Ending.INTERRUPTED, 137, message="The node evicted the task.")
GROUP = Exit(Ending.INTERRUPTED, 143, message="Instance 2 has ended.")


@pytest.mark.parametrize("primary", [SUCCESS, FAILED, UNSTARTED, LATE, REFUSED])
@pytest.mark.parametrize("member", [SUCCESS, FAILED, STOPPED, None])
def test_what_the_primary_did_itself_counts(primary: Exit, member: Exit | None) -> None:
    assert whole_exit(primary, {1: member, 2: SUCCESS}) is primary


@pytest.mark.parametrize(
    ("first", "second", "ending", "says"),
    [
        (FAILED, STOPPED, Ending.NONZERO, "Instance 1: It failed."),
        (STOPPED, FAILED, Ending.NONZERO, "Instance 2: It failed."),
        (FAILED, UNSTARTED, Ending.PREPROCESSING, "Instance 2: No image."),
        (LATE, FAILED, Ending.NONZERO, "Instance 2: It failed."),
        (LATE, STOPPED, Ending.WALL_CLOCK, "Instance 1: Too long."),
    ],
)
def test_the_fault_of_another_instance_is_told(first: Exit, second: Exit, ending: Ending, says: str) -> None:
    found = whole_exit(GROUP, {1: first, 2: second})
    assert (found.ending, found.failure and found.failure.message) == (ending, says)


@pytest.mark.parametrize(
    ("primary", "members", "message"),
    [
        (STOPPED, {1: STOPPED, 2: EVICTED}, "Instance 2: The node evicted the task."),
        (STOPPED, {1: STOPPED, 2: REFUSED}, "Instance 2: OutOfcpu."),
        (STOPPED, {1: STOPPED, 2: None}, DELETED),
        (EVICTED, {1: STOPPED, 2: SUCCESS}, EVICTED.message),
    ],
)
def test_who_was_ended_from_outside_is_told(primary: Exit, members: dict[int, Exit | None], message: str) -> None:
    assert whole_exit(primary, members).message == message


def test_a_subtask_as_it_goes() -> None:
    assert describe(1, "n", None, None).state is TaskState.PREPARING
    running = describe(1, "n", "12:00", None)
    assert (running.state, running.start_time) == (TaskState.RUNNING, "12:00")


@pytest.mark.parametrize(
    ("end", "code", "result"),
    [(SUCCESS, 0, "Success"), (FAILED, 3, "Failure"), (UNSTARTED, None, "Failure"), (STOPPED, 143, None)],
)
def test_a_subtask_that_has_ended(end: Exit, code: int | None, result: str | None) -> None:
    found = describe(2, "n", "12:00", end)
    assert (found.state, found.exit_code, found.result, found.failure) == (
        TaskState.COMPLETED,
        code,
        result,
        end.failure,
    )
