"""The facts about a job as a whole that `scheduling/explain_job` reads, out of the state of its pool."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from millpond.api import naming
from millpond.api.conditions import find
from millpond.api.reasons import ConditionType, JobReason, TaskReason, TaskState
from millpond.api.views.task import TaskView
from millpond.control.explanation import can_run, facts_of, job_fact, pool_fact
from millpond.control.managers import lacks_manager
from millpond.control.records import JobRecord, TaskRecord
from millpond.scheduling.explain_job import Group, JobFacts, ManagerFact


def job_facts_of(job: JobRecord, views: Mapping[str, TaskView], now: float) -> JobFacts:
    """All about the job; `views` are the objects that the tasks' records were folded from, by name."""
    tasks = list(job.tasks.values())
    unplaced = [task for task in tasks if task.state is TaskState.ACTIVE and task.live is None]
    ready = [task for task in unplaced if can_run(task)]
    first = min(ready, key=lambda task: task.ticket, default=None)
    return JobFacts(
        job_fact(job),
        pool_fact(job, job.pool),
        tasks=len(tasks),
        placed=sum(1 for task in tasks if task.state is not TaskState.COMPLETED) - len(unplaced),
        waiting=len(unplaced),
        next=facts_of(first, views[first.name], now) if first is not None else None,
        groups=_groups(unplaced, views),
        manager=_manager(job),
    )


def _manager(job: JobRecord) -> ManagerFact | None:
    """How the job's manager stands, by the job's own words where its Task is not there."""
    model = job.model
    task = model.spec.job_manager_task if model is not None else None
    if model is None or task is None:
        return None
    name, record = naming.manager_task(job.name, task.id), job.manager
    if record is not None:
        return ManagerFact(name, record.state.value, record.result or "")
    said = find(model.status.conditions, ConditionType.SCHEDULED)
    refused = said is not None and said.reason == JobReason.JOB_MANAGER_NOT_CREATED
    return ManagerFact(name, gone=not lacks_manager(job), trouble=said.message if said is not None and refused else "")


def _groups(unplaced: list[TaskRecord], views: Mapping[str, TaskView]) -> tuple[Group, ...]:
    """Those that wait for more than a place, by reason; the oldest of each speaks for the others."""
    groups: dict[str, Group] = {}
    for task in sorted(unplaced, key=lambda task: task.ticket):
        reason = task.written_problem or (TaskReason.WAITING_FOR_DEPENDENCIES if task.blocked else None)
        if reason is None:
            continue
        known = groups.get(reason)
        groups[reason] = (
            Group(reason, known.amount + 1, known.example, known.message)
            if known is not None
            else Group(reason, 1, task.name, _said(task, views[task.name]))
        )
    return tuple(groups.values())


def _said(task: TaskRecord, view: TaskView) -> str:
    for condition in view.status.conditions:
        if condition.type == "Scheduled" and condition.status == "False":
            return condition.message
    unmet = islice(task.job.dependencies.unmet(task.name), 1) if task.job.dependencies is not None else ()
    return f"It waits for {', '.join(map(str, unmet))}."
