"""Which running task gives way so that a job's manager can start again (azure-batch-semantics §4.1, §4.8 item 3).

One task of the pool may be put back into its queue, never one of a job of higher priority, and only where that helps:
nothing is stopped for room that is coming anyway, or that a job of higher priority would take.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from millpond.scheduling.demand import Demand
from millpond.scheduling.eligibility import fits
from millpond.scheduling.node_slots import NodeSlots


class Running(msgspec.Struct, frozen=True, gc=False):
    """An attempt that holds a place. `began` is an RFC 3339 time; `leaving` says that it is being stopped already."""

    pod: str
    node: str
    demand: Demand
    priority: int
    began: str
    leaving: bool = False
    yields: bool = True
    """It may be stopped for another one; managers and what has ended may not."""


def who_gives_way(
    demand: Demand,
    priority: int,
    nodes: Mapping[str, NodeSlots],
    running: Iterable[Running],
    wanted_above: Collection[Demand],
) -> str | None:
    """The Pod to stop for a demand of that priority: of the lowest priority, and of those the last begun.

    `wanted_above` is what ready tasks of jobs of higher priority ask for.
    """
    placed = [attempt for attempt in running if attempt.node in nodes]
    coming = {
        name: node.without(*(attempt.demand for attempt in placed if attempt.node == name and attempt.leaving))
        for name, node in nodes.items()
    }
    if any(fits(node, demand) for node in coming.values()):
        return None
    victims = [
        attempt
        for attempt in placed
        if attempt.yields
        and not attempt.leaving
        and attempt.priority <= priority
        and _helps(coming[attempt.node].without(attempt.demand), demand, wanted_above)
    ]
    latest_first = sorted(victims, key=lambda attempt: (attempt.began, attempt.pod), reverse=True)
    return min(latest_first, key=lambda attempt: attempt.priority).pod if latest_first else None


def _helps(node: NodeSlots, demand: Demand, wanted_above: Collection[Demand]) -> bool:
    return fits(node, demand) and not any(fits(node, other) for other in wanted_above)
