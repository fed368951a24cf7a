"""The resizes in force of a pool: taken from its status, brought up to date, and written with the status again.

Each class of nodes has its own.
"""

from __future__ import annotations

from datetime import UTC, datetime

from millpond.api.nodetemplate import NodeClass
from millpond.api.pool import Pool
from millpond.api.provider import ProviderType
from millpond.api.resize import PoolResize
from millpond.control.pool_state import PoolState
from millpond.scaling.autoscale import Run
from millpond.scaling.target import Sizing, Standing, Wish, judge_target


def resized(pool: PoolState, model: Pool, node_class: NodeClass, now: float) -> Sizing:
    """The resize of that class in force now."""
    old = remembered(model, node_class)
    known = old.removals if old is not None else ()
    nodes = [node for node in pool.nodes.values() if node.node_class is node_class]
    asked = []
    for node in nodes:
        # One that leaves anyway takes no other's place.
        uid = node.model.metadata.uid if node.model is not None else ""
        if uid in known or (node.stays and node.model is not None and node.model.spec.removed_at is not None):
            asked.append(uid)
    standing = Standing(
        placed=sum(node.counts for node in nodes if node.stays),
        leaving=sum(not node.stays for node in nodes if node.model is not None),
        removals=tuple(sorted(asked)),
    )
    spec, decided = model.spec, pool.decided
    wish = Wish(_wanted(pool, model, node_class), spec.resized_at, spec.resize_stopped_at)
    anew = decided is not None and old is not None and _decided(decided, node_class) != old.target
    return judge_target(old, wish, standing, now, anew=anew)


def _wanted(pool: PoolState, model: Pool, node_class: NodeClass) -> int:
    """What was asked for last: by the spec, by a formula that was just evaluated, or whoever asked before."""
    if node_class is NodeClass.LOW_PRIORITY and model.spec.provider.type is ProviderType.SCALE_SUBRESOURCE:
        return 0
    spec = model.spec.target_of(node_class)
    if spec is not None:
        return spec
    if pool.decided is not None:
        return _decided(pool.decided, node_class)
    old = remembered(model, node_class)
    return old.wish.target if old is not None else told_target(model, node_class)


def _decided(run: Run, node_class: NodeClass) -> int:
    return run.target_dedicated if node_class is NodeClass.DEDICATED else run.target_low_priority


def remembered(model: Pool, node_class: NodeClass = NodeClass.DEDICATED) -> Sizing | None:
    """The resize of that class that the status tells of."""
    status = model.status
    told = status.resize if node_class is NodeClass.DEDICATED else status.low_priority_resize
    if told is None:
        return None
    return Sizing(
        target=told_target(model, node_class),
        wish=Wish(told.target_nodes, told.resized_at, told.resize_stopped_at),
        began=told.start_time.timestamp(),
        stopped=told.stopped,
        removals=told.removed_nodes,
    )


def told_target(model: Pool, node_class: NodeClass) -> int:
    """The target of that class that the status tells."""
    status = model.status
    return status.target_dedicated_nodes if node_class is NodeClass.DEDICATED else status.target_low_priority_nodes


def removals_told(pool: PoolState) -> frozenset[str]:
    """The uids of nodes whose removal the Pool itself tells of: they may leave, and it is not forgotten with them."""
    if pool.model is None or pool.unwritten:
        return frozenset()
    status = pool.model.status
    return frozenset(uid for of in (status.resize, status.low_priority_resize) if of for uid in of.removed_nodes)


def describe_resize(pool: PoolState, model: Pool, node_class: NodeClass) -> PoolResize | None:
    """The status of the resize of that class; of low-priority nodes where any were ever asked for."""
    sizing, status = pool.sizings.get(node_class), model.status
    told = status.resize if node_class is NodeClass.DEDICATED else status.low_priority_resize
    if sizing is None or (node_class is NodeClass.LOW_PRIORITY and told is None and sizing.wish.target == 0):
        return told
    return PoolResize(
        start_time=datetime.fromtimestamp(int(sizing.began), UTC),
        target_nodes=sizing.wish.target,
        resized_at=sizing.wish.resized_at,
        resize_stopped_at=sizing.wish.stopped_at,
        stopped=sizing.stopped,
        removed_nodes=sizing.removals,
    )


def target_of(pool: PoolState, node_class: NodeClass = NodeClass.DEDICATED) -> int:
    """How many nodes of that class the pool is to have."""
    if pool.model is None or pool.deleting:
        return 0
    sizing = pool.sizings.get(node_class) or remembered(pool.model, node_class)
    return sizing.target if sizing is not None else _wanted(pool, pool.model, node_class)


def whole_target_of(pool: PoolState) -> int:
    """How many nodes the pool is to have in all."""
    return sum(target_of(pool, node_class) for node_class in NodeClass)
