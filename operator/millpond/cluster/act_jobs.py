"""Performing what concerns jobs: that a Job waits for its Tasks when it is deleted, that both go, and its status."""

from __future__ import annotations

from contextlib import suppress

from millpond.api import labels
from millpond.cluster.api_server import JOBS, PAGE, TASKS, ApiServer, Selection
from millpond.cluster.errors import NotFoundError
from millpond.cluster.objects import drop_finalizer, read_meta, write_status
from millpond.control.actions import HoldJob, ReleaseJob, WriteJob
from millpond.control.outcomes import Done, Outcome


class JobActions:
    """One method for each action of jobs; each may raise an `ApiError`, which the actuator judges."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api

    async def hold(self, action: HoldJob) -> Outcome:
        """Put our finalizer on the Job, if it is as it was seen."""
        patch = {"metadata": {"finalizers": list(action.finalizers), "resourceVersion": action.version}}
        meta = await self._api.merge_patch(JOBS, action.namespace, action.job, patch)
        return Done(meta.resource_version, meta.uid)

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
