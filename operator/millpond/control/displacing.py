"""Making room for tasks that go first: a running task is marked on its Pod as displaced, then stopped.

The mark names the job it gives way to. It comes first, so that an operator that is killed in between knows what was
meant, and books a requeue.
"""

from __future__ import annotations

from collections.abc import Iterator

from millpond.control.actions import AnyAction, DisplaceAttempt
from millpond.control.attempt import Attempt
from millpond.control.managers import amounts_of, level_of
from millpond.control.pool_state import PoolState
from millpond.control.records import JobRecord
from millpond.scheduling.preemption import Claim, Running, rooms_to_come, who_gives_way


def gives_way(pool: PoolState) -> bool:
    """False where no task is to give way to another, as in most pools."""
    return bool(pool.yielding) or pool.order.lowest_restarting is not None


def displace(pool: PoolState, actions: list[AnyAction]) -> None:
    """Have tasks give way to what found no place. Looks at all attempts, but only where one might give way."""
    if pool.model is None or pool.model.metadata.deletion_timestamp is not None:
        return
    floor = _floor(pool)
    if floor is None:
        return
    nodes = {node.name: node for node in pool.index}
    running = [_running(attempt) for attempt in pool.attempts.values() if attempt.holds]
    for pod, job in who_gives_way(_claims(pool, floor, len(running)), nodes, running):
        _displace(pool, pool.attempts[pod], job, actions)


def kept_free(pool: PoolState) -> dict[str, set[str]]:
    """By node, the jobs for which room is coming there; nothing else may start there until then.

    Looks at all attempts, but only where one might give way, or has.
    """
    waiting = (level_of(job)[0] for job in pool.yielding.values() if job.pool is pool and job.waiting)
    above, restarting = min(waiting, default=None), pool.order.lowest_restarting
    if above is None and restarting is None:
        return {}
    running = [_running(attempt) for attempt in pool.attempts.values() if attempt.holds]
    if not any(attempt.leaving for attempt in running):
        return {}
    floor = min(level for level in (restarting, None if above is None else above + 1) if level is not None)
    return rooms_to_come(_claims(pool, floor, len(running)), {node.name: node for node in pool.index}, running)


def _floor(pool: PoolState) -> int | None:
    """The lowest priority of jobs for which tasks may give way; None where there is none such that waits."""
    restarting, highest = pool.order.lowest_restarting, pool.order.highest
    offered = min((level_of(job)[0] for job in pool.yielding.values() if _offers(pool, job)), default=None)
    if offered is None or highest is None or highest <= offered:
        return restarting
    return offered + 1 if restarting is None else min(offered + 1, restarting)


def _offers(pool: PoolState, job: JobRecord) -> bool:
    """True when an attempt of the job, which allows pre-emption, could be stopped in this pool."""
    return any(attempt.pool is pool and _may_stop(attempt) and not _leaves(attempt) for attempt in job.live.values())


def _claims(pool: PoolState, floor: int, most: int) -> Iterator[Claim]:
    """What waits, in the order in which it is served, as far as it matters to those that tasks give way to."""
    for (priority, restarts), (_, name) in pool.order.descending():
        if priority < floor:
            return
        job = pool.jobs[name]
        left = most
        if job.model is not None and job.model.spec.max_parallel_tasks >= 0:
            left = min(left, job.model.spec.max_parallel_tasks - job.running)
        for demand, amount in amounts_of(job, left).items():
            if demand.is_group:
                continue  # it waits for the nodes that are kept for it, and has nobody stopped
            yield Claim(name, demand, priority, min(amount, left), job.barred, restarts)
            left -= amount


def _running(attempt: Attempt) -> Running:
    view = attempt.view
    return Running(
        attempt.pod,
        attempt.node.name,
        attempt.demand,
        level_of(attempt.job)[0],
        view.metadata.creation_timestamp if view is not None else "",
        _leaves(attempt),
        _may_stop(attempt),
        attempt.job.name in attempt.pool.yielding,
    )


def _may_stop(attempt: Attempt) -> bool:
    return attempt.holds and not (attempt.manages or attempt.assumed or attempt.settled)


def _leaves(attempt: Attempt) -> bool:
    return attempt.deleting or bool(attempt.displaced)


def _displace(pool: PoolState, attempt: Attempt, job: str, actions: list[AnyAction]) -> None:
    attempt.displaced = job
    pool.mark("attempt", attempt.pod)
    chain = f"task/{attempt.job.name}/{attempt.task}"
    actions.append(DisplaceAttempt(namespace=pool.namespace, pod=attempt.pod, uid=attempt.uid, to_job=job, chain=chain))
