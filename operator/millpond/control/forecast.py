"""What `scheduling/estimate` reads, out of the state of a pool and its Tasks; for people only, it changes no plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from millpond.api.reasons import TaskReason, TaskState
from millpond.api.times import parse_time
from millpond.api.views.task import TaskView
from millpond.control.attempt import Attempt
from millpond.control.explanation import can_run, priority_of
from millpond.control.pool_state import PoolState
from millpond.control.records import JobRecord, TaskRecord
from millpond.lifecycle.exits import TASK_CONTAINER
from millpond.scheduling.estimate import MOST_KNOWN, Estimate, Load, estimate
from millpond.scheduling.explain import Facts
from millpond.scheduling.finding import Finding

CREATION_TIME = "CreationTime"


def forecast(
    task: TaskRecord, facts: Facts, findings: Iterable[Finding], views: Mapping[str, TaskView], now: float
) -> Estimate | None:
    """When the task starts, or why that cannot be told; None where more than slots holds it back.

    `findings` are what `explain` says of its facts.
    """
    if facts.giving_way or any(found.blocks and found.reason != TaskReason.WAITING_FOR_SLOTS for found in findings):
        return None
    if task.demand.instances or facts.kept_for:
        return Estimate(unknown="a multi-instance task waits for several nodes at once, and not for slots alone")
    if task.demand.exclusive:
        return Estimate(unknown="it needs an empty node (runExclusive), and not slots alone")
    if task.demand.dedicated:
        return Estimate(unknown="it needs a dedicated node (allowLowPriorityNode), and not slots alone")
    if not task.demand.plain:
        return Estimate(unknown="it asks for resources of its own, and not for slots alone")
    return estimate(_load(task, facts, views, now))


def _load(task: TaskRecord, facts: Facts, views: Mapping[str, TaskView], now: float) -> Load:
    pool = task.job.pool
    open_nodes = {node.name: node.slots.total for node in facts.nodes if node.slots is not None}
    held = [attempt for attempt in pool.attempts.values() if attempt.holds and attempt.node.name in open_nodes]
    ages = [_age(attempt, now) for attempt in held for _ in range(attempt.demand.slots)]
    ahead, in_turn = _queue_before(task, pool)
    return Load(
        slots=sum(open_nodes.values()),
        ages=tuple(ages),
        run_times=recent_run_times(pool, views),
        wanted=task.demand.slots,
        ahead=ahead,
        in_turn=in_turn,
    )


def _queue_before(task: TaskRecord, pool: PoolState) -> tuple[int, int]:
    """Slots of those that certainly go first, and of those that may as their jobs take turns."""
    own = [other for other in task.job.tasks.values() if can_run(other) and other.ticket < task.ticket]
    ahead, in_turn = _slots(own), 0
    by_age = pool.model is not None and pool.model.spec.task_scheduling_policy.job_default_order == CREATION_TIME
    for job in pool.jobs.values():
        if job is task.job or job.filed is None or priority_of(job) < priority_of(task.job):
            continue
        waiting = sorted((other for other in job.tasks.values() if can_run(other)), key=lambda other: other.ticket)
        if priority_of(job) > priority_of(task.job) or (by_age and job.ticket < task.job.ticket):
            ahead += _slots(waiting)
        elif not by_age:
            in_turn += _slots(waiting[: 2 * (len(own) + 1)])
    return ahead, in_turn


def _slots(tasks: list[TaskRecord]) -> int:
    return sum(task.demand.slots for task in tasks)


def _age(attempt: Attempt, now: float) -> float:
    """Since its command started; 0 before."""
    state = attempt.view.container(TASK_CONTAINER) if attempt.view is not None else None
    started = state.running.started_at if state is not None and state.running is not None else None
    return max(0.0, now - parse_time(started)) if started is not None else 0.0


def recent_run_times(pool: PoolState, views: Mapping[str, TaskView]) -> tuple[float, ...]:
    """How long those tasks of the pool's jobs ran that ended last, the last first."""
    ended = [run for job in pool.jobs.values() for run in _runs(job, views)]
    return tuple(seconds for _, seconds in sorted(ended, reverse=True)[:MOST_KNOWN])


def _runs(job: JobRecord, views: Mapping[str, TaskView]) -> Iterable[tuple[str, float]]:
    for task in job.tasks.values():
        status = views[task.name].status
        if task.state is TaskState.COMPLETED and status.start_time is not None and status.end_time is not None:
            yield status.end_time, max(0.0, parse_time(status.end_time) - parse_time(status.start_time))
