"""The ready tasks of one job: first come, first served among those that ask for the same (reference §4.1, 4 and 8).

Entries are forgotten lazily, so that a task that is placed, ended or deleted costs nothing here until it comes to the
head.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from heapq import heappop, heappush

from millpond.scheduling.demand import Demand

Ticket = tuple[str, str]
"""A task's place in the queue: creation time (RFC 3339, so that text order is time order) and name."""


class ReadyQueue:
    """Tickets by demand. `is_ready(ticket)` tells whether a ticket still waits."""

    def __init__(self, is_ready: Callable[[Ticket, Demand], bool]) -> None:
        self._is_ready = is_ready
        self._lines: dict[Demand, _Line] = {}

    def push(self, ticket: Ticket, demand: Demand) -> None:
        line = self._lines.get(demand)
        if line is None:
            line = self._lines[demand] = _Line()
        line.push(ticket)

    def head(self, blocked: Collection[Demand]) -> tuple[Ticket, Demand] | None:
        """The oldest ready ticket whose demand is not blocked; it stays in the queue."""
        best: tuple[Ticket, Demand] | None = None
        for demand, line in list(self._lines.items()):
            ticket = line.head()
            while ticket is not None and not self._is_ready(ticket, demand):
                line.pop()
                ticket = line.head()
            if ticket is None:
                del self._lines[demand]
            elif demand not in blocked and (best is None or ticket < best[0]):
                best = ticket, demand
        return best


class _Line:
    """Tickets in order. Many tasks are created in one second, so the times are few, and each has a heap of names."""

    def __init__(self) -> None:
        self._times: list[str] = []
        self._names: dict[str, list[str]] = {}

    def push(self, ticket: Ticket) -> None:
        created, name = ticket
        names = self._names.get(created)
        if names is None:
            names = self._names[created] = []
            heappush(self._times, created)
        heappush(names, name)

    def head(self) -> Ticket | None:
        if not self._times:
            return None
        created = self._times[0]
        return created, self._names[created][0]

    def pop(self) -> None:
        created = self._times[0]
        names = self._names[created]
        heappop(names)
        if not names:
            del self._names[created]
            heappop(self._times)
