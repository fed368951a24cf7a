"""What holds a job back as a whole. Its next task speaks for those that wait for a place; the others are counted."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from millpond.api.reasons import TaskReason
from millpond.scheduling.explain import (
    Facts,
    JobFact,
    PoolFact,
    WaitReason,
    explain,
    of_closed_job,
    of_missing_pool,
)
from millpond.scheduling.finding import Finding


class JobWait(StrEnum):
    """Reasons that only a job as a whole has."""

    NO_TASKS = "NoTasks"
    ALL_TASKS_COMPLETE = "AllTasksComplete"
    ALL_TASKS_PLACED = "AllTasksPlaced"
    NO_TASK_CAN_RUN = "NoTaskCanRun"
    JOB_MANAGER = "JobManager"


class Group(msgspec.Struct, frozen=True):
    """Tasks of the job that are held back for one reason, and one of them with what it says."""

    reason: str
    amount: int
    example: str
    message: str


class ManagerFact(msgspec.Struct, frozen=True):
    """The Task of the job's manager: its state, "" while it is not made, and its result once it has one."""

    task: str
    state: str = ""
    result: str = ""
    gone: bool = False
    """It was made, and somebody deleted it."""
    trouble: str = ""
    """Why it cannot be made."""


class JobFacts(msgspec.Struct, frozen=True):
    """All about a job. `next` is its task that is to start first, of those that wait for nothing but a place."""

    job: JobFact
    pool: PoolFact
    tasks: int = 0
    placed: int = 0
    waiting: int = 0
    next: Facts | None = None
    groups: tuple[Group, ...] = ()
    manager: ManagerFact | None = None


OF_THE_TASK = (WaitReason.BEHIND_OLDER_TASKS, TaskReason.RETRYING)
"""Findings about the next task that say nothing of its job."""


def explain_job(facts: JobFacts) -> tuple[Finding, ...]:
    """What to know of the job, what blocks it first; never empty."""
    closed = of_closed_job(facts.job) or of_missing_pool(facts.pool)
    if closed is not None:
        return (closed, *map(_of_group, facts.groups))
    findings = [_of_group(group) for group in facts.groups]
    if facts.next is not None:
        findings += [found for found in explain(facts.next) if found.reason not in OF_THE_TASK or found.blocks]
    if not findings:
        findings.append(_at_rest(facts))
    if facts.manager is not None:
        findings.append(_of_manager(facts.manager))
    return tuple(sorted(findings, key=lambda finding: not finding.blocks))


def _of_manager(manager: ManagerFact) -> Finding:
    """How the job's manager stands; what keeps it waiting is told where it is the next task."""
    name = f"Its manager, task {manager.task},"
    if manager.trouble:
        return Finding(JobWait.JOB_MANAGER, f"{name} cannot be made: {manager.trouble}", True, "It is tried again.")
    if manager.gone:
        return Finding(JobWait.JOB_MANAGER, f"{name} was deleted, and is not made again.")
    if not manager.state:
        return Finding(JobWait.JOB_MANAGER, f"{name} is about to be made.")
    how = f" ({manager.result})" if manager.result else ""
    return Finding(JobWait.JOB_MANAGER, f"{name} is {manager.state}{how}.", False, f"millpond task show {manager.task}")


def _of_group(group: Group) -> Finding:
    them = "1 of its tasks is" if group.amount == 1 else f"{group.amount} of its tasks are"
    return Finding(
        group.reason,
        f"{them} held back, {group.example} for one: {group.message}",
        True,
        f"millpond explain task {group.example}",
    )


def _at_rest(facts: JobFacts) -> Finding:
    name = facts.job.name
    if not facts.tasks:
        remedy = f"Create tasks with spec.jobName {name}, or end the job."
        return Finding(JobWait.NO_TASKS, f"Job {name} has no tasks.", False, remedy)
    if facts.placed:
        message = f"Every task of the job that is not Completed has its place: {facts.placed}."
        return Finding(JobWait.ALL_TASKS_PLACED, message, False, f"millpond job watch {name}")
    if facts.waiting:
        message = f"{facts.waiting} of its tasks wait for their next attempt, or their turn in the queue."
        return Finding(JobWait.NO_TASK_CAN_RUN, message, False, f"millpond task list --job {name} -o wide")
    return Finding(JobWait.ALL_TASKS_COMPLETE, "All its tasks are Completed.", False, f"millpond job show {name}")
