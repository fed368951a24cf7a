"""Which directories of tasks nobody has a claim to any more (azure-batch-semantics §7.5): they go before their time.

They go with their Task, or with the Job that they prepared or released; a preparation's also when its retention after
the job's end has passed, since a node knows of no job's end.
"""

from __future__ import annotations

from collections.abc import Set

from millpond.api.job import Job
from millpond.control.namespace import NamespaceState
from millpond.control.records import JobRecord, TaskRecord
from millpond.lifecycle.held import Held


def is_litter(namespace: NamespaceState, held: Held, unreadable: Set[str], now: float) -> bool:
    """True when the directory is to go. What is told by an object that cannot be read, `unreadable`, stays."""
    if held.owner in unreadable:
        return False
    job = namespace.jobs.get(held.job)
    if job is None:
        return True
    if job.model is not None and job.model.metadata.uid == held.uid:
        return _has_served(job.model, held.id, now)
    task = job.tasks.get(held.owner)
    return task is None or task.uid != held.uid


def _has_served(job: Job, task_id: str, now: float) -> bool:
    """True for the directory of a preparation whose job ended that long ago."""
    preparation, ended = job.spec.job_preparation_task, job.status.end_time
    if preparation is None or ended is None or task_id != preparation.id:
        return False
    return now >= ended.timestamp() + preparation.constraints.retention_seconds


def leaves_litter(task: TaskRecord) -> None:
    """The Task is gone: the nodes on which it ran, as far as that is known, are to be asked what they hold."""
    for attempt in task.job.attempts.get(task.name, {}).values():
        attempt.node.littered = True
    for name in (task.node_name or "", *(one.node_name for one in task.subtasks)):
        node = task.job.pool.nodes.get(name)
        if node is not None:
            node.littered = True


def job_leaves_litter(job: JobRecord) -> None:
    """The Job is gone: any node of its pool may have been prepared for it."""
    if job.prepares:
        for node in job.pool.nodes.values():
            node.littered = True
