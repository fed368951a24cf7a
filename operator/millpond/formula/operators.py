"""The table of operators: which types go together, and what comes of them. What is not in it is a type error.

Source: azure-batch-semantics §5.4; a vector of one element stands for its element where no entry takes vectors (§5.11).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from millpond.formula.errors import Refusal
from millpond.formula.values import (
    TimeInterval,
    Timestamp,
    Value,
    Vector,
    double,
    double_hint,
    scalar,
    type_name,
)

Apply = Callable[[Any, Any], Value]


def _zero() -> Refusal:
    return Refusal("Division by zero.", "Guard the division: divisor == 0 ? 0 : value / divisor.")


def _divide(left: float, right: float) -> float:
    if right == 0:
        raise _zero()
    return left / right


def _scale(interval: TimeInterval, factor: float) -> TimeInterval:
    return TimeInterval(round(interval.ticks * factor))


def _shorten(interval: TimeInterval, divisor: float) -> TimeInterval:
    if divisor == 0:
        raise _zero()
    return TimeInterval(round(interval.ticks / divisor))


def _with_each(function: Callable[[float, float], float]) -> Apply:
    def apply(left: Vector, right: float) -> Vector:
        return tuple([function(element, right) for element in left])

    return apply


def _pairwise(function: Callable[[float, float], float]) -> Apply:
    def apply(left: Vector, right: Vector) -> Vector:
        if len(left) != len(right):
            message = f"The vectors have different lengths, {len(left):,} and {len(right):,}."
            raise Refusal(message, "Take as many samples of both, or make one number of each first.")
        return tuple([function(*pair) for pair in zip(left, right, strict=True)])

    return apply


def _truth(function: Callable[[Any, Any], bool]) -> Apply:
    return lambda left, right: float(function(left, right))


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
}
_COMPARISON: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}

OPERATORS: dict[tuple[type, str, type], Apply] = {
    **{(float, symbol, float): function for symbol, function in _ARITHMETIC.items()},
    **{(tuple, symbol, float): _with_each(function) for symbol, function in _ARITHMETIC.items()},
    **{(tuple, symbol, tuple): _pairwise(function) for symbol, function in _ARITHMETIC.items()},
    (float, "*", TimeInterval): lambda factor, interval: _scale(interval, factor),
    (TimeInterval, "*", float): _scale,
    (TimeInterval, "/", float): _shorten,
    (TimeInterval, "+", TimeInterval): lambda left, right: TimeInterval(left.ticks + right.ticks),
    (TimeInterval, "-", TimeInterval): lambda left, right: TimeInterval(left.ticks - right.ticks),
    (TimeInterval, "+", Timestamp): lambda interval, start: Timestamp(start.ticks + interval.ticks),
    (Timestamp, "+", TimeInterval): lambda start, interval: Timestamp(start.ticks + interval.ticks),
    (Timestamp, "-", TimeInterval): lambda start, interval: Timestamp(start.ticks - interval.ticks),
    (Timestamp, "-", Timestamp): lambda end, start: TimeInterval(end.ticks - start.ticks),
    **{
        (kind, symbol, kind): _truth(function)
        for kind in (float, str, Timestamp, TimeInterval)
        for symbol, function in _COMPARISON.items()
    },
}


def combine(left: Value, symbol: str, right: Value) -> Value:
    """`left symbol right`, which may be infinite. Raises Refusal where the types do not go together, or it has none."""
    apply = OPERATORS.get((type(left), symbol, type(right)))
    if apply is None:
        first, second = scalar(left), scalar(right)
        apply = OPERATORS.get((type(first), symbol, type(second)))
        if apply is None:
            raise _no_operator(left, symbol, right)
        return apply(first, second)
    return apply(left, right)


def sign(symbol: str, value: Value) -> Value:
    """`-value` or `!value`. Raises Refusal for types that have none."""
    if symbol == "-" and isinstance(value, TimeInterval):
        return TimeInterval(-value.ticks)
    number = double(value, f"The operand of {symbol}")
    return -number if symbol == "-" else float(not number)


def _no_operator(left: Value, symbol: str, right: Value) -> Refusal:
    message = f"There is no {type_name(left)} {symbol} {type_name(right)}."
    if isinstance(left, float) and isinstance(right, tuple) and symbol in _ARITHMETIC:
        return Refusal(message, "Write the vector first, or make one number of it with avg, max, min, sum or val.")
    if isinstance(left, TimeInterval | Timestamp) or isinstance(right, TimeInterval | Timestamp):
        return Refusal(message, "Write intervals as 10 * TimeInterval_Minute, and times as time() - 2 * interval.")
    return Refusal(message, double_hint(left if isinstance(left, tuple) else right))
