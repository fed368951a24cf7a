"""Windows, percentages and counts of samples."""

from __future__ import annotations

import pytest
from support.formulacases import Case, cases


@pytest.mark.parametrize("case", cases("samples"), ids=lambda case: case.where)
def test_case(case: Case) -> None:
    case.check()
