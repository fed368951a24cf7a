"""Which node: the nodes of a pool that take tasks, ordered so that choosing costs little however many there are.

`Spread` takes the node with the fewest used slots, `Pack` the one with the most that still fits; ties go to the lowest
name (reference §4.3).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterator
from typing import Literal

from millpond.scheduling.demand import Demand
from millpond.scheduling.eligibility import NO_NODES, fits
from millpond.scheduling.node_slots import NodeSlots

FillType = Literal["Spread", "Pack"]


def _name(node: NodeSlots) -> str:
    return node.name


class NodeIndex:
    """Nodes in buckets by free slots, each bucket sorted by name. A node's amounts change only through this index."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[NodeSlots]] = {}
        self._nodes: dict[str, NodeSlots] = {}
        self.free_slots = 0

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def __iter__(self) -> Iterator[NodeSlots]:
        return iter(self._nodes.values())

    def add(self, node: NodeSlots) -> None:
        """Let the node take tasks."""
        self._nodes[node.name] = node
        self._file(node)

    def discard(self, name: str) -> None:
        """Let the node take no more tasks; those that it holds stay booked on it."""
        node = self._nodes.pop(name, None)
        if node is not None:
            self._unfile(node)

    def take(self, node: NodeSlots, demand: Demand) -> None:
        """Book the demand on the node."""
        self._rebook(node, demand, NodeSlots.take)

    def give(self, node: NodeSlots, demand: Demand) -> None:
        """Free what the demand held on the node."""
        self._rebook(node, demand, NodeSlots.give)

    def choose(self, demand: Demand, fill: FillType, barred: Collection[str] = NO_NODES) -> NodeSlots | None:
        """The node for the demand, or None when no node can take it now. `barred`: names of nodes that must not."""
        levels = sorted((free for free in self._buckets if free >= demand.slots), reverse=fill == "Spread")
        for free in levels:
            for node in self._buckets[free]:
                if fits(node, demand, barred):
                    return node
        return None

    def _rebook(self, node: NodeSlots, demand: Demand, change: Callable[[NodeSlots, Demand], None]) -> None:
        filed = self._nodes.get(node.name) is node
        if filed:
            self._unfile(node)
        change(node, demand)
        if filed:
            self._file(node)

    def _file(self, node: NodeSlots) -> None:
        insort(self._buckets.setdefault(node.free, []), node, key=_name)
        self.free_slots += max(0, node.free)

    def _unfile(self, node: NodeSlots) -> None:
        bucket = self._buckets[node.free]
        del bucket[bisect_left(bucket, node.name, key=_name)]
        if not bucket:
            del self._buckets[node.free]
        self.free_slots -= max(0, node.free)
