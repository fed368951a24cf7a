"""Job schedules: waits for due times, makes Jobs with their Tasks, and writes what was done.

Judgement is in `lifecycle/schedules`. Names of made jobs are derived from their number, so that making one twice makes
one. Tasks come before their job, so that the job cannot be judged complete without them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from millpond.api import labels, naming
from millpond.api.conditions import Condition, ConditionStatus, put
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule, JobScheduleStatus, ScheduleDesiredState
from millpond.api.kind import API_VERSION
from millpond.api.reasons import ConditionType, JobScheduleReason, JobState
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import JOB_SCHEDULES, JOBS, TASKS, ApiServer
from millpond.cluster.errors import AlreadyExistsError, ApiError, InvalidError, NotFoundError, RejectedError
from millpond.cluster.objects import write_status
from millpond.lifecycle.schedules import ScheduleFacts, ScheduleVerdict, judge_schedule

log = logging.getLogger(__name__)

LONGEST_SLEEP = 60.0
ERROR_PAUSE = 5.0


class _Object(msgspec.Struct):
    metadata: Meta


_object = msgspec.json.Decoder(_Object).decode

FindJob = Callable[[str, str], Job | None]


class ScheduleKeeper:
    """Keeps all JobSchedules."""

    def __init__(self, api: ApiServer, now: Callable[[], float], find_job: FindJob) -> None:
        self._api = api
        self._now = now
        self._find_job = find_job
        self._schedules: dict[tuple[str, str], JobSchedule] = {}
        self._news = asyncio.Event()

    def observe(self, schedule: JobSchedule) -> None:
        """A schedule exists."""
        self._schedules[schedule.key] = schedule
        self._news.set()

    def forget(self, namespace: str, name: str) -> None:
        """A schedule was deleted; its jobs go with it by their owner reference."""
        self._schedules.pop((namespace, name), None)

    def job_changed(self) -> None:
        """A job of some schedule may have ended."""
        if self._schedules:
            self._news.set()

    async def run(self) -> None:
        """Judge all schedules whenever there is news or one is due, for ever."""
        while True:
            self._news.clear()
            later = [await self._keep(schedule) for schedule in list(self._schedules.values())]
            wake_at = min((when for when in later if when is not None), default=None)
            rest = LONGEST_SLEEP if wake_at is None else min(LONGEST_SLEEP, max(0.05, wake_at - self._now()))
            try:
                async with asyncio.timeout(rest):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _keep(self, schedule: JobSchedule) -> float | None:
        """Judge one schedule and do what is due; when to look again."""
        verdict = judge_schedule(self._facts(schedule), self._now())
        status = schedule.status
        number = status.jobs_created + 1
        try:
            if verdict.create:
                await self._make(schedule, number)
                name = naming.scheduled_job(schedule.metadata.name, number)
                status = status.model_copy(update={"jobs_created": number, "recent_job_name": name})
        except RejectedError as error:
            text = f"Job {number} was refused: {error.message} Correct spec.jobTemplate; it is tried again meanwhile."
            reason = JobScheduleReason.JOB_CREATION_FAILED
            verdict = ScheduleVerdict(verdict.state, reason, text, due=verdict.due, next_due=verdict.due)
        except ApiError as error:
            log.warning("a scheduled job was not made", extra={"schedule": str(schedule.key), "error": str(error)})
            return self._now() + ERROR_PAUSE
        return await self._write(schedule, self._status(schedule, status, verdict), verdict.look_again)

    def _facts(self, schedule: JobSchedule) -> ScheduleFacts:
        plan, status = schedule.spec.schedule, schedule.status
        created = schedule.metadata.creation_timestamp
        first = plan.do_not_run_until or created
        recent = status.recent_job_name
        job = self._find_job(schedule.metadata.namespace, recent) if recent else None
        return ScheduleFacts(
            enabled=schedule.spec.desired_state is ScheduleDesiredState.ACTIVE,
            first_due=first.timestamp() if first else 0.0,
            interval=plan.recurrence_interval_seconds,
            window=plan.start_window_seconds,
            not_after=plan.do_not_run_after.timestamp() if plan.do_not_run_after else None,
            next_due=status.next_run_time.timestamp() if status.next_run_time else None,
            jobs_created=status.jobs_created,
            job_active=job is not None and job.status.state is not JobState.COMPLETED,
        )

    async def _make(self, schedule: JobSchedule, number: int) -> None:
        space, template = schedule.metadata.namespace, schedule.spec.job_template
        name = naming.scheduled_job(schedule.metadata.name, number)
        if await self._is_made(schedule, name):
            return
        for task in template.tasks:
            spec = task.spec.as_document() | {"jobName": name}
            spec.setdefault("id", task.metadata.name)
            near = task.spec.affinity.task_name if task.spec.affinity else None
            if near is not None:
                spec["affinity"] = {"taskName": naming.template_task(name, near)}
            meta = {"name": naming.template_task(name, task.metadata.name), "labels": dict(task.metadata.labels)}
            await self._create(TASKS, space, {"kind": "Task", "metadata": meta, "spec": spec})
        owner: dict[str, Any] = {"apiVersion": API_VERSION, "kind": "JobSchedule", "name": schedule.metadata.name}
        owner |= {"uid": schedule.metadata.uid, "controller": True, "blockOwnerDeletion": False}
        about: dict[str, Any] = {
            "name": name,
            "labels": {**template.metadata.labels, labels.SCHEDULE: naming.label_value(schedule.metadata.name)},
            "annotations": dict(template.metadata.annotations),
            "ownerReferences": [owner],
        }
        await self._create(JOBS, space, {"kind": "Job", "metadata": about, "spec": template.spec.as_document()})

    async def _is_made(self, schedule: JobSchedule, name: str) -> bool:
        """Whether the job is there already. InvalidError when a job that is not this schedule's has its name."""
        try:
            found = _object(await self._api.get(JOBS, schedule.metadata.namespace, name)).metadata
        except NotFoundError:
            return False
        if all(owner.uid != schedule.metadata.uid for owner in found.owner_references):
            raise InvalidError(
                f"Job {name} exists and was not made by this schedule: delete it, or rename the schedule."
            )
        return True

    async def _create(self, resource: Any, namespace: str, document: dict[str, Any]) -> None:
        try:
            await self._api.create(resource, namespace, {"apiVersion": API_VERSION, **document})
        except AlreadyExistsError:
            return

    def _status(self, schedule: JobSchedule, status: JobScheduleStatus, verdict: ScheduleVerdict) -> JobScheduleStatus:
        due = verdict.next_due
        failed = verdict.reason is JobScheduleReason.JOB_CREATION_FAILED
        ready = Condition(
            type=ConditionType.READY,
            status=ConditionStatus.FALSE if failed else ConditionStatus.TRUE,
            observed_generation=schedule.metadata.generation,
            last_transition_time=datetime.fromtimestamp(int(self._now()), UTC),
            reason=verdict.reason,
            message=verdict.message,
        )
        return status.model_copy(
            update={
                "conditions": put(status.conditions, ready),
                "observed_generation": schedule.metadata.generation,
                "state": verdict.state,
                "next_run_time": datetime.fromtimestamp(int(due), UTC) if due is not None else None,
            }
        )

    async def _write(self, schedule: JobSchedule, status: JobScheduleStatus, look_again: float | None) -> float | None:
        if status == schedule.status:
            return look_again
        space, name = schedule.key
        seen = schedule.metadata.resource_version
        try:
            written = await write_status(self._api, JOB_SCHEDULES, space, name, seen, status)
        except ApiError as error:
            log.info("a schedule's status was not written", extra={"schedule": name, "error": str(error)})
            return self._now() + ERROR_PAUSE
        version = schedule.metadata.model_copy(update={"resource_version": written.version})
        if self._schedules.get(schedule.key) is schedule:
            self._schedules[schedule.key] = schedule.model_copy(update={"metadata": version, "status": status})
        return look_again
