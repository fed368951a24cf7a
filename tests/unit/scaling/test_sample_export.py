"""Samples as a document: there and back, and what is no such document."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.scaling.sample_export import SampleExport, UnreadableExportError, columns_of, read_export, rows_of
from millpond.scaling.samples import SampleStore

VALUE = st.none() | st.integers(0, 16_777_216).map(float) | st.floats(0, 1e12)


@given(st.lists(st.tuples(VALUE, VALUE), max_size=20))
def test_there_and_back_values_have_seven_digits(values: list[tuple[float | None, float | None]]) -> None:
    rows = SampleStore()
    for row, (one, two) in enumerate(values):
        known = {"$ActiveTasks": one, "$CPUPercent": two}
        rows.record(row * 30, {name: value for name, value in known.items() if value is not None})
    export = SampleExport("p", 1000.5, list(rows.times), columns_of(rows))
    back = rows_of(read_export(msgspec.json.encode(export)))
    assert back.times == rows.times
    for name in ("$ActiveTasks", "$CPUPercent", "$DiskBytes"):
        assert list(back.columns[name]) == pytest.approx(list(rows.columns[name]), rel=1e-6, nan_ok=True)


GOOD: dict[str, Any] = {"pool": "p", "time": 100, "times": [0, 30], "samples": {"$ActiveTasks": [1, None]}}


def test_what_else_an_evaluation_needs_may_be_left_out() -> None:
    export = read_export(json.dumps(GOOD).encode())
    assert (export.formula, export.target_dedicated_nodes, export.task_slots_per_node) == ("", 0, 1)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"times": [30, 0]}, "times must rise"),
        ({"times": [-30, 0]}, "times must rise"),
        ({"times": [0, 1 << 32]}, "times must rise"),
        ({"samples": {"$ActiveTasks": [1]}}, "ActiveTasks has 1 values for 2 times"),
        ({"samples": {"$NoSuchThing": [1, 2]}}, "NoSuchThing is no variable that has samples; there are"),
        ({"samples": {"$ActiveTasks": [1, "x"]}}, "Expected"),
        ({"pool": None}, "Expected"),
    ],
)
def test_what_is_no_export(fault: dict[str, Any], why: str) -> None:
    with pytest.raises(UnreadableExportError, match=why):
        read_export(json.dumps(GOOD | fault).encode())


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[]"])
def test_what_is_no_json(text: bytes) -> None:
    with pytest.raises(UnreadableExportError):
        read_export(text)
