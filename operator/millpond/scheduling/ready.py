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
        self._heaps: dict[Demand, list[Ticket]] = {}

    def push(self, ticket: Ticket, demand: Demand) -> None:
        heappush(self._heaps.setdefault(demand, []), ticket)

    def head(self, blocked: Collection[Demand]) -> tuple[Ticket, Demand] | None:
        """The oldest ready ticket whose demand is not blocked; it stays in the queue."""
        best: tuple[Ticket, Demand] | None = None
        for demand in list(self._heaps):
            heap = self._heaps[demand]
            while heap and not self._is_ready(heap[0], demand):
                heappop(heap)
            if not heap:
                del self._heaps[demand]
            elif demand not in blocked and (best is None or heap[0] < best[0]):
                best = heap[0], demand
        return best
