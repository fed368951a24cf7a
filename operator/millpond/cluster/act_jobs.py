"""Performing what concerns jobs: that a Job waits for its Tasks when it is deleted, that both go,
its status, and the Task of its manager."""

from __future__ import annotations

from contextlib import suppress

from millpond.api import labels
from millpond.api.reasons import JobReason
from millpond.cluster.api_server import JOBS, PAGE, TASKS, ApiServer, Selection
from millpond.cluster.documents import Documents
from millpond.cluster.errors import AlreadyExistsError, NotFoundError
from millpond.cluster.manifests.manager_task import manager_task
from millpond.cluster.objects import drop_finalizer, read_meta, write_status
from millpond.control.actions import CreateManager, HoldJob, ReleaseJob, WriteJob
from millpond.control.outcomes import Done, Missed, Outcome, Refused


class JobActions:
    """One method for each action of jobs; each may raise an `ApiError`, which the actuator judges."""

    def __init__(self, api: ApiServer, documents: Documents) -> None:
        self._api = api
        self._documents = documents

    async def hold(self, action: HoldJob) -> Outcome:
        """Put our finalizer on the Job, if it is as it was seen."""
        patch = {"metadata": {"finalizers": list(action.finalizers), "resourceVersion": action.version}}
        meta = await self._api.merge_patch(JOBS, action.namespace, action.job, patch)
        return Done(meta.resource_version, meta.uid)

    async def create_manager(self, action: CreateManager) -> Outcome:
        """Create the manager's Task. One that exists is as good if this very Job owns it."""
        space = action.namespace
        job = await self._documents.job(space, action.job)
        if job.metadata.uid != action.uid:
            return Missed("the job was deleted and created again")
        try:
            made = await self._api.create(TASKS, space, manager_task(job, action.task))
        except AlreadyExistsError:
            made = await read_meta(self._api, TASKS, space, action.task)
            if all(owner.uid != action.uid for owner in made.owner_references):
                text = (
                    f"Task {action.task} exists and was not made for this job: delete it, or make a job of other name."
                )
                return Refused(JobReason.JOB_MANAGER_NOT_CREATED, text)
        return Done(made.resource_version, made.uid)

    async def release(self, action: ReleaseJob) -> Outcome:
        """Delete the Tasks of a deleted Job, page by page, then let the Job go.

        Repeated from any point it does what is left. Ends early when there is no such Job, or a new one of its name:
        that one keeps its Tasks.
        """
        space, chosen = action.namespace, Selection(fields=f"spec.jobName={action.job}")
        while await self._is_deleted(action):
            if await self._api.delete_collection(TASKS, space, chosen, limit=PAGE) < PAGE:
                with suppress(NotFoundError):
                    await drop_finalizer(self._api, JOBS, space, action.job, action.uid, labels.JOB_FINALIZER)
                break
        return Done()

    async def _is_deleted(self, action: ReleaseJob) -> bool:
        """True while that very Job is there and being deleted."""
        try:
            found = await read_meta(self._api, JOBS, action.namespace, action.job)
        except NotFoundError:
            return False
        return found.uid == action.uid and found.deletion_timestamp is not None

    async def write(self, action: WriteJob) -> Outcome:
        """Write a Job's whole status, if it is as it was seen."""
        return await write_status(self._api, JOBS, action.namespace, action.job, action.version, action.status)
