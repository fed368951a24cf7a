"""Values and results as text."""

from __future__ import annotations

import pytest
from support.formulacases import Case, cases


@pytest.mark.parametrize("case", cases("results"), ids=lambda case: case.where)
def test_case(case: Case) -> None:
    case.check()
