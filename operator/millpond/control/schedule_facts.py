"""What a schedule and its Jobs are to judgement, and what judgement says of itself in the schedule's status."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from millpond.api import labels, naming
from millpond.api.autopool import PoolLifetime
from millpond.api.conditions import Condition, ConditionStatus, put
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule, JobScheduleStatus
from millpond.api.reasons import ConditionType, JobScheduleReason, JobScheduleState, JobState
from millpond.api.times import parse_time
from millpond.lifecycle.occurrences import Calendar, fault_of
from millpond.lifecycle.schedules import ScheduleFacts, ScheduleVerdict

KIND = JobSchedule.KIND.name
UNWELL = (JobScheduleReason.INVALID_SCHEDULE, JobScheduleReason.JOB_CREATION_FAILED)
ORPHAN = "orphan"
"""The finalizer by which the cluster holds an object until what it owns is its own."""


def schedule_of(job: Job) -> tuple[str, str]:
    """Name and uid of the schedule that made the job; empty where none did."""
    owners = (owner for owner in job.metadata.owner_references if owner.kind == KIND)
    return next(((owner.name, owner.uid) for owner in owners), ("", ""))


def jobs_of(schedule: JobSchedule, jobs: Iterable[Job]) -> list[Job]:
    """Those that this very schedule made, by number."""
    own = [job for job in jobs if schedule_of(job)[1] == schedule.metadata.uid]
    return sorted(own, key=lambda job: naming.scheduled_number(job.metadata.name))


def is_active(job: Job) -> bool:
    """Whether it has not ended; one that is being deleted counts until it is gone (azure-batch-semantics §4.12)."""
    return job.status.state is not JobState.COMPLETED and job.status.end_time is None


def due_time_of(job: Job) -> int:
    """The due time that a job was made for; its creation, where it does not say."""
    try:
        return int(parse_time(job.metadata.annotations.get(labels.DUE_TIME_ANNOTATION, "")))
    except ValueError:
        created = job.metadata.creation_timestamp
        return int(created.timestamp()) if created is not None else 0


def facts_of(schedule: JobSchedule, own: list[Job]) -> ScheduleFacts:
    """`own` are the schedule's jobs, by number, of which its status tells (`caught_up`)."""
    spec, meta, plan = schedule.spec, schedule.metadata, schedule.spec.schedule
    served = schedule.status.served_until_time
    first = plan.do_not_run_until or meta.creation_timestamp
    active = [job.metadata.name for job in own if is_active(job)]
    zone = plan.time_zone or "UTC"
    return ScheduleFacts(
        calendar=Calendar(int(first.timestamp()) if first else 0, plan.recurrence_interval_seconds, plan.cron, zone),
        fault=fault_of(plan.cron, zone),
        desired=spec.desired_state,
        deleting=meta.deletion_timestamp is not None,
        window=plan.start_window_seconds,
        not_after=plan.do_not_run_after.timestamp() if plan.do_not_run_after else None,
        served=int(served.timestamp()) if served is not None else None,
        active_job=active[-1] if active else None,
        has_jobs=bool(own),
        orphaning=ORPHAN in meta.finalizers,
    )


def shared_pool(schedule: JobSchedule) -> str | None:
    """The Pool that is made for all jobs of the schedule, where there is to be one."""
    auto = schedule.spec.job_template.spec.auto_pool
    if auto is None or auto.lifetime is not PoolLifetime.JOB_SCHEDULE:
        return None
    return naming.auto_pool(auto.name_prefix or schedule.metadata.name, schedule.metadata.uid)


def caught_up(schedule: JobSchedule, own: list[Job]) -> JobSchedule:
    """The schedule with the job made last in its status, though its making may have been the end of the operator."""
    number = naming.scheduled_number(own[-1].metadata.name) if own else 0
    return with_job(schedule, number, due_time_of(own[-1])) if number > schedule.status.jobs_created else schedule


def with_job(schedule: JobSchedule, number: int, due: int) -> JobSchedule:
    """The schedule as it is once that job is made."""
    told = {
        "jobs_created": number,
        "recent_job_name": naming.scheduled_job(schedule.metadata.name, number),
        "served_until_time": _moment(due),
    }
    return schedule.model_copy(update={"status": schedule.status.model_copy(update=told)})


def describe_schedule(schedule: JobSchedule, verdict: ScheduleVerdict, now: float) -> JobScheduleStatus:
    """The whole status."""
    ended = verdict.state is JobScheduleState.COMPLETED
    ready = Condition(
        type=ConditionType.READY,
        status=ConditionStatus.FALSE if verdict.reason in UNWELL else ConditionStatus.TRUE,
        observed_generation=schedule.metadata.generation,
        last_transition_time=_moment(now),
        reason=verdict.reason,
        message=verdict.message,
    )
    told = {
        "conditions": put(schedule.status.conditions, ready),
        "observed_generation": schedule.metadata.generation,
        "state": verdict.state,
        "next_run_time": _moment(verdict.next_due) if verdict.next_due is not None else None,
        "served_until_time": _moment(verdict.served) if verdict.served is not None else None,
        "end_time": (schedule.status.end_time or _moment(now)) if ended else None,
    }
    return schedule.status.model_copy(update=told)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
