"""The ready tasks of one job: first come, first served among those that ask for the same (reference §4.1, 4 and 8).

Entries are forgotten lazily, so that a task that is placed, ended or deleted costs nothing here until it comes to the
head.
"""

from __future__ import annotations

from collections.abc import Callable, Container
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

    def head(self, blocked: Container[Demand]) -> tuple[Ticket, Demand] | None:
        """The oldest ready ticket whose demand is not blocked; it stays in the queue."""
        best: tuple[Ticket, Demand] | None = None
        for demand, line in list(self._lines.items()):
            ticket = self._first(line, demand)
            if ticket is None:
                del self._lines[demand]
            elif demand not in blocked and (best is None or ticket < best[0]):
                best = ticket, demand
        return best

    def amounts(self, most: int) -> dict[Demand, int]:
        """How many ready tickets ask for what, counted up to `most`; the demand of the oldest ticket comes first."""
        firsts = [(self._first(line, demand), demand) for demand, line in self._lines.items()]
        ready = [(ticket, demand) for ticket, demand in firsts if ticket is not None]
        return {demand: self._amount(demand, most) for _, demand in sorted(ready, key=lambda pair: pair[0])}

    def _amount(self, demand: Demand, most: int) -> int:
        seen: set[Ticket] = set()
        for created, names in self._lines[demand].names.items():
            for name in names:
                if len(seen) >= most:
                    return most
                if self._is_ready((created, name), demand):
                    seen.add((created, name))
        return len(seen)

    def _first(self, line: _Line, demand: Demand) -> Ticket | None:
        """The oldest ticket that still waits; those before it are forgotten."""
        while line.times:
            created = line.times[0]
            names = line.names[created]
            while names:
                ticket = created, names[0]
                if self._is_ready(ticket, demand):
                    return ticket
                heappop(names)
            heappop(line.times)
            del line.names[created]
        return None


class _Line:
    """Tickets in order. Many tasks are created in one second, so the times are few, and each has a heap of names."""

    def __init__(self) -> None:
        self.times: list[str] = []
        self.names: dict[str, list[str]] = {}

    def push(self, ticket: Ticket) -> None:
        created, name = ticket
        names = self.names.get(created)
        if names is None:
            names = self.names[created] = []
            heappush(self.times, created)
        heappush(names, name)
