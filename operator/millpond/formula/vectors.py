"""What functions make of one vector: averages, extremes, spreads. Raise Refusal for a vector without an answer.

Sums are exact before they are rounded (`fsum`), so that the order of samples does not matter. They may raise
OverflowError. Source: azure-batch-semantics §5.8.
"""

from __future__ import annotations

import math

from millpond.formula.errors import Refusal
from millpond.formula.values import Vector


def avg(vector: Vector) -> float:
    """The arithmetic mean."""
    return math.fsum(_some(vector, "avg")) / len(vector)


def length(vector: Vector) -> float:
    """The number of elements."""
    return float(len(vector))


def greatest(vector: Vector) -> float:
    """The greatest element."""
    return max(_some(vector, "max"))


def least(vector: Vector) -> float:
    """The least element."""
    return min(_some(vector, "min"))


def norm(vector: Vector) -> float:
    """The root of the sum of squares; 0 of an empty vector."""
    return math.hypot(*vector)


def percentile(vector: Vector, percent: float) -> float:
    """The element at that percentage of the way from least to greatest, between two elements in proportion."""
    if not 0 <= percent <= 100:
        raise Refusal(f"The percentile {percent:g} is not within 0 to 100.", "Ask for 50 to have the median.")
    ordered = sorted(_some(vector, "percentile"))
    rank = percent / 100 * (len(ordered) - 1)
    below = int(rank)
    if below == len(ordered) - 1:
        return ordered[below]
    return ordered[below] + (ordered[below + 1] - ordered[below]) * (rank - below)


def spread(vector: Vector) -> float:
    """`range`: the greatest less the least element."""
    _some(vector, "range")
    return max(vector) - min(vector)


def std(vector: Vector) -> float:
    """The sample's standard deviation, n-1 in the divisor; 0 of one element."""
    mean = math.fsum(_some(vector, "std")) / len(vector)
    if len(vector) == 1:
        return 0.0
    squares = math.fsum([(element - mean) * (element - mean) for element in vector])
    return math.sqrt(squares / (len(vector) - 1))


def total(vector: Vector) -> float:
    """`sum`; 0 of an empty vector."""
    return math.fsum(vector)


def val(vector: Vector, index: float) -> float:
    """The element at an index that counts from 0; its fraction is cut off."""
    place = int(index)
    if 0 <= place < len(vector):
        return vector[place]
    count = len(vector)
    there = f"elements 0 to {count - 1:,}" if count > 1 else "element 0 alone" if count else "no elements"
    hint = "Look at len first: len(v) > 0 ? val(v, 0) : 0."
    raise Refusal(f"There is no element {index:g}: the vector has {there}.", hint)


def _some(vector: Vector, function: str) -> Vector:
    if vector:
        return vector
    hint = f"Look at len first, or give {function} a number beside the vector, as in max(0, v)."
    raise Refusal(f"The vector is empty: {function} has no answer.", hint)
