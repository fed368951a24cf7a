"""What names mean, in which letter case, and what may be assigned to which."""

from __future__ import annotations

import pytest
from support.formulacases import Case, cases


@pytest.mark.parametrize("case", cases("scope"), ids=lambda case: case.where)
def test_case(case: Case) -> None:
    case.check()
