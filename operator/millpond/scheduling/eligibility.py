"""May this node take this task? The one predicate that placement and `explain` share: None, or the reason why not."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

import msgspec

from millpond.scheduling.demand import Demand
from millpond.scheduling.node_slots import NodeSlots


class Why(StrEnum):
    """Why a node does not take a task now."""

    TOO_MANY_SLOTS = "TooManySlots"
    NOT_ENOUGH_RESOURCES = "NotEnoughResources"
    JOB_PREPARATION_FAILED = "JobPreparationTaskFailed"
    LOW_PRIORITY = "LowPriorityNode"
    HELD_EXCLUSIVELY = "NodeHeldExclusively"
    NOT_EMPTY = "NodeNotEmpty"
    SLOTS_IN_USE = "SlotsInUse"
    RESOURCES_IN_USE = "ResourcesInUse"


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """Why not. `for_ever` says that no waiting will change it while the node and the task stay as they are."""

    reason: Why
    message: str
    for_ever: bool = False


NO_NODES: frozenset[str] = frozenset()


def fits(node: NodeSlots, demand: Demand, barred: Collection[str] = NO_NODES) -> bool:
    """The verdict alone, for the hot path; `refusal` says the same in words (a test holds them together)."""
    cpu, memory = node.room_of(demand)
    return (
        demand.slots <= node.free
        and cpu <= node.cpu_free
        and memory <= node.memory_free
        and (not demand.exclusive or node.held == 0)
        and not (demand.dedicated and node.low_priority)
        and node.name not in barred
        and (not demand.devices or all(amount <= node.devices_free.get(name, 0) for name, amount in demand.devices))
    )


def could_ever(node: NodeSlots, demand: Demand, barred: Collection[str] = NO_NODES) -> bool:
    """True where nothing but what the node holds now keeps the demand off it."""
    return fits(node.emptied(), demand, barred)


def refusal(node: NodeSlots, demand: Demand, barred: Collection[str] = NO_NODES) -> Refusal | None:
    """Why the node cannot take the demand now, or None when it can. `barred`: nodes where its job's preparation failed.

    A barred node is not so for ever: one that could not start its preparation may start it yet.
    """
    if demand.slots > node.total:
        text = f"needs {_slots(demand.slots)}, the node has {node.total} in all"
        return Refusal(
            Why.TOO_MANY_SLOTS, f"{text}: lower requiredSlots, or use a pool with more taskSlotsPerNode", True
        )
    amounts = _amounts(node, demand)
    for name, asked, total, _ in amounts:
        if asked > total:
            return Refusal(Why.NOT_ENOUGH_RESOURCES, f"needs {asked} {name}, the node offers {total} in all", True)
    if demand.dedicated and node.low_priority:
        text = "needs a dedicated node (allowLowPriorityNode is false), and this one is of low priority"
        return Refusal(Why.LOW_PRIORITY, text)
    if node.name in barred:
        return Refusal(Why.JOB_PREPARATION_FAILED, "needs its job's preparation task, which failed there")
    if node.exclusive:
        text = "needs another node: a job manager has this one for itself (runExclusive)"
        return Refusal(Why.HELD_EXCLUSIVELY, text)
    if demand.exclusive and node.held:
        return Refusal(Why.NOT_EMPTY, f"needs an empty node (runExclusive), and {_tasks(node.held)} on this one")
    if demand.slots > node.free:
        return Refusal(Why.SLOTS_IN_USE, f"needs {_slots(demand.slots)}, {node.free} of {node.total} are free")
    for name, asked, total, free in amounts:
        if asked > free:
            return Refusal(Why.RESOURCES_IN_USE, f"needs {asked} {name}, {free} of {total} are free")
    return None


def _slots(amount: int) -> str:
    return "1 slot" if amount == 1 else f"{amount} slots"


def _tasks(amount: int) -> str:
    return "1 task is" if amount == 1 else f"{amount} tasks are"


def _amounts(node: NodeSlots, demand: Demand) -> list[tuple[str, int, int, int]]:
    cpu, memory = node.room_of(demand)
    rows = [
        ("millicores of cpu", cpu, node.cpu_total, node.cpu_free),
        ("bytes of memory", memory, node.memory_total, node.memory_free),
    ]
    rows += [
        (name, amount, node.devices_total.get(name, 0), node.devices_free.get(name, 0))
        for name, amount in demand.devices
    ]
    return rows
