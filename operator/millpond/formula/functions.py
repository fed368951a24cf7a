"""The table of functions: how many arguments each takes, and what it does with them.

A doubleVecList, any mix of doubles and vectors, is one vector by the time a function sees it.
Source: azure-batch-semantics §5.8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from millpond.formula import limits, numbers, vectors
from millpond.formula.errors import Refusal
from millpond.formula.times import read
from millpond.formula.values import Timestamp, Value, Vector, double, type_name

MANY = limits.CHARACTERS
"""More arguments than any formula has room for."""


class Moment(msgspec.Struct, frozen=True):
    """What functions know besides their arguments: the time, and where chance comes from."""

    now: Timestamp
    rand: Callable[[], float]


class Function(msgspec.Struct, frozen=True):
    """A function, with the least and the greatest number of its arguments."""

    name: str
    least: int
    most: int
    apply: Callable[[Moment, Sequence[Value]], Value]


class Stop(Exception):  # noqa: N818 - nothing is wrong
    """`stop()` was called: evaluation ends here, and what was assigned stands."""


def flatten(function: str, arguments: Sequence[Value]) -> Vector:
    """One vector of all elements in order. Raises Refusal for what is neither a double nor a vector."""
    found: list[float] = []
    for argument in arguments:
        if isinstance(argument, float):
            found.append(argument)
        elif isinstance(argument, tuple):
            found += argument
        else:
            message = f"{function} takes doubles and vectors; this is a {type_name(argument)}."
            raise Refusal(message, "Give it numbers or samples.")
    return tuple(found)


def _of_list(name: str, function: Callable[[Vector], Value]) -> Function:
    return Function(name, 1, MANY, lambda _moment, arguments: function(flatten(name, arguments)))


def _of_each(name: str, function: Callable[[float], float]) -> Function:
    """A double for one double; for all else a vector, element by element."""

    def apply(_moment: Moment, arguments: Sequence[Value]) -> Value:
        first = arguments[0]
        if len(arguments) == 1 and isinstance(first, float):
            return function(first)
        return tuple([function(element) for element in flatten(name, arguments)])

    return Function(name, 1, MANY, apply)


def _of_vector(name: str, function: Callable[[Vector, float], float]) -> Function:
    def apply(_moment: Moment, arguments: Sequence[Value]) -> Value:
        vector, number = arguments
        if not isinstance(vector, tuple):
            message = f"The first argument of {name} must be a doubleVec; this is a {type_name(vector)}."
            raise Refusal(message, "Make a vector of numbers with vec.")
        return function(vector, double(number, f"The second argument of {name}"))

    return Function(name, 2, 2, apply)


def _stop(_moment: Moment, _none: Sequence[Value]) -> Value:
    raise Stop


def _time(moment: Moment, arguments: Sequence[Value]) -> Timestamp:
    if not arguments:
        return moment.now
    text = arguments[0]
    if not isinstance(text, str):
        raise Refusal(f"time takes a string; this is a {type_name(text)}.", 'Write time("2024-05-06T10:30:00Z").')
    return read(text) if text else moment.now


_ALL = (
    _of_list("avg", vectors.avg),
    _of_list("len", vectors.length),
    _of_list("max", vectors.greatest),
    _of_list("min", vectors.least),
    _of_list("norm", vectors.norm),
    _of_vector("percentile", vectors.percentile),
    Function("rand", 0, 0, lambda moment, _none: moment.rand()),
    _of_list("range", vectors.spread),
    _of_list("std", vectors.std),
    Function("stop", 0, 0, _stop),
    _of_list("sum", vectors.total),
    Function("time", 0, 1, _time),
    _of_vector("val", vectors.val),
    _of_list("vec", lambda vector: vector),
    *(_of_each(name, function) for name, function in numbers.BY_NAME.items()),
)
FUNCTIONS = {function.name: function for function in _ALL}
"""By names in small letters, since letter case does not matter."""
