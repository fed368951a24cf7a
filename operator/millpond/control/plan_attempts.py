"""The lives of attempts: evidence becomes verdicts, verdicts are written, and only then is the evidence let go."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from millpond.api.job import DisableTasks
from millpond.api.reasons import TaskState
from millpond.api.times import format_time, parse_time
from millpond.api.views.pod import PodView
from millpond.control.actions import AnyAction, ReleaseEvidence, StopAttempt
from millpond.control.attempt import Attempt
from millpond.control.draining import fate_on
from millpond.control.hindrances import hindrance_of_task, told
from millpond.control.limits import Limits
from millpond.control.plan_ages import expire, watch_age
from millpond.control.plan_leaving import host_lost_under
from millpond.control.plan_nodes import given_up_at
from millpond.control.pool_state import PoolState
from millpond.control.records import TaskRecord
from millpond.control.task_patch import ConditionPatch, TaskStatusPatch
from millpond.control.verdicts import book, write_task
from millpond.lifecycle.age import added_too_early
from millpond.lifecycle.exits import TASK_CONTAINER, Ending, Exit
from millpond.lifecycle.groups import Subtask
from millpond.lifecycle.jobs import fate_of_running
from millpond.lifecycle.preparation import Preparation
from millpond.lifecycle.tasks import GIVEN_UP, Tries, Wishes, accept, decide
from millpond.lifecycle.uploads import judge_attempt, uploads
from millpond.lifecycle.waits import is_busy, judge_waiting, starts_since, waits_for_preparation


def judge_attempts(pool: PoolState, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """Judge each marked attempt."""
    for name in pool.taken("attempt"):
        attempt = pool.attempts.get(name)
        if attempt is not None and attempt.instances:
            pool.mark("group", name)
            continue
        if attempt is None or attempt.assumed or attempt.view is None:
            continue
        task = attempt.record
        if task is not None and not attempt.settled:
            judge = _judge_ended if attempt.view.terminal else _judge_living
            judge(pool, attempt, attempt.view, task, now, limits, actions)
        if attempt.settled:
            let_go(pool, attempt, actions)


def _judge_ended(
    pool: PoolState,
    attempt: Attempt,
    view: PodView,
    task: TaskRecord,
    now: float,
    limits: Limits,
    actions: list[AnyAction],
) -> None:
    exit_ = judge_attempt(view)
    if exit_.ending is Ending.SUCCESS:
        verdict = accept(exit_)
    else:
        verdict = decide(exit_, wishes_of(pool, attempt, task, now, limits), tries_of(task, limits))
    book(attempt, task, verdict, now, limits, actions)


def _judge_living(
    pool: PoolState,
    attempt: Attempt,
    view: PodView,
    task: TaskRecord,
    now: float,
    limits: Limits,
    actions: list[AnyAction],
) -> None:
    wishes = wishes_of(pool, attempt, task, now, limits)
    if wishes.node_lost or wishes.at_once:
        exit_: Exit | None = GIVEN_UP
    elif host_is_silent(pool, view, attempt, now, limits):
        exit_ = None
    else:
        waited, hindrance = now - parse_time(starts_since(view)), hindrance_of_task(task, [attempt])
        exit_ = judge_waiting(view, waited, limits.image_pull, limits.startup, hindrance)
    if exit_ is not None:
        verdict = decide(exit_, wishes, tries_of(task, limits))
        book(attempt, task, verdict, now, limits, actions)
        return
    if task.created <= added_too_early(now, limits.task_lifetime) and not wishes.ended_by_user:
        expire(attempt, task, now, limits, actions)
        return
    watch_age(pool, task, limits)
    in_vain = bool(attempt.preparation) and waits_in_vain(attempt, view)
    if (wishes.stop or in_vain) and not attempt.deleting:
        stop(pool, attempt, actions)
        return
    _follow(pool, attempt, task, now, limits, actions)


def tries_of(task: TaskRecord, limits: Limits) -> Tries:
    """How often the task was tried, and may be."""
    return Tries(task.retry_count, max_retries(task), task.refusals, limits.node_refusals)


def max_retries(task: TaskRecord) -> int:
    """The task's own allowance, else its job's."""
    if task.max_retries is not None:
        return task.max_retries
    return task.job.model.spec.constraints.max_task_retry_count if task.job.model else 0


def wishes_of(pool: PoolState, attempt: Attempt, task: TaskRecord, now: float, limits: Limits) -> Wishes:
    """What users and the pool want of the attempt."""
    job = task.job
    lost_at = given_up_at(pool, attempt.node, attempt.view, now, limits) if attempt.view else None
    fate = fate_of_running(job.state, job.disable_option, attempt.deleting)
    return Wishes(
        ended_by_user=task.terminate or job.ending or fate is DisableTasks.TERMINATE or job.model is None,
        job_disabled=fate is DisableTasks.REQUEUE,
        displaced=attempt.displaced,
        drained=fate_on(pool, attempt.node),
        node_lost=lost_at is not None and now >= lost_at,
        at_once=job.forced,
    )


def host_is_silent(pool: PoolState, view: PodView, attempt: Attempt, now: float, limits: Limits) -> bool:
    """True while nothing new can be known of the Pod. It is looked at again when it is to be given up."""
    lost_at = given_up_at(pool, attempt.node, view, now, limits)
    if lost_at is None:
        return False
    pool.look_at(lost_at, "attempt", attempt.pod)
    return True


def waits_in_vain(attempt: Attempt, view: PodView) -> bool:
    """True when the preparation that holds the task back has failed, or the node has started anew meanwhile."""
    of = attempt.node.jobs.get(attempt.job.name)
    if not waits_for_preparation(view) or of is None:
        return False
    return of.preparation is Preparation.FAILED or of.current not in ("", attempt.preparation)


def stop(pool: PoolState, attempt: Attempt, actions: list[AnyAction]) -> None:
    """Have the Pod end, where it runs."""
    attempt.deleting = True
    actions.append(
        StopAttempt(
            namespace=pool.namespace, pod=attempt.pod, uid=attempt.uid, chain=f"task/{attempt.job.name}/{attempt.task}"
        )
    )


def let_go(pool: PoolState, attempt: Attempt, actions: list[AnyAction]) -> None:
    """A counted attempt: stop what still runs, and drop the evidence of what has ended."""
    ended = not attempt.holds or host_lost_under(pool, attempt.view)
    if not ended:
        if not attempt.deleting:
            stop(pool, attempt, actions)
        return
    owner = attempt.job.pool
    if owner.unsent and f"{attempt.job.name}/{attempt.task}" in owner.unsent:
        return
    owner.keep_live(attempt, False)
    if attempt.released:
        return
    attempt.released = True
    if attempt.node.emptied:
        pool.mark("node", attempt.node.name)
    actions.append(
        ReleaseEvidence(
            namespace=pool.namespace, pod=attempt.pod, uid=attempt.uid, chain=f"task/{attempt.job.name}/{attempt.task}"
        )
    )


def _follow(
    pool: PoolState, attempt: Attempt, task: TaskRecord, now: float, limits: Limits, actions: list[AnyAction]
) -> None:
    """Write that the task prepares or runs, once it has done so long enough to be news."""
    view = attempt.view
    assert view is not None
    state = view.container(TASK_CONTAINER)
    ended = state.terminated if state else None
    if ended is not None and not uploads(view):
        return  # its end is told when the Pod's phase is terminal; until then the last word stands
    started = state.running.started_at if state and state.running else ended.started_at if ended else None
    if started is None:
        watch_start(pool, attempt, view, now, limits)
    tell_progress(attempt, task, started, hindrance_of_task(task, [attempt]), now, limits, actions)


def watch_start(pool: PoolState, attempt: Attempt, view: PodView, now: float, limits: Limits) -> None:
    """Have a Pod whose container has not started looked at when that takes too long."""
    since = parse_time(starts_since(view))
    for limit in (limits.image_pull, limits.startup):
        if now < since + limit and not is_busy(view):
            pool.look_at(since + limit, "attempt", attempt.pod)
            break


def tell_progress(
    attempt: Attempt,
    task: TaskRecord,
    started: str | None,
    hindrance: str,
    now: float,
    limits: Limits,
    actions: list[AnyAction],
    subtasks: tuple[Subtask, ...] | UnsetType = UNSET,
) -> None:
    """Write that the task runs since `started`, or prepares where that is None, once that is news.

    What keeps its Pod from starting is news at once.
    """
    pool, view = attempt.pool, attempt.view
    assert view is not None
    created = parse_time(view.metadata.creation_timestamp)
    least = limits.progress_in_burst if task.job.waiting >= limits.burst else 0.0
    if started is not None:
        wanted, due = TaskState.RUNNING, parse_time(started) + max(limits.running_after, least)
    else:
        wanted, due = TaskState.PREPARING, created + max(limits.preparing_after, least)
    if task.state is wanted and task.written == attempt.number and hindrance == task.hindrance:
        return
    if now < due and not hindrance:
        pool.look_at(due, "attempt", attempt.pod)
        return
    if given_up_at(pool, attempt.node, view, now, limits) is not None:
        return
    conditions = UNSET if hindrance == task.hindrance else (told(hindrance, now),)
    _write_progress(attempt, task, wanted, started or format_time(created), conditions, actions, subtasks)


def _write_progress(
    attempt: Attempt,
    task: TaskRecord,
    state: TaskState,
    start: str,
    conditions: tuple[ConditionPatch, ...] | UnsetType,
    actions: list[AnyAction],
    subtasks: tuple[Subtask, ...] | UnsetType,
) -> None:
    status = TaskStatusPatch(
        conditions=conditions,
        state=state,
        attempt=attempt.number,
        node_name=attempt.node.name,
        pod_name=attempt.pod,
        start_time=start,
        end_time=None,
        exit_code=None,
        directory=task.directory,
        subtasks=subtasks,
    )
    write_task(task, status, actions)
    task.job.pool.count(task, state, None)
    task.written, task.settled = attempt.number, attempt.number - 1
