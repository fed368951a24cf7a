"""The state of a job from its counts, its clock and its owner's wish."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.reasons import JobState
from millpond.lifecycle.jobs import JobFacts, judge_job

ORDINARY = {
    "state": JobState.ACTIVE,
    "terminate_reason": None,
    "wants_termination": False,
    "wanted_reason": None,
    "terminates_when_all_complete": False,
    "has_ever_had_tasks": True,
    "unfinished": 3,
    "bound": 2,
    "unreleased": False,
    "deleting": False,
    "created": 1000.0,
    "empty_since": 1000.0,
    "max_wall_clock_seconds": None,
}
NOW, GRACE = 2000.0, 30.0
DONE = {"terminates_when_all_complete": True, "unfinished": 0, "bound": 0}
NEVER = {**DONE, "has_ever_had_tasks": False}
ACTIVE, TERMINATING, COMPLETED = JobState.ACTIVE, JobState.TERMINATING, JobState.COMPLETED
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
    ("user ends it, tasks run", {"wants_termination": True}, TERMINATING, "UserTerminate", None),
    ("user ends it, none runs", {"wants_termination": True, "bound": 0}, COMPLETED, "UserTerminate", None),
    ("user says why", {"wants_termination": True, "wanted_reason": "enough"}, TERMINATING, "enough", None),
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
    (
        "completed takes no later wish",
        {"state": COMPLETED, "terminate_reason": "AllTasksComplete", "wants_termination": True},
        COMPLETED,
        "AllTasksComplete",
        None,
    ),
    ("deleted, tasks run", {"deleting": True}, DELETING, None, None),
    ("deleted, whatever else is wanted", {"deleting": True, "wants_termination": True}, DELETING, None, None),
    ("deleted after its end", {"deleting": True, "state": COMPLETED, "terminate_reason": "x"}, DELETING, "x", None),
]


@pytest.mark.parametrize(("facts", "state", "reason", "again"), [r[1:] for r in RULES], ids=[r[0] for r in RULES])
def test_the_rules_of_a_job(facts: dict[str, Any], state: JobState, reason: str | None, again: float | None) -> None:
    verdict = judge_job(JobFacts(**{**ORDINARY, **facts}), NOW, GRACE)
    assert (verdict.state, verdict.terminate_reason, verdict.look_again) == (state, reason, again)


@pytest.mark.parametrize(
    ("deleting", "bound", "unreleased", "may_go"),
    [(True, 0, False, True), (True, 1, False, False), (True, 0, True, False), (False, 0, False, False)],
)
def test_a_deleted_job_may_go_when_nothing_of_it_runs(
    deleting: bool, bound: int, unreleased: bool, may_go: bool
) -> None:
    facts = JobFacts(**{**ORDINARY, "deleting": deleting, "bound": bound, "unreleased": unreleased})
    assert judge_job(facts, NOW, GRACE).may_go is may_go
