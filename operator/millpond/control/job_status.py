"""What a job says of itself: its whole status, conditions and counts, and the events that are worth one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from millpond.api import labels
from millpond.api.conditions import Condition, ConditionStatus, find, put
from millpond.api.exit_conditions import JobAction
from millpond.api.job import Job, JobServed, JobSlotCounts, JobStatus, JobTaskCounts
from millpond.api.jobmanager import JobManagerStatus
from millpond.api.reasons import ConditionType, JobReason, JobState
from millpond.control.actions import Event
from millpond.control.plan_auto_pools import lacks_pool
from millpond.control.pool_state import PoolState
from millpond.control.records import JobRecord
from millpond.lifecycle.exit_conditions import Call
from millpond.lifecycle.jobs import JobVerdict, ends_tasks

PAUSING = (JobState.DISABLING, JobState.DISABLED)


def describe_job(pool: PoolState, job: JobRecord, model: Job, verdict: JobVerdict, now: float) -> JobStatus:
    """The whole status, counts included."""
    at = datetime.fromtimestamp(int(now), UTC)
    old = model.status
    ended = verdict.state is JobState.COMPLETED
    conditions = old.conditions
    for condition in _conditions(pool, job, model, verdict, at):
        conditions = put(conditions, condition)
    return JobStatus(
        conditions=conditions,
        observed_generation=model.metadata.generation,
        state=verdict.state,
        pool_name=pool.name,
        task_counts=_counted(JobTaskCounts, job.counts),
        task_slot_counts=_counted(JobSlotCounts, job.slot_counts),
        start_time=old.start_time or model.metadata.creation_timestamp,
        end_time=old.end_time or (at if ended else None),
        scheduling_error=old.scheduling_error or (job.own_pool.error if ends_tasks(verdict.state) else None),
        terminate_reason=verdict.terminate_reason,
        terminate_time=(old.terminate_time or at) if ends_tasks(verdict.state) else None,
        disabled_by=job.service_disable if verdict.state in PAUSING else None,
        served=JobServed(enabled_at=model.spec.enabled_at, task_end_time=_served_end(job, old)),
        job_manager_task=old.job_manager_task or _manager(job),
    )


def _manager(job: JobRecord) -> JobManagerStatus | None:
    manager = job.manager
    return JobManagerStatus(name=manager.name, uid=manager.uid) if manager is not None else None


Counts = TypeVar("Counts", bound=JobTaskCounts)


def _counted(kind: type[Counts], tallies: dict[str, int]) -> Counts:
    """Tallies in the words of the reference (§2.20): what prepares is running there."""
    return kind(
        active=tallies["active"],
        running=tallies["preparing"] + tallies["running"],
        succeeded=tallies["succeeded"],
        failed=tallies["failed"],
        completed=tallies["succeeded"] + tallies["failed"],
    )


def latest_call(job: JobRecord, action: JobAction) -> Call | None:
    """The last end of a task of this job that asks for the action."""
    if job.model is None:
        return None
    created = job.model.metadata.creation_timestamp
    born = created.timestamp() if created is not None else 0.0
    found = [call for call in job.calls.values() if call.job_action is action and call.concerns(born)]
    return max(found, key=lambda call: (call.ended, call.task), default=None)


def _served_end(job: JobRecord, old: JobStatus) -> datetime | None:
    """Ends up to it do not disable the job any more, whoever has enabled it since."""
    call, served = latest_call(job, JobAction.DISABLE), old.served.task_end_time
    if call is None or (served is not None and call.ended <= served.timestamp()):
        return served
    return datetime.fromtimestamp(int(call.ended), UTC)


def _conditions(pool: PoolState, job: JobRecord, model: Job, verdict: JobVerdict, at: datetime) -> list[Condition]:
    said: list[Said]
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


Said = tuple[ConditionType, bool, str, str]
"""A condition's type, whether it holds, its reason and its message."""


def _said_at_end(job: JobRecord, verdict: JobVerdict) -> list[Said]:
    failed, unfinished = job.counts["failed"], job.counts["active"]
    assert job.model is not None
    error = job.model.status.scheduling_error or job.own_pool.error
    text = f"{failed} of its tasks failed." if failed else "None of its tasks failed."
    reason = JobReason.TASKS_FAILED if failed else JobReason.ALL_TASKS_SUCCEEDED
    if unfinished:
        reason, text = JobReason.TASKS_UNFINISHED, f"{unfinished} of its tasks never ran to an end. {text}"
    complete = (ConditionType.COMPLETE, True, JobReason.COMPLETED, f"The job ended: {verdict.terminate_reason}.")
    if error is not None:
        text = f"{error.code}: {error.message}"
        complete = (ConditionType.COMPLETE, True, JobReason.AUTO_POOL_CREATION_FAILED, text)
        reason, text = JobReason.AUTO_POOL_CREATION_FAILED, "It had no pool to run its tasks on."
        return [complete, (ConditionType.SUCCEEDED, False, reason, text)]
    return [
        complete,
        (ConditionType.SUCCEEDED, not failed and not unfinished, reason, text),
    ]


