"""The resize in force of a pool: taken from its status, brought up to date, and written with the status again."""

from __future__ import annotations

from datetime import UTC, datetime

from millpond.api.pool import Pool
from millpond.api.resize import PoolResize
from millpond.control.pool_state import PoolState
from millpond.scaling.target import Sizing, Standing, Wish, judge_target


def resized(pool: PoolState, model: Pool, now: float) -> Sizing:
    """The resize in force now."""
    old = remembered(model)
    known = old.removals if old is not None else ()
    asked = []
    for node in pool.nodes.values():
        # One that leaves anyway takes no other's place.
        uid = node.model.metadata.uid if node.model is not None else ""
        if uid in known or (node.stays and node.model is not None and node.model.spec.removed_at is not None):
            asked.append(uid)
    standing = Standing(
        placed=sum(node.placed for node in pool.nodes.values() if node.stays),
        leaving=sum(not node.stays for node in pool.nodes.values() if node.model is not None),
        removals=tuple(sorted(asked)),
    )
    spec = model.spec
    wish = Wish(_wanted(pool, model), spec.resized_at, spec.resize_stopped_at)
    anew = pool.decided is not None and old is not None and pool.decided.target_dedicated != old.target
    return judge_target(old, wish, standing, now, anew=anew)


def _wanted(pool: PoolState, model: Pool) -> int:
    """What was asked for last: by the spec, by a formula that was just evaluated, or whoever asked before."""
    if model.spec.target_dedicated_nodes is not None:
        return model.spec.target_dedicated_nodes
    if pool.decided is not None:
        return pool.decided.target_dedicated
    return model.status.resize.target_dedicated_nodes if model.status.resize else model.status.target_dedicated_nodes


def remembered(model: Pool) -> Sizing | None:
    """The resize that the status tells of."""
    told = model.status.resize
    if told is None:
        return None
    return Sizing(
        target=model.status.target_dedicated_nodes,
        wish=Wish(told.target_dedicated_nodes, told.resized_at, told.resize_stopped_at),
        began=told.start_time.timestamp(),
        stopped=told.stopped,
        removals=told.removed_nodes,
    )


def removals_told(pool: PoolState) -> frozenset[str]:
    """The uids of nodes whose removal the Pool itself tells of: they may leave, and it is not forgotten with them."""
    told = pool.model.status.resize if pool.model is not None and not pool.unwritten else None
    return frozenset(told.removed_nodes) if told is not None else frozenset()


def describe_resize(pool: PoolState) -> PoolResize | None:
    """The status of the resize in force."""
    sizing = pool.sizing
    if sizing is None:
        return None
    return PoolResize(
        start_time=datetime.fromtimestamp(int(sizing.began), UTC),
        target_dedicated_nodes=sizing.wish.target,
        resized_at=sizing.wish.resized_at,
        resize_stopped_at=sizing.wish.stopped_at,
        stopped=sizing.stopped,
        removed_nodes=sizing.removals,
    )


def target_of(pool: PoolState) -> int:
    """How many nodes the pool is to have."""
    if pool.model is None or pool.deleting:
        return 0
    sizing = pool.sizing or remembered(pool.model)
    return sizing.target if sizing is not None else _wanted(pool, pool.model)
