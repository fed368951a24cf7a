"""Multi-instance tasks: all nodes at once or none, and the nodes that are kept for the group that goes first.

A group holds nothing while it waits, so groups cannot lock each other out. It starts when as many nodes as it has
instances are free at one moment; that this moment comes is seen to by keeping nodes for one group, the oldest of the
highest priority: each node that falls free is kept for it until it has all. Whoever goes before it anyway, by a higher
priority or by the same one and its age, may use them all the same; what comes after it may only where it has certainly
ended by the time at which the group can start at the latest. So neither groups nor other tasks starve
(azure-batch-semantics §4.10, where how nodes are reserved is left open).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import msgspec

from millpond.scheduling.demand import Demand
from millpond.scheduling.eligibility import NO_NODES, could_ever, fits
from millpond.scheduling.node_slots import NodeSlots
from millpond.scheduling.ready import Ticket


class Group(msgspec.Struct, frozen=True, gc=False):
    """A multi-instance task that waits. `barred`: names of nodes that take none of its job's tasks."""

    priority: int
    ticket: Ticket
    demand: Demand
    barred: Collection[str] = NO_NODES


class Reservation:
    """The nodes that are free for a group, of which as many as it has instances are kept for it.

    `opens_at` is when all of them are free at the latest (seconds since the epoch); None where nobody knows.
    """

    def __init__(self, group: Group, free: list[str], opens_at: float | None) -> None:
        self.group = group
        self.opens_at = opens_at
        self._free = free

    @property
    def kept(self) -> frozenset[str]:
        """Names of the nodes that are kept free."""
        return frozenset(self._free[: self.group.demand.instances])

    def nodes(self, first: str | None = None, barred: Collection[str] = NO_NODES) -> list[str]:
        """The nodes for the group if it can start now, the primary's first; else none.

        `first` is tried before the others. `barred`: nodes that are not for it for other reasons.
        """
        free = [name for name in self._free if name not in barred]
        if first in free:
            free.remove(first)
            free.insert(0, first)
        wanted = self.group.demand.instances
        return free[:wanted] if len(free) >= wanted else []

    def binds(self, priority: int, ticket: Ticket, ends_at: float | None) -> bool:
        """True for a task that must not use what is kept. It has ended by `ends_at` if it starts now."""
        if priority > self.group.priority or (priority == self.group.priority and ticket < self.group.ticket):
            return False
        return ends_at is None or self.opens_at is None or ends_at > self.opens_at

    def lose(self, nodes: Iterable[NodeSlots]) -> None:
        """These nodes were given away."""
        for node in nodes:
            if node.name in self._free:
                self._free.remove(node.name)


def reserve(group: Group, nodes: Iterable[NodeSlots], free_at: Callable[[str], float | None]) -> Reservation | None:
    """What is kept for the group; None while the pool has too few nodes for it, however long they are waited for.

    `nodes` take tasks; `free_at` tells when one of them that is busy is free at the latest, None where nobody knows.
    """
    wanted = group.demand.instances
    able = [node for node in nodes if could_ever(node, group.demand, group.barred)]
    if len(able) < wanted:
        return None
    free = sorted(node.name for node in able if fits(node, group.demand, group.barred))
    missing = wanted - len(free)
    if missing <= 0:
        return Reservation(group, free, None)
    taken = set(free)
    ends = sorted(end for node in able if node.name not in taken and (end := free_at(node.name)) is not None)
    return Reservation(group, free, ends[missing - 1] if len(ends) >= missing else None)
