"""The types of the language and what they are in Python. Source: azure-batch-semantics §5.4.

A double is a `float`, a doubleVec a `tuple` of them, and both are always finite; a string is a `str`. Times are counted
in ticks of 100 ns, as integers, so that arithmetic on them is exact.
"""

from __future__ import annotations

import math
from enum import StrEnum

import msgspec

from millpond.formula.errors import Refusal

TICKS = 10_000_000
"""In a second."""
_MOST_INTERVAL = 2**63
_EARLIEST, _LATEST = -62_135_596_800 * TICKS, 253_402_300_799 * TICKS
"""The years 1 to 9999, but for the very last second, which rounding would leave."""

Vector = tuple[float, ...]


class Timestamp(msgspec.Struct, frozen=True, order=True, gc=False):
    """A moment, in ticks since 1970 in UTC. Raises Refusal outside the years 1 to 9999."""

    ticks: int

    def __post_init__(self) -> None:
        if not _EARLIEST <= self.ticks <= _LATEST:
            raise Refusal("The time is out of range.", "Times lie within the years 1 to 9999.")


class TimeInterval(msgspec.Struct, frozen=True, order=True, gc=False):
    """A length of time, in ticks. Raises Refusal where 64 bits do not hold them."""

    ticks: int

    def __post_init__(self) -> None:
        if not -_MOST_INTERVAL <= self.ticks < _MOST_INTERVAL:
            raise Refusal("The time interval is out of range.", "Intervals reach to about 29,000 years.")

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.ticks / TICKS


class DeallocationOption(StrEnum):
    """What becomes of the tasks on a node that is taken away; the language's own bare words."""

    REQUEUE = "requeue"
    TERMINATE = "terminate"
    TASK_COMPLETION = "taskcompletion"
    RETAINED_DATA = "retaineddata"


Value = float | Vector | str | Timestamp | TimeInterval | DeallocationOption

TYPE_NAMES: dict[type, str] = {
    float: "double",
    tuple: "doubleVec",
    str: "string",
    Timestamp: "timestamp",
    TimeInterval: "timeinterval",
    DeallocationOption: "deallocation option",
}


def ticks_of(seconds: float) -> int:
    """The nearest tick; finer by far than what a float holds of the seconds since 1970."""
    whole = math.floor(seconds)
    return whole * TICKS + round((seconds - whole) * TICKS)


def type_name(value: Value) -> str:
    """Azure Batch's name of a value's type; of a vector also its length."""
    if isinstance(value, tuple):
        return f"doubleVec of {len(value):,}"
    return TYPE_NAMES[type(value)]


def scalar(value: Value) -> Value:
    """A vector's only element; any other value as it is."""
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def double(value: Value, what: str) -> float:
    """A double, or a vector's only element. Raises Refusal that names `what` is needed, as in "The condition"."""
    found = scalar(value)
    if isinstance(found, float):
        return found
    raise Refusal(f"{what} must be a double; this is a {type_name(value)}.", double_hint(value))


def double_hint(value: Value) -> str:
    """How to come from a value to a double."""
    if isinstance(value, tuple):
        return "Make one number of the vector with avg, max, min, sum or val."
    return "Write a number, or an expression that gives one."


def checked(value: Value) -> Value:
    """A value whose numbers are finite. Raises Refusal for one that has grown beyond what a double holds."""
    if isinstance(value, float):
        finite = math.isfinite(value)
    elif isinstance(value, tuple):
        finite = all(map(math.isfinite, value))
    else:
        return value
    if finite:
        return value
    raise not_finite()


def not_finite() -> Refusal:
    """The refusal of a number that no double holds."""
    return Refusal("The result is no finite number.", "The largest number is about 1.8e308.")
