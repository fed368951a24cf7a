"""Job schedules: waits for due times and for news of jobs, has done what is due, and writes what was done.

Judgement is in `lifecycle/schedules`, what is done in `cluster/scheduled_jobs`. A schedule is looked at when it or a
job of it has changed, or when its time has come; nothing else costs anything.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec

from millpond import metrics
from millpond.api import labels
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule, JobScheduleStatus
from millpond.api.pool import Pool
from millpond.api.reasons import JobScheduleReason, JobScheduleState
from millpond.cluster.api_server import JOB_SCHEDULES, ApiServer
from millpond.cluster.errors import ApiError, RejectedError
from millpond.cluster.objects import write_status
from millpond.cluster.schedule_pools import SchedulePools
from millpond.cluster.scheduled_jobs import ScheduledJobs
from millpond.control.schedule_facts import (
    caught_up,
    describe_schedule,
    facts_of,
    is_active,
    jobs_of,
    schedule_of,
    with_job,
)
from millpond.lifecycle.schedules import Deed, ScheduleFacts, ScheduleVerdict, judge_schedule

log = logging.getLogger(__name__)

LONGEST_SLEEP = 60.0
"""Seconds after which the clock is read again: it may have been set."""
ERROR_PAUSE = 5.0
REFUSED_PAUSE = 30.0

Key = tuple[str, str]
"""Namespace and name."""


class ScheduleKeeper:
    """Keeps all JobSchedules."""

    def __init__(self, api: ApiServer, now: Callable[[], float]) -> None:
        self._api = api
        self._now = now
        self._hands = ScheduledJobs(api)
        self._schedules: dict[Key, JobSchedule] = {}
        self._jobs: dict[Key, dict[str, Job]] = {}
        """Jobs of schedules, by the schedule's key and their name."""
        self._makers: dict[Key, Key] = {}
        """The schedules of those, by the job's key."""
        self._pools = SchedulePools(api)
        self._changed: set[Key] = set()
        self._later: dict[Key, float] = {}
        """When time alone makes a schedule worth a look."""
        self._refused: dict[Key, tuple[int, float]] = {}
        """Schedules whose next job was refused: their generation, and when it is tried again."""
        self._news = asyncio.Event()

    def observe(self, schedule: JobSchedule) -> None:
        """A schedule exists."""
        self._schedules[schedule.key] = schedule
        self._wake(schedule.key)

    def observe_pool(self, pool: Pool) -> None:
        """A pool exists, of a schedule or not."""
        self._wake_uid(self._pools.observe(pool))

    def forget_pool(self, pool: Pool) -> None:
        """A pool is gone."""
        self._wake_uid(self._pools.forget(pool))

    def forget(self, namespace: str, name: str) -> None:
        """A schedule is gone."""
        key = (namespace, name)
        for known in (self._schedules, self._later, self._refused):
            known.pop(key, None)

    def observe_job(self, job: Job) -> None:
        """A job exists, of a schedule or not; it may have been taken off one."""
        name, _ = schedule_of(job)
        if not name:
            self.forget_job(job)
            return
        key = (job.metadata.namespace, name)
        self._makers[job.key] = key
        self._jobs.setdefault(key, {})[job.metadata.name] = job
        self._wake(key)

    def forget_job(self, job: Job) -> None:
        """A job is gone."""
        key = self._makers.pop(job.key, None)
        if key is not None:
            self._jobs[key].pop(job.metadata.name, None)
            self._wake(key)

    def _wake_uid(self, uid: str) -> None:
        for key in [key for key, schedule in self._schedules.items() if uid and schedule.metadata.uid == uid]:
            self._wake(key)

    def _wake(self, key: Key) -> None:
        self._changed.add(key)
        self._news.set()

    async def run(self) -> None:
        """Look at what has changed and at what is due, for ever."""
        while True:
            self._news.clear()
            now = self._now()
            due = self._changed | {key for key, when in self._later.items() if when <= now}
            self._changed = set()
            await asyncio.gather(*(self._look(key) for key in sorted(due)))
            await self._rest()

    async def _rest(self) -> None:
        wake_at = min(self._later.values(), default=None)
        rest = LONGEST_SLEEP if wake_at is None else min(LONGEST_SLEEP, max(0.05, wake_at - self._now()))
        try:
            async with asyncio.timeout(rest):
                await self._news.wait()
        except TimeoutError:
            return

    async def _look(self, key: Key) -> None:
        """Judge one schedule and do what is due. One schedule's trouble is its own: the others go on."""
        schedule = self._schedules.get(key)
        self._later.pop(key, None)
        if schedule is None:
            return
        try:
            again = await self._keep(schedule)
        except ApiError as error:
            log.info("a schedule's deed was not done", extra={"schedule": str(key), "error": str(error)})
            again = self._now() + ERROR_PAUSE
        except Exception:
            metrics.cycle_failed()
            log.exception("a schedule was not judged", extra={"schedule": str(key)})
            again = self._now() + ERROR_PAUSE
        if again is not None and key in self._schedules:
            self._later[key] = again

    async def _keep(self, seen: JobSchedule) -> float | None:
        """When to look again."""
        meta = seen.metadata
        if labels.SCHEDULE_FINALIZER not in meta.finalizers and meta.deletion_timestamp is None:
            await self._hands.hold(seen)
            return self._now() + ERROR_PAUSE
        own = jobs_of(seen, self._jobs.get(seen.key, {}).values())
        schedule = caught_up(seen, own)
        facts = facts_of(schedule, own)
        verdict = judge_schedule(facts, self._now())
        match verdict.deed:
            case Deed.LET_GO:
                return None if await self._hands.let_go(seen) else self._now() + ERROR_PAUSE
            case Deed.MAKE_JOB:
                generation, again = self._refused.get(seen.key, (0, 0.0))
                if generation == meta.generation and self._now() < again:
                    return again
                if await self._is_behind(schedule, own):
                    return self._now() + ERROR_PAUSE
                schedule, verdict = await self._make(schedule, facts, verdict)
            case Deed.END_JOBS:
                for job in filter(is_active, own):
                    await self._hands.end(seen, job)
            case Deed.DELETE_JOBS:
                for job in own:
                    await self._hands.delete(seen, job.metadata.name)
        if facts.active_job is not None and verdict.state is not JobScheduleState.DELETING:
            await self._pools.keep(seen)
        elif verdict.state is JobScheduleState.COMPLETED:
            await self._pools.delete(seen)
        return await self._write(seen, describe_schedule(schedule, verdict, self._now()), verdict.look_again)

    async def _is_behind(self, schedule: JobSchedule, own: list[Job]) -> bool:
        """Whether the job made last is active, though nothing was heard of it: never two at a time."""
        recent = schedule.status.recent_job_name
        if recent is None or any(job.metadata.name == recent for job in own):
            return False
        return await self._hands.is_active(schedule.metadata.namespace, recent)

    async def _make(
        self, schedule: JobSchedule, facts: ScheduleFacts, verdict: ScheduleVerdict
    ) -> tuple[JobSchedule, ScheduleVerdict]:
        """Make the next job. The schedule with it, and what is to be said then."""
        number = schedule.status.jobs_created + 1
        try:
            await self._pools.keep(schedule)
            due = await self._hands.make(schedule, number, verdict.next_due or 0)
        except RejectedError as error:
            text = f"Job {number} was refused: {error.message} Correct spec.jobTemplate; it is tried again meanwhile."
            reason = JobScheduleReason.JOB_CREATION_FAILED
            again = self._now() + REFUSED_PAUSE
            self._refused[schedule.key] = (schedule.metadata.generation, again)
            return schedule, msgspec.structs.replace(verdict, reason=reason, message=text, look_again=again)
        made = with_job(schedule, number, due)
        then = msgspec.structs.replace(facts, served=due, active_job=made.status.recent_job_name, has_jobs=True)
        return made, judge_schedule(then, self._now())

    async def _write(self, seen: JobSchedule, status: JobScheduleStatus, look_again: float | None) -> float | None:
        if status == seen.status:
            return look_again
        space, name = seen.key
        written = await write_status(self._api, JOB_SCHEDULES, space, name, seen.metadata.resource_version, status)
        version = seen.metadata.model_copy(update={"resource_version": written.version})
        if self._schedules.get(seen.key) is seen:
            self._schedules[seen.key] = seen.model_copy(update={"metadata": version, "status": status})
        return look_again
