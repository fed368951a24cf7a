"""Rows of samples by time: holes stay holes, a day is kept, and a formula reads the arrays themselves."""

from __future__ import annotations

import sys
from math import inf, isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.scaling.samples import HISTORY_SECONDS, VARIABLES, Histories, SampleStore, union
from support.formulas import some_rows

DAY = HISTORY_SECONDS // 30


def a_full_day() -> SampleStore:
    rows = SampleStore()
    for row in range(DAY):
        rows.record(row * 30, {name: row + place / 7 for place, name in enumerate(VARIABLES)})
    return rows


def test_a_day_of_all_variables_is_small() -> None:
    rows = a_full_day()
    assert len(VARIABLES) == 20
    size = sum(sys.getsizeof(column) for column in (rows.times, *rows.columns.values()))
    assert size < 280_000, f"{size} bytes a pool"


def test_it_stays_so_and_keeps_at_least_a_day() -> None:
    rows = a_full_day()
    for row in range(DAY, DAY + 1000):
        rows.record(row * 30, {})
        assert DAY <= len(rows) <= DAY + 120
    assert rows.last is not None
    assert rows.times[0] <= rows.last - HISTORY_SECONDS + 30


def test_what_is_not_known_is_a_hole_of_that_variable_alone() -> None:
    rows = SampleStore()
    rows.record(0, {"$ActiveTasks": 1, "$CPUPercent": 0.5})
    rows.record(30, {"$ActiveTasks": 2})
    rows.record(60, {"$ActiveTasks": 3, "$CPUPercent": 0.25})
    seen = Histories(rows)
    assert (list(seen["$ActiveTasks"].times), list(seen["$ActiveTasks"].values)) == ([0, 30, 60], [1, 2, 3])
    assert (list(seen["$CPUPercent"].times), list(seen["$CPUPercent"].values)) == ([0, 60], [0.5, 0.25])
    assert list(seen["$DiskBytes"].times) == []
    assert set(seen) == set(VARIABLES)
    assert len(seen) == len(VARIABLES)


def test_a_formula_reads_the_arrays_themselves() -> None:
    rows = some_rows(0, 10)
    seen = Histories(rows)["$ActiveTasks"]
    assert seen.times is rows.times
    assert seen.values is rows.columns["$ActiveTasks"]


@pytest.mark.parametrize("value", [inf, -inf, nan, 1e39])
def test_what_is_no_number_of_ours_is_a_hole(value: float) -> None:
    rows = SampleStore()
    rows.record(0, {"$CPUPercent": value})
    assert isnan(rows.columns["$CPUPercent"][0])


def test_times_rise_whatever_the_clock_does() -> None:
    rows = some_rows(1000, 10)
    rows.record(1100, {"$ActiveTasks": 99})
    assert list(rows.times) == [1000, 1030, 1060, 1090, 1100]
    rows.record(1100, {"$ActiveTasks": 98})
    assert (list(rows.times)[-2:], rows.columns["$ActiveTasks"][-1]) == ([1090, 1100], 98)


def test_a_slice_has_its_start_and_not_its_end() -> None:
    part = some_rows(0, 10).slice(60, 120)
    assert (list(part.times), list(part.columns["$ActiveTasks"])) == ([60, 90], [2, 3])


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=5))
def test_a_union_has_each_time_once(spans: list[tuple[int, int]]) -> None:
    whole = some_rows(0, 100)
    parts = [whole.slice(first * 30, (first + count) * 30) for first, count in spans]
    joined = union(parts)
    times = sorted({time for part in parts for time in part.times})
    assert list(joined.times) == times
    assert list(joined.columns["$ActiveTasks"]) == [time / 30 for time in times]


def test_a_union_leaves_its_parts_alone() -> None:
    parts = [some_rows(0, 3), some_rows(90, 3)]
    assert len(union(parts)) == 6
    assert [len(part) for part in parts] == [3, 3]
