"""What becomes of tasks without an attempt: they cannot run, are to end, lost their Pod, or wait out a pause."""

from __future__ import annotations

from millpond.api.reasons import JobState, TaskReason, TaskState
from millpond.api.times import format_time, parse_time
from millpond.control.actions import AnyAction, Event
from millpond.control.fold_dependencies import follow
from millpond.control.fold_tasks import contradicts, queue_or_not
from millpond.control.former_pods import in_the_way, why_waits
from millpond.control.limits import Limits
from millpond.control.pool_state import PoolState
from millpond.control.reactivation import serve_reactivation
from millpond.control.records import Problem, TaskRecord
from millpond.control.task_ids import rightful
from millpond.control.task_patch import ConditionPatch, TaskStatusPatch
from millpond.control.verdicts import back_off, end_without_attempt, write_task
from millpond.lifecycle.age import added_too_early, told_too_old
from millpond.lifecycle.jobs import why_no_more
from millpond.lifecycle.tasks import ENDED_BY_USER, Ledger, Verdict
from millpond.scheduling.cycles import in_words
from millpond.scheduling.explain import no_such_job

PODLESS = "The task's Pod vanished without a trace; the task runs again."


def judge_tasks(pool: PoolState, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """Judge each marked task."""
    for mark in pool.taken("task"):
        task = pool.task_of(mark)
        if task is not None and mark in pool.unsent:
            action, again = pool.unsent[mark]
            if again <= now:
                actions.append(action)
            continue
        if task is not None and serve_reactivation(task, now, actions):
            pool.look_at(now, "task", mark)
            continue
        if task is None or task.state is TaskState.COMPLETED:
            continue
        if task.job.deleting:
            task.vanished = 0
            follow(task)
            task.problem = _problem(pool, task, now, limits)
            queue_or_not(task)
            continue
        if task.live is not None:
            if task.terminate:
                task.live.pool.mark("attempt", task.live.pod)
            continue
        _judge(pool, task, now, limits, actions)
        pool.dirty["task"].discard(mark)


def _judge(pool: PoolState, task: TaskRecord, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    lost = task.lost
    if lost:
        pool.begun -= task.attempt
        task.written = task.settled = max(task.written, task.vanished)
        pool.begun += task.attempt
    if task.terminate:
        end_without_attempt(task, Verdict(Ledger.FAILURE, failure=ENDED_BY_USER), now, actions)
        return
    if lost:
        # What else is to be said of the task waits for the answer: two writes on one version would be one too many.
        _requeue_podless(task, now, limits, actions)
        return
    if task.not_before > now:
        pool.look_at(task.not_before, "task", f"{task.job.name}/{task.name}")
    else:
        task.not_before = 0.0
    if task.job.model is None and task.written_problem is None:
        due = parse_time(task.created) + limits.job_missing
        if now < due:
            pool.look_at(due, "task", f"{task.job.name}/{task.name}")
            return
    problem = _problem(pool, task, now, limits) or _former_pod(pool, task, now, limits)
    task.problem = problem
    if (problem.reason if problem else None) != task.written_problem:
        _write_problem(task, problem, now, actions)
    queue_or_not(task)


def _requeue_podless(task: TaskRecord, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """There was an attempt, and its Pod does not exist any more: it is booked as a recovery."""
    status = TaskStatusPatch(
        conditions=(ConditionPatch("Complete", "False", "Requeued", PODLESS, format_time(now)),),
        state=TaskState.ACTIVE,
        attempt=task.written,
        node_name=None,
        pod_name=None,
    )
    write_task(task, status, actions, (Event("Requeued", PODLESS, "Warning"),))
    task.job.pool.count(task, TaskState.ACTIVE, None)
    back_off(task, Ledger.RECOVERY, now, limits)
    queue_or_not(task)


def _problem(pool: PoolState, task: TaskRecord, now: float, limits: Limits) -> Problem | None:
    """Why the task cannot run however long it waits, or None."""
    if task.job.model is None:
        return Problem(TaskReason.JOB_NOT_FOUND, no_such_job(task.job.name).told)
    late = _added_too_late(task)
    if late is not None:
        return late
    if task.created <= added_too_early(now, limits.task_lifetime):
        return Problem(TaskReason.TASK_EXPIRED, told_too_old(limits.task_lifetime))
    if task.problem is not None and (task.problem.reason in LASTING or task.not_before):
        return task.problem
    reserved = task.job.reserved.get(task.id.lower()) if task.job.reserved else None
    if reserved is not None:
        text = (
            f"The job's own preparation or release task has the id {task.id}, whatever the case of its letters. "
            "Create the task with another id."
        )
        return Problem(reserved, text)
    if rightful(task) is not task:
        text = f"Another task of job {task.job.name} has the id {task.id}, whatever the case of its letters. "
        return Problem(TaskReason.TASK_EXISTS, text + "Create this task with another id, or delete the other one.")
    refused = contradicts(task, task.job.model)
    if refused is not None:
        return Problem(refused.reason, refused.message)
    cycle = task.job.dependencies.cycle_of(task.name) if task.job.dependencies is not None else ()
    if cycle:
        return Problem(TaskReason.DEPENDENCY_CYCLE, in_words(cycle))
    found = pool.misfit(task.demand)
    return Problem(found.reason, found.told) if found is not None else None


def _former_pod(pool: PoolState, task: TaskRecord, now: float, limits: Limits) -> Problem | None:
    """What placement found in the way of a task that nothing else keeps back; looked at again until it is over.

    Placement alone finds it: what is said of a task must not depend on when it happened to be judged.
    """
    found = task.problem.reason if task.problem else task.written_problem
    if found != TaskReason.FORMER_POD_ENDING or task.blocked:
        return None
    former = in_the_way(task, now, limits)
    if former is None:
        return None
    task.not_before = max(task.not_before, now + limits.backoff)
    pool.look_at(task.not_before, "task", f"{task.job.name}/{task.name}")
    return why_waits(task, former)


def _added_too_late(task: TaskRecord) -> Problem | None:
    """Its job had begun to end when it was added. Tasks that waited before keep their word: nothing is written."""
    job = task.job
    code = why_no_more(JobState.DELETING if job.deleting else job.state)
    ended = job.model.status.terminate_time if job.model else None
    if code is None or ended is None or parse_time(task.created) <= ended.timestamp():
        return None
    if task.written_problem in (TaskReason.JOB_BEING_TERMINATED, TaskReason.JOB_COMPLETED):
        code = TaskReason(task.written_problem)
    return Problem(code, f"Job {job.name} takes no more tasks. Create the task in another job.")


LASTING = (TaskReason.INVALID_COMMAND_LINE, TaskReason.INVALID_FILE_PATTERN, TaskReason.INVALID_DOCUMENT)
"""Problems that lie in the task's own words; the others may end, and the task is tried again after its pause."""


def _write_problem(task: TaskRecord, problem: Problem | None, now: float, actions: list[AnyAction]) -> None:
    at = format_time(now)
    if problem is None:
        condition = ConditionPatch("Scheduled", "Unknown", TaskReason.WAITING, "The task waits for a place.", at)
        write_task(task, TaskStatusPatch(conditions=(condition,)), actions)
    else:
        condition = ConditionPatch("Scheduled", "False", problem.reason, problem.message, at)
        event = Event(problem.reason, problem.message, "Warning")
        write_task(task, TaskStatusPatch(conditions=(condition,), state=TaskState.ACTIVE), actions, (event,))
    task.written_problem = problem.reason if problem else None
