"""How many nodes a pool has: the one place that counts them, for statuses and for formulas."""

from __future__ import annotations

import msgspec

from millpond.api.nodetemplate import NodeClass
from millpond.control.pool_state import PoolState


class NodeTotals(msgspec.Struct, frozen=True, gc=False):
    """Nodes that stand on a host, by class, those of all that can run tasks, and those that were pre-empted.

    Pre-empted nodes count among the low-priority ones too.
    """

    dedicated: int
    low_priority: int
    usable: int
    preempted: int


def count_nodes(pool: PoolState) -> NodeTotals:
    """The nodes of the pool, those included that are leaving it."""
    nodes = [node for node in pool.nodes.values() if node.model is not None or node.creating]
    return NodeTotals(
        dedicated=sum(1 for node in nodes if node.node_class is NodeClass.DEDICATED and node.counts),
        low_priority=sum(1 for node in nodes if node.node_class is NodeClass.LOW_PRIORITY and node.counts),
        usable=sum(1 for node in nodes if node.verdict is not None and node.verdict.takes_tasks),
        preempted=sum(1 for node in nodes if node.preempted),
    )
