"""When the next sample is due, and which hours are sealed and dropped."""

from __future__ import annotations

import pytest
from millpond.control.sample_record import HOUR, MOST_SEALED_BYTES, SampleRecord
from support.formulas import some_rows

NOW = 500_000 * HOUR


def a_record(sealed: dict[int, int] | None = None, **spans: tuple[int, int]) -> SampleRecord:
    """Rows by spans of first second and count; hours sealed count from `NOW`."""
    record = SampleRecord("uid")
    for first, count in spans.values():
        record.rows.extend(some_rows(NOW + first, count))
    record.sealed = {NOW + hour * HOUR: size for hour, size in (sealed or {}).items()}
    return record


@pytest.mark.parametrize(
    ("last", "due"), [(0, 30), (-29, 1), (-30, 0), (-500, -470), (1, 0), (5000, 0)], ids=lambda value: f"{value}"
)
def test_a_sample_is_due_each_30_s_and_at_once_after_a_clock_that_was_wrong(last: int, due: int) -> None:
    assert a_record(a=(last, 1)).due(NOW) == NOW + due


def test_the_first_is_due_at_once() -> None:
    assert SampleRecord("uid").due(NOW) == NOW


def test_whole_hours_are_sealed_once() -> None:
    record = a_record({-3: 10}, old=(-3 * HOUR, 120), new=(-HOUR, 125))
    assert record.unsealed(NOW + 150) == [NOW - HOUR]
    assert record.unsealed(NOW - 1) == []


def test_hours_before_the_newest_sealed_one_are_never_sealed_again() -> None:
    record = a_record({-1: 10}, old=(-30 * HOUR, 1), new=(-HOUR, 121))
    assert record.unsealed(NOW) == []


def test_an_hour_sealed_by_a_clock_that_was_wrong_holds_none_up() -> None:
    record = a_record({50: 10}, rows=(-HOUR, 121))
    assert record.unsealed(NOW) == [NOW - HOUR]
    assert record.outlived(NOW, 0) == [NOW + 50 * HOUR]


def test_what_is_older_than_a_day_is_dropped() -> None:
    record = a_record(dict.fromkeys(range(-30, 0), 10))
    assert record.outlived(NOW, 0) == [NOW + hour * HOUR for hour in range(-30, -24)]


def test_so_are_the_oldest_where_all_would_be_too_large() -> None:
    record = a_record(dict.fromkeys(range(-24, 0), MOST_SEALED_BYTES // 24))
    assert record.outlived(NOW, 0) == []
    assert record.outlived(NOW, 1000) == [NOW - 24 * HOUR]
