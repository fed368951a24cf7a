"""What a pool can never do for a task, however long it waits: too many slots, or a group that its nodes cannot form.

The task is not refused for it, since the pool may change and the job may move to another one; it says so meanwhile
(azure-batch-semantics §4.2, §4.10).
"""

from __future__ import annotations

import msgspec

from millpond.api.reasons import TaskReason
from millpond.scheduling.demand import Demand
from millpond.scheduling.finding import Finding


class PoolTerms(msgspec.Struct, frozen=True, gc=False):
    """What a pool offers at most. `nodes` is how many it is to have; None where a formula decides."""

    slots_per_node: int = 1
    communicates: bool = False
    """Its nodes may reach each other."""
    nodes: int | None = None


def misfit(demand: Demand, terms: PoolTerms, pool: str) -> Finding | None:
    """Why no node, or no group of nodes, of the pool will ever take the demand while the pool is as it is."""
    if demand.slots > terms.slots_per_node:
        message = f"requiredSlots is {demand.slots}, but nodes of pool {pool} have {terms.slots_per_node}."
        remedy = "Lower requiredSlots in a new task, or use a pool with more taskSlotsPerNode."
        return Finding(TaskReason.TOO_MANY_SLOTS, message, True, remedy)
    if not demand.instances:
        return None
    if not terms.communicates or terms.slots_per_node != 1:
        lacks = "has enableInterNodeCommunication false" if not terms.communicates else ""
        if terms.slots_per_node != 1:
            lacks += f"{' and' if lacks else 'has'} taskSlotsPerNode {terms.slots_per_node}"
        message = (
            f"A multi-instance task needs nodes that reach each other, with one slot each, and pool {pool} {lacks}."
        )
        remedy = "Use a pool with enableInterNodeCommunication and taskSlotsPerNode 1."
        return Finding(TaskReason.POOL_FORMS_NO_GROUPS, message, True, remedy)
    if terms.nodes is not None and demand.instances > terms.nodes:
        message = f"numberOfInstances is {demand.instances}, but pool {pool} is to have {terms.nodes} nodes."
        remedy = "Enlarge the pool, or lower numberOfInstances in a new task."
        return Finding(TaskReason.TOO_MANY_INSTANCES, message, True, remedy)
    return None
