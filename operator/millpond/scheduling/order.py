"""Which job next: higher priority first; among equals a fair draw, or the oldest (reference §4.1, §4.8 item 3).

The draw is a function of how many attempts the pool has begun, not of chance: the same state draws the same job, every
job of a priority is drawn equally often in the long run, and none can starve.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator
from typing import Literal

from millpond.api.pool import JobDefaultOrder

JobOrder = Literal["None", "CreationTime"] | JobDefaultOrder
JobTicket = tuple[str, str]
"""Creation time and name."""
Level = tuple[int, bool]
"""A priority, and whether the job's manager is to be restarted: such jobs go first among those of their priority."""

_MASK = (1 << 64) - 1


def draw(seed: int, among: int) -> int:
    """An index below `among`, evenly spread over seeds (SplitMix64's finaliser)."""
    value = (seed + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return (value ^ (value >> 31)) % among


class JobOrderIndex:
    """The jobs that have ready tasks, by level."""

    def __init__(self) -> None:
        self._levels: dict[Level, list[JobTicket]] = {}
        self._order: list[Level] = []
        self._restarting: list[int] = []  # the priorities of those levels whose managers are to be restarted

    def add(self, at: Level, ticket: JobTicket) -> None:
        level = self._levels.get(at)
        if level is None:
            level = self._levels[at] = []
            insort(self._order, at)
            if at[1]:
                insort(self._restarting, at[0])
        place = bisect_left(level, ticket)
        if place == len(level) or level[place] != ticket:
            level.insert(place, ticket)

    def discard(self, at: Level, ticket: JobTicket) -> None:
        level = self._levels.get(at)
        if level is None:
            return
        place = bisect_left(level, ticket)
        if place < len(level) and level[place] == ticket:
            del level[place]
        if not level:
            del self._levels[at]
            self._order.remove(at)
            if at[1]:
                self._restarting.remove(at[0])

    @property
    def highest(self) -> int | None:
        """The highest priority of all."""
        return self._order[-1][0] if self._order else None

    @property
    def lowest_restarting(self) -> int | None:
        """The lowest priority of a job whose manager is to be restarted."""
        return self._restarting[0] if self._restarting else None

    def descending(self) -> Iterator[tuple[Level, JobTicket]]:
        """All jobs, those that are served first before the others; those of one level by age."""
        for at in reversed(self._order):
            for ticket in self._levels[at]:
                yield at, ticket

    def next(self, order: JobOrder, seed: int, passed_over: Collection[JobTicket]) -> JobTicket | None:
        """The next job to serve, leaving out those that have nothing placeable in this cycle."""
        for at in reversed(self._order):
            level = self._levels[at]
            # Left out before the draw: whoever stands behind a job that is passed over must not inherit its chances.
            waiting = [ticket for ticket in level if ticket not in passed_over] if passed_over else level
            if waiting:
                return waiting[draw(seed, len(waiting)) if order == "None" else 0]
        return None
