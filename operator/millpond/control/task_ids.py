"""Ids of tasks: unique in their job whatever the case of letters (azure-batch-semantics §2.15).

Names are unique and in lower case, so only a task that was given another id can clash; only those cost anything here.
"""

from __future__ import annotations

from millpond.control.records import JobRecord, TaskRecord


def take_id(task: TaskRecord) -> None:
    """The task has appeared in its job."""
    job, key = task.job, task.id.lower()
    if key != task.name:
        job.given_ids.setdefault(key, set()).add(task.name)
    _judge_again(job, key)


def give_id_back(task: TaskRecord) -> None:
    """The task, dropped from its job already, is gone."""
    job, key = task.job, task.id.lower()
    holders = job.given_ids.get(key)
    if holders is not None:
        holders.discard(task.name)
        if not holders:
            del job.given_ids[key]
    _judge_again(job, key)


def rightful(task: TaskRecord) -> TaskRecord:
    """Who may run under the task's id: the one that has begun, else the oldest, else the first by name."""
    claimants = _claimants(task.job, task.id.lower())
    return min(claimants, key=lambda each: (not each.begun, each.ticket), default=task)


def _claimants(job: JobRecord, key: str) -> list[TaskRecord]:
    given = job.given_ids.get(key)
    if given is None:
        return []
    namesake = job.tasks.get(key)
    plain = [namesake] if namesake is not None and namesake.id.lower() == key and key not in given else []
    return [job.tasks[name] for name in sorted(given)] + plain


def _judge_again(job: JobRecord, key: str) -> None:
    if job.given_ids:
        for claimant in _claimants(job, key):
            job.pool.mark("task", f"{job.name}/{claimant.name}")
