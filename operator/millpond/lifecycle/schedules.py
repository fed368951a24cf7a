"""When a schedule makes its next job (reference §4.12): due times, start window, and at most one active job.

Knows no clock and no API: who makes the job, and under which name, is `cluster/schedules`.
"""

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
    """`create` says to make a job now, for the due time `due`. `look_again` is when time alone changes this.

    `next_due` is the due time to serve next; one that has ended keeps it, so that it can go on when its end is moved.
    """

    state: JobScheduleState
    reason: JobScheduleReason
    message: str
    create: bool = False
    due: float | None = None
    next_due: float | None = None
    look_again: float | None = None


def judge_schedule(facts: ScheduleFacts, now: float) -> ScheduleVerdict:
    """What the schedule is, and whether it makes a job now."""
    due = _unserved(facts)
    missed = False
    if due is not None and due <= now:
        due, missed = _latest_open(facts, due, now)
    if due is None or _is_over(facts, due, now):
        return _ended(facts, due, missed)
    if not facts.enabled:
        return _disabled(due, facts.not_after)
    if due > now:
        reason = JobScheduleReason.WINDOW_MISSED if missed else JobScheduleReason.SCHEDULED
        text = (
            "The start window of the last due time was missed; the next job is due at nextRunTime."
            if missed
            else "The next job is not due yet."
        )
        return _waiting(reason, text, due, due)
    if facts.job_active:
        text = "A job is due; the one before it is still active."
        return _waiting(JobScheduleReason.JOB_ACTIVE, text, due, _closing(facts, due))
    following = due + facts.interval if facts.interval is not None else None
    return ScheduleVerdict(
        JobScheduleState.ACTIVE,
        JobScheduleReason.SCHEDULED,
        "A job was made.",
        create=True,
        due=due,
        next_due=following,
        look_again=following,
    )


def _unserved(facts: ScheduleFacts) -> float | None:
    """The first due time without a job, never before the first one, which users may move. None: all are served."""
    if facts.jobs_created == 0:
        return facts.first_due
    if facts.interval is None:
        return None
    following = facts.next_due if facts.next_due is not None else facts.first_due + facts.interval
    return max(facts.first_due, following)


def _is_over(facts: ScheduleFacts, due: float, now: float) -> bool:
    return facts.not_after is not None and max(due, now) > facts.not_after


def _ended(facts: ScheduleFacts, due: float | None, missed: bool) -> ScheduleVerdict:
    """No job follows; the schedule has ended once its last job has."""
    if facts.job_active:
        return _waiting(JobScheduleReason.JOB_ACTIVE, "The last job is still active; no other follows.", due, None)
    if missed and due is None:
        text = "The start window of the only due time was missed: make a new schedule to run the job."
        return ScheduleVerdict(JobScheduleState.COMPLETED, JobScheduleReason.WINDOW_MISSED, text)
    return ScheduleVerdict(
        JobScheduleState.COMPLETED, JobScheduleReason.COMPLETED, "No job is due any more.", next_due=due
    )


def _closing(facts: ScheduleFacts, due: float) -> float | None:
    """The last moment for the job of a due time: its window's end, and at the latest the next due time."""
    ends = [due + span for span in (facts.window, facts.interval) if span is not None]
    ends += [facts.not_after] if facts.not_after is not None else []
    return min(ends) if ends else None


def _latest_open(facts: ScheduleFacts, due: float, now: float) -> tuple[float | None, bool]:
    """The newest due time that is not after `now`; when its window has closed the next one, or None, and True."""
    if facts.interval is not None:
        due += math.floor((now - due) / facts.interval) * facts.interval
    if facts.window is None or now <= due + facts.window:
        return due, False
    return (due + facts.interval if facts.interval is not None else None), True


def _disabled(due: float, look_again: float | None) -> ScheduleVerdict:
    return ScheduleVerdict(
        JobScheduleState.DISABLED,
        JobScheduleReason.DISABLED,
        "Disabled by desiredState: set it to Active to make jobs again.",
        next_due=due,
        look_again=look_again,
    )


def _waiting(reason: JobScheduleReason, message: str, due: float | None, look_again: float | None) -> ScheduleVerdict:
    return ScheduleVerdict(JobScheduleState.ACTIVE, reason, message, next_due=due, look_again=look_again)
