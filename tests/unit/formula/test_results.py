"""Values and results as text."""

from __future__ import annotations

import pytest
from millpond.formula import limits, show
from support.formulacases import Case, cases


@pytest.mark.parametrize("case", cases("results"), ids=lambda case: case.where)
def test_case(case: Case) -> None:
    case.check()


def test_a_long_vector_is_told_in_part() -> None:
    whole = (1.0,) * limits.SHOWN
    assert show(whole) == f"[{'1,' * (limits.SHOWN - 1)}1]"
    assert show((*whole, 2.0)) == f"[{'1,' * limits.SHOWN}…]"
