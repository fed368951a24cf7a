"""Tasks that have lived out their time: the running ones are ended and left in their state.

A pool has one deadline for all of them, that of its oldest running task. Waiting tasks have none: whether one is too
old is asked when its turn comes (`placing`), so that a long queue costs nothing.
"""

from __future__ import annotations

from millpond.api.reasons import TaskReason
from millpond.api.times import format_time, parse_time
from millpond.control.actions import AnyAction, Event
from millpond.control.attempt import Attempt
from millpond.control.fold_tasks import adopt
from millpond.control.limits import Limits
from millpond.control.pool_state import NO_TIME, PoolState
from millpond.control.records import TaskRecord
from millpond.control.task_patch import ConditionPatch, TaskStatusPatch
from millpond.control.verdicts import write_task
from millpond.lifecycle.age import added_too_early, told_too_old


def watch_age(pool: PoolState, task: TaskRecord, limits: Limits) -> None:
    """Have the pool's running tasks looked at when this one will be too old, unless that happens sooner anyway."""
    if task.created < pool.oldest_running:
        pool.oldest_running = task.created
        pool.look_at(parse_time(task.created) + limits.task_lifetime, "age", pool.name)


def judge_ages(pool: PoolState, now: float, limits: Limits) -> None:
    """When the oldest may be too old: mark the attempts of those that are, and watch the oldest of the others."""
    if not pool.taken("age"):
        return
    pool.oldest_running = NO_TIME
    too_early = added_too_early(now, limits.task_lifetime)
    for attempt in pool.attempts.values():
        task = attempt.record
        if task is None or attempt.settled:
            continue
        if task.created <= too_early:
            pool.mark("attempt", attempt.pod)
        else:
            watch_age(pool, task, limits)


def expire(attempt: Attempt, task: TaskRecord, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """Say that the task is too old, and let its attempt count for nothing any more: what follows ends its process."""
    message = told_too_old(limits.task_lifetime)
    number = max(attempt.number, task.written)
    condition = ConditionPatch("Scheduled", "False", TaskReason.TASK_EXPIRED, message, format_time(now))
    status = TaskStatusPatch(conditions=(condition,), attempt=number)
    write_task(task, status, actions, (Event(TaskReason.TASK_EXPIRED, message, "Warning"),))
    task.written_problem = TaskReason.TASK_EXPIRED
    task.written = task.settled = number
    adopt(task)
