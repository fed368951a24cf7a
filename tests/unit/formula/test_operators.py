"""Each operator with each pair of types, allowed and refused."""

from __future__ import annotations

import pytest
from millpond.formula.errors import Refusal
from millpond.formula.operators import combine
from millpond.formula.values import DeallocationOption, TimeInterval, Timestamp, Value
from support.formulacases import Case, cases


@pytest.mark.parametrize("case", cases("operators"), ids=lambda case: case.where)
def test_case(case: Case) -> None:
    case.check()


VALUES: dict[str, Value] = {
    "double": 2.0,
    "doubleVec": (1.0, 2.0),
    "string": "a",
    "timestamp": Timestamp(0),
    "timeinterval": TimeInterval(10),
    "option": DeallocationOption.REQUEUE,
}
COMPARED = "< <= == != >= >"
ALLOWED = {
    ("double", "double"): f"+ - * / {COMPARED}",
    ("double", "timeinterval"): "*",
    ("doubleVec", "double"): "+ - * /",
    ("doubleVec", "doubleVec"): "+ - * /",
    ("timeinterval", "double"): "* /",
    ("timeinterval", "timeinterval"): f"+ - {COMPARED}",
    ("timeinterval", "timestamp"): "+",
    ("timestamp", "timeinterval"): "+ -",
    ("timestamp", "timestamp"): f"- {COMPARED}",
    ("string", "string"): COMPARED,
}
"""The reference's table. What is not in it is refused."""


@pytest.mark.parametrize("symbol", f"+ - * / {COMPARED}".split())
@pytest.mark.parametrize("left", VALUES)
@pytest.mark.parametrize("right", VALUES)
def test_the_table_is_the_reference_s(left: str, symbol: str, right: str) -> None:
    if symbol in ALLOWED.get((left, right), "").split():
        combine(VALUES[left], symbol, VALUES[right])
    else:
        with pytest.raises(Refusal, match="There is no"):
            combine(VALUES[left], symbol, VALUES[right])
