"""What the end of a command that the service runs comes to."""

from __future__ import annotations

import pytest
from millpond.api.reasons import FailureCode
from millpond.lifecycle.exits import Ending, Exit
from millpond.lifecycle.failure import Failure, user_error
from millpond.lifecycle.run import Run, RunState, completed_run

WHY = user_error(FailureCode.FAILURE_EXIT_CODE, "why")


@pytest.mark.parametrize(("failure", "state"), [(None, RunState.SUCCEEDED), (WHY, RunState.FAILED)])
def test_a_run_has_failed_if_there_is_a_failure_to_tell(failure: Failure | None, state: RunState) -> None:
    exit_ = Exit(
        Ending.NONZERO,
        3,
        WHY,
        "2026-01-01T00:00:01Z",
        "2026-01-01T00:00:09Z",
        retries=2,
        last_retry_time="2026-01-01T00:00:05Z",
    )
    run = completed_run(exit_, failure)
    assert run == Run(state, 3, 2, exit_.start_time, exit_.end_time, failure, "2026-01-01T00:00:05Z")


def test_a_run_without_a_record_was_not_tried_again() -> None:
    assert completed_run(Exit(Ending.SUCCESS, 0), None).retry_count == 0


@pytest.mark.parametrize("state", RunState)
def test_what_is_over(state: RunState) -> None:
    assert Run(state).completed == (state in (RunState.SUCCEEDED, RunState.FAILED))
