"""The methods of sampled variables, and what arguments they take."""

from __future__ import annotations

import pytest
from support.formulacases import Case, cases


@pytest.mark.parametrize("case", cases("methods"), ids=lambda case: case.where)
def test_case(case: Case) -> None:
    case.check()
