"""Nodes that are being emptied: the option is written on the node first, and is in force once the node tells it.

So whoever stops the tasks, in this life of the operator or the next, books them by the option that was chosen then.
"""

from __future__ import annotations

from datetime import UTC, datetime

from millpond.api.computenode import Draining, NodeOperation
from millpond.api.pool import NodeDeallocationOption
from millpond.control.node_record import NodeRecord
from millpond.control.pool_state import PoolState
from millpond.lifecycle.draining import Fate, fate_of


def choose(
    pool: PoolState, node: NodeRecord, operation: NodeOperation, option: NodeDeallocationOption, now: float
) -> None:
    """Have the node emptied, as the next write of its status tells.

    Tasks that are being stopped already are booked by the option that they were stopped with.
    """
    held = node.draining
    if held is not None and fate_of(held.option) is not Fate.STAYS:
        option = held.option
    node.chosen = Draining(operation=operation, option=option, since=datetime.fromtimestamp(int(now), UTC))
    pool.open_node(node, takes_tasks=False)


def tell(pool: PoolState, node: NodeRecord, draining: Draining | None) -> None:
    """The node's object says this of its draining now."""
    if draining == node.chosen:
        node.chosen = None
    if draining is None:
        if node.done and node.restarting:
            node.slots = None  # its host is measured again
        node.done = False
    if draining != node.draining:
        node.erasure_refusal = node.trouble = ""
        node.claim_gone = False
        node.draining = draining
        pool.mark("node", node.name)
        pool.mark_attempts(node)


def waits_for_tasks(pool: PoolState, node: NodeRecord) -> bool:
    """True when the node is being emptied, or is to be, and its tasks run to their ends first."""
    if node.chosen is not None:
        return fate_of(node.chosen.option) is Fate.STAYS
    return node.draining is not None and fate_on(pool, node) is Fate.STAYS


def fate_on(pool: PoolState, node: NodeRecord) -> Fate:
    """What becomes of the attempts on the node. Of one that is deleted, or whose object is gone, they are requeued."""
    if node.creating:
        return Fate.STAYS
    if node.model is None:
        return Fate.REQUEUED
    deleted = node.model.metadata.deletion_timestamp is not None
    if node.draining is None:
        return Fate.REQUEUED if deleted else Fate.STAYS
    return fate_of(node.draining.option, hurried=deleted or pool.deleting)
