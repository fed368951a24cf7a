"""The oracle's values: a kind and what it holds.

Doubles are floats, vectors lists of them, times exact fractions of a second.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

TICK = Fraction(1, 10_000_000)
FIRST, LAST = -62_135_596_800, 253_402_300_799
LONGEST = TICK * 2**63


class Wrong(Exception):  # noqa: N818 - of the formula, not of this program
    """Evaluation ends here, with that code."""

    def __init__(self, code: str = "AutoScalingFormulaEvaluationError") -> None:
        super().__init__(code)
        self.code = code


class Is(NamedTuple):
    """A value of a kind: double, vec, string, timestamp, interval or option."""

    kind: str
    held: Any


def double(number: float) -> Is:
    """A finite double."""
    if not math.isfinite(number):
        raise Wrong
    return Is("double", float(number))


def exact(number: Fraction) -> Is:
    """The double next to an exact number."""
    try:
        return double(float(number))
    except OverflowError:
        raise Wrong from None


def vec(numbers: list[float]) -> Is:
    """A vector of finite doubles."""
    return Is("vec", [double(number).held for number in numbers])


def timestamp(seconds: Fraction) -> Is:
    """A moment."""
    if not FIRST <= seconds <= LAST:
        raise Wrong
    return Is("timestamp", seconds)


def interval(seconds: Fraction) -> Is:
    """A length of time, to the nearest tick."""
    rounded = round(seconds / TICK) * TICK
    if not -LONGEST <= rounded < LONGEST:
        raise Wrong
    return Is("interval", rounded)


def number_of(value: Is) -> float:
    """The double that a value is or, as a vector's only element, holds."""
    if value.kind == "vec" and len(value.held) == 1:
        return value.held[0]
    if value.kind != "double":
        raise Wrong
    return value.held


TABLE = """
double    + - * /              double     double
double    *                    interval   interval
vec       + - * /              double     vec
vec       + - * /              vec        vec
interval  * /                  double     interval
interval  + -                  interval   interval
interval  +                    timestamp  timestamp
timestamp + -                  interval   timestamp
timestamp -                    timestamp  interval
double    < <= == >= > !=      double     truth
string    < <= == >= > !=      string     truth
timestamp < <= == >= > !=      timestamp  truth
interval  < <= == >= > !=      interval   truth
"""
"""The reference's table of operators, §5.4."""

RESULTS = {
    (words[0], symbol, words[-2]): words[-1]
    for words in map(str.split, TABLE.strip().splitlines())
    for symbol in words[1:-2]
}


def binary(left: Is, symbol: str, right: Is) -> Is:
    """What an operator makes of two values."""
    result = RESULTS.get((left.kind, symbol, right.kind))
    if result is None:
        left, right = opened(left), opened(right)
        result = RESULTS.get((left.kind, symbol, right.kind))
    match result:
        case None:
            raise Wrong
        case "truth":
            return double(compared(left.held, symbol, right.held))
        case "double":
            return double(counted(left.held, symbol, right.held))
        case "vec":
            return vec(zipped(left, symbol, right))
    seconds = counted(fraction(left), symbol, fraction(right))
    return interval(seconds) if result == "interval" else timestamp(seconds)


def opened(value: Is) -> Is:
    """A vector's only element in its place."""
    return double(value.held[0]) if value.kind == "vec" and len(value.held) == 1 else value


def fraction(value: Is) -> Fraction:
    """Exactly what a double or a time holds."""
    return Fraction(value.held)


def counted(left: Any, symbol: str, right: Any) -> Any:
    """Arithmetic on two numbers of one sort."""
    if symbol == "/":
        if not right:
            raise Wrong
        return left / right
    return left + right if symbol == "+" else left - right if symbol == "-" else left * right


def zipped(left: Is, symbol: str, right: Is) -> list[float]:
    """Element by element."""
    others = right.held if right.kind == "vec" else [right.held] * len(left.held)
    if len(others) != len(left.held):
        raise Wrong
    return [counted(left.held[place], symbol, others[place]) for place in range(len(others))]


def compared(left: Any, symbol: str, right: Any) -> bool:
    """One of the six comparisons, told from the order alone."""
    order = (left > right) - (left < right)
    return {"<": order < 0, "<=": order <= 0, "==": not order, "!=": bool(order), ">=": order >= 0, ">": order > 0}[
        symbol
    ]
