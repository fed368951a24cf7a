"""Job managers: that the Task of each is made, once, and when its end is the end of its job (reference §4.8)."""

from __future__ import annotations

from millpond.api import naming
from millpond.api.job import Job
from millpond.control.actions import AnyAction, CreateManager
from millpond.control.managers import lacks_manager, manager_kills
from millpond.control.pool_state import PoolState
from millpond.control.records import JobRecord

MAKING_SECONDS = 10.0
"""How long a manager's Task that was made may stay unseen before it is asked for again."""


def make_manager(pool: PoolState, job: JobRecord, model: Job, now: float, actions: list[AnyAction]) -> None:
    """Have the manager's Task made; that it was made once is told in the Job's status, and never done again."""
    task = model.spec.job_manager_task
    if task is None or not lacks_manager(job):
        return
    if now >= job.making_until:
        job.making_until = now + MAKING_SECONDS
        name = naming.manager_task(job.name, task.id)
        actions.append(CreateManager(namespace=pool.namespace, job=job.name, uid=model.metadata.uid, task=name))
    pool.look_at(job.making_until, "job", job.name)


def manager_ended(job: JobRecord) -> bool:
    """True when the Task of the manager says that it has completed, well or not, and it takes its job along."""
    return manager_kills(job) and job.manager is not None and job.manager.reaction is not None
