"""Folding what tasks depend on, and what follows from their ends: who is held back, who is released, what the job owes.

An end counts here once the Task says so. One that is only judged may still fail to be written, and nothing that cannot
be taken back follows from it.
"""

from __future__ import annotations

from millpond.api.exit_conditions import DependencyAction, JobAction
from millpond.api.job import OnTaskFailure
from millpond.api.reasons import TaskState
from millpond.api.times import parse_time
from millpond.control.records import JobRecord, TaskRecord
from millpond.lifecycle.exit_conditions import Call, Reaction
from millpond.scheduling.dependencies import Dependencies


def conclude(task: TaskRecord, reaction: Reaction | None, end_time: str | None = None) -> None:
    """The Task says that it is completed, when, and so what follows from that; None while it does not."""
    old = task.reaction
    if reaction == old:
        return
    job = task.job
    job.told += (reaction is not None) - (old is not None)
    task.reaction = reaction
    if job.calls:
        job.calls.pop(task.name, None)
    if reaction is not None and reaction.job_action is not JobAction.NONE and _performs(job) and end_time is not None:
        job.calls[task.name] = Call(task.name, reaction.job_action, parse_time(end_time), parse_time(task.created))
    if job.told == len(job.tasks) or job.calls:
        job.pool.mark("job", job.name)


def _performs(job: JobRecord) -> bool:
    """False where it is known that the job performs no job actions."""
    return job.model is None or job.model.spec.on_task_failure is OnTaskFailure.PERFORM_EXIT_OPTIONS_JOB_ACTION


def weigh_dependencies(job: JobRecord) -> None:
    """Know the dependencies of all tasks of the job: it was seen for the first time, or it is gone."""
    if not _performs(job):
        job.calls.clear()
    uses = job.model is not None and job.model.spec.uses_task_dependencies
    job.dependencies = Dependencies() if uses else None
    for task in job.tasks.values():
        if task.blocked:
            task.blocked = False
            if task.waits:
                job.pool.enqueue(task)
        _tell(task)
    _release(job)


def follow(task: TaskRecord) -> None:
    """The task has appeared, begun, lost its attempt or ended: who waits for it, and is it held back itself?"""
    if task.job.dependencies is not None:
        _tell(task)
        _release(task.job)


def forget(task: TaskRecord) -> None:
    """The task, dropped from its job already, is gone for those that depend on it too."""
    if task.job.dependencies is not None:
        task.job.dependencies.drop(task.name, task.id)
        _release(task.job)


def _tell(task: TaskRecord) -> None:
    known = task.job.dependencies
    if known is None:
        return
    reaction = task.reaction
    satisfied = reaction is not None and reaction.dependency_action is DependencyAction.SATISFY
    known.put(task.name, task.id, satisfied=satisfied)
    if task.needs is None:
        return
    if task.state is TaskState.COMPLETED or task.begun:
        known.let_go(task.name)
    else:
        known.hold(task.name, task.id, task.needs)


def _release(job: JobRecord) -> None:
    """Queue those that are released, and take out of the queue those that are held back again."""
    known = job.dependencies
    if known is None:
        return
    for name in known.take_news():
        task = job.tasks[name]
        task.blocked = known.blocks(name)
        if task.waits:
            job.pool.enqueue(task)
        else:
            job.pool.dequeue(task)
        if task.problem is not None or known.cycle_of(name):
            job.pool.mark("task", f"{job.name}/{name}")
