"""The multi-instance tasks of a pool that wait: which goes first, the nodes kept for it, and who may use them.

Looked at only where such a task waits and a slot is free: a pool without any pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container

from millpond.api.times import parse_time
from millpond.control.attempt import Attempt
from millpond.control.former_pods import may_begin
from millpond.control.limits import Limits
from millpond.control.managers import head_of, level_of
from millpond.control.pool_state import PoolState
from millpond.control.records import JobRecord, TaskRecord
from millpond.lifecycle.exits import TASK_CONTAINER
from millpond.scheduling.demand import Demand
from millpond.scheduling.groups import Group, Reservation, reserve
from millpond.scheduling.node_slots import NodeSlots

START_MARGIN = 60.0
"""Seconds beyond its wall-clock limit in which a task has certainly ended: for its image, and for its grace."""


def keep_nodes(pool: PoolState, now: float, limits: Limits) -> Reservation | None:
    """What is kept for the oldest group of the highest priority that the pool can take at all."""
    hopeless: set[tuple[str, Demand]] = set()
    while (first := _first(pool, hopeless, now, limits)) is not None:
        kept = _reserve(pool, first, first.job.barred, now)
        if kept is not None:
            return kept
        hopeless.add((first.job.name, first.demand))
    return None


def nodes_of_group(
    pool: PoolState, task: TaskRecord, barred: Collection[str], waits: Reservation | None, now: float
) -> list[NodeSlots]:
    """The nodes for the group if it can start now, the primary's first. `waits` is what is kept for the first one."""
    own = waits
    if own is None or own.group.ticket != task.ticket:
        own = _reserve(pool, task, task.job.barred, now)
        if own is not None and waits is not None and is_bound(waits, task, now):
            barred = waits.kept.union(barred)
    if own is None:
        return []
    return [pool.index[name] for name in own.nodes(task.preferred_node, barred)]


def is_bound(waits: Reservation, task: TaskRecord, now: float) -> bool:
    """True for a task that must not use what is kept."""
    ends_at = now + task.max_wall_clock + START_MARGIN if task.max_wall_clock is not None else None
    return waits.binds(level_of(task.job)[0], task.ticket, ends_at)


def address_of(pool: PoolState, node: str) -> str:
    """Where the agent of the node is reached; "" while that is not known."""
    pod = pool.node(node).pod
    return (pod.status.pod_ip or "") if pod is not None else ""


class _Others(Container[Demand]):
    """All demands but those of groups for which there is hope."""

    def __init__(self, job: JobRecord, hopeless: set[tuple[str, Demand]]) -> None:
        self._job, self._hopeless = job, hopeless

    def __contains__(self, demand: object) -> bool:
        return isinstance(demand, Demand) and (not demand.instances or (self._job.name, demand) in self._hopeless)


def _first(pool: PoolState, hopeless: set[tuple[str, Demand]], now: float, limits: Limits) -> TaskRecord | None:
    """The group that goes first; those that turn out to wait for something else leave the queue."""
    heads: list[tuple[int, TaskRecord]] = []
    for job in list(pool.gathering.values()):
        while job.filed is not None and (head := head_of(job, _Others(job, hopeless))) is not None:
            task = job.tasks[head[0][1]]
            if may_begin(pool, task, now, limits):
                heads.append((-level_of(job)[0], task))
                break
    return min(heads, key=lambda head: (head[0], head[1].ticket), default=(0, None))[1]


def _reserve(pool: PoolState, task: TaskRecord, barred: Collection[str], now: float) -> Reservation | None:
    group = Group(level_of(task.job)[0], task.ticket, task.demand, barred)
    return reserve(group, (node for node in pool.index if address_of(pool, node.name)), _free_at(pool, now))


def _free_at(pool: PoolState, now: float) -> Callable[[str], float | None]:
    def free_at(name: str) -> float | None:
        ends = [_ends_at(attempt, now) for attempt in pool.node(name).attempts.values() if attempt.holds]
        known = [end for end in ends if end is not None]
        return max(known, default=now) if len(known) == len(ends) else None

    return free_at


def _ends_at(attempt: Attempt, now: float) -> float | None:
    """When the attempt has ended at the latest; None where it has no limit."""
    limit = attempt.record.max_wall_clock if attempt.record is not None else None
    if limit is None:
        return None
    state = attempt.view.container(TASK_CONTAINER) if attempt.view is not None else None
    started = state.running.started_at if state is not None and state.running is not None else None
    return max(now, (parse_time(started) if started is not None else now) + limit + START_MARGIN)
