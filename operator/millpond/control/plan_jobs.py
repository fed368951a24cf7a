"""The lives of jobs: their states, and when to write them."""

from __future__ import annotations

from datetime import UTC, datetime

from millpond.api import labels
from millpond.api.conditions import ConditionStatus
from millpond.api.exit_conditions import JobAction
from millpond.api.job import DesiredState as Desired
from millpond.api.job import Job, JobDisable, OnAllTasksComplete
from millpond.api.reasons import ConditionType, JobReason, JobState
from millpond.control.actions import AnyAction, HoldJob, ReleaseJob, WriteJob
from millpond.control.job_status import describe_job, events_of, hold_up, latest_call
from millpond.control.limits import Limits
from millpond.control.managers import lacks_manager
from millpond.control.plan_auto_pools import fault_of, keep_auto_pool, lacks_pool
from millpond.control.plan_managers import make_manager, manager_ended
from millpond.control.pool_state import PoolState
from millpond.control.records import JobRecord
from millpond.lifecycle.jobs import JobFacts, JobVerdict, ends_tasks, judge_job


def judge_jobs(pool: PoolState, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """Judge each marked job."""
    for name in pool.taken("job"):
        job = pool.jobs.get(name)
        if job is None:
            continue
        if job.model is None:
            _forget_unknown(pool, job)
            continue
        if _hold(pool, job, job.model, actions):
            continue
        _ask_to_disable(job, job.model, now)
        if lacks_pool(pool, job.model) and job.own_pool.error is None:
            job.own_pool.error = fault_of(job.model)
        verdict = judge_job(_facts(job, job.model), now, limits.empty_job_grace)
        if job.writing:
            job.writing = False
            if verdict.state is JobState.DISABLING:
                pool.mark("job", name)
        if verdict.look_again is not None:
            pool.look_at(verdict.look_again, "job", name)
        if not ends_tasks(verdict.state):
            make_manager(pool, job, job.model, now, actions)
        if verdict.state is not job.state:
            _enter(pool, job, verdict.state)
        if job.ending:
            _look_at_nodes(job)
        told = job.model.status.state is verdict.state
        _write(pool, job, job.model, verdict, now, limits, actions)
        keep_auto_pool(pool, job, job.model, verdict.state, now, actions)
        if verdict.may_go and told:
            _release(pool, job, job.model.metadata.uid, actions)
        elif verdict.may_go:
            pool.mark("job", name)


def _ask_to_disable(job: JobRecord, model: Job, now: float) -> None:
    """Disable the job once for the end of a task that says so: the status tells of the end with the disable."""
    call, served = latest_call(job, JobAction.DISABLE), model.status.served.task_end_time
    if job.user_disables:
        job.disable_asked = None
    elif call is not None and (served is None or call.ended > served.timestamp()):
        job.disable_asked = JobDisable(
            reason=JobReason.TASK_FAILED,
            message=f"Task {call.task} ended so that its exit conditions disable the job.",
            time=datetime.fromtimestamp(int(now), UTC),
        )


def _hold(pool: PoolState, job: JobRecord, model: Job, actions: list[AnyAction]) -> bool:
    """See to it that the Job cannot go without its tasks. True while that is being written: the status comes after."""
    meta = model.metadata
    if labels.JOB_FINALIZER in meta.finalizers or meta.deletion_timestamp is not None:
        job.holding = ""
        return False
    if job.holding != meta.resource_version:
        job.holding = meta.resource_version
        finalizers = (*meta.finalizers, labels.JOB_FINALIZER)
        actions.append(
            HoldJob(namespace=pool.namespace, job=job.name, version=meta.resource_version, finalizers=finalizers)
        )
    return True


def _release(pool: PoolState, job: JobRecord, uid: str, actions: list[AnyAction]) -> None:
    """Let a deleted Job go with its tasks, once."""
    if job.released != uid:
        job.released = uid
        actions.append(ReleaseJob(namespace=pool.namespace, job=job.name, uid=uid))


def _forget_unknown(pool: PoolState, job: JobRecord) -> None:
    """A job that does not exist goes when no task and no Pod speaks of it."""
    if not job.tasks and not job.attempts and not job.nodes:
        pool.forget_job(job)


def _facts(job: JobRecord, model: Job) -> JobFacts:
    spec = model.spec
    managed = spec.job_manager_task is not None
    had = model.status.task_counts
    created = model.metadata.creation_timestamp
    born = created.timestamp() if created else 0.0
    return JobFacts(
        state=job.state,
        told=model.status.state is job.state and not job.unwritten,
        terminate_reason=model.status.terminate_reason,
        wants_termination=spec.desired_state is Desired.TERMINATED,
        wanted_reason=spec.terminate_reason,
        wants_disabling=job.user_disables or job.service_disable is not None,
        terminates_when_all_complete=spec.on_all_tasks_complete is OnAllTasksComplete.TERMINATE_JOB,
        has_ever_had_tasks=managed or job.ever_had_tasks or had.completed + had.active + had.running > 0,
        manager_ended=manager_ended(job),
        unfinished=len(job.tasks) - job.told + lacks_manager(job),
        task_failed=latest_call(job, JobAction.TERMINATE) is not None,
        bound=_bound(job),
        writing=_writing(job),
        stopping=sum(a.deleting for a in job.live.values()) if job.state is JobState.ENABLING else 0,
        unreleased=not spec.force and any(of.unfinished for of in job.nodes.values()),
        deleting=job.deleting,
        unplaceable=job.own_pool.error is not None,
        created=born,
        empty_since=born,
        max_wall_clock_seconds=spec.constraints.max_wall_clock_seconds,
    )


def _bound(job: JobRecord) -> int:
    """How many attempts hold slots or are not counted; those not counted alone, where the job is forced."""
    return sum(not a.settled for a in job.live.values()) if job.forced else len(job.live)


def _writing(job: JobRecord) -> bool:
    """Whether anything said of the job's tasks may not be written yet: by this plan, or since it failed before."""
    return job.writing or any(mark.partition("/")[0] == job.name for mark in job.pool.unsent)


def _enter(pool: PoolState, job: JobRecord, state: JobState) -> None:
    job.state = state
    pool.refile(job)
    job.mark_live()


def _look_at_nodes(job: JobRecord) -> None:
    """Have the job released where it is due, and then let go."""
    for of in job.nodes.values():
        of.pool.mark("jobnode", of.key)


def _write(
    pool: PoolState,
    job: JobRecord,
    model: Job,
    verdict: JobVerdict,
    now: float,
    limits: Limits,
    actions: list[AnyAction],
) -> None:
    if now < job.last_summary + limits.summary and _only_counts(pool, job, model, verdict):
        _schedule_summary(pool, job, limits)
        return
    job.summary_scheduled = False
    status, old = describe_job(pool, job, model, verdict, now), model.status
    if status == old and not job.unwritten:
        return
    job.last_summary, job.unwritten = now, False
    job.model = model.model_copy(update={"status": status})
    actions.append(
        WriteJob(
            namespace=pool.namespace,
            job=job.name,
            version=model.metadata.resource_version,
            status=status,
            events=events_of(old, status),
        )
    )


def schedule_job_summaries(pool: PoolState, limits: Limits) -> None:
    """Have the counts written of jobs that changed in nothing else."""
    for name in pool.taken("counted"):
        _schedule_summary(pool, pool.jobs.get(name), limits)


def _schedule_summary(pool: PoolState, job: JobRecord | None, limits: Limits) -> None:
    if job is not None and not job.summary_scheduled:
        job.summary_scheduled = True
        pool.look_at(job.last_summary + limits.summary, "job", job.name)


def _only_counts(pool: PoolState, job: JobRecord, model: Job, verdict: JobVerdict) -> bool:
    """True when nothing but the counts can have changed since the last write."""
    status = model.status
    told = any(c.type == ConditionType.SCHEDULED and c.status is ConditionStatus.TRUE for c in status.conditions)
    return (
        status.state is verdict.state
        and (job.manager is None or status.job_manager_task is not None)
        and status.observed_generation == model.metadata.generation
        and told == (hold_up(pool, job) is None)
    )
