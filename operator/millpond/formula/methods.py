"""The methods of sampled variables: how many arguments each takes, and what it does.

Source: azure-batch-semantics §5.6.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from millpond.formula.errors import Refusal
from millpond.formula.samples import PERIOD, History
from millpond.formula.values import TimeInterval, Timestamp, Value, Vector, double, scalar


class SampleMethod(msgspec.Struct, frozen=True):
    """A method under its documented name, with the least and the greatest number of its arguments."""

    name: str
    least: int
    most: int
    apply: Callable[[History, Sequence[Value]], Value]


def get_sample(history: History, arguments: Sequence[Value]) -> Vector:
    """The newest so many samples, or those of a window, of which a percentage may be demanded behind the bounds."""
    if not isinstance(arguments[0], Timestamp | TimeInterval):
        if len(arguments) > 1:
            raise Refusal("A number alone is the count of GetSample.", "Begin a window with an interval or a time.")
        return history.newest(double(arguments[0], "The count of GetSample"))
    *bounds, last = arguments
    if len(arguments) == 3 or (bounds and isinstance(scalar(last), float)):
        return history.within(bounds, double(last, "The percentage of GetSample"))
    return history.within(arguments, None)


_ALL = (
    SampleMethod("GetSample", 1, 3, get_sample),
    SampleMethod("GetSamplePeriod", 0, 0, lambda _history, _none: PERIOD),
    SampleMethod("Count", 0, 0, lambda history, _none: history.count()),
    SampleMethod("HistoryBeginTime", 0, 0, lambda history, _none: history.begin()),
    SampleMethod("GetSamplePercent", 1, 2, lambda history, bounds: history.percent(bounds)),
)
METHODS = {method.name.lower(): method for method in _ALL}
"""By names in small letters, since letter case does not matter."""
