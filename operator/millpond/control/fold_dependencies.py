"""Folding what tasks depend on, and what follows from their ends: who is held back, who is released, what the job owes.

An end counts here once the Task says so. One that is only judged may still fail to be written, and nothing that cannot
be taken back follows from it.
"""

from __future__ import annotations

from millpond.api.exit_conditions import DependencyAction, JobAction
from millpond.api.reasons import TaskState
from millpond.control.records import JobRecord, TaskRecord
from millpond.lifecycle.exit_conditions import Reaction
from millpond.scheduling.dependencies import Dependencies


def conclude(task: TaskRecord, reaction: Reaction | None) -> None:
    """The Task says that it is completed, with what follows from that; None while it does not."""
    old = task.reaction
    if reaction == old:
        return
    job = task.job
    job.told += (reaction is not None) - (old is not None)
    job.fatal += _is_fatal(reaction) - _is_fatal(old)
    task.reaction = reaction
    if job.told == len(job.tasks) or job.fatal:
        job.pool.mark("job", job.name)


def _is_fatal(reaction: Reaction | None) -> bool:
    return reaction is not None and reaction.job_action is JobAction.TERMINATE


def weigh_dependencies(job: JobRecord) -> None:
    """Know the dependencies of all tasks of the job: it was seen for the first time, or it is gone."""
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
