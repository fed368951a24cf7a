"""Writing a verdict down: the Task's status, the tallies, and whether the task goes back to the queue."""

from __future__ import annotations

from functools import lru_cache

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from millpond.api.reasons import TaskResult
from millpond.api.times import format_time
from millpond.control.actions import AnyAction, Event, WriteTask
from millpond.control.attempt import Attempt
from millpond.control.fold_ends import begin_members, drop_unsent
from millpond.control.fold_tasks import queue_or_not, settle_into_queue
from millpond.control.hindrances import remember_told
from millpond.control.limits import Limits
from millpond.control.records import ACTIVE, COMPLETED, TaskRecord
from millpond.control.retained import keep_files
from millpond.control.task_patch import ConditionPatch, TaskStatusPatch
from millpond.lifecycle.failure import Failure
from millpond.lifecycle.groups import Subtask
from millpond.lifecycle.tasks import Ledger, Verdict


def book(
    attempt: Attempt,
    task: TaskRecord,
    verdict: Verdict,
    now: float,
    limits: Limits,
    actions: list[AnyAction],
    subtasks: tuple[Subtask, ...] | UnsetType = UNSET,
) -> None:
    """Count an attempt, exactly once: the write is conditional on the Task that was seen."""
    at = format_time(now)
    task.refusals = task.refusals + 1 if verdict.refused else 0
    result = verdict.result
    if result is not None:
        status, state = _final(attempt, task, verdict, result, at), COMPLETED
    else:
        task.retry_count += verdict.ledger is Ledger.RETRY
        task.requeue_count += verdict.ledger is Ledger.REQUEUE
        status, state = _again(attempt, task, verdict, at), ACTIVE
        back_off(task, verdict.ledger, now, limits)
    if subtasks is not UNSET:
        numbered = begin_members(attempt.pool, subtasks) if result is not None else subtasks
        status = replace(status, subtasks=numbered)
    write_task(task, status, actions, events_of(task, verdict))
    owner = task.job.pool
    owner.count(task, state, result)
    task.written = task.settled = max(attempt.number, task.written)
    task.live = None
    owner.keep_live(attempt, attempt.holds)
    if result is None or task.reactivate:
        settle_into_queue(task)


def end_without_attempt(task: TaskRecord, verdict: Verdict, now: float, actions: list[AnyAction]) -> None:
    """Complete a task that is not running: nothing will be started for it any more."""
    status = _final(None, task, verdict, TaskResult.FAILURE, format_time(now))
    write_task(task, status, actions, events_of(task, verdict))
    task.job.pool.count(task, COMPLETED, TaskResult.FAILURE)
    task.settled = task.written
    queue_or_not(task)


def write_task(
    task: TaskRecord, status: TaskStatusPatch, actions: list[AnyAction], events: tuple[Event, ...] = ()
) -> None:
    """Append the conditional write of a task's status. It says all that one that failed before would have said."""
    job, pool = task.job, task.job.pool
    job.writing = True
    if status.conditions is not UNSET:
        remember_told(task, status.conditions)
    if status.node_name is not UNSET:
        task.node_name = status.node_name
    if status.state is not UNSET:
        keep_files(task, status.end_time if status.state is COMPLETED and status.end_time else None)
    if pool.unsent:
        drop_unsent(pool, f"{job.name}/{task.name}")
    actions.append(
        WriteTask(
            namespace=pool.namespace,
            task=task.name,
            job=job.name,
            uid=task.uid,
            version=str(task.version),
            status=status,
            events=events,
        )
    )


def events_of(task: TaskRecord, verdict: Verdict) -> tuple[Event, ...]:
    """What is worth an Event: trouble, not success."""
    match verdict.ledger:
        case Ledger.SUCCESS:
            return ()
        case Ledger.FAILURE:
            text = verdict.failure.message if verdict.failure else ""
            return (Event("TaskFailed", text, "Warning"),)
        case Ledger.RETRY:
            return (Event("Retrying", f"Exit code {verdict.exit_code}; retry {task.retry_count} follows.", "Warning"),)
        case _:
            return (Event("Requeued", verdict.message),)


def _final(attempt: Attempt | None, task: TaskRecord, verdict: Verdict, result: TaskResult, at: str) -> TaskStatusPatch:
    failure = verdict.failure
    return TaskStatusPatch(
        conditions=_succeeded(at) if result is TaskResult.SUCCESS else _failed(failure, at),
        state=COMPLETED,
        attempt=max(attempt.number if attempt else 0, task.written),
        node_name=attempt.node.name if attempt else None,
        node_end=attempt.node.tally.begin() if attempt else None,
        pod_name=attempt.pod if attempt else None,
        start_time=verdict.start_time,
        end_time=verdict.end_time or at,
        exit_code=verdict.exit_code,
        result=result,
        failure=failure,
        retry_count=task.retry_count,
        requeue_count=task.requeue_count,
        directory=task.directory,
    )


@lru_cache(maxsize=4)
def _succeeded(at: str) -> tuple[ConditionPatch, ...]:
    """The conditions of all tasks whose success is booked in that second."""
    message = "The command ended with exit code 0."
    return (
        ConditionPatch("Complete", "True", "TaskSucceeded", message, at),
        ConditionPatch("Succeeded", "True", "TaskSucceeded", message, at),
    )


def _failed(failure: Failure | None, at: str) -> tuple[ConditionPatch, ...]:
    reason, message = (str(failure.code), failure.message) if failure else ("TaskFailed", "")
    return (
        ConditionPatch("Complete", "True", "TaskFailed", message, at),
        ConditionPatch("Succeeded", "False", reason, message, at),
    )


def _again(attempt: Attempt, task: TaskRecord, verdict: Verdict, at: str) -> TaskStatusPatch:
    reason = "Retrying" if verdict.ledger is Ledger.RETRY else "Requeued"
    message = verdict.message or f"The command ended with exit code {verdict.exit_code}; the task is tried again."
    retried = verdict.ledger is Ledger.RETRY
    return TaskStatusPatch(
        conditions=(ConditionPatch("Complete", "False", reason, message, at),),
        state=ACTIVE,
        attempt=max(attempt.number, task.written),
        node_name=None,
        pod_name=None,
        start_time=verdict.start_time,
        exit_code=None,
        retry_count=task.retry_count,
        requeue_count=task.requeue_count,
        last_retry_time=at if retried else UNSET,
    )


def back_off(task: TaskRecord, ledger: Ledger, now: float, limits: Limits) -> None:
    """After an attempt that came back for no fault of its own the task waits, ever longer: spare a sick node."""
    if ledger is not Ledger.RECOVERY:
        task.backoff = task.not_before = 0.0
        return
    task.backoff = min(max(limits.backoff, task.backoff * 2), limits.backoff_most)
    task.not_before = now + task.backoff
    task.job.pool.look_at(task.not_before, "task", f"{task.job.name}/{task.name}")
