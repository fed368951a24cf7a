"""When a schedule makes its next job (reference §4.12): due times, start window, and at most one active job."""

from __future__ import annotations

import math

import msgspec

from millpond.api.reasons import JobScheduleReason, JobScheduleState


class ScheduleFacts(msgspec.Struct, frozen=True, gc=False):
    """Times are seconds since the epoch. `next_due` is the due time not yet served, None before the first judgement."""

    enabled: bool
    first_due: float
    interval: float | None
    window: float | None
    not_after: float | None
    next_due: float | None
    jobs_created: int
    job_active: bool
    """The job made last has not ended."""


class ScheduleVerdict(msgspec.Struct, frozen=True, gc=False):
    """`create` says to make a job now, for the due time before `next_due`. `look_again` is when time alone changes this."""

    state: JobScheduleState
    reason: JobScheduleReason
    message: str
    create: bool = False
    next_due: float | None = None
    look_again: float | None = None


def judge_schedule(facts: ScheduleFacts, now: float) -> ScheduleVerdict:
    """What the schedule is, and whether it makes a job now."""
    due = facts.next_due if facts.next_due is not None else facts.first_due
    served_once = facts.interval is None and facts.jobs_created > 0
    over = served_once or (facts.not_after is not None and max(due, now) > facts.not_after)
    if over:
        if facts.job_active:
            return _active(JobScheduleReason.JOB_ACTIVE, "The last job is still active.", None)
        return ScheduleVerdict(JobScheduleState.COMPLETED, JobScheduleReason.COMPLETED, "No job is due any more.")
    if not facts.enabled:
        return ScheduleVerdict(
            JobScheduleState.DISABLED, JobScheduleReason.DISABLED, "Disabled by desiredState.", next_due=due
        )
    if now < due:
        return _active(JobScheduleReason.SCHEDULED, "The next job is not due yet.", due)
    due = _latest_open(facts, due, now)
    if due > now:
        return _active(JobScheduleReason.WINDOW_MISSED, "The start window of the last due time was missed.", due)
    if facts.job_active:
        return _active(
            JobScheduleReason.JOB_ACTIVE, "A job is due; the one before it is still active.", due, _closing(facts, due)
        )
    following = due + facts.interval if facts.interval is not None else None
    return ScheduleVerdict(
        JobScheduleState.ACTIVE,
        JobScheduleReason.SCHEDULED,
        "A job was made.",
        create=True,
        next_due=following,
        look_again=following,
    )


def _closing(facts: ScheduleFacts, due: float) -> float | None:
    """When it is too late for the job of a due time."""
    ends = [span for span in (facts.window, facts.interval) if span is not None]
    return due + min(ends) if ends else None


def _latest_open(facts: ScheduleFacts, due: float, now: float) -> float:
    """The newest due time that is not after now, or the next one when its window has closed."""
    if facts.interval is None:
        return due
    due += math.floor((now - due) / facts.interval) * facts.interval
    closing = _closing(facts, due)
    return due + facts.interval if closing is not None and now >= closing else due


def _active(
    reason: JobScheduleReason, message: str, due: float | None, look_again: float | None = None
) -> ScheduleVerdict:
    return ScheduleVerdict(
        JobScheduleState.ACTIVE, reason, message, next_due=due, look_again=look_again if look_again is not None else due
    )
