"""How long files of tasks are still to stay on a node: `RetainedData` waits for that (azure-batch-semantics §3.2).

What a task's own words tell is all that counts: the end that its Task tells of, and its retention. So whoever comes
after the operator waits as long.
"""

from __future__ import annotations

from millpond.api.pool import NodeDeallocationOption
from millpond.api.times import DEFAULT_RETENTION_SECONDS, parse_time
from millpond.control.node_record import NodeRecord
from millpond.control.pool_state import PoolState
from millpond.control.records import NOT_KEPT, TaskRecord
from millpond.lifecycle.nodes import host_is_lost


def keep_files(task: TaskRecord, end_time: str | None) -> None:
    """The task's last end is at that time; None while it has not ended."""
    until = NOT_KEPT
    if end_time is not None:
        retention = DEFAULT_RETENTION_SECONDS if task.retention is None else task.retention
        until = parse_time(end_time) + retention
    if until != task.kept_until:
        task.kept_until = until
        _count_anew(task)


def drop_files(task: TaskRecord) -> None:
    """The Task is gone, and with it what it left."""
    if task.kept_until != NOT_KEPT:
        task.kept_until = NOT_KEPT
        _count_anew(task)


def _count_anew(task: TaskRecord) -> None:
    name, own = task.node_name, task.job.pool
    if name is None:
        return
    # Hardly ever another pool's: of a job that has changed its pool since.
    for pool in (own,) if name in own.nodes else own.siblings.values():
        node = pool.nodes.get(name)
        if node is not None and node.kept_until is not None:
            node.kept_until = None
            pool.mark("node", name)


def waits_for_files(pool: PoolState, node: NodeRecord, now: float) -> float | None:
    """Until when the node stays for what tasks have left there; None where it does not.

    A node that is deleted, or whose pool is, does not wait, nor one whose files have gone with its host.
    """
    latest, model = node.chosen or node.draining, node.model
    if model is None or latest is None or latest.option is not NodeDeallocationOption.RETAINED_DATA:
        return None
    host = model.status.host_name
    if model.metadata.deletion_timestamp is not None or pool.deleting or host_is_lost(pool.hosts.get(host or "")):
        return None
    until = _kept_until(pool, node)
    if now >= until:
        return None
    pool.look_at(until, "node", node.name)
    return until


def _kept_until(pool: PoolState, node: NodeRecord) -> float:
    """The latest end of a retention on the node; all nodes of the pool that wait are counted in one go."""
    if node.kept_until is None:
        found = {name: NOT_KEPT for name, other in pool.nodes.items() if other is node or _waits(other)}
        for sibling in pool.siblings.values():
            for job in sibling.jobs.values():
                for task in job.tasks.values():
                    if task.kept_until > NOT_KEPT and task.node_name in found:
                        found[task.node_name] = max(found[task.node_name], task.kept_until)
        for name, until in found.items():
            pool.nodes[name].kept_until = until
    return node.kept_until or NOT_KEPT


def _waits(node: NodeRecord) -> bool:
    return node.draining is not None and node.draining.option is NodeDeallocationOption.RETAINED_DATA
