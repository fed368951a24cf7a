"""What a job's manager means for the job's other tasks and for its turn: the one place (azure-batch-semantics §4.8)."""

from __future__ import annotations

from collections.abc import Container

from millpond.api.reasons import TaskState
from millpond.control.records import JobRecord
from millpond.scheduling.demand import Demand
from millpond.scheduling.order import Level
from millpond.scheduling.ready import Ticket


def lacks_manager(job: JobRecord) -> bool:
    """True until the manager's Task is seen for the first time: no other task of the job starts before.

    That it was made is told in the Job's status, and it is not made again.
    """
    if job.model is None or job.model.spec.job_manager_task is None or job.manager is not None:
        return False
    return job.model.status.job_manager_task is None


def manager_waits(job: JobRecord) -> bool:
    """True until the manager's Pod, the first or the next one, is seen: no other task of the job starts before.

    A manager that ends without a Pod has ended when its Task says so: until then that may still not come to be.
    """
    manager = job.manager
    if manager is None or manager.reaction is not None:
        return False
    return manager.live is None or manager.live.assumed


def manager_kills(job: JobRecord) -> bool:
    """True when the end of the manager is the end of the job."""
    task = job.model.spec.job_manager_task if job.model is not None else None
    return task is not None and task.kill_job_on_completion


def level_of(job: JobRecord) -> Level:
    """Where the job stands among the jobs of its pool."""
    priority = job.model.spec.priority if job.model else 0
    return priority, job.manager is not None and job.manager.queued and job.manager.attempt > 0


def head_of(job: JobRecord, blocked: Container[Demand]) -> tuple[Ticket, Demand] | None:
    """The task to start next: the manager, if it waits, else the oldest whose demand is not blocked."""
    manager = job.manager
    if manager is None:
        return job.ready.head(blocked)
    if manager_waits(job):
        return (manager.ticket, manager.demand) if manager.queued and manager.demand not in blocked else None
    ends = manager.state is TaskState.COMPLETED and manager_kills(job)
    return None if ends else job.ready.head(blocked)


def amounts_of(job: JobRecord, most: int) -> dict[Demand, int]:
    """How many tasks could start now, each by itself, by what they ask for; each counted up to `most`."""
    head = head_of(job, ())
    if head is None:
        return {}
    return {head[1]: 1} if manager_waits(job) else job.ready.amounts(most)
