"""Moments from seconds without a loss, and the ranges of times."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.formula.errors import Refusal
from millpond.formula.values import TICKS, TimeInterval, Timestamp, checked, double, scalar, ticks_of, type_name


@given(st.floats(min_value=-(2.0**35), max_value=2.0**35))
def test_ticks_are_the_nearest_to_seconds(seconds: float) -> None:
    assert abs(ticks_of(seconds) - Fraction(seconds) * TICKS) <= Fraction(1, 2)


def test_ranges() -> None:
    assert Timestamp(-62_135_596_800 * TICKS).ticks == -62_135_596_800 * TICKS
    assert TimeInterval(2**63 - 1).ticks == 2**63 - 1
    for kind, ticks in [
        (Timestamp, -62_135_596_801 * TICKS),
        (Timestamp, 253_402_300_800 * TICKS),
        (TimeInterval, 2**63),
    ]:
        with pytest.raises(Refusal, match="out of range"):
            kind(ticks)


def test_one_element_is_a_double() -> None:
    assert scalar((3.0,)) == 3.0
    assert scalar((3.0, 4.0)) == (3.0, 4.0)
    assert double((3.0,), "It") == 3.0
    with pytest.raises(Refusal, match="It must be a double; this is a doubleVec of 0"):
        double((), "It")


def test_types_have_azure_s_names() -> None:
    names = [type_name(value) for value in (1.0, (1.0, 2.0), "a", Timestamp(0), TimeInterval(0))]
    assert names == ["double", "doubleVec of 2", "string", "timestamp", "timeinterval"]


@pytest.mark.parametrize("value", [float("inf"), float("nan"), (1.0, float("-inf"))])
def test_numbers_are_finite(value: float | tuple[float, ...]) -> None:
    with pytest.raises(Refusal, match="no finite number"):
        checked(value)
