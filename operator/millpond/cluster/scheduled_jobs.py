"""What is done for a schedule: its Jobs with their Tasks are made, ended and deleted, and it is let go.

Names are derived, so each deed, repeated from any point, does what is left. Tasks come before their Job: it cannot run,
nor be judged complete, without all of them; and while it is not there, they can be made anew from a changed template.
"""

from __future__ import annotations

from contextlib import suppress

from millpond.api import labels, naming
from millpond.api.job import DesiredState, Job
from millpond.api.jobschedule import JobSchedule
from millpond.api.reasons import TerminateReason
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import JOB_SCHEDULES, JOBS, TASKS, ApiServer, Resource, Selection
from millpond.cluster.errors import AlreadyExistsError, InvalidError, NotFoundError
from millpond.cluster.manifests.scheduled_job import scheduled_job, scheduled_task
from millpond.cluster.objects import drop_finalizer, meta_of, read_meta
from millpond.control.schedule_facts import due_time_of, is_active, schedule_of


class ScheduledJobs:
    """Each method may raise an `ApiError`."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api

    async def hold(self, schedule: JobSchedule) -> None:
        """Put our finalizer on the schedule, if it is as it was seen."""
        meta = schedule.metadata
        finalizers = [*meta.finalizers, labels.SCHEDULE_FINALIZER]
        patch = {"metadata": {"finalizers": finalizers, "resourceVersion": meta.resource_version}}
        await self._api.merge_patch(JOB_SCHEDULES, meta.namespace, meta.name, patch)

    async def is_active(self, namespace: str, name: str) -> bool:
        """Whether the API server has a job of that name that has not ended."""
        job = await self._find(namespace, name)
        return job is not None and is_active(job)

    async def make(self, schedule: JobSchedule, number: int, due: int) -> int:
        """Make the schedule's `number`-th Job and its Tasks, where that is not done; the due time that it is for.

        InvalidError where something that is not the schedule's has a name that is needed.
        """
        space, name = schedule.metadata.namespace, naming.scheduled_job(schedule.metadata.name, number)
        job = await self._find(space, name)
        if job is None:
            await self._delete_former(schedule, name)
            for task in schedule.spec.job_template.tasks:
                await self._make_task(schedule, scheduled_task(schedule, name, task))
            with suppress(AlreadyExistsError):
                await self._api.create(JOBS, space, scheduled_job(schedule, number, due))
                return due
            job = await self._find(space, name)
        if job is None or schedule_of(job)[1] != schedule.metadata.uid:
            raise _taken("Job", name)
        return due_time_of(job)

    async def end(self, schedule: JobSchedule, job: Job) -> None:
        """End an active job, as its owner would; once."""
        spec: dict[str, object] = {}
        if job.spec.desired_state is not DesiredState.TERMINATED:
            reason = TerminateReason.TERMINATE_JOB_SCHEDULE
            spec = {"desiredState": DesiredState.TERMINATED, "terminateReason": reason}
        await self._edit(job, spec | _force(schedule, job))

    async def delete(self, schedule: JobSchedule, name: str) -> None:
        """Delete a job, by force where the schedule says so; once, and only if the API server has it as its own."""
        job = await self._find(schedule.metadata.namespace, name)
        if job is None or schedule_of(job)[1] != schedule.metadata.uid:
            return
        await self._edit(job, _force(schedule, job))
        if job.metadata.deletion_timestamp is None:
            with suppress(NotFoundError):
                await self._api.delete(JOBS, job.metadata.namespace, name, uid=job.metadata.uid)

    async def let_go(self, schedule: JobSchedule) -> bool:
        """Let a deleted schedule go, unless the API server still has jobs of it; whether it went."""
        meta = schedule.metadata
        chosen = Selection(labels=f"{labels.SCHEDULE}={naming.label_value(meta.name)}")
        if any(_is_of(schedule, found) for found in await self._list(JOBS, meta.namespace, chosen)):
            return False
        with suppress(NotFoundError):
            finalizer = labels.SCHEDULE_FINALIZER
            await drop_finalizer(self._api, JOB_SCHEDULES, meta.namespace, meta.name, meta.uid, finalizer)
        return True

    async def _find(self, namespace: str, name: str) -> Job | None:
        try:
            return Job.model_validate_json(await self._api.get(JOBS, namespace, name))
        except NotFoundError:
            return None

    async def _make_task(self, schedule: JobSchedule, document: dict[str, object]) -> None:
        space, name = schedule.metadata.namespace, str(document["metadata"]["name"])  # type: ignore[index]
        try:
            await self._api.create(TASKS, space, document)
        except AlreadyExistsError:
            if not _is_of(schedule, await read_meta(self._api, TASKS, space, name)):
                raise _taken("Task", name) from None

    async def _delete_former(self, schedule: JobSchedule, job: str) -> None:
        """Delete what was made for the job from a template that was changed since, or by a namesake that is gone.

        The namesake's Tasks go with their owner sometime, but until then they would be taken for the job's.
        """
        generation, space = str(schedule.metadata.generation), schedule.metadata.namespace
        for found in await self._list(TASKS, space, Selection(fields=f"spec.jobName={job}")):
            is_stale = _is_of(schedule, found) and found.labels.get(labels.TEMPLATE) != generation
            if is_stale or _is_of_namesake(schedule, found):
                with suppress(NotFoundError):
                    await self._api.delete(TASKS, space, found.name, uid=found.uid)

    async def _list(self, resource: Resource, namespace: str, chosen: Selection) -> list[Meta]:
        found: list[Meta] = []
        token = ""
        while True:
            page = await self._api.list_page(resource, namespace, chosen, token=token)
            found += [meta_of(raw) for raw in page.items]
            token = page.next
            if not token:
                return found

    async def _edit(self, job: Job, spec: dict[str, object]) -> None:
        if spec:
            with suppress(NotFoundError):
                await self._api.merge_patch(JOBS, job.metadata.namespace, job.metadata.name, {"spec": spec})


def _force(schedule: JobSchedule, job: Job) -> dict[str, object]:
    return {"force": True} if schedule.spec.force and not job.spec.force else {}


def _is_of(schedule: JobSchedule, meta: Meta) -> bool:
    return any(owner.uid == schedule.metadata.uid for owner in meta.owner_references)


def _is_of_namesake(schedule: JobSchedule, meta: Meta) -> bool:
    """Whether a schedule of the same name, deleted before this one was created, has made it."""
    mine = schedule.metadata
    return any(
        (owner.kind, owner.name) == (JobSchedule.KIND.name, mine.name) and owner.uid != mine.uid
        for owner in meta.owner_references
    )


def _taken(kind: str, name: str) -> InvalidError:
    return InvalidError(f"{kind} {name} exists and was not made by this schedule: delete it, or rename the schedule.")
