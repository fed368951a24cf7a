"""The history of one variable, and what its methods find in it. Source: azure-batch-semantics §5.6, §5.11.

A history is looked at, never copied: windows are found by bisection, and only what a formula asks for becomes a vector.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence

import msgspec

from millpond.formula.errors import ErrorCode, Refusal
from millpond.formula.values import TICKS, TimeInterval, Timestamp, Value, Vector, ticks_of, type_name

PERIOD_SECONDS = 30
"""Between two samples."""
PERIOD = TimeInterval(PERIOD_SECONDS * TICKS)
_NOTHING: array[float] = array("d")


class Samples(msgspec.Struct, frozen=True, gc=False):
    """Times, in seconds since 1970 and rising, and the finite value at each, in sequences that can be sliced.

    Several variables may share their times; whole numbers are as good as floats.

    What lies after the moment of evaluation is not seen, so that a longer history serves for an earlier moment too.
    """

    times: Sequence[float] = _NOTHING
    values: Sequence[float] = _NOTHING


class History:
    """One variable's samples as seen at `now`, under the name by which faults call it."""

    def __init__(self, name: str, samples: Samples, now: Timestamp) -> None:
        self._name = name
        self._samples = samples
        self._now = now
        self._count = bisect_right(samples.times, now.ticks, key=ticks_of)

    def latest(self) -> float:
        """The newest sample; 0 where there is none."""
        return float(self._samples.values[self._count - 1]) if self._count else 0.0

    def count(self) -> float:
        """How many samples there are."""
        return float(self._count)

    def begin(self) -> Timestamp:
        """The time of the oldest sample. Raises Refusal where there is none."""
        if not self._count:
            raise self._insufficient("a sample", "nothing")
        return Timestamp(ticks_of(self._samples.times[0]))

    def newest(self, count: float) -> Vector:
        """So many of the newest samples, oldest first; fewer where there are fewer. Raises Refusal below 0."""
        if count < 0:
            raise Refusal("The number of samples is negative.", "Ask for 0 or more.")
        first = self._count - min(int(count), self._count)
        return tuple(map(float, self._samples.values[first : self._count]))

    def percent(self, bounds: Sequence[Value]) -> float:
        """How many of the samples that the window could hold there are, in percent, at most 100."""
        start, end = self._window(bounds)
        first, last = self._span(start, end)
        possible = max(1, (end.ticks - start.ticks) // PERIOD.ticks)
        return min(100.0, 100.0 * (last - first) / possible)

    def within(self, bounds: Sequence[Value], wanted: float | None) -> Vector:
        """The samples of the window, oldest first.

        Raises Refusal, InsufficientSampleData, where they are fewer than `wanted` percent of those that could be, or
        where that is None and there are none, or where there is no history at all.
        """
        start, end = self._window(bounds)
        first, last = self._span(start, end)
        if not self._count or (wanted is None and first == last):
            raise self._insufficient("a sample" if wanted is None else f"{wanted:g}%", "0%")
        if wanted is not None:
            received = self.percent((start, end))
            if received < wanted:
                raise self._insufficient(f"{wanted:g}%", f"{received:g}%")
        return tuple(map(float, self._samples.values[first:last]))

    def _window(self, bounds: Sequence[Value]) -> tuple[Timestamp, Timestamp]:
        """From one or two bounds, in either order; an interval looks back from now, and one bound reaches to now."""
        ends = sorted([*map(self._moment, bounds), self._now][:2])
        return ends[0], ends[1]

    def _moment(self, bound: Value) -> Timestamp:
        match bound:
            case Timestamp():
                return bound
            case TimeInterval():
                return Timestamp(self._now.ticks - bound.ticks)
        message = f"A window's bound must be a timestamp or a timeinterval; this is a {type_name(bound)}."
        raise Refusal(message, "Write GetSample(TimeInterval_Minute * 15), or a number alone for the newest samples.")

    def _span(self, start: Timestamp, end: Timestamp) -> tuple[int, int]:
        """Positions of the samples with start < t <= end."""
        times = self._samples.times
        first = bisect_right(times, start.ticks, 0, self._count, key=ticks_of)
        return first, bisect_right(times, end.ticks, first, self._count, key=ticks_of)

    def _insufficient(self, wanted: str, received: str) -> Refusal:
        message = f"Insufficient data from data set: {self._name} wanted {wanted}, received {received}."
        hint = f"Guard it: {self._name}.GetSamplePercent(window) < 70 ? value : {self._name}.GetSample(window)."
        return Refusal(message, hint, ErrorCode.INSUFFICIENT_SAMPLE_DATA)
