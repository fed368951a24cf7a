"""The multi-instance tasks of a pool that wait: which goes first, the nodes kept for it, and who may use them.

Looked at only where such a task waits and a slot is free: a pool without any pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Iterator

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
from millpond.scheduling.ready import Ticket

START_MARGIN = 60.0
"""Seconds beyond its wall-clock limit in which a task has certainly ended: for its image, and for its grace."""


def keep_nodes(pool: PoolState, now: float, limits: Limits) -> Reservation | None:
    """What is kept for the oldest group of the highest priority that the pool can take at all."""
    hopeless: set[tuple[str, Demand]] = set()
    while (first := _first(pool, hopeless, now, limits)) is not None:
        kept = _reserve(pool, first, now)
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
        own = _reserve(pool, task, now)
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


def kept_from(task: TaskRecord, nodes: Iterable[NodeSlots], now: float) -> tuple[str, frozenset[str]]:
    """The group that goes first, and the nodes kept for it that the task must not use; for people only."""
    pool = task.job.pool
    first = min(_heads(pool, set()), key=_turn, default=None)
    if first is None or first is task:
        return "", frozenset()
    waits = reserve(_group(first), nodes, _free_at(pool, now))
    return (first.name, waits.kept) if waits is not None and is_bound(waits, task, now) else ("", frozenset())


class _Others(Container[Demand]):
    """All demands but those of groups for which there is hope."""

    def __init__(self, job: JobRecord, hopeless: set[tuple[str, Demand]]) -> None:
        self._job, self._hopeless = job, hopeless

    def __contains__(self, demand: object) -> bool:
        return isinstance(demand, Demand) and (not demand.instances or (self._job.name, demand) in self._hopeless)


def _first(pool: PoolState, hopeless: set[tuple[str, Demand]], now: float, limits: Limits) -> TaskRecord | None:
    """The group that goes first; those that turn out to wait for something else leave the queue."""
    while (first := min(_heads(pool, hopeless), key=_turn, default=None)) is not None:
        if may_begin(pool, first, now, limits):
            return first
    return None


def _heads(pool: PoolState, hopeless: set[tuple[str, Demand]]) -> Iterator[TaskRecord]:
    """The first group of each job that may start one."""
    for job in pool.gathering.values():
        head = head_of(job, _Others(job, hopeless)) if job.filed is not None else None
        if head is not None:
            yield job.tasks[head[0][1]]


def _turn(task: TaskRecord) -> tuple[int, Ticket]:
    return -level_of(task.job)[0], task.ticket


def _group(task: TaskRecord) -> Group:
    return Group(level_of(task.job)[0], task.ticket, task.demand, task.job.barred)


def _reserve(pool: PoolState, task: TaskRecord, now: float) -> Reservation | None:
    nodes = (node for node in pool.index if address_of(pool, node.name))
    return reserve(_group(task), nodes, _free_at(pool, now))


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
