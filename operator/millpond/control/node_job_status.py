"""What a ComputeNode's status says of the jobs that are, or were, prepared on the node."""

from __future__ import annotations

from datetime import datetime

from millpond.api import labels
from millpond.api.computenode import MOST_JOBS
from millpond.api.failure import Failure
from millpond.api.jobtasks import NodeJob
from millpond.api.reasons import CommandState, FailureCode, TaskResult
from millpond.api.starttask import CommandStatus
from millpond.control.actions import Event
from millpond.control.job_nodes import JobNode
from millpond.control.node_record import NodeRecord
from millpond.control.pool_state import PoolState
from millpond.lifecycle.failure import user_error
from millpond.lifecycle.run import Run, RunState

LONGEST_MESSAGE = 600
"""Characters of a failure's message, so that many jobs fit into one status."""


def describe_jobs(pool: PoolState, node: NodeRecord, old: tuple[NodeJob, ...]) -> tuple[NodeJob, ...]:
    """By name, those that ran last. What was said of a job stays until the job goes, though its Pods are gone."""
    said = {entry.job_name: entry for entry in old if _still_holds(pool, entry)}
    for name, of in node.jobs.items():
        entry = _of(of, said.get(name))
        if entry.preparation is not None:
            said[name] = entry
    newest = sorted(said.values(), key=_began, reverse=True)[:MOST_JOBS]
    return tuple(sorted(newest, key=lambda entry: entry.job_name))


def failed_preparations(old: tuple[NodeJob, ...], new: tuple[NodeJob, ...]) -> tuple[Event, ...]:
    """What is worth an Event: each preparation that has failed since, or for another reason than before."""
    known = {entry.job_name: entry.preparation.failure for entry in old if entry.preparation is not None}
    told = []
    for entry in new:
        run = entry.preparation
        if run is not None and run.failure is not None and run.failure != known.get(entry.job_name):
            text = f"The preparation task of job {entry.job_name} failed here: {run.failure.message}"
            told.append(Event("JobPreparationTaskFailed", text, "Warning"))
    return tuple(told)


def _still_holds(pool: PoolState, entry: NodeJob) -> bool:
    """True unless the job is gone, or another one has its name."""
    job = pool.jobs.get(entry.job_name)
    created = job.model.metadata.creation_timestamp if job and job.model else None
    began = entry.preparation.start_time if entry.preparation else None
    return created is not None and (began is None or began >= created)


def _began(entry: NodeJob) -> float:
    began = entry.preparation.start_time if entry.preparation else None
    return began.timestamp() if began else float("inf")


def _of(of: JobNode, old: NodeJob | None) -> NodeJob:
    latest: dict[str, Run] = {}
    for role in (labels.Role.PREPARATION, labels.Role.RELEASE):
        pods = of.valid(role)
        newest = max(pods, key=lambda p: p.view.metadata.creation_timestamp if p.view else "~", default=None)
        if newest is not None:
            latest[role] = newest.run
    for refused, why in of.refusals.items():
        latest[refused] = Run(RunState.FAILED, failure=user_error(FailureCode.COMMAND_LAUNCH_FAILED, why))
    preparation, release = latest.get(labels.Role.PREPARATION), latest.get(labels.Role.RELEASE)
    return NodeJob(
        job_name=of.job.name,
        preparation=_told(preparation) or (old.preparation if old else None),
        release=_told(release) or (old.release if old else None),
    )


def _told(run: Run | None) -> CommandStatus | None:
    return command_status(run) if run is not None else None


def command_status(seen: Run) -> CommandStatus:
    """How a command that the service runs went, for users."""
    failure = seen.failure
    result = (TaskResult.FAILURE if failure else TaskResult.SUCCESS) if seen.completed else None
    told = (
        Failure(category=failure.category, code=failure.code, message=failure.message[:LONGEST_MESSAGE])
        if failure
        else None
    )
    return CommandStatus(
        state=CommandState.COMPLETED if seen.completed else CommandState.RUNNING,
        exit_code=seen.exit_code,
        result=result,
        retry_count=seen.retry_count,
        start_time=time_of(seen.start_time),
        end_time=time_of(seen.end_time),
        last_retry_time=time_of(seen.last_retry_time),
        failure=told,
    )


def time_of(text: str | None) -> datetime | None:
    """A time as statuses have it, in whole seconds."""
    return datetime.fromisoformat(text).replace(microsecond=0) if text else None
