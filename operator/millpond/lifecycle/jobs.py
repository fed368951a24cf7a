"""What becomes of a job: its state from its counts, its clock and its owner's wish (reference §2.9, §3.3, §4.7)."""

from __future__ import annotations

import msgspec

from millpond.api.reasons import JobState, TerminateReason


class JobFacts(msgspec.Struct, frozen=True, gc=False):
    """Times: seconds since the epoch. `unfinished` counts tasks not Completed, `bound` those with a living Pod."""

    state: JobState
    terminate_reason: str | None
    wants_termination: bool
    wanted_reason: str | None
    terminates_when_all_complete: bool
    has_ever_had_tasks: bool
    unfinished: int
    bound: int
    unreleased: bool
    """Preparation or release tasks of the job are still to end, or to run."""
    deleting: bool
    """Its Job was deleted, and stays until it may go."""
    created: float
    empty_since: float
    max_wall_clock_seconds: int | None


class JobVerdict(msgspec.Struct, frozen=True, gc=False):
    """The state to be in and, when terminating or completed, why. `look_again`: when time alone may change that."""

    state: JobState
    terminate_reason: str | None = None
    look_again: float | None = None
    may_go: bool = False
    """Nothing of a deleted job runs any more: its tasks can be deleted, and then itself."""


def judge_job(facts: JobFacts, now: float, empty_grace_seconds: float) -> JobVerdict:
    """The next state. A job that has never had a task is judged complete only after the grace without one."""
    if facts.deleting:
        return JobVerdict(JobState.DELETING, facts.terminate_reason, may_go=not _is_busy(facts))
    if facts.state is JobState.COMPLETED:
        return JobVerdict(JobState.COMPLETED, facts.terminate_reason)
    if facts.state is not JobState.TERMINATING:
        reason, look_again = _reason_to_end(facts, now, empty_grace_seconds)
        if reason is None:
            return JobVerdict(JobState.ACTIVE, look_again=look_again)
    else:
        reason = facts.terminate_reason
    if _is_busy(facts):
        return JobVerdict(JobState.TERMINATING, reason)
    return JobVerdict(JobState.COMPLETED, reason)


def _is_busy(facts: JobFacts) -> bool:
    """True while the job's end has to wait for what is on nodes."""
    return facts.bound > 0 or facts.unreleased


def _reason_to_end(facts: JobFacts, now: float, empty_grace_seconds: float) -> tuple[str | None, float | None]:
    """Why the job must end now, or None and the time at which that may change."""
    if facts.wants_termination:
        return facts.wanted_reason or TerminateReason.USER_TERMINATE.value, None
    later: list[float] = []
    if facts.max_wall_clock_seconds is not None:
        expiry = facts.created + facts.max_wall_clock_seconds
        if now >= expiry:
            return TerminateReason.MAX_WALL_CLOCK_TIME_EXPIRY.value, None
        later.append(expiry)
    if facts.terminates_when_all_complete and facts.unfinished == 0:
        if facts.has_ever_had_tasks or now >= facts.empty_since + empty_grace_seconds:
            return TerminateReason.ALL_TASKS_COMPLETE.value, None
        later.append(facts.empty_since + empty_grace_seconds)
    return None, min(later, default=None)
