"""Making and deleting the Pools of jobs and schedules that have their own."""

from __future__ import annotations

from contextlib import suppress

from millpond.api import labels
from millpond.api.autopool import AutoPool
from millpond.api.kind import Resource
from millpond.cluster.act_nodes import EXCEEDED
from millpond.cluster.api_server import POOLS, ApiServer
from millpond.cluster.documents import Documents
from millpond.cluster.errors import AlreadyExistsError, ForbiddenError, NotFoundError
from millpond.cluster.manifests.auto_pool import auto_pool
from millpond.cluster.objects import read_meta
from millpond.control.actions import CreatePool, DeletePool
from millpond.control.outcomes import QUOTA_EXCEEDED, Done, Missed, Outcome, Refused

GOING_PAUSE = 1.0
"""Seconds until the name of a Pool that is going is tried again."""


async def make_pool(api: ApiServer, maker: Resource, wanted: AutoPool, name: str) -> Outcome:
    """Make the Pool. One that exists is as good if it was made for this very maker, and stays."""
    space = maker.metadata.namespace
    try:
        made = await api.create(POOLS, space, auto_pool(maker, wanted, name))
    except ForbiddenError as error:
        return Refused(QUOTA_EXCEEDED if EXCEEDED in error.message else error.reason, error.message)
    except AlreadyExistsError:
        made = await read_meta(api, POOLS, space, name)
        if made.labels.get(labels.MADE_FOR) != maker.metadata.uid:
            return Refused("AlreadyExists", f"Pool {name} exists and was made by somebody else: delete it.")
        if made.deletion_timestamp is not None:
            return Missed(f"Pool {name} was deleted, and is made again when it has gone", again_in=GOING_PAUSE)
    return Done(made.resource_version, made.uid)


async def delete_pool(api: ApiServer, namespace: str, name: str, uid: str) -> None:
    """Delete the Pool of that uid."""
    with suppress(NotFoundError):
        await api.delete(POOLS, namespace, name, uid=uid)


class AutoPoolActions:
    """Each action may raise an `ApiError`, which the actuator judges."""

    def __init__(self, api: ApiServer, documents: Documents) -> None:
        self._api = api
        self._documents = documents

    async def create(self, action: CreatePool) -> Outcome:
        """Make the Pool of a job."""
        job = await self._documents.job(action.namespace, action.job)
        if job.metadata.uid != action.uid or job.spec.auto_pool is None:
            return Missed("the job was deleted and created again")
        return await make_pool(self._api, job, job.spec.auto_pool, action.pool)

    async def delete(self, action: DeletePool) -> Outcome:
        """Delete the Pool of a job."""
        await delete_pool(self._api, action.namespace, action.pool, action.uid)
        return Done()
