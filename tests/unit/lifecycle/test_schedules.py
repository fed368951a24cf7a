"""What schedules do: due times, windows, ends, and never two active jobs. Times are seconds after creation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.api.jobschedule import ScheduleDesiredState as Desired
from millpond.api.reasons import JobScheduleReason as Reason
from millpond.api.reasons import JobScheduleState as State
from millpond.lifecycle.occurrences import Calendar
from millpond.lifecycle.schedules import Deed, ScheduleFacts, judge_schedule

HOUR = 3600
DISABLED, TERMINATED = Desired.DISABLED, Desired.TERMINATED


def facts(first: int = 0, interval: int | None = None, cron: str | None = None, **known: Any) -> ScheduleFacts:
    """A schedule created at 0 that runs once, at once, and has done nothing yet."""
    return ScheduleFacts(Calendar(first, interval, cron), **known)


def hourly(**known: Any) -> ScheduleFacts:
    """One that is due every hour and has made its first job, which has ended."""
    return facts(**{"interval": HOUR, "served": 0, "has_jobs": True} | known)


MADE = [
    # what is known, now, the due time that is served
    ("at once", facts(), 0, 0),
    ("late, without a window", facts(), 9 * HOUR, 0),
    ("at its time", facts(first=HOUR), HOUR, HOUR),
    ("in the window's last moment", facts(window=60), 60, 0),
    ("the first of many", facts(interval=HOUR), 0, 0),
    ("the next", hourly(), HOUR, HOUR),
    ("late within the interval", hourly(), 1.9 * HOUR, HOUR),
    ("only the newest of those that passed", hourly(), 10.5 * HOUR, 10 * HOUR),
    ("the newest, its window open", hourly(window=600), 5 * HOUR + 600, 5 * HOUR),
    ("a window wider than the interval", hourly(window=9 * HOUR), 2.5 * HOUR, 2 * HOUR),
    ("at the very end", hourly(not_after=HOUR), HOUR, HOUR),
    ("the first was missed, the second not", facts(interval=HOUR, window=60), HOUR + 1, HOUR),
    ("the first due time moved back", facts(first=60), 60, 60),
    ("moved on after its only job", facts(first=HOUR, served=0), HOUR, HOUR),
    ("made recurring after its only job", facts(interval=HOUR, served=0), HOUR, HOUR),
    ("the steps made longer", hourly(interval=2 * HOUR, served=3 * HOUR), 4 * HOUR, 4 * HOUR),
    ("the end moved on after it", hourly(not_after=9 * HOUR, served=2 * HOUR), 3 * HOUR, 3 * HOUR),
    ("by cron", facts(cron="30 * * * *"), 1.6 * HOUR, 1.5 * HOUR),
    ("by cron, only the newest", facts(cron="30 * * * *", served=1800), 99 * HOUR, 98.5 * HOUR),
]


@pytest.mark.parametrize(("known", "now", "due"), [case[1:] for case in MADE], ids=[c[0] for c in MADE])
def test_a_job_is_made(known: ScheduleFacts, now: float, due: int) -> None:
    verdict = judge_schedule(known, now)
    assert (verdict.deed, verdict.state, verdict.reason) == (Deed.MAKE_JOB, State.ACTIVE, Reason.SCHEDULED)
    assert verdict.next_due == due


ACTIVE = {"active_job": "j-1", "has_jobs": True}
QUIET = [
    # what is known, now, state, reason, next due time, when to look again
    ("too early", facts(first=HOUR), 5, State.ACTIVE, Reason.SCHEDULED, HOUR, HOUR),
    ("between two", hourly(), 60, State.ACTIVE, Reason.SCHEDULED, HOUR, HOUR),
    ("the start was moved on", hourly(first=5 * HOUR), HOUR, State.ACTIVE, Reason.SCHEDULED, 5 * HOUR, 5 * HOUR),
    ("just missed", hourly(window=60), HOUR + 61, State.ACTIVE, Reason.WINDOW_MISSED, 2 * HOUR, 2 * HOUR),
    ("many missed", hourly(window=60), 7.5 * HOUR, State.ACTIVE, Reason.WINDOW_MISSED, 8 * HOUR, 8 * HOUR),
    ("the only one missed", facts(window=60), 61, State.COMPLETED, Reason.WINDOW_MISSED, None, None),
    (
        "the only one missed while disabled",
        facts(window=60, desired=DISABLED),
        61,
        State.COMPLETED,
        Reason.WINDOW_MISSED,
        None,
        None,
    ),
    ("another is active", hourly(**ACTIVE), HOUR, State.ACTIVE, Reason.JOB_ACTIVE, HOUR, 2 * HOUR),
    ("to the window's end", hourly(window=60, **ACTIVE), HOUR, State.ACTIVE, Reason.JOB_ACTIVE, HOUR, HOUR + 60),
    (
        "beyond the window's end",
        hourly(window=60, **ACTIVE),
        HOUR + 61,
        State.ACTIVE,
        Reason.WINDOW_MISSED,
        2 * HOUR,
        2 * HOUR,
    ),
    (
        "to the schedule's end",
        hourly(not_after=HOUR + 30, **ACTIVE),
        HOUR,
        State.ACTIVE,
        Reason.JOB_ACTIVE,
        HOUR,
        HOUR + 31,
    ),
    ("disabled", hourly(desired=DISABLED), HOUR, State.DISABLED, Reason.DISABLED, None, None),
    (
        "disabled, with an end",
        hourly(desired=DISABLED, not_after=9 * HOUR),
        HOUR,
        State.DISABLED,
        Reason.DISABLED,
        None,
        9 * HOUR + 1,
    ),
    ("disabled and over", hourly(desired=DISABLED, not_after=60), 61, State.COMPLETED, Reason.COMPLETED, None, None),
    ("its only job is active", facts(served=0, **ACTIVE), 5, State.ACTIVE, Reason.JOB_ACTIVE, None, None),
    ("its only job has ended", facts(served=0), 5, State.COMPLETED, Reason.COMPLETED, None, None),
    ("after the end", hourly(not_after=2 * HOUR), 2 * HOUR + 1, State.COMPLETED, Reason.COMPLETED, None, None),
    ("none due before the end", hourly(not_after=60), 5, State.ACTIVE, Reason.SCHEDULED, None, 61),
    ("after the end, a job active", hourly(not_after=60, **ACTIVE), 61, State.ACTIVE, Reason.JOB_ACTIVE, None, None),
    ("terminated", hourly(desired=TERMINATED), HOUR, State.COMPLETED, Reason.TERMINATED, None, None),
    (
        "deleted for its jobs to stay",
        hourly(deleting=True, orphaning=True),
        5,
        State.DELETING,
        Reason.DELETING,
        None,
        None,
    ),
    ("unusable", hourly(fault="No."), HOUR, State.ACTIVE, Reason.INVALID_SCHEDULE, None, None),
    (
        "served before the clock was set back",
        hourly(served=HOUR),
        60,
        State.ACTIVE,
        Reason.SCHEDULED,
        2 * HOUR,
        2 * HOUR,
    ),
    (
        "the clock was set back by more than a step",
        hourly(served=900 * HOUR),
        5 * HOUR + 60,
        State.ACTIVE,
        Reason.SCHEDULED,
        6 * HOUR,
        6 * HOUR,
    ),
    ("a clock before the beginning", facts(first=HOUR, interval=60), -9e8, State.ACTIVE, Reason.SCHEDULED, HOUR, HOUR),
]


@pytest.mark.parametrize(
    ("known", "now", "state", "reason", "due", "look_again"), [case[1:] for case in QUIET], ids=[c[0] for c in QUIET]
)
def test_nothing_is_done(
    known: ScheduleFacts, now: float, state: State, reason: Reason, due: int | None, look_again: float | None
) -> None:
    verdict = judge_schedule(known, now)
    assert verdict.deed is Deed.NOTHING
    assert (verdict.state, verdict.reason) == (state, reason)
    assert (verdict.next_due, verdict.look_again) == (due, look_again)
    assert verdict.message


def test_enabling_makes_the_job_whose_window_is_open() -> None:
    assert judge_schedule(hourly(window=600), HOUR + 500).deed is Deed.MAKE_JOB
    assert judge_schedule(hourly(window=600), HOUR + 700).deed is Deed.NOTHING


def test_the_timeline_of_the_reference() -> None:
    """azure-batch-semantics, appendix B.5: an hour apart, a window of ten minutes."""
    minutes = 60
    first_runs = hourly(window=600, **ACTIVE)
    assert judge_schedule(first_runs, HOUR).reason is Reason.JOB_ACTIVE
    assert judge_schedule(hourly(window=600), HOUR + 5 * minutes).next_due == HOUR
    second = hourly(window=600, served=HOUR)
    assert judge_schedule(second, 2 * HOUR + 15 * minutes).next_due == 3 * HOUR


def test_termination_and_deletion_take_jobs_along() -> None:
    ends = judge_schedule(hourly(desired=TERMINATED, **ACTIVE), 5)
    assert (ends.deed, ends.state, ends.reason) == (Deed.END_JOBS, State.TERMINATING, Reason.TERMINATING)
    deletes = judge_schedule(hourly(deleting=True, desired=TERMINATED, **ACTIVE), 5)
    assert (deletes.deed, deletes.state) == (Deed.DELETE_JOBS, State.DELETING)
    assert judge_schedule(hourly(deleting=True, has_jobs=False), 5).deed is Deed.LET_GO


@given(
    interval=st.one_of(st.none(), st.integers(60, 500)),
    cron=st.sampled_from([None, "* * * * *", "*/7 * * * *"]),
    window=st.one_of(st.none(), st.integers(60, 700)),
    end=st.one_of(st.none(), st.integers(1, 5000)),
    first=st.integers(0, 300),
    steps=st.lists(st.tuples(st.integers(1, 1000), st.booleans(), st.booleans()), max_size=40),
)
def test_each_due_time_is_served_at_most_once_and_in_its_window(
    interval: int | None,
    cron: str | None,
    window: int | None,
    end: int | None,
    first: int,
    steps: list[tuple[int, bool, bool]],
) -> None:
    """A keeper that looks at any times, while jobs end and the schedule is disabled as they like."""
    calendar = Calendar(first, None if cron else interval, cron)
    now, made = 0, list[int]()
    for pause, enabled, active in steps:
        now += pause
        known = ScheduleFacts(
            calendar,
            desired=Desired.ACTIVE if enabled else DISABLED,
            window=window,
            not_after=end,
            served=made[-1] if made else None,
            active_job="j" if active and made else None,
        )
        verdict = judge_schedule(known, now)
        if verdict.deed is Deed.MAKE_JOB:
            due = verdict.next_due
            assert enabled
            assert known.active_job is None
            assert due is not None
            assert due <= now <= due + min(window or now, calendar.interval or now)
            assert end is None or now <= end
            made.append(due)
        if verdict.look_again is not None:
            assert verdict.look_again > now
    assert made == sorted(set(made))
    assert all((due - first) % calendar.interval == 0 for due in made if calendar.interval)


def test_a_schedule_goes_on_from_now_when_the_clock_was_set_back_by_more_than_a_step() -> None:
    first = judge_schedule(hourly(served=900 * HOUR), 5 * HOUR + 60)
    assert (first.served, first.next_due) == (5 * HOUR + 60, 6 * HOUR)
    assert judge_schedule(hourly(served=first.served), 6 * HOUR).deed is Deed.MAKE_JOB


@given(st.lists(st.integers(-(10**6), 10**6), max_size=60))
def test_a_clock_that_is_set_makes_no_burst_and_no_standstill(jumps: list[int]) -> None:
    served, now, interval = None, 10**7, 300
    for jump in jumps:
        now = max(0, now + jump)
        verdict = judge_schedule(facts(interval=interval, served=served), now)
        if verdict.deed is Deed.MAKE_JOB:
            assert verdict.next_due != served
            served = verdict.next_due
            assert judge_schedule(facts(interval=interval, served=served), now).deed is Deed.NOTHING
        else:
            served = verdict.served
            assert judge_schedule(facts(interval=interval, served=served), now + 2 * interval).deed is Deed.MAKE_JOB
