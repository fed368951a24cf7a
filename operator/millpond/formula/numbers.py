"""What functions make of each number: logarithms and rounding. Source: azure-batch-semantics §5.8."""

from __future__ import annotations

import math
from collections.abc import Callable

from millpond.formula.errors import Refusal


def lg(number: float) -> float:
    """The logarithm to base 2. Raises Refusal unless the number is above 0."""
    return math.log2(_positive(number, "lg"))


def ln(number: float) -> float:
    """The natural logarithm. Raises Refusal unless the number is above 0."""
    return math.log(_positive(number, "ln"))


def log(number: float) -> float:
    """The logarithm to base 10. Raises Refusal unless the number is above 0."""
    return math.log10(_positive(number, "log"))


def ceil(number: float) -> float:
    """The least whole number that is not below."""
    return float(math.ceil(number))


def floor(number: float) -> float:
    """The greatest whole number that is not above."""
    return float(math.floor(number))


def half_away(number: float) -> float:
    """`round`: the nearest whole number, halves away from zero."""
    fraction, whole = math.modf(abs(number))
    return math.copysign(whole + (fraction >= 0.5), number)


def _positive(number: float, function: str) -> float:
    if number > 0:
        return number
    raise Refusal(f"{function} of {number:g} does not exist.", f"Give {function} numbers above 0, as in max(x, 1).")


BY_NAME: dict[str, Callable[[float], float]] = {
    "lg": lg,
    "ln": ln,
    "log": log,
    "ceil": ceil,
    "floor": floor,
    "round": half_away,
}
