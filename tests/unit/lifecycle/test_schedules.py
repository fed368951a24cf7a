"""When schedules make jobs: due times, windows, ends, and never two active jobs. Times are seconds after creation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.api.reasons import JobScheduleReason as Reason
from millpond.api.reasons import JobScheduleState as State
from millpond.lifecycle.schedules import ScheduleFacts, judge_schedule

HOUR = 3600.0


def facts(**known: Any) -> ScheduleFacts:
    """A schedule created at 0 that runs once, at once, and has done nothing yet."""
    defaults: dict[str, Any] = {
        "enabled": True,
        "first_due": 0.0,
        "interval": None,
        "window": None,
        "not_after": None,
        "next_due": None,
        "jobs_created": 0,
        "job_active": False,
    }
    return ScheduleFacts(**defaults | known)


def hourly(**known: Any) -> ScheduleFacts:
    """One that is due every hour and has made its first job."""
    return facts(**{"interval": HOUR, "next_due": HOUR, "jobs_created": 1} | known)


MADE = [
    # what is known, now, the due time that is served, the next one
    ("at once", facts(), 0, 0.0, None),
    ("late, without a window", facts(), 9 * HOUR, 0.0, None),
    ("at its time", facts(first_due=HOUR), HOUR, HOUR, None),
    ("in the window's last moment", facts(window=60), 60, 0.0, None),
    ("the first of many", facts(interval=HOUR), 0, 0.0, HOUR),
    ("the next", hourly(), HOUR, HOUR, 2 * HOUR),
    ("late within the interval", hourly(), 1.9 * HOUR, HOUR, 2 * HOUR),
    ("the newest of those that passed", hourly(), 5.5 * HOUR, 5 * HOUR, 6 * HOUR),
    ("the newest, its window open", hourly(window=600), 5 * HOUR + 600, 5 * HOUR, 6 * HOUR),
    ("a window wider than the interval", hourly(window=9 * HOUR), 2.5 * HOUR, 2 * HOUR, 3 * HOUR),
    ("at the very end", hourly(not_after=HOUR), HOUR, HOUR, 2 * HOUR),
    ("the first was missed, the second not", facts(interval=HOUR, window=60), HOUR + 1, HOUR, 2 * HOUR),
    ("the first due time moved back", facts(first_due=60, next_due=HOUR), 60, 60.0, None),
    ("made recurring after its only job", facts(interval=HOUR, jobs_created=1), HOUR, HOUR, 2 * HOUR),
    ("the end moved on after it", hourly(not_after=9 * HOUR, next_due=3 * HOUR), 3 * HOUR, 3 * HOUR, 4 * HOUR),
]


@pytest.mark.parametrize(("known", "now", "due", "following"), [case[1:] for case in MADE], ids=[c[0] for c in MADE])
def test_a_job_is_made(known: ScheduleFacts, now: float, due: float, following: float | None) -> None:
    verdict = judge_schedule(known, now)
    assert (verdict.create, verdict.state, verdict.reason) == (True, State.ACTIVE, Reason.SCHEDULED)
    assert (verdict.due, verdict.next_due, verdict.look_again) == (due, following, following)


NOT_MADE = [
    # what is known, now, state, reason, next due time, when to look again
    ("too early", facts(first_due=HOUR), 5, State.ACTIVE, Reason.SCHEDULED, HOUR, HOUR),
    ("between two", hourly(), 60, State.ACTIVE, Reason.SCHEDULED, HOUR, HOUR),
    ("the start was moved on", hourly(first_due=5 * HOUR), HOUR, State.ACTIVE, Reason.SCHEDULED, 5 * HOUR, 5 * HOUR),
    ("just missed", hourly(window=60), HOUR + 61, State.ACTIVE, Reason.WINDOW_MISSED, 2 * HOUR, 2 * HOUR),
    ("many missed", hourly(window=60), 7.5 * HOUR, State.ACTIVE, Reason.WINDOW_MISSED, 8 * HOUR, 8 * HOUR),
    ("the only one missed", facts(window=60), 61, State.COMPLETED, Reason.WINDOW_MISSED, None, None),
    ("missed while disabled", facts(window=60, enabled=False), 61, State.COMPLETED, Reason.WINDOW_MISSED, None, None),
    ("another is active", hourly(job_active=True), HOUR, State.ACTIVE, Reason.JOB_ACTIVE, HOUR, 2 * HOUR),
    (
        "another is active, to the window's end",
        hourly(job_active=True, window=60),
        HOUR,
        State.ACTIVE,
        Reason.JOB_ACTIVE,
        HOUR,
        HOUR + 60,
    ),
    (
        "another is active, to the schedule's end",
        hourly(job_active=True, not_after=HOUR + 30),
        HOUR,
        State.ACTIVE,
        Reason.JOB_ACTIVE,
        HOUR,
        HOUR + 30,
    ),
    ("disabled", hourly(enabled=False), HOUR, State.DISABLED, Reason.DISABLED, HOUR, None),
    (
        "disabled, with an end",
        hourly(enabled=False, not_after=9 * HOUR),
        HOUR,
        State.DISABLED,
        Reason.DISABLED,
        HOUR,
        9 * HOUR,
    ),
    ("disabled and ended", hourly(enabled=False, not_after=60), 61, State.COMPLETED, Reason.COMPLETED, HOUR, None),
    ("its only job is active", facts(jobs_created=1, job_active=True), 5, State.ACTIVE, Reason.JOB_ACTIVE, None, None),
    ("its only job has ended", facts(jobs_created=1), 5, State.COMPLETED, Reason.COMPLETED, None, None),
    ("after the end", hourly(not_after=2 * HOUR), 2 * HOUR + 1, State.COMPLETED, Reason.COMPLETED, 2 * HOUR, None),
    ("none due before the end", hourly(not_after=60), 5, State.COMPLETED, Reason.COMPLETED, HOUR, None),
    (
        "after the end, a job active",
        hourly(not_after=60, job_active=True),
        61,
        State.ACTIVE,
        Reason.JOB_ACTIVE,
        HOUR,
        None,
    ),
]


@pytest.mark.parametrize(
    ("known", "now", "state", "reason", "due", "look_again"),
    [case[1:] for case in NOT_MADE],
    ids=[c[0] for c in NOT_MADE],
)
def test_no_job_is_made(
    known: ScheduleFacts, now: float, state: State, reason: Reason, due: float | None, look_again: float | None
) -> None:
    verdict = judge_schedule(known, now)
    assert not verdict.create
    assert (verdict.state, verdict.reason) == (state, reason)
    assert (verdict.next_due, verdict.look_again) == (due, look_again)
    assert verdict.message


def test_enabling_makes_the_job_whose_window_is_open() -> None:
    disabled = hourly(window=600, enabled=False)
    assert judge_schedule(disabled, HOUR + 300).next_due == HOUR
    assert judge_schedule(hourly(window=600, next_due=HOUR), HOUR + 500).create
    assert not judge_schedule(hourly(window=600, next_due=HOUR), HOUR + 700).create


@given(
    interval=st.one_of(st.none(), st.integers(60, 500)),
    window=st.one_of(st.none(), st.integers(60, 700)),
    end=st.one_of(st.none(), st.integers(1, 5000)),
    first=st.integers(0, 300),
    steps=st.lists(st.tuples(st.integers(1, 400), st.booleans(), st.booleans()), max_size=40),
)
def test_each_due_time_is_served_at_most_once_and_in_its_window(
    interval: int | None, window: int | None, end: int | None, first: int, steps: list[tuple[int, bool, bool]]
) -> None:
    """A keeper that looks at any times, while jobs end and the schedule is disabled as they like."""
    now, next_due, made, served = 0.0, None, 0, []
    for pause, enabled, active in steps:
        now += pause
        known = ScheduleFacts(enabled, float(first), interval, window, end, next_due, made, active and made > 0)
        verdict = judge_schedule(known, now)
        next_due = verdict.next_due
        if verdict.create:
            assert enabled
            assert not known.job_active
            assert verdict.due is not None
            assert verdict.due <= now <= verdict.due + min(window or now, interval or now)
            assert end is None or now <= end
            made += 1
            served.append(verdict.due)
        if verdict.look_again is not None:
            assert verdict.look_again >= now
    assert served == sorted(set(served))
    assert all(interval is not None and (due - first) % interval == 0 for due in served[1:])
