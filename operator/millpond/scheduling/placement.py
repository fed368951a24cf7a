"""Which node: the nodes of a pool that take tasks, ordered so that choosing costs little however many there are.

`Spread` takes the node with the fewest used slots, `Pack` the one with the most that still fits; ties go to the lowest
name. A task's affinity comes before both: its node is tried first, and never waited for (reference §4.3).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator
from typing import Literal

from millpond.api.pool import NodeFillType
from millpond.scheduling.demand import Demand
from millpond.scheduling.eligibility import NO_NODES, fits
from millpond.scheduling.node_slots import NodeSlots

FillType = Literal["Spread", "Pack"] | NodeFillType


class NodeIndex:
    """Names of nodes in buckets by free slots, each sorted; full nodes are in none.

    A node's amounts change only through this index.
    """

    def __init__(self) -> None:
        self._buckets: dict[int, list[str]] = {}
        self._nodes: dict[str, NodeSlots] = {}
        self.free_slots = 0

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def __getitem__(self, name: str) -> NodeSlots:
        return self._nodes[name]

    def __iter__(self) -> Iterator[NodeSlots]:
        return iter(self._nodes.values())

    def add(self, node: NodeSlots) -> None:
        """Let the node take tasks."""
        self._nodes[node.name] = node
        self._file(node.name, node.free)

    def discard(self, name: str) -> None:
        """Let the node take no more tasks; those that it holds stay booked on it."""
        node = self._nodes.pop(name, None)
        if node is not None:
            self._unfile(name, node.free)

    def take(self, node: NodeSlots, demand: Demand) -> None:
        """Book the demand on the node."""
        self._move(node, demand, -1)

    def give(self, node: NodeSlots, demand: Demand) -> None:
        """Free what the demand held on the node."""
        self._move(node, demand, +1)

    def choose(
        self, demand: Demand, fill: FillType, barred: Collection[str] = NO_NODES, first: str | None = None
    ) -> NodeSlots | None:
        """The node for the demand, or None when no node can take it now.

        `barred`: names of nodes that must not. `first`: the node that is tried before the others.
        """
        wished = self._nodes.get(first) if first is not None else None
        if wished is not None and fits(wished, demand, barred):
            return wished
        for free in sorted(self._buckets, reverse=fill == "Spread"):
            if free < demand.slots:
                continue
            for name in self._buckets[free]:
                node = self._nodes[name]
                if fits(node, demand, barred):
                    return node
        return None

    def _move(self, node: NodeSlots, demand: Demand, sign: int) -> None:
        before = node.free
        node.move(demand, sign)
        if self._nodes.get(node.name) is node:
            self._unfile(node.name, before)
            self._file(node.name, node.free)

    def _file(self, name: str, free: int) -> None:
        if free > 0:
            insort(self._buckets.setdefault(free, []), name)
            self.free_slots += free

    def _unfile(self, name: str, free: int) -> None:
        if free > 0:
            bucket = self._buckets[free]
            del bucket[bisect_left(bucket, name)]
            if not bucket:
                del self._buckets[free]
            self.free_slots -= free
