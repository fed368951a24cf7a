"""Sets of integers that are mostly runs: kept as intervals, so that a run costs as much as one number."""

from __future__ import annotations

from bisect import bisect_right


class IntegerSet:
    """Integers, merged into inclusive intervals that do not touch."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._starts, number) - 1
        return place >= 0 and number <= self._ends[place]

    def add(self, number: int) -> None:
        """Put a number in."""
        after = bisect_right(self._starts, number)
        if after and number <= self._ends[after - 1]:
            return
        joins_before = after > 0 and self._ends[after - 1] == number - 1
        joins_after = after < len(self._starts) and self._starts[after] == number + 1
        if joins_before and joins_after:
            self._ends[after - 1] = self._ends.pop(after)
            del self._starts[after]
        elif joins_before:
            self._ends[after - 1] = number
        elif joins_after:
            self._starts[after] = number
        else:
            self._starts.insert(after, number)
            self._ends.insert(after, number)

    def discard(self, number: int) -> None:
        """Take a number out, if it is in."""
        if number not in self:
            return
        place = bisect_right(self._starts, number) - 1
        start, end = self._starts[place], self._ends[place]
        left = [(start, number - 1)] if start < number else []
        right = [(number + 1, end)] if number < end else []
        self._starts[place : place + 1] = [first for first, _ in left + right]
        self._ends[place : place + 1] = [last for _, last in left + right]

    def first_missing(self, number: int) -> int:
        """The least integer from `number` on that is not in."""
        place = bisect_right(self._starts, number) - 1
        return self._ends[place] + 1 if place >= 0 and number <= self._ends[place] else number
