"""What users want of a node, one operation at a time: begun when it may be, over when it is done (reference §3.8)."""

from __future__ import annotations

from millpond.api.computenode import NodeOperation
from millpond.control.draining import choose, waits_for_tasks
from millpond.control.node_record import NodeRecord
from millpond.control.pool_state import PoolState


def operate(pool: PoolState, node: NodeRecord, now: float) -> None:
    """Begin what is wanted of the node, or say that it is done; the node's object is told before anything follows."""
    node.done = False
    if node.model is None or node.leaving or node.chosen is not None:
        return
    spec = node.model.spec
    if node.draining is None and not spec.schedulable:
        choose(pool, node, NodeOperation.DISABLE_SCHEDULING, spec.disable_scheduling_option, now)
    elif node.operation is NodeOperation.DISABLE_SCHEDULING and spec.schedulable:
        # What is being stopped is booked by the option in force: that is kept until it is.
        node.done = waits_for_tasks(pool, node) or all(attempt.released for attempt in node.attempts.values())
