"""Due times of schedules: steps of UTC, and cron expressions through leap days and changes of daylight saving."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.lifecycle.occurrences import Calendar, fault_of, first_from, last_until

HOUR = 3600


def second(text: str) -> int:
    """Of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def times(calendar: Calendar, start: str, number: int) -> list[str]:
    """The next due times, as in UTC."""
    found, moment = [], second(start)
    for _ in range(number):
        due = first_from(calendar, moment)
        assert due is not None
        found.append(datetime.fromtimestamp(due, UTC).strftime("%m-%d %H:%M"))
        moment = due + 1
    return found


def test_the_only_one() -> None:
    once = Calendar(100)
    assert [first_from(once, moment) for moment in (0, 100, 101)] == [100, 100, None]
    assert last_until(once, 100, 10_000) == 100


def test_equal_steps_from_the_first_one() -> None:
    steps = Calendar(100, interval=HOUR)
    moments = (0, 100, 101, 100 + HOUR, 100 + 5 * HOUR - 1)
    assert [first_from(steps, moment) for moment in moments] == [
        100,
        100,
        100 + HOUR,
        100 + HOUR,
        100 + 5 * HOUR,
    ]
    assert last_until(steps, 100, 100 + 5 * HOUR - 1) == 100 + 4 * HOUR


def test_steps_know_no_daylight_saving() -> None:
    daily = Calendar(second("2026-03-27T01:30"), interval=24 * HOUR)
    assert times(daily, "2026-03-27T00:00", 4) == ["03-27 01:30", "03-28 01:30", "03-29 01:30", "03-30 01:30"]


CRONS = [
    # what it is, expression, zone, from when, the next due times in UTC
    ("in UTC", "0 2 * * *", "UTC", "2026-03-28T00:00", ["03-28 02:00", "03-29 02:00"]),
    ("on weekdays", "0 2 * * 1-5", "UTC", "2026-11-27T00:00", ["11-27 02:00", "11-30 02:00"]),
    (
        "in the hour that is left out: right after it",
        "30 2 * * *",
        "Europe/Zurich",
        "2026-03-28T00:00",
        ["03-28 01:30", "03-29 01:00", "03-30 00:30"],
    ),
    (
        "in the hour that comes twice: the first time",
        "30 2 * * *",
        "Europe/Zurich",
        "2026-10-24T12:00",
        ["10-25 00:30", "10-26 01:30"],
    ),
    (
        "from within the second of them: not in the past",
        "45 2 * * *",
        "Europe/Zurich",
        "2026-10-25T01:30",
        ["10-26 01:45"],
    ),
    (
        "each hour where one is left out",
        "0 * * * *",
        "America/New_York",
        "2026-03-08T05:30",
        ["03-08 06:00", "03-08 07:00", "03-08 08:00"],
    ),
    (
        "each hour where one comes twice",
        "0 * * * *",
        "America/New_York",
        "2026-11-01T04:30",
        ["11-01 05:00", "11-01 06:00", "11-01 07:00"],
    ),
    (
        "where daylight saving is half an hour",
        "15 2 * * *",
        "Australia/Lord_Howe",
        "2026-10-02T00:00",
        ["10-02 15:45", "10-03 15:30", "10-04 15:15"],
    ),
    ("the last day of the month", "0 0 L * *", "UTC", "2028-02-01T00:00", ["02-29 00:00", "03-31 00:00"]),
]


@pytest.mark.parametrize(("cron", "zone", "start", "expected"), [c[1:] for c in CRONS], ids=[c[0] for c in CRONS])
def test_cron(cron: str, zone: str, start: str, expected: list[str]) -> None:
    assert times(Calendar(0, cron=cron, zone=zone), start, len(expected)) == expected


def test_a_leap_day_comes_in_leap_years() -> None:
    leap = Calendar(0, cron="0 12 29 2 *")
    due = [first_from(leap, second(start)) for start in ("2026-01-01", "2028-03-01", "2096-03-01")]
    assert due == [second("2028-02-29T12:00"), second("2032-02-29T12:00"), second("2104-02-29T12:00")]


def test_no_cron_before_the_first() -> None:
    calendar = Calendar(second("2026-05-01T12:00"), cron="0 2 * * *")
    assert first_from(calendar, 0) == second("2026-05-02T02:00")


FAULTS = [
    ("* * * * *", "Mars/Olympus", "schedule.timeZone Mars/Olympus is not known"),
    ("* * * * *", "Europe", "is not known"),
    ("* * * * *", "../UTC", "is not known"),
    ("* * * *", "UTC", "does not have five fields"),
    ("0 * * * * *", "UTC", "does not have five fields"),
    ("60 * * * *", "UTC", "Bad minute"),
    ("0 0 30 2 *", "UTC", "Bad day-of-month"),
    ("0 0 31 2,4 */1", "UTC", "Bad day-of-month"),
]


@pytest.mark.parametrize(("cron", "zone", "said"), FAULTS)
def test_faults_are_told(cron: str, zone: str, said: str) -> None:
    assert said in (fault_of(cron, zone) or "")


def test_what_can_be_used_has_no_fault() -> None:
    assert fault_of(None, "UTC") is None
    assert fault_of("*/5 0-6 * jan,dec MON#1", "Asia/Kathmandu") is None


CALENDARS = st.one_of(
    st.builds(Calendar, st.integers(0, 10**9), st.integers(60, 10**6)),
    st.builds(
        Calendar,
        st.integers(0, 10**9),
        st.none(),
        st.sampled_from(["* * * * *", "7 3 * * *", "*/7 1-3 * * 0", "0 0 29 2 *", "45 1 * * *"]),
        st.sampled_from(["UTC", "Europe/Zurich", "Australia/Lord_Howe"]),
    ),
)


@given(CALENDARS, st.integers(0, 2 * 10**9), st.integers(0, 10**8))
def test_the_last_one_is_the_one_before_the_next(calendar: Calendar, start: int, more: int) -> None:
    due = first_from(calendar, start)
    assert due is not None
    assert due >= max(start, calendar.first)
    assert first_from(calendar, due) == due
    last = last_until(calendar, due, due + more)
    following = first_from(calendar, last + 1)
    assert due <= last <= due + more
    assert following is not None
    assert following > due + more
