"""Values as text, and the results string of an evaluation. Source: azure-batch-semantics §5.9, §5.11."""

from __future__ import annotations

from collections.abc import Mapping

from millpond.formula import limits
from millpond.formula.times import write
from millpond.formula.values import DeallocationOption, TimeInterval, Timestamp, Value
from millpond.formula.variables import DEALLOCATION_OPTION, TARGET_DEDICATED, TARGET_LOW_PRIORITY


def show(value: Value) -> str:
    """A value as results tell it: numbers with six digits as C's `%g`, vectors as `[1,2,3]`, intervals in seconds.

    Of a vector longer than `limits.SHOWN` the rest is an ellipsis.
    """
    match value:
        case float():
            return _number(value)
        case tuple():
            more = ",…" if len(value) > limits.SHOWN else ""
            return f"[{','.join(map(_number, value[: limits.SHOWN]))}{more}]"
        case Timestamp():
            return write(value)
        case TimeInterval():
            return _number(value.seconds)
        case DeallocationOption():
            return value.value
        case str():
            return f'"{value}"'


def results(dedicated: int, low_priority: int, option: DeallocationOption, assigned: Mapping[str, Value]) -> str:
    """`name=value` joined by semicolons: what a formula sets, then its own variables in the order of their letters."""
    told = {
        TARGET_DEDICATED: _number(dedicated),
        TARGET_LOW_PRIORITY: _number(low_priority),
        DEALLOCATION_OPTION: option.value,
        **{name: show(assigned[name]) for name in sorted(assigned)},
    }
    return ";".join(f"{name}={text}" for name, text in told.items())


def _number(number: float) -> str:
    # Adding 0 makes 0 of the -0 that a product may leave.
    return f"{number + 0.0:g}"
