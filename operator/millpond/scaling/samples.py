"""The samples of one pool: what every variable was, each 30 s for 24 h, with the holes that were (reference §5.6).

Times and columns are arrays of 4 bytes, some 240 KB for a day of all variables. So values have seven digits, one more
than results show, and counts are exact up to 16 million.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import compress
from math import isfinite, nan
from typing import TypeAlias

from millpond.formula import Samples
from millpond.formula.samples import PERIOD_SECONDS
from millpond.formula.variables import SAMPLED

HISTORY_SECONDS = 86_400
"""How long samples are kept."""
_LARGEST = 3.4e38
_SLACK = 120
"""Rows beyond a day's before old ones are dropped, many at a time."""

VARIABLES = tuple(dict.fromkeys(SAMPLED.values()))
"""The columns, by documented name."""

Column: TypeAlias = "array[float]"


class SampleStore:
    """Rows of samples by time, in whole seconds since 1970 and rising; what is not known at a time is a hole."""

    def __init__(self) -> None:
        self.times = array("I")
        self.columns: dict[str, Column] = {name: array("f") for name in VARIABLES}
        """NaN is a hole."""

    def __len__(self) -> int:
        return len(self.times)

    @property
    def last(self) -> int | None:
        """The time of the newest row."""
        return self.times[-1] if self.times else None

    def record(self, time: int, values: Mapping[str, float]) -> None:
        """Add a row. Rows at or after that time go: they are of a clock that was wrong, or the same row."""
        self._cut(bisect_left(self.times, time), len(self.times))
        self.times.append(time)
        for name, column in self.columns.items():
            value = values.get(name, nan)
            column.append(value if isfinite(value) and abs(value) <= _LARGEST else nan)
        if len(self.times) > HISTORY_SECONDS // PERIOD_SECONDS + _SLACK:
            self._cut(0, bisect_left(self.times, time - HISTORY_SECONDS + 1))

    def slice(self, start: int, end: int) -> SampleStore:
        """The rows with start <= time < end."""
        first, last = bisect_left(self.times, start), bisect_left(self.times, end)
        part = SampleStore()
        part.times = self.times[first:last]
        part.columns = {name: column[first:last] for name, column in self.columns.items()}
        return part

    def extend(self, newer: SampleStore) -> None:
        """Add rows that are all newer than these."""
        self.times.extend(newer.times)
        for name, column in self.columns.items():
            column.extend(newer.columns[name])

    def _cut(self, first: int, last: int) -> None:
        if first < last:
            del self.times[first:last]
            for column in self.columns.values():
                del column[first:last]


def union(parts: Iterable[SampleStore]) -> SampleStore:
    """The rows of all parts by time; where several have one at a time, either stands."""
    whole = SampleStore()
    for part in sorted((part for part in parts if part), key=lambda part: part.times[0]):
        if whole.last is None or whole.last < part.times[0]:
            whole.extend(part)
        else:
            whole = _interleaved(whole, part)
    return whole


def _interleaved(one: SampleStore, other: SampleStore) -> SampleStore:
    rows = {time: (part, row) for part in (other, one) for row, time in enumerate(part.times)}
    ordered = [part_and_row for _, part_and_row in sorted(rows.items())]
    mixed = SampleStore()
    mixed.times = array("I", sorted(rows))
    mixed.columns = {name: array("f", [part.columns[name][row] for part, row in ordered]) for name in VARIABLES}
    return mixed


class Histories(Mapping[str, Samples]):
    """A store as a formula reads it, variable by variable: the very arrays, or, of a column with holes, a copy."""

    def __init__(self, store: SampleStore) -> None:
        self._store = store

    def __getitem__(self, name: str) -> Samples:
        times, column = self._store.times, self._store.columns[name]
        # A sum is NaN exactly when a part is: none is infinite.
        if isfinite(sum(column)):
            return Samples(times, column)
        known = [isfinite(value) for value in column]
        return Samples(array("I", compress(times, known)), array("f", compress(column, known)))

    def __iter__(self) -> Iterator[str]:
        return iter(self._store.columns)

    def __len__(self) -> int:
        return len(self._store.columns)
