"""The state of a job from its counts, its clock and its owner's wish."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.job import DisableTasks
from millpond.api.reasons import JobState, TaskReason
from millpond.lifecycle.jobs import (
    JobFacts,
    disable_lasts,
    ends_tasks,
    fate_of_running,
    judge_job,
    starts_tasks,
    why_none_start,
)

ORDINARY = {
    "state": JobState.ACTIVE,
    "terminate_reason": None,
    "wants_termination": False,
    "wanted_reason": None,
    "wants_disabling": False,
    "told": True,
    "terminates_when_all_complete": False,
    "has_ever_had_tasks": True,
    "manager_ended": False,
    "unfinished": 3,
    "task_failed": False,
    "bound": 2,
    "unreleased": False,
    "writing": False,
    "stopping": 0,
    "unplaceable": False,
    "deleting": False,
    "created": 1000.0,
    "empty_since": 1000.0,
    "max_wall_clock_seconds": None,
}
NOW, GRACE = 2000.0, 30.0
DONE = {"terminates_when_all_complete": True, "unfinished": 0, "bound": 0}
NEVER = {**DONE, "has_ever_had_tasks": False}
ACTIVE, TERMINATING, COMPLETED = JobState.ACTIVE, JobState.TERMINATING, JobState.COMPLETED
DISABLING, DISABLED, ENABLING = JobState.DISABLING, JobState.DISABLED, JobState.ENABLING
PAUSE = {"wants_disabling": True}
DELETING = JobState.DELETING

RULES: list[tuple[str, dict[str, Any], JobState, str | None, float | None]] = [
    # rule, facts, state, reason, when to look again
    ("runs", {}, ACTIVE, None, None),
    ("all complete, no action", {"unfinished": 0, "bound": 0}, ACTIVE, None, None),
    ("all complete", DONE, COMPLETED, "AllTasksComplete", None),
    ("all complete, a Pod still there", {**DONE, "bound": 1}, TERMINATING, "AllTasksComplete", None),
    ("all complete, a node to release", {**DONE, "unreleased": True}, TERMINATING, "AllTasksComplete", None),
    ("one unfinished holds it open", {**DONE, "unfinished": 1}, ACTIVE, None, None),
    ("never had a task, grace over", NEVER, COMPLETED, "AllTasksComplete", None),
    ("never had a task, grace runs", {**NEVER, "empty_since": 1990.0}, ACTIVE, None, 2020.0),
    ("never had a task, last moment", {**NEVER, "empty_since": 1970.0}, COMPLETED, "AllTasksComplete", None),
    ("its manager ended, tasks run", {"manager_ended": True}, TERMINATING, "JMComplete", None),
    ("its manager ended last", {**DONE, "manager_ended": True}, COMPLETED, "JMComplete", None),
    ("its manager ended while it was paused", {"manager_ended": True, **PAUSE}, DISABLING, None, None),
    (
        "the user's wish before the manager",
        {"manager_ended": True, "wants_termination": True},
        TERMINATING,
        "UserTerminate",
        None,
    ),
    ("user ends it, tasks run", {"wants_termination": True}, TERMINATING, "UserTerminate", None),
    ("user ends it, none runs", {"wants_termination": True, "bound": 0}, COMPLETED, "UserTerminate", None),
    ("user says why", {"wants_termination": True, "wanted_reason": "enough"}, TERMINATING, "enough", None),
    ("a task ends it", {"task_failed": True}, TERMINATING, "TaskFailed", None),
    ("the last task ends it", {**DONE, "task_failed": True}, COMPLETED, "TaskFailed", None),
    ("completed before", {"state": COMPLETED, "terminate_reason": "x", "task_failed": True}, COMPLETED, "x", None),
    ("wall clock runs", {"max_wall_clock_seconds": 1001}, ACTIVE, None, 2001.0),
    ("wall clock over", {"max_wall_clock_seconds": 1000}, TERMINATING, "MaxWallClockTimeExpiry", None),
    ("wall clock and grace", {**NEVER, "empty_since": 1990.0, "max_wall_clock_seconds": 1005}, ACTIVE, None, 2005.0),
    (
        "user's wish before the clock",
        {"wants_termination": True, "max_wall_clock_seconds": 1},
        TERMINATING,
        "UserTerminate",
        None,
    ),
    ("terminating stays", {"state": TERMINATING, "terminate_reason": "enough"}, TERMINATING, "enough", None),
    ("terminating ends", {"state": TERMINATING, "terminate_reason": "enough", "bound": 0}, COMPLETED, "enough", None),
    ("completed stays", {"state": COMPLETED, "terminate_reason": "enough"}, COMPLETED, "enough", None),
    ("the wall clock runs while paused", {**PAUSE, "max_wall_clock_seconds": 1001}, DISABLING, None, 2001.0),
    ("and ends what is paused", {**PAUSE, "max_wall_clock_seconds": 999}, TERMINATING, "MaxWallClockTimeExpiry", None),
    ("paused, all complete: it stays", {**DONE, **PAUSE, "state": DISABLED}, DISABLED, None, None),
    ("enabled, all complete: it ends next", {**DONE, "state": ENABLING}, COMPLETED, "AllTasksComplete", None),
    (
        "completed takes no later wish",
        {"state": COMPLETED, "terminate_reason": "AllTasksComplete", "wants_termination": True},
        COMPLETED,
        "AllTasksComplete",
        None,
    ),
    ("its own pool cannot be made", {"unplaceable": True, "bound": 0}, COMPLETED, None, None),
    ("its own pool cannot be made again", {"unplaceable": True}, TERMINATING, None, None),
    ("deleted, tasks run", {"deleting": True}, DELETING, None, None),
    ("deleted, whatever else is wanted", {"deleting": True, "wants_termination": True}, DELETING, None, None),
    ("deleted after its end", {"deleting": True, "state": COMPLETED, "terminate_reason": "x"}, DELETING, "x", None),
]


@pytest.mark.parametrize(("facts", "state", "reason", "again"), [r[1:] for r in RULES], ids=[r[0] for r in RULES])
def test_the_rules_of_a_job(facts: dict[str, Any], state: JobState, reason: str | None, again: float | None) -> None:
    verdict = judge_job(JobFacts(**{**ORDINARY, **facts}), NOW, GRACE)
    assert (verdict.state, verdict.terminate_reason, verdict.look_again) == (state, reason, again)


TRANSITIONS: list[tuple[JobState, JobState, JobState, JobState, JobState]] = [
    # from; with tasks bound: a wish to go on, to pause, to end; the same wish to pause without any bound
    (ACTIVE, ACTIVE, DISABLING, TERMINATING, DISABLED),
    (DISABLING, ENABLING, DISABLING, TERMINATING, DISABLED),
    (DISABLED, ENABLING, DISABLING, TERMINATING, DISABLED),
    (ENABLING, ACTIVE, DISABLING, TERMINATING, DISABLED),
    (TERMINATING, TERMINATING, TERMINATING, TERMINATING, COMPLETED),
    (COMPLETED, COMPLETED, COMPLETED, COMPLETED, COMPLETED),
]


@pytest.mark.parametrize(("before", "on", "pause", "end", "pause_idle"), TRANSITIONS, ids=[t[0] for t in TRANSITIONS])
def test_every_wish_in_every_state(
    before: JobState, on: JobState, pause: JobState, end: JobState, pause_idle: JobState
) -> None:
    def after(**facts: Any) -> JobState:
        return judge_job(JobFacts(**{**ORDINARY, "state": before, **facts}), NOW, GRACE).state

    assert (after(), after(**PAUSE), after(wants_termination=True)) == (on, pause, end)
    assert after(**PAUSE, bound=0) is pause_idle
    assert after(**PAUSE, bound=0, writing=True) is (pause if pause is DISABLING else pause_idle)
    assert after(**PAUSE, wants_termination=True) is end, "to end goes before to pause"


@pytest.mark.parametrize(
    ("facts", "state"),
    [({"told": False}, ENABLING), ({"stopping": 1}, ENABLING), ({"stopping": 0}, ACTIVE)],
    ids=["not written yet", "something still stops", "nothing in the way"],
)
def test_enabling_lasts_until_it_is_told_and_nothing_stops_any_more(facts: dict[str, Any], state: JobState) -> None:
    assert judge_job(JobFacts(**{**ORDINARY, "state": ENABLING, **facts}), NOW, GRACE).state is state


FATES: list[tuple[JobState, str]] = [
    # state; for each option of disableTasks the fate of an attempt that runs, and of one that is being stopped
    (ACTIVE, "Wait Wait, Wait Wait, Wait Wait"),
    (DISABLING, "Requeue Requeue, Terminate Terminate, Wait Requeue"),
    (DISABLED, "Requeue Requeue, Terminate Terminate, Wait Requeue"),
    (ENABLING, "Wait Requeue, Wait Terminate, Wait Requeue"),
    (TERMINATING, "Terminate Terminate, Terminate Terminate, Terminate Terminate"),
    (COMPLETED, "Terminate Terminate, Terminate Terminate, Terminate Terminate"),
    (DELETING, "Terminate Terminate, Terminate Terminate, Terminate Terminate"),
]


@pytest.mark.parametrize(("state", "fates"), FATES, ids=[f[0] for f in FATES])
def test_the_fate_of_what_runs(state: JobState, fates: str) -> None:
    told = [f"{fate_of_running(state, o, False)} {fate_of_running(state, o, True)}" for o in DisableTasks]
    assert ", ".join(told) == fates


@pytest.mark.parametrize(
    ("user_disables", "enabled_at", "served", "lasts"),
    [
        (False, None, None, True),
        (False, 5, 5, True),
        (False, 6, 5, False),
        (False, 5, None, False),
        (True, 5, 5, False),
    ],
    ids=["nobody asked", "served already", "a newer time", "the first time", "taken over by a user"],
)
def test_what_lifts_a_disable_of_the_service(
    user_disables: bool, enabled_at: int | None, served: int | None, lasts: bool
) -> None:
    assert disable_lasts(user_disables, enabled_at, served) is lasts


@pytest.mark.parametrize("state", JobState)
def test_a_state_that_starts_nothing_says_why(state: JobState) -> None:
    assert starts_tasks(state) is (why_none_start(state) is None)
    if ends_tasks(state):
        assert why_none_start(state) is not TaskReason.JOB_DISABLED


@pytest.mark.parametrize(
    ("deleting", "bound", "unreleased", "may_go"),
    [(True, 0, False, True), (True, 1, False, False), (True, 0, True, False), (False, 0, False, False)],
)
def test_a_deleted_job_may_go_when_nothing_of_it_runs(
    deleting: bool, bound: int, unreleased: bool, may_go: bool
) -> None:
    facts = JobFacts(**{**ORDINARY, "deleting": deleting, "bound": bound, "unreleased": unreleased})
    assert judge_job(facts, NOW, GRACE).may_go is may_go
