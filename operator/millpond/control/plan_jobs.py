"""The lives of jobs: state, reasons to end, and what their counts say."""

from __future__ import annotations

from datetime import UTC, datetime

from millpond.api import labels
from millpond.api.conditions import Condition, ConditionStatus, put
from millpond.api.job import DesiredState as Desired
from millpond.api.job import Job, JobStatus, JobTaskCounts, OnAllTasksComplete
from millpond.api.reasons import ConditionType, JobReason, JobState
from millpond.control.actions import AnyAction, Event, HoldJob, ReleaseJob, WriteJob
from millpond.control.limits import Limits
from millpond.control.pool_state import PoolState
from millpond.control.records import JobRecord
from millpond.lifecycle.jobs import JobFacts, JobVerdict, judge_job


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
        verdict = judge_job(_facts(job, job.model), now, limits.empty_job_grace)
        if verdict.look_again is not None:
            pool.look_at(verdict.look_again, "job", name)
        if verdict.state is not job.state:
            _enter(pool, job, verdict.state)
        if job.ending:
            _look_at_nodes(job)
        told = job.model.status.state is verdict.state
        _write(pool, job, job.model, verdict, now, limits, actions)
        if verdict.may_go and told:
            _release(pool, job, job.model.metadata.uid, actions)
        elif verdict.may_go:
            pool.mark("job", name)


def _hold(pool: PoolState, job: JobRecord, model: Job, actions: list[AnyAction]) -> bool:
    """See to it that the Job cannot go without its tasks. True while that is being written: the status comes after."""
    meta = model.metadata
    if labels.JOB_FINALIZER in meta.finalizers or meta.deletion_timestamp is not None:
        job.holding = False
        return False
    if not job.holding:
        job.holding = True
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
    spec, counts = model.spec, job.counts
    had = model.status.task_counts
    created = model.metadata.creation_timestamp
    born = created.timestamp() if created else 0.0
    return JobFacts(
        state=job.state,
        terminate_reason=model.status.terminate_reason,
        wants_termination=spec.desired_state is Desired.TERMINATED,
        wanted_reason=spec.terminate_reason,
        terminates_when_all_complete=spec.on_all_tasks_complete is OnAllTasksComplete.TERMINATE_JOB,
        has_ever_had_tasks=job.ever_had_tasks or had.completed + had.active + had.preparing + had.running > 0,
        unfinished=counts["active"] + counts["preparing"] + counts["running"],
        bound=len(job.live),
        unreleased=any(of.unfinished for of in job.nodes.values()),
        deleting=job.deleting,
        created=born,
        empty_since=born,
        max_wall_clock_seconds=spec.constraints.max_wall_clock_seconds,
    )


def _enter(pool: PoolState, job: JobRecord, state: JobState) -> None:
    job.state = state
    pool.refile(job)
    for attempt in job.live.values():
        attempt.pool.mark("attempt", attempt.pod)


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
            events=_events(old, status),
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
        and status.observed_generation == model.metadata.generation
        and told == (_hold_up(pool, job) is None)
    )


def _events(old: JobStatus, new: JobStatus) -> tuple[Event, ...]:
    if new.state is not old.state and new.state is JobState.COMPLETED:
        return (Event("JobCompleted", f"The job is complete: {new.terminate_reason}."),)
    before = {c.type: c.reason for c in old.conditions}
    for condition in new.conditions:
        held_up = condition.type == ConditionType.SCHEDULED and condition.status is ConditionStatus.FALSE
        if held_up and before.get(condition.type) != condition.reason:
            return (Event(condition.reason, condition.message, "Warning"),)
    return ()


def describe_job(pool: PoolState, job: JobRecord, model: Job, verdict: JobVerdict, now: float) -> JobStatus:
    """The whole status, counts included."""
    at = datetime.fromtimestamp(int(now), UTC)
    old, counts = model.status, job.counts
    ended = verdict.state is JobState.COMPLETED
    conditions = old.conditions
    for condition in _conditions(pool, job, model, verdict, at):
        conditions = put(conditions, condition)
    return JobStatus(
        conditions=conditions,
        observed_generation=model.metadata.generation,
        state=verdict.state,
        pool_name=pool.name,
        task_counts=JobTaskCounts(
            active=counts["active"],
            preparing=counts["preparing"],
            running=counts["running"],
            succeeded=counts["succeeded"],
            failed=counts["failed"],
            completed=counts["succeeded"] + counts["failed"],
        ),
        start_time=old.start_time or model.metadata.creation_timestamp,
        end_time=old.end_time or (at if ended else None),
        terminate_reason=verdict.terminate_reason,
    )


def _conditions(pool: PoolState, job: JobRecord, model: Job, verdict: JobVerdict, at: datetime) -> list[Condition]:
    match verdict.state:
        case JobState.COMPLETED:
            said = _said_at_end(job, verdict)
        case JobState.DELETING:
            ended = model.status.end_time is not None
            said = [(ConditionType.COMPLETE, ended, JobReason.DELETING, "The job goes, and its tasks before it.")]
        case _:
            said = _said_before(pool, job, verdict)
    return [
        Condition(
            type=kind,
            status=ConditionStatus.TRUE if holds else ConditionStatus.FALSE,
            observed_generation=model.metadata.generation,
            last_transition_time=at,
            reason=reason,
            message=message,
        )
        for kind, holds, reason, message in said
    ]


Said = tuple[ConditionType, bool, JobReason, str]
"""A condition's type, whether it holds, its reason and its message."""


def _said_at_end(job: JobRecord, verdict: JobVerdict) -> list[Said]:
    failed, unfinished = job.counts["failed"], job.counts["active"]
    text = f"{failed} of its tasks failed." if failed else "None of its tasks failed."
    reason = JobReason.TASKS_FAILED if failed else JobReason.ALL_TASKS_SUCCEEDED
    if unfinished:
        reason, text = JobReason.TASKS_UNFINISHED, f"{unfinished} of its tasks never ran to an end. {text}"
    return [
        (ConditionType.COMPLETE, True, JobReason.COMPLETED, f"The job ended: {verdict.terminate_reason}."),
        (ConditionType.SUCCEEDED, not failed and not unfinished, reason, text),
    ]


def _said_before(pool: PoolState, job: JobRecord, verdict: JobVerdict) -> list[Said]:
    said = [(ConditionType.COMPLETE, False, JobReason.RUNNING, "The job takes and runs tasks.")]
    if verdict.state is JobState.TERMINATING:
        said = [(ConditionType.COMPLETE, False, JobReason.TERMINATING, "The job stops its tasks.")]
    held_up = _hold_up(pool, job)
    if held_up is not None:
        return [*said, (ConditionType.SCHEDULED, False, *held_up)]
    return [*said, (ConditionType.SCHEDULED, True, JobReason.POOL_READY, f"The job runs on pool {pool.name}.")]


def _hold_up(pool: PoolState, job: JobRecord) -> tuple[JobReason, str] | None:
    """Why none of the job's tasks can be placed, whatever they ask for."""
    if pool.model is None:
        text = f"There is no Pool {pool.name} in this namespace; the job waits for it. Create it, or another job."
        return JobReason.POOL_NOT_FOUND, text
    if job.barred and any(True for _ in pool.index) and all(node.name in job.barred for node in pool.index):
        text = (
            f"The job's preparation task failed on every node of pool {pool.name} that takes tasks, so they take none "
            f"of this job's. See `millpond job prep-status {job.name}`; make a job with another one, or add nodes."
        )
        return JobReason.JOB_PREPARATION_TASK_FAILED, text
    return None
