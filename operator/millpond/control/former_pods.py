"""Which Pod must go before a task's next one may come: one that has its name, or lives in the directory of its id.

Ids and names are used again: after a Task's deletion, and by the next attempt after one whose node was given up. Two
processes in one directory would spoil each other's files.
"""

from __future__ import annotations

from millpond.api import naming
from millpond.api.reasons import TaskReason
from millpond.control.attempt import Attempt
from millpond.control.limits import Limits
from millpond.control.plan_nodes import given_up_at
from millpond.control.pool_state import PoolState
from millpond.control.records import Problem, TaskRecord
from millpond.lifecycle.age import added_too_early


def may_begin(pool: PoolState, task: TaskRecord, now: float, limits: Limits) -> bool:
    """False for a task whose turn it is and that cannot start for reasons that are asked last: it leaves the queue."""
    if task.created <= added_too_early(now, limits.task_lifetime):
        pool.dequeue(task)
    elif (former := in_the_way(task, now, limits)) is not None:
        task.problem = why_waits(task, former)
        pool.dequeue(task)
    else:
        return True
    pool.mark("task", f"{task.job.name}/{task.name}")
    return False


def in_the_way(task: TaskRecord, now: float, limits: Limits) -> Attempt | None:
    """The Pod that the task's next attempt waits for; None when it may start as far as that is concerned.

    A Pod whose host is lost, or silent for too long, is not waited for: its node takes no tasks, so that the next
    attempt has another directory. Should the host come back, the Pod is in the way again until it has ended.
    """
    for instance in range(task.demand.instances or 1):
        namesake = task.job.pool.attempts.get(naming.member_pod(task.name, task.attempt + 1, instance))
        if namesake is not None:
            return namesake
    holders = task.job.holders.get(task.key)
    if holders is None:
        return None
    living = [attempt for attempt in holders if _lives(attempt, now, limits)]
    return min(living, key=lambda attempt: attempt.pod, default=None)


def _lives(attempt: Attempt, now: float, limits: Limits) -> bool:
    lost_at = given_up_at(attempt.pool, attempt.node, attempt.view, now, limits) if attempt.view is not None else None
    return lost_at is None or now < lost_at


def why_waits(task: TaskRecord, former: Attempt) -> Problem:
    """What the task says of itself meanwhile."""
    text = (
        f"Pod {former.pod} on node {former.node.name}, of an earlier task or attempt, has the name of the "
        f"task's next Pod or the directory of the id {task.id}. The task starts when it has ended, "
        "or its node is given up."
    )
    return Problem(TaskReason.FORMER_POD_ENDING, text)
