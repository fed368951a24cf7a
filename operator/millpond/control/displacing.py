"""Making room for managers that are to start again: a running task is marked on its Pod as displaced, then stopped.

The mark comes first, so that an operator that is killed in between knows what was meant, and books a requeue.
"""

from __future__ import annotations

from millpond.control.actions import AnyAction, DisplaceAttempt
from millpond.control.attempt import Attempt
from millpond.control.managers import demands_of, level_of
from millpond.control.pool_state import PoolState
from millpond.control.records import JobRecord
from millpond.scheduling.demand import Demand
from millpond.scheduling.preemption import Running, who_gives_way


def displace(pool: PoolState, actions: list[AnyAction]) -> None:
    """For each manager that found no place to start again, at most one task gives way. Free where none waits."""
    if pool.model is None or pool.model.metadata.deletion_timestamp is not None:
        return
    for _, name in pool.order.restarting():
        job = pool.jobs[name]
        manager = job.manager
        if manager is None or not manager.queued:
            continue
        nodes = {node.name: node for node in pool.index}
        running = [_running(attempt) for attempt in pool.attempts.values() if attempt.holds]
        pod = who_gives_way(manager.demand, level_of(job)[0], nodes, running, _wanted_above(pool, job))
        if pod is not None:
            _displace(pool, pool.attempts[pod], actions)


def _running(attempt: Attempt) -> Running:
    view = attempt.view
    return Running(
        attempt.pod,
        attempt.node.name,
        attempt.demand,
        level_of(attempt.job)[0],
        view.metadata.creation_timestamp if view is not None else "",
        attempt.deleting or attempt.displaced,
        not attempt.manages and not attempt.assumed and not attempt.settled,
    )


def _wanted_above(pool: PoolState, job: JobRecord) -> list[Demand]:
    return [demand for _, name in pool.order.above(level_of(job)[0]) for demand in demands_of(pool.jobs[name])]


def _displace(pool: PoolState, attempt: Attempt, actions: list[AnyAction]) -> None:
    attempt.displaced = True
    pool.mark("attempt", attempt.pod)
    chain = f"task/{attempt.job.name}/{attempt.task}"
    actions.append(DisplaceAttempt(namespace=pool.namespace, pod=attempt.pod, uid=attempt.uid, chain=chain))
