"""Times as text, and their members."""

from __future__ import annotations

import pytest
from support.formulacases import Case, cases


@pytest.mark.parametrize("case", cases("times"), ids=lambda case: case.where)
def test_case(case: Case) -> None:
    case.check()
