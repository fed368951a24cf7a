"""How many nodes a pool has: the one place that counts them, for statuses and for formulas."""

from __future__ import annotations

import msgspec

from millpond.control.pool_state import PoolState


class NodeTotals(msgspec.Struct, frozen=True, gc=False):
    """Nodes that stand on a host, by class, those of all that can run tasks, and those that were pre-empted."""

    dedicated: int
    low_priority: int
    usable: int
    preempted: int


def count_nodes(pool: PoolState) -> NodeTotals:
    """The nodes of the pool, those included that are leaving it. All nodes are dedicated ones."""
    nodes = [node for node in pool.nodes.values() if node.model is not None or node.creating]
    return NodeTotals(
        dedicated=sum(1 for node in nodes if node.placed),
        low_priority=0,
        usable=sum(1 for node in nodes if node.verdict is not None and node.verdict.takes_tasks),
        preempted=0,
    )
