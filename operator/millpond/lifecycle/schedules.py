"""What a schedule does (azure-batch-semantics §3.5, §4.12): due times, start window, at most one active job, its end.

A due time is served by the job that is made for it; which one was served last is all that is remembered, so a changed
schedule, missed due times and a clock that was set are all judged alike. Knows no clock and no API.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from millpond.api.jobschedule import ScheduleDesiredState as Desired
from millpond.api.reasons import JobScheduleReason as Reason
from millpond.api.reasons import JobScheduleState as State
from millpond.api.times import format_time
from millpond.lifecycle.occurrences import Calendar, first_from, last_until


class Deed(StrEnum):
    """What is to be done now."""

    NOTHING = "Nothing"
    MAKE_JOB = "MakeJob"
    END_JOBS = "EndJobs"
    DELETE_JOBS = "DeleteJobs"
    LET_GO = "LetGo"


class ScheduleFacts(msgspec.Struct, frozen=True):
    """Times: seconds since the epoch. Due times up to `served` have their job or are lost; None before the first."""

    calendar: Calendar
    fault: str | None = None
    """What keeps the calendar from being used."""
    desired: Desired = Desired.ACTIVE
    deleting: bool = False
    window: int | None = None
    not_after: float | None = None
    served: int | None = None
    active_job: str | None = None
    """A job of the schedule that has not ended."""
    has_jobs: bool = False
    """Jobs of it exist, ended or not."""
    orphaning: bool = False
    """It is deleted in the way that leaves its jobs, and the cluster is still taking them off it."""


class ScheduleVerdict(msgspec.Struct, frozen=True):
    """`next_due` is the first due time not served yet; with MAKE_JOB, the one that the job is for.

    `look_again` is when time alone changes any of this.
    """

    state: State
    reason: Reason
    message: str
    deed: Deed = Deed.NOTHING
    next_due: int | None = None
    look_again: float | None = None
    served: int | None = None
    """Up to which due time all is done now."""


class _Due(msgspec.Struct, frozen=True):
    """The due time to serve next; `closes` is its last moment, `missed` the newest one before it that was lost."""

    at: int | None
    closes: float | None = None
    missed: int | None = None


def judge_schedule(facts: ScheduleFacts, now: float) -> ScheduleVerdict:
    """What the schedule is, and what it does now."""
    served = facts.served if facts.fault is not None else _served(facts, now)
    verdict = _judge(msgspec.structs.replace(facts, served=served), now)
    return msgspec.structs.replace(verdict, served=served)


def _served(facts: ScheduleFacts, now: float) -> int | None:
    """As the facts say, unless the clock was set back since.

    Due times that come once more then are not served again, if that was less than a step; after more, waiting for the
    one that was served could mean years, so the schedule goes on from now.
    """
    if facts.served is None or facts.served <= now:
        return facts.served
    again = first_from(facts.calendar, int(now) + 1)
    return int(now) if again is not None and again < facts.served else facts.served


def _judge(facts: ScheduleFacts, now: float) -> ScheduleVerdict:
    if facts.deleting:
        return _deleted(facts)
    if facts.desired is Desired.TERMINATED:
        return _terminated(facts)
    if facts.fault is not None:
        return ScheduleVerdict(State.ACTIVE, Reason.INVALID_SCHEDULE, f"{facts.fault} No job is made until then.")
    due = _find_due(facts, now)
    if _is_over(facts, due, now):
        return _over(facts, due)
    if facts.desired is Desired.DISABLED:
        text = "Disabled by desiredState: set it to Active to make jobs again."
        return ScheduleVerdict(State.DISABLED, Reason.DISABLED, text, look_again=_until_end(facts, None))
    if due.at is None or due.at > now:
        return _early(facts, due)
    if facts.active_job is not None:
        text = (
            f"A job has been due since {format_time(due.at)}; job {facts.active_job}, made before it, is still active."
        )
        return _going_on(Reason.JOB_ACTIVE, text, due.at, _until_end(facts, due.closes))
    text = f"A job is due since {format_time(due.at)}."
    return ScheduleVerdict(State.ACTIVE, Reason.SCHEDULED, text, Deed.MAKE_JOB, due.at)


def _find_due(facts: ScheduleFacts, now: float) -> _Due:
    """The newest due time without a job whose window is open, else the next one."""
    calendar, served = facts.calendar, facts.served
    due = first_from(calendar, calendar.first if served is None else served + 1)
    if due is None or due > now:
        return _Due(due)
    due = last_until(facts.calendar, due, int(now))
    following = first_from(facts.calendar, due + 1)
    closes = [float(end) for end in (following, due + facts.window if facts.window else None) if end is not None]
    if closes and now > min(closes):
        return _Due(following, missed=due)
    return _Due(due, min(closes, default=None))


def _is_over(facts: ScheduleFacts, due: _Due, now: float) -> bool:
    """No job can follow: its end has passed, or a schedule for one job has nothing more to serve."""
    recurs = facts.calendar.interval is not None or facts.calendar.cron is not None
    return (facts.not_after is not None and now > facts.not_after) or (due.at is None and not recurs)


def _over(facts: ScheduleFacts, due: _Due) -> ScheduleVerdict:
    if facts.active_job is not None:
        text = f"No other job follows; job {facts.active_job} is still active."
        return _going_on(Reason.JOB_ACTIVE, text, None, None)
    if due.missed is not None and facts.served is None and due.at is None:
        text = f"The start window of the only due time, {format_time(due.missed)}, was missed: make a new schedule."
        return ScheduleVerdict(State.COMPLETED, Reason.WINDOW_MISSED, text)
    return ScheduleVerdict(State.COMPLETED, Reason.COMPLETED, "No job is due any more.")


def _deleted(facts: ScheduleFacts) -> ScheduleVerdict:
    deed = Deed.DELETE_JOBS if facts.has_jobs else Deed.LET_GO
    text = "The schedule goes, and its jobs before it."
    return ScheduleVerdict(State.DELETING, Reason.DELETING, text, Deed.NOTHING if facts.orphaning else deed)


def _terminated(facts: ScheduleFacts) -> ScheduleVerdict:
    if facts.active_job is not None:
        text = f"The schedule was terminated, and ends job {facts.active_job}."
        return ScheduleVerdict(State.TERMINATING, Reason.TERMINATING, text, Deed.END_JOBS)
    return ScheduleVerdict(State.COMPLETED, Reason.TERMINATED, "The schedule was terminated: no job is made any more.")


def _early(facts: ScheduleFacts, due: _Due) -> ScheduleVerdict:
    if due.at is None or (facts.not_after is not None and due.at > facts.not_after):
        text = "No job is due before doNotRunAfter; the schedule is complete then."
        return _going_on(Reason.SCHEDULED, text, None, _until_end(facts, None))
    if due.missed is not None:
        text = (
            f"The start window of {format_time(due.missed)} was missed; the next job is due at {format_time(due.at)}."
        )
        return _going_on(Reason.WINDOW_MISSED, text, due.at, due.at)
    return _going_on(Reason.SCHEDULED, f"The next job is due at {format_time(due.at)}.", due.at, due.at)


def _until_end(facts: ScheduleFacts, moment: float | None) -> float | None:
    """The moment, or the first one after the schedule's end if that comes before it."""
    moments = [moment] if moment is not None else []
    # It is over only after that second.
    moments += [facts.not_after + 1] if facts.not_after is not None else []
    return min(moments, default=None)


def _going_on(reason: Reason, message: str, due: int | None, look_again: float | None) -> ScheduleVerdict:
    return ScheduleVerdict(State.ACTIVE, reason, message, next_due=due, look_again=look_again)