def _said_before(pool: PoolState, job: JobRecord, verdict: JobVerdict) -> list[Said]:
    reason, text = _GOING_ON[verdict.state]
    said: list[Said] = [(ConditionType.COMPLETE, False, reason, text), *_said_of_disable(job, verdict)]
    held_up = hold_up(pool, job)
    if held_up is not None:
        return [*said, (ConditionType.SCHEDULED, False, *held_up)]
    return [*said, (ConditionType.SCHEDULED, True, JobReason.POOL_READY, f"The job runs on pool {pool.name}.")]


def hold_up(pool: PoolState, job: JobRecord) -> tuple[JobReason, str] | None:
    """Why none of the job's tasks can be placed, whatever they ask for."""
    if job.model is not None and lacks_pool(pool, job.model):
        return JobReason.AUTO_POOL_STARTING, f"Pool {pool.name} is being made for the job."
    if pool.model is None:
        text = f"There is no Pool {pool.name} in this namespace; the job waits for it. Create it, or another job."
        return JobReason.POOL_NOT_FOUND, text
    if job.manager_problem is not None:
        return JobReason.JOB_MANAGER_NOT_CREATED, job.manager_problem.message
    if job.nodes and any(True for _ in pool.index) and all(_is_shut(job, node.name) for node in pool.index):
        return JobReason.JOB_PREPARATION_TASK_FAILED, _why_barred(pool, job)
    return None


def _is_shut(job: JobRecord, node: str) -> bool:
    """True for a node that takes none of the job's tasks, or asks again for a preparation that was refused."""
    of, task = job.nodes.get(node), job.model.spec.job_preparation_task if job.model else None
    waits = task is not None and task.wait_for_success
    return node in job.barred or (waits and of is not None and labels.Role.PREPARATION in of.refusals)


def _why_barred(pool: PoolState, job: JobRecord) -> str:
    """Of all nodes: what keeps the preparation from being started on one of them, since that can be mended."""
    refused = (of.refusals.get(labels.Role.PREPARATION, "") for of in job.nodes.values())
    refusal = min(filter(None, refused), default="")
    if refusal:
        return f"The job's preparation task cannot be started on pool {pool.name} and is tried again. {refusal}"
    return (
        f"The job's preparation task failed on every node of pool {pool.name} that takes tasks, so they take none "
        f"of this job's. See `millpond job prep-status {job.name}`; make a job with another one, or add nodes."
    )


_GOING_ON = {
    JobState.ACTIVE: (JobReason.RUNNING, "The job takes and runs tasks."),
    JobState.DISABLING: (JobReason.DISABLING, "The job starts no tasks, and some still run."),
    JobState.DISABLED: (JobReason.DISABLED, "The job takes tasks and starts none until it is enabled."),
    JobState.ENABLING: (JobReason.ENABLED, "The job goes on once the tasks that a disable stops have ended."),
    JobState.TERMINATING: (JobReason.TERMINATING, "The job stops its tasks."),
}


def _said_of_disable(job: JobRecord, verdict: JobVerdict) -> list[Said]:
    """Nothing of a job that was never disabled."""
    pausing = verdict.state in PAUSING
    assert job.model is not None
    if not pausing and find(job.model.status.conditions, ConditionType.DISABLED) is None:
        return []
    if not pausing:
        return [(ConditionType.DISABLED, False, JobReason.ENABLED, "The job is not disabled.")]
    if verdict.state is JobState.DISABLING:
        return [(ConditionType.DISABLED, False, JobReason.DISABLING, "Some of its tasks still run.")]
    by = job.service_disable
    if by is not None:
        text = f"{by.message} `millpond job enable {job.name}` lets it go on."
        return [(ConditionType.DISABLED, True, by.reason, text)]
    return [(ConditionType.DISABLED, True, JobReason.DISABLED_BY_USER, "Its desiredState is Disabled.")]


def events_of(old: JobStatus, new: JobStatus) -> tuple[Event, ...]:
    """What of a change is worth an Event."""
    if new.scheduling_error is not None and old.scheduling_error is None:
        text = f"The job has no pool of its own: {new.scheduling_error.message}"
        return (Event(JobReason.AUTO_POOL_CREATION_FAILED, text, "Warning"),)
    if new.state is not old.state and new.state is JobState.COMPLETED:
        return (Event("JobCompleted", f"The job is complete: {new.terminate_reason}."),)
    if new.disabled_by is not None and new.disabled_by != old.disabled_by:
        return (Event("JobDisabled", new.disabled_by.message, "Warning"),)
    before = {c.type: c.reason for c in old.conditions}
    for condition in new.conditions:
        held_up = condition.type == ConditionType.SCHEDULED and condition.status is ConditionStatus.FALSE
        held_up = held_up and condition.reason != JobReason.AUTO_POOL_STARTING
        if held_up and before.get(condition.type) != condition.reason:
            return (Event(condition.reason, condition.message, "Warning"),)
    return ()
