"""To which ledger an ended attempt goes: each end, under each wish, with and without retries left."""

from __future__ import annotations

import pytest
from millpond.api.reasons import FailureCode, JobState, TaskState
from millpond.lifecycle.draining import Fate
from millpond.lifecycle.exits import Ending, Exit
from millpond.lifecycle.failure import user_error
from millpond.lifecycle.tasks import GIVEN_UP, Ledger, Tries, Wishes, accept, decide, why_not_reactivated

NOBODY = Wishes()
USER = Wishes(ended_by_user=True)
REMOVED = Wishes(drained=Fate.REQUEUED)
TAKEN = Wishes(drained=Fate.ENDED)
LOST = Wishes(node_lost=True)
DISPLACED = Wishes(displaced="urgent")
DISABLED = Wishes(job_disabled=True)
BAD = user_error(FailureCode.FAILURE_EXIT_CODE, "exit 1")

OK = Exit(Ending.SUCCESS, 0)
FAILED = Exit(Ending.NONZERO, 1, BAD)
BROKEN = Exit(Ending.PREPROCESSING, None, user_error(FailureCode.CONTAINER_INVALID_IMAGE, "no image"))
LATE = Exit(Ending.WALL_CLOCK, 143, user_error(FailureCode.TASK_ENDED, "too long"))
STOPPED = Exit(Ending.INTERRUPTED, 143)
REFUSED = Exit(Ending.REFUSED, message="No room.")

CASES = [
    # exit, wishes, retries made, retries allowed, ledger
    (OK, NOBODY, 0, 0, Ledger.SUCCESS),
    (OK, USER, 0, 0, Ledger.SUCCESS),
    (OK, REMOVED, 0, 0, Ledger.SUCCESS),
    (OK, LOST, 0, 0, Ledger.SUCCESS),
    (FAILED, NOBODY, 0, 0, Ledger.FAILURE),
    (FAILED, NOBODY, 0, 1, Ledger.RETRY),
    (FAILED, NOBODY, 1, 1, Ledger.FAILURE),
    (FAILED, NOBODY, 2, 3, Ledger.RETRY),
    (FAILED, NOBODY, 3, 3, Ledger.FAILURE),
    (FAILED, NOBODY, 5, 3, Ledger.FAILURE),
    (FAILED, NOBODY, 10_000, -1, Ledger.RETRY),
    (FAILED, USER, 0, -1, Ledger.FAILURE),
    (FAILED, REMOVED, 0, 1, Ledger.RETRY),
    (FAILED, REMOVED, 0, 0, Ledger.FAILURE),
    (BROKEN, NOBODY, 0, -1, Ledger.FAILURE),
    (BROKEN, REMOVED, 0, 5, Ledger.FAILURE),
    (LATE, NOBODY, 0, -1, Ledger.FAILURE),
    (LATE, USER, 0, 0, Ledger.FAILURE),
    (STOPPED, NOBODY, 0, 0, Ledger.RECOVERY),
    (STOPPED, USER, 0, 5, Ledger.FAILURE),
    (STOPPED, REMOVED, 0, 0, Ledger.REQUEUE),
    (OK, TAKEN, 0, 0, Ledger.SUCCESS),
    (FAILED, TAKEN, 0, -1, Ledger.FAILURE),
    (BROKEN, TAKEN, 0, 5, Ledger.FAILURE),
    (STOPPED, TAKEN, 0, -1, Ledger.FAILURE),
    (STOPPED, Wishes(drained=Fate.ENDED, job_disabled=True, node_lost=True), 0, 0, Ledger.FAILURE),
    (GIVEN_UP, TAKEN, 0, 0, Ledger.FAILURE),
    (STOPPED, LOST, 0, 0, Ledger.RECOVERY),
    (STOPPED, DISABLED, 0, 0, Ledger.REQUEUE),
    (STOPPED, DISPLACED, 0, 0, Ledger.REQUEUE),
    (OK, DISPLACED, 0, 0, Ledger.SUCCESS),
    (FAILED, DISPLACED, 0, 0, Ledger.FAILURE),
    (OK, DISABLED, 0, 0, Ledger.SUCCESS),
    (FAILED, DISABLED, 0, 1, Ledger.RETRY),
    (
        STOPPED,
        Wishes(ended_by_user=True, job_disabled=True, drained=Fate.REQUEUED, node_lost=True),
        0,
        0,
        Ledger.FAILURE,
    ),
    (STOPPED, Wishes(drained=Fate.REQUEUED, node_lost=True), 0, 0, Ledger.REQUEUE),
    (REFUSED, NOBODY, 0, 0, Ledger.RECOVERY),
    (REFUSED, USER, 0, 0, Ledger.FAILURE),
    (REFUSED, REMOVED, 0, 0, Ledger.REQUEUE),
    (GIVEN_UP, LOST, 0, 0, Ledger.RECOVERY),
    (GIVEN_UP, Wishes(ended_by_user=True, node_lost=True), 0, 0, Ledger.FAILURE),
]


