"""The Pools that jobs have of their own: made while the job goes on, deleted when it has ended (reference §4.11)."""

from __future__ import annotations

from millpond.api.autopool import SchedulingError
from millpond.api.job import Job
from millpond.api.reasons import FailureCategory, JobSchedulingErrorCode, JobState
from millpond.control.actions import AnyAction, CreatePool, DeletePool
from millpond.control.outcomes import QUOTA_EXCEEDED, Refused
from millpond.control.pool_state import PoolState
from millpond.control.records import JobRecord
from millpond.formula import FormulaError, parse
from millpond.lifecycle.jobs import ends_tasks

ASKING_SECONDS = 10.0
"""How long what was asked of a Pool may stay unseen before it is asked for again."""


def lacks_pool(pool: PoolState, model: Job) -> bool:
    """True while the Pool that is made for the job is not there: never was, or was deleted by somebody."""
    return model.spec.auto_pool is not None and pool.model is None


def keep_auto_pool(
    pool: PoolState, job: JobRecord, model: Job, state: JobState, now: float, actions: list[AnyAction]
) -> None:
    """Have the job's own Pool made or deleted, whichever is due. A deleted Job leaves it to its owner reference."""
    if model.spec.auto_pool is None or state is JobState.DELETING:
        return
    if state is JobState.COMPLETED:
        _delete(pool, job, model, now, actions)
    elif not ends_tasks(state) and pool.model is None:
        _create(pool, job, model, now, actions)


def fault_of(model: Job) -> SchedulingError | None:
    """What keeps the job's own Pool from being of use, though the API server would take it."""
    wanted = model.spec.auto_pool
    settings = wanted.spec.auto_scale if wanted is not None else None
    if settings is None:
        return None
    try:
        parse(settings.formula)
    except FormulaError as error:
        return _error(JobSchedulingErrorCode.INVALID_AUTO_SCALE_FORMULA_IN_AUTO_POOL, str(error))
    return None


def error_of(refused: Refused) -> SchedulingError:
    """The job's error where the API server refuses its Pool."""
    if refused.reason == QUOTA_EXCEEDED:
        code = JobSchedulingErrorCode.AUTO_POOL_CREATION_FAILED_WITH_QUOTA_REACHED
        return _error(code, f"The quota of the namespace leaves no room for another Pool: {refused.message}")
    return _error(JobSchedulingErrorCode.INVALID_AUTO_POOL_SETTINGS, f"The Pool was refused: {refused.message}")


def _error(code: JobSchedulingErrorCode, message: str) -> SchedulingError:
    return SchedulingError(category=FailureCategory.USER_ERROR, code=code, message=message)


def _create(pool: PoolState, job: JobRecord, model: Job, now: float, actions: list[AnyAction]) -> None:
    if now >= job.own_pool.asked_until:
        job.own_pool.asked_until = now + ASKING_SECONDS
        uid = model.metadata.uid
        actions.append(CreatePool(namespace=pool.namespace, job=job.name, uid=uid, pool=pool.name))
    pool.look_at(job.own_pool.asked_until, "job", job.name)


def _delete(pool: PoolState, job: JobRecord, model: Job, now: float, actions: list[AnyAction]) -> None:
    if pool.model is None or pool.deleting:
        return
    meta = pool.model.metadata
    if all(owner.uid != model.metadata.uid for owner in meta.owner_references):
        # It was to be kept, or is somebody else's.
        return
    if now >= job.own_pool.asked_until:
        job.own_pool.asked_until = now + ASKING_SECONDS
        actions.append(DeletePool(namespace=pool.namespace, job=job.name, pool=pool.name, uid=meta.uid))
    pool.look_at(job.own_pool.asked_until, "job", job.name)
