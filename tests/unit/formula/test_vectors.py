"""What functions make of one vector, at their edges."""

from __future__ import annotations

import pytest
from support.formulacases import Case, cases


@pytest.mark.parametrize("case", cases("vectors"), ids=lambda case: case.where)
def test_case(case: Case) -> None:
    case.check()