@pytest.mark.parametrize(("exit_", "wishes", "made", "allowed", "ledger"), CASES)
def test_each_end_is_booked_once(exit_: Exit, wishes: Wishes, made: int, allowed: int, ledger: Ledger) -> None:
    verdict = decide(exit_, wishes, Tries(made, allowed))
    assert verdict.ledger is ledger
    assert bool(verdict.result) == (ledger in (Ledger.SUCCESS, Ledger.FAILURE))
    assert (verdict.failure is not None) == (ledger is Ledger.FAILURE)
    if ledger in (Ledger.REQUEUE, Ledger.RECOVERY):
        assert verdict.message


@pytest.mark.parametrize("wishes", [NOBODY, USER, REMOVED, LOST, DISPLACED, DISABLED])
@pytest.mark.parametrize("tries", [Tries(), Tries(3, 3, 9, 1)])
def test_a_success_stands_whatever_was_wanted(wishes: Wishes, tries: Tries) -> None:
    success = Exit(Ending.SUCCESS, 0, None, "then", "now")
    assert decide(success, wishes, tries) == accept(success)


def test_a_task_ended_by_its_user_keeps_its_exit_code() -> None:
    verdict = decide(FAILED, USER, Tries(0, 3))
    assert verdict.failure is not None
    assert (verdict.exit_code, verdict.failure.code) == (1, FailureCode.TASK_ENDED)


def test_a_requeued_attempt_tells_no_exit_code() -> None:
    assert decide(STOPPED, REMOVED, Tries()).exit_code is None


def test_the_node_s_words_reach_the_user() -> None:
    assert decide(REFUSED, NOBODY, Tries()).message == "No room. It runs again."


@pytest.mark.parametrize(("before", "most", "ledger"), [(0, 2, "Recovery"), (1, 2, "Failure"), (5, -1, "Recovery")])
def test_a_task_that_no_node_takes_fails_in_the_end(before: int, most: int, ledger: str) -> None:
    verdict = decide(REFUSED, NOBODY, Tries(refusals=before, max_refusals=most))
    assert verdict.ledger == ledger
    assert verdict.refused is (not verdict.result)
    if verdict.failure is not None:
        assert verdict.failure.code is FailureCode.MAX_INTERNAL_RETRY_COUNT_REACHED
        assert "2 times in a row. The last time: No room." in verdict.failure.message


@pytest.mark.parametrize("wishes", [REMOVED, LOST])
def test_a_lost_or_removed_node_is_no_refusal(wishes: Wishes) -> None:
    verdict = decide(REFUSED, wishes, Tries(refusals=10, max_refusals=2))
    assert not verdict.result
    assert not verdict.refused


REACTIVATIONS: list[tuple[TaskState, str | None, JobState, str | None]] = [
    # task's state and result, job's state, the code under which it is refused
    (TaskState.COMPLETED, "Failure", JobState.ACTIVE, None),
    (TaskState.COMPLETED, "Failure", JobState.DISABLING, None),
    (TaskState.COMPLETED, "Failure", JobState.DISABLED, None),
    (TaskState.COMPLETED, "Failure", JobState.ENABLING, None),
    (TaskState.COMPLETED, "Failure", JobState.TERMINATING, "JobBeingTerminated"),
    (TaskState.COMPLETED, "Failure", JobState.COMPLETED, "JobCompleted"),
    (TaskState.COMPLETED, "Failure", JobState.DELETING, "JobBeingDeleted"),
    (TaskState.COMPLETED, "Success", JobState.ACTIVE, "TaskSucceeded"),
    (TaskState.ACTIVE, None, JobState.ACTIVE, "TaskNotCompleted"),
    (TaskState.PREPARING, None, JobState.ACTIVE, "TaskNotCompleted"),
    (TaskState.RUNNING, None, JobState.ACTIVE, "TaskNotCompleted"),
]


@pytest.mark.parametrize(("state", "result", "job", "code"), REACTIVATIONS, ids=str)
def test_which_tasks_can_run_again(state: TaskState, result: str | None, job: JobState, code: str | None) -> None:
    assert why_not_reactivated(state, result, job) == code
